#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "auth/scram_keys.hpp"

namespace pgconform::auth {

// ScramVerifier: what a server stores instead of a password. It checks a client's proof; nobody logs in with it.
struct ScramVerifier {
  std::uint32_t iterations = 4096;
  std::string salt = {};  // bytes, any number of them
  Key stored_key{};
  Key server_key{};

  bool operator==(const ScramVerifier&) const = default;
};

// make_verifier: from a password in UTF-8 (SASLprep is applied), with a salt of the caller's choice.
ScramVerifier make_verifier(std::string_view password, std::string_view salt, std::uint32_t iterations = 4096);

// verifier_from_salted_password: from PBKDF2's result, 32 bytes in hex. This is ClickHouse's
// `password_scram_sha256_hex`, whose salt is empty and whose iterations are 4096. Clients that refuse an empty salt
// need another form of secret. The error says what is wrong, without the secret.
std::expected<ScramVerifier, std::string> verifier_from_salted_password(std::string_view hex,
                                                                        std::string_view salt = {},
                                                                        std::uint32_t iterations = 4096);

// parse_verifier: PostgreSQL's `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`, the last three in base64.
// The salt may be empty, which PostgreSQL itself refuses. The error says which part is wrong, without the secret.
std::expected<ScramVerifier, std::string> parse_verifier(std::string_view text);

// print_verifier: the form that parse_verifier reads.
std::string print_verifier(const ScramVerifier& verifier);

// verify_password: whether a password that came in clear is the one the verifier was made from.
bool verify_password(const ScramVerifier& verifier, std::string_view password);

// MockForm: what a client sees of a verifier beside the salt's bytes.
struct MockForm {
  std::size_t salt_length = 16;
  std::uint32_t iterations = 4096;
};

// mock_verifier: for a user who does not exist or has no SCRAM secret, so that the exchange goes on as for anybody.
// It has one of `forms`, those of the users that there are: a form of its own would tell that there is no such user.
// Form and salt are the same each time for the same name, and unknown to whoever lacks `server_secret`. Pass it to
// ScramServer as doomed: its keys are known.
ScramVerifier mock_verifier(std::string_view user, std::string_view server_secret,
                            std::span<const MockForm> forms = {});

}  // namespace pgconform::auth
