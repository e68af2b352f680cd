#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgconform::engine {

// scan_cost: about how many characters PostgreSQL's scanner looks at more than once in this text. It reads a run of
// operator characters to its end and then gives all but the first one or two back, if those are a sign or open a
// comment; in a text that consists of such runs it is quadratic. Linear itself.
std::uint64_t scan_cost(std::string_view sql);

// longest_scan: what is let through: some hundredths of a second.
constexpr std::uint64_t longest_scan = 50'000'000;

// LongName: an identifier of more than 63 bytes, which will be cut: without its quotes, or else in lower case, and
// where in the text it begins.
struct LongName {
  std::string name;
  std::size_t at;
};
// long_names: in the order in which they stand there.
std::vector<LongName> long_names(std::string_view sql);

}  // namespace pgconform::engine
