#include "types/mac.hpp"
#include "types/characters.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "sqlstate/sqlstate.hpp"
#include "types/text_forms.hpp"

namespace pgconform::types {
namespace {

// What macaddr_in() tries in turn; scanf() is part of what it takes: signs, blanks, 0x.
Result<Value> read_six(std::string_view text) {
  static constexpr std::array patterns = {
      "%x:%x:%x:%x:%x:%x%1s",    "%x-%x-%x-%x-%x-%x%1s",    "%2x%2x%2x:%2x%2x%2x%1s", "%2x%2x%2x-%2x%2x%2x%1s",
      "%2x%2x.%2x%2x.%2x%2x%1s", "%2x%2x-%2x%2x-%2x%2x%1s", "%2x%2x%2x%2x%2x%2x%1s"};
  // No address is this long, but for blanks in front of its numbers.
  if (text.size() > 1000) return invalid_text(macaddr_oid, text);
  const std::string whole(text);
  for (const char* pattern : patterns) {
    std::array<unsigned, 6> n{};
    char junk[2];
    if (std::sscanf(whole.c_str(), pattern, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], junk) != 6) continue;
    std::string bytes;
    for (unsigned each : n) {
      if (each > 255)
        return std::unexpected(Failure{sqlstate::numeric_value_out_of_range,
                                       fmt::format("invalid octet value in \"macaddr\" value: \"{}\"", text),
                                       {},
                                       {}});
      bytes += static_cast<char>(each);
    }
    return bytes;
  }
  return invalid_text(macaddr_oid, text);
}

// Pairs of digits, with one and the same mark between any of them. A last character by itself is not looked at.
Result<Value> read_eight(std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty() && is_space(rest[0])) rest.remove_prefix(1);
  std::string bytes;
  char mark = '\0';
  while (rest.size() > 1) {
    const int high = hex_digit(rest[0]), low = hex_digit(rest[1]);
    if (bytes.size() == 8 || high < 0 || low < 0) return invalid_text(macaddr8_oid, text);
    bytes += static_cast<char>(high << 4 | low);
    rest.remove_prefix(2);
    if (!rest.empty() && (rest[0] == ':' || rest[0] == '-' || rest[0] == '.')) {
      if (mark != '\0' && mark != rest[0]) return invalid_text(macaddr8_oid, text);
      mark = rest[0];
      rest.remove_prefix(1);
    }
    if ((bytes.size() == 6 || bytes.size() == 8) && !rest.empty() && is_space(rest[0])) {
      if (!std::ranges::all_of(rest, is_space)) return invalid_text(macaddr8_oid, text);
      rest = {};
    }
  }
  if (bytes.size() == 6) return widened(bytes);
  if (bytes.size() != 8) return invalid_text(macaddr8_oid, text);
  return bytes;
}

}  // namespace

std::string widened(std::string_view six) {
  return std::string(six.substr(0, 3)) + "\xff\xfe" + std::string(six.substr(3));
}

Result<Value> mac_from_text(Oid type, std::string_view text, const Style&) {
  return type == macaddr_oid ? read_six(text) : read_eight(text);
}

std::string mac_to_text(Oid, std::string_view held, const Style&) {
  std::string text;
  for (unsigned char byte : held) text += fmt::format("{}{:02x}", text.empty() ? "" : ":", byte);
  return text;
}

// macaddr8_recv() takes six bytes too.
Result<Value> mac_from_binary(Oid type, std::string_view bytes) {
  const std::size_t wanted = type == macaddr_oid ? 6 : 8;
  if (type == macaddr8_oid && bytes.size() == 6) return widened(bytes);
  if (bytes.size() < wanted) return no_data();
  if (bytes.size() > wanted) return wrong_form();
  return std::string(bytes);
}

}  // namespace pgconform::types
