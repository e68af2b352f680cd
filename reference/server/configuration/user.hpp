#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/configuration/networks.hpp"

// Who may log in, and what each has to prove. Secrets are kept as they were written; checking them is for `auth`.
namespace pgconform::server {

// One of these belongs to each user. Names are those of the elements of users.xml.
struct NoPassword {};
struct CleartextPassword {
  std::string password;
};  // may be empty: still asked for
struct Sha256Password {
  std::array<std::uint8_t, 32> digest{};
};  // SHA-256(password)
struct DoubleSha1Password {
  std::array<std::uint8_t, 20> digest{};
};  // SHA-1(SHA-1(password))

// ScramSaltedPassword: password_scram_sha256_hex. Salt is empty unless the attribute `salt` (ours, base64) is there.
struct ScramSaltedPassword {
  std::array<std::uint8_t, 32> salted_password{};  // PBKDF2-HMAC-SHA256(password, salt, iterations)
  std::vector<std::uint8_t> salt;
  std::uint32_t iterations = 4096;
};

// ScramVerifier: password_scram_sha256 (ours), in PostgreSQL's form SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey.
struct ScramVerifier {
  std::uint32_t iterations = 0;
  std::vector<std::uint8_t> salt;
  std::array<std::uint8_t, 32> stored_key{}, server_key{};
};

// Md5Password: password_md5 (ours), in PostgreSQL's form: "md5" and the MD5 of password and user name in lower-case
// hex.
struct Md5Password {
  std::string stored;
};

// UnsupportedMethod: ldap, kerberos, ssl_certificates, …: known to ClickHouse, refused when this user logs in (0A000).
struct UnsupportedMethod {
  std::string name;
};

using Authentication = std::variant<NoPassword, CleartextPassword, Sha256Password, DoubleSha1Password,
                                    ScramSaltedPassword, ScramVerifier, Md5Password, UnsupportedMethod>;

// method_name gives the element's name for an authentication, such as "password_sha256_hex".
std::string_view method_name(const Authentication& authentication);

struct User {
  std::string name;
  Authentication authentication;
  std::optional<Networks> networks;  // absent: from anywhere
  std::string place;                 // FILE:LINE, for log lines about this user; empty if made by a flag
};

// parse_scram_verifier reads PostgreSQL's verifier form, or gives nothing.
std::optional<ScramVerifier> parse_scram_verifier(std::string_view text);

// read_users reads a <users> element: one child element per user, named like the user, with exactly one
// authentication. Throws ConfigurationError.
std::vector<User> read_users(const Element& users, Warnings& warnings);

}  // namespace pgconform::server
