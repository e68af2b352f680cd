#pragma once

#include <cstdint>
#include <string_view>

namespace pgconform::engine {

// scan_cost: about how many characters PostgreSQL's scanner looks at more than once in this text. It reads a run of
// operator characters to its end and then gives all but the first one or two back, if those are a sign or open a
// comment; in a text that consists of such runs it is quadratic. Linear itself.
std::uint64_t scan_cost(std::string_view sql);

// longest_scan: what is let through: some hundredths of a second.
constexpr std::uint64_t longest_scan = 50'000'000;

}  // namespace pgconform::engine
