#pragma once

#include <expected>
#include <string>
#include <string_view>

// SASLprep (RFC 4013), which lets a password typed on different keyboards be the same password.
namespace pgconform::auth {

// SaslprepFailure: why a string has no prepared form.
enum class SaslprepFailure { not_utf8, prohibited };

// saslprep: the prepared form of `utf8`, as PostgreSQL makes it. A string of ASCII is taken as it stands, control
// characters included, and prohibited characters and directions are looked for before normalisation, not after it as
// the RFC has it: both sides of a login must agree on the bytes, and libpq and the server agree on these.
std::expected<std::string, SaslprepFailure> saslprep(std::string_view utf8);

// prepared_password: the bytes that a password stands for in SCRAM: its prepared form or, where there is none, itself.
std::string prepared_password(std::string_view password);

}  // namespace pgconform::auth
