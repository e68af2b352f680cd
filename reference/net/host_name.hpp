#pragma once

#include <string_view>

#include "net/error.hpp"

namespace pgconform::net {

// is_ip_address: is this an IPv4 or IPv6 literal and not a name?
bool is_ip_address(std::string_view host);

// wildcard_matches: does the name in a certificate stand for `host`? Without regard to case; `*.` at the start stands
// for exactly one label; a star anywhere else is an ordinary character.
bool wildcard_matches(std::string_view pattern, std::string_view host);

// check_host_name: does this certificate (DER) name `host`, by libpq's rules for sslmode=verify-full? The alternative
// names decide; the common name counts only where there is none of the host's own type (name or address).
Result<void> check_host_name(std::string_view certificate, std::string_view host);

}  // namespace pgconform::net
