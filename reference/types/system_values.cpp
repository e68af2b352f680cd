#include "types/system_values.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "sqlstate/sqlstate.hpp"
#include "types/text_forms.hpp"
#include "wire/bytes.hpp"

namespace pgconform::types {
namespace {

// strtoul() is part of what the input functions take: blanks, signs, and 0x where the base is 0. Nothing if there is no
// number, or more of it than 64 bits.
std::optional<std::uint64_t> leading_number(const char* text, const char*& end, int base) {
  char* stopped = nullptr;
  errno = 0;
  const auto number = std::strtoull(text, &stopped, base);
  end = stopped;
  if (errno != 0 || end == text) return std::nullopt;
  return number;
}

}  // namespace

std::uint64_t number_of(std::string_view held) {
  return wire::load_64(held.data());
}

std::string number_bytes(std::uint64_t number) {
  char bytes[8];
  wire::store_64(bytes, number);
  return {bytes, sizeof bytes};
}

// tidin(): (block,offset); what follows the closing bracket is not looked at.
Result<Value> tid_from_text(Oid type, std::string_view text, const Style&) {
  const std::string whole(text);
  std::size_t starts[2] = {};
  std::size_t found = 0;
  for (std::size_t i = 0; i < whole.size() && found < 2 && whole[i] != ')'; ++i)
    if (whole[i] == ',' || (whole[i] == '(' && found == 0)) starts[found++] = i + 1;
  if (found < 2) return invalid_text(type, text);
  const char* end = nullptr;
  const auto block = leading_number(&whole[starts[0]], end, 10);
  if (!block || *end != ',') return invalid_text(type, text);
  const auto narrow = static_cast<std::uint32_t>(*block);
  const auto as_signed = static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(narrow)});
  if (*block != narrow && *block != as_signed) return invalid_text(type, text);
  const auto offset = leading_number(&whole[starts[1]], end, 10);
  if (!offset || *end != ')' || *offset > UINT16_MAX) return invalid_text(type, text);
  char bytes[6];
  wire::store_32(bytes, narrow);
  wire::store_16(bytes + 4, static_cast<std::uint16_t>(*offset));
  return std::string(bytes, sizeof bytes);
}

std::string tid_to_text(Oid, std::string_view held, const Style&) {
  return fmt::format("({},{})", wire::load_32(held.data()), wire::load_16(held.data() + 4));
}

Result<Value> lsn_from_text(Oid type, std::string_view text, const Style&) {
  const auto slash = text.find('/');
  if (slash == text.npos) return invalid_text(type, text);
  std::uint64_t number = 0;
  for (auto part : {text.substr(0, slash), text.substr(slash + 1)}) {
    std::uint32_t half = 0;
    const auto* end = part.data() + part.size();
    if (part.empty() || part.size() > 8 || std::from_chars(part.data(), end, half, 16).ptr != end)
      return invalid_text(type, text);
    number = number << 32 | half;
  }
  return number_bytes(number);
}

std::string lsn_to_text(Oid, std::string_view held, const Style&) {
  return fmt::format("{:X}/{:X}", number_of(held) >> 32, number_of(held) & UINT32_MAX);
}

Result<Value> count_from_text(Oid type, std::string_view text, const Style&) {
  const std::string whole(text);
  const char* end = nullptr;
  const auto number = leading_number(whole.c_str(), end, 0);
  const bool is_long = type == xid8_oid;
  if ((!number && errno == ERANGE) || (number && !is_long && *number > UINT32_MAX && *number < 0 - (UINT64_C(1) << 31)))
    return std::unexpected(Failure{sqlstate::numeric_value_out_of_range,
                                   fmt::format("value \"{}\" is out of range for type {}", text, type_name(type)),
                                   {},
                                   {}});
  if (!number || !std::all_of(end, whole.c_str() + whole.size(), [](char c) { return c == ' '; }))
    return invalid_text(type, text);
  std::string bytes = number_bytes(*number);
  return is_long ? bytes : bytes.substr(4);
}

std::string count_to_text(Oid type, std::string_view held, const Style&) {
  return std::to_string(type == xid8_oid ? number_of(held) : wire::load_32(held.data()));
}

Result<Value> fixed_from_binary(Oid type, std::string_view bytes) {
  const auto wanted = static_cast<std::size_t>(find_type(type)->length);
  if (bytes.size() < wanted) return too_short();
  if (bytes.size() > wanted) return wrong_form();
  return std::string(bytes);
}

}  // namespace pgconform::types
