#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "auth/error.hpp"
#include "auth/verifier.hpp"

// What a server may know of a user's password.
namespace pgconform::auth {

struct NoPassword {};     // everybody may log in as this user
struct CleartextSecret {  // the password itself
  std::string password;
};
struct Md5Secret {  // PostgreSQL's "md5…", see md5.hpp
  std::string stored;
};
struct Sha256Secret {  // ClickHouse's `password_sha256_hex`: SHA-256(password), 32 bytes
  std::string digest;
};
struct DoubleSha1Secret {  // ClickHouse's `password_double_sha1_hex`: SHA-1(SHA-1(password)), 20 bytes
  std::string digest;
};

// Secret: one of them, or a SCRAM verifier.
using Secret = std::variant<NoPassword, CleartextSecret, Md5Secret, Sha256Secret, DoubleSha1Secret, ScramVerifier>;

// parse_sha256_secret · parse_double_sha1_secret: from hex digits of either case; nothing if there are not 64 or 40.
std::optional<Sha256Secret> parse_sha256_secret(std::string_view hex);
std::optional<DoubleSha1Secret> parse_double_sha1_secret(std::string_view hex);

// parse_stored_secret: what PostgreSQL keeps in pg_authid.rolpassword: md5… or SCRAM-SHA-256$…; nothing for other text.
std::optional<Secret> parse_stored_secret(std::string_view stored);

// sha256_hex · double_sha1_hex: ClickHouse's forms of a password, lower case.
std::string sha256_hex(std::string_view password);
std::string double_sha1_hex(std::string_view password);

// verify_cleartext: whether a password that came in clear is the one behind the secret; true for NoPassword.
bool verify_cleartext(const Secret& secret, std::string_view user, std::string_view password);

// read_password: the password in the body of a PasswordMessage. 08P01 unless exactly one NUL ends it, 28P01 if it is
// empty: both as PostgreSQL says it. (A length word below 4 or above max_password_message is answered by a silent
// close.)
std::expected<std::string_view, AuthError> read_password(std::string_view body);
inline constexpr std::size_t max_password_message = 65535;

}  // namespace pgconform::auth
