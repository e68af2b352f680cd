#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "auth/verifier.hpp"

namespace pgconform::server {

// fresh_verifier: of a password, with a random salt as long as PostgreSQL's.
auth::ScramVerifier fresh_verifier(std::string_view password);

// scram_line: the element that users.xml needs for this password: a SCRAM-SHA-256 verifier with a salt of its own,
// which every client accepts. From it the password cannot be read.
std::string scram_line(std::string_view password);

// ask_password: twice from the terminal, without echo; one line of standard input where that is no terminal. The error
// is one line.
std::expected<std::string, std::string> ask_password();

}  // namespace pgconform::server
