#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "sqlstate/sqlstate.hpp"
#include "types/characters.hpp"
#include "types/form.hpp"
#include "types/text_forms.hpp"

// Numbers and truth values.
namespace pgconform::types {
namespace {

std::unexpected<Failure> out_of_range(std::string_view type, std::string_view text) {
  return std::unexpected(Failure{sqlstate::numeric_value_out_of_range,
                                 fmt::format("value \"{}\" is out of range for type {}", text, type),
                                 {},
                                 {}});
}

template <class Float>
Result<Value> parse_float(Oid type, std::string_view text) {
  std::string s(trim_blanks(text));
  if (s.empty() || s.find_first_of("xX(") != s.npos) return invalid_text(type, text);
  char* end = nullptr;
  errno = 0;
  Float value = 0;
  if constexpr (sizeof(Float) == 4)
    value = std::strtof(s.c_str(), &end);
  else
    value = std::strtod(s.c_str(), &end);
  if (end != s.c_str() + s.size()) return invalid_text(type, text);
  if (errno == ERANGE && (value == 0 || std::isinf(value)))
    return std::unexpected(Failure{sqlstate::numeric_value_out_of_range,
                                   fmt::format("\"{}\" is out of range for type {}", text, find_type(type)->sql_name),
                                   {},
                                   {}});
  return value;
}

// The text names a number between the halves of the ways to the neighbours of `value`, so that any rounding leads back.
template <class Float>
bool leads_back(const char* text, Float value) {
  const long double middle = value, read = std::strtold(text, nullptr);
  const long double below = std::nextafter(value, -std::numeric_limits<Float>::infinity());
  const long double above = std::nextafter(value, std::numeric_limits<Float>::infinity());
  const bool is_last = std::isinf(above), is_first = std::isinf(below);
  const long double low = is_first ? middle - (above - middle) / 2 : (below + middle) / 2;
  const long double high = is_last ? middle + (middle - below) / 2 : (middle + above) / 2;
  return low < read && read < high;
}

// scientific: as few digits as lead back, where std::to_chars() also takes what lies just half-way, and rounds to it.
template <class Float>
char* scientific(char* first, char* last, Float value) {
  char* end = std::to_chars(first, last - 1, value, std::chars_format::scientific).ptr;
  *end = '\0';
  for (int digits = 1; !leads_back(first, value) && digits <= 17; ++digits) {
    end = std::to_chars(first, last - 1, value, std::chars_format::scientific, digits).ptr;
    *end = '\0';
  }
  return end;
}

// The shortest digits, set out with PostgreSQL's choice between the plain and the exponent form.
template <class Float>
std::string shortest(Float value, int last_plain) {
  char buffer[64];
  const char* end = scientific(buffer, buffer + sizeof buffer, value);
  std::string_view s(buffer, static_cast<std::size_t>(end - buffer));
  std::string sign = s.starts_with('-') ? "-" : "";
  s.remove_prefix(sign.size());
  auto e = s.find('e');
  int exponent = std::atoi(std::string(s.substr(e + 1)).c_str());
  std::string digits(1, s[0]);
  if (e > 2) digits += s.substr(2, e - 2);
  if (exponent < -4 || exponent >= last_plain)
    return fmt::format("{}{}{}{}e{}{:02}", sign, digits[0], digits.size() > 1 ? "." : "", digits.substr(1),
                       exponent < 0 ? '-' : '+', std::abs(exponent));
  if (exponent < 0) return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  auto whole = static_cast<std::size_t>(exponent + 1);
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0');
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

template <class Float>
std::string print_any_float(Float value, int extra_digits, int digits, int last_plain) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  if (extra_digits > 0) return shortest(value, last_plain);
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*g", std::max(1, digits + extra_digits), static_cast<double>(value));
  return buffer;
}

}  // namespace

std::string_view trim_blanks(std::string_view s) {
  while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
  return s;
}

std::unexpected<Failure> invalid_text(Oid type, std::string_view text) {
  return std::unexpected(
      Failure{sqlstate::invalid_text_representation,
              fmt::format("invalid input syntax for type {}: \"{}\"", find_type(type)->sql_name, text),
              {},
              {}});
}

Result<Value> parse_bool(std::string_view text) {
  std::string word(trim_blanks(text));
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return std::tolower(c); });
  auto abbreviates = [&](std::string_view full, std::size_t least) {
    return word.size() >= least && full.starts_with(word);
  };
  if (abbreviates("true", 1) || abbreviates("yes", 1) || word == "1" || word == "on") return true;
  if (abbreviates("false", 1) || abbreviates("no", 1) || word == "0" || abbreviates("off", 2)) return false;
  return invalid_text(bool_oid, text);
}

Result<Value> parse_integer(Oid type, std::string_view text) {
  std::string_view s = trim_blanks(text), name = find_type(type)->sql_name;
  if (!s.empty() && s.front() == '+' && s.size() > 1 && s[1] != '-') s.remove_prefix(1);
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (error == std::errc::invalid_argument) return invalid_text(type, text);
  std::int64_t low = type == int2_oid ? INT16_MIN : type == int4_oid ? INT32_MIN : INT64_MIN;
  std::int64_t high = type == int2_oid ? INT16_MAX : type == int4_oid ? INT32_MAX : INT64_MAX;
  // Too many digits are found before what follows them is looked at.
  if (error != std::errc{} || value < low || value > high) return out_of_range(name, text);
  if (end != s.data() + s.size()) return invalid_text(type, text);
  return value;
}

Result<Value> parse_oid(std::string_view text, Oid type) {
  std::string_view s = trim_blanks(text);
  if (!s.empty() && s.front() == '+') s.remove_prefix(1);
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (error == std::errc::invalid_argument) return invalid_text(type, text);
  if (error != std::errc{}) return out_of_range(find_type(type)->sql_name, text);
  if (end != s.data() + s.size()) return invalid_text(type, text);
  if (value > UINT32_MAX || value < INT32_MIN) return out_of_range(find_type(type)->sql_name, text);
  return static_cast<std::int64_t>(static_cast<Oid>(value));
}

Result<Value> parse_float4(std::string_view text) {
  return parse_float<float>(float4_oid, text);
}
Result<Value> parse_float8(std::string_view text) {
  return parse_float<double>(float8_oid, text);
}

std::string print_float(float value, int extra_digits) {
  return print_any_float(value, extra_digits, 6, 6);
}
std::string print_float(double value, int extra_digits) {
  return print_any_float(value, extra_digits, 15, 15);
}

}  // namespace pgconform::types
