#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "sqlstate/sqlstate.hpp"
#include "types/form.hpp"
#include "types/numeric.hpp"

namespace pgconform::types {
namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
  return s;
}

std::unexpected<Failure> invalid(Oid type, std::string_view text) {
  return std::unexpected(
      Failure{sqlstate::invalid_text_representation,
              fmt::format("invalid input syntax for type {}: \"{}\"", find_type(type)->sql_name, text),
              {},
              {}});
}

std::unexpected<Failure> out_of_range(std::string_view type, std::string_view text) {
  return std::unexpected(Failure{sqlstate::numeric_value_out_of_range,
                                 fmt::format("value \"{}\" is out of range for type {}", text, type),
                                 {},
                                 {}});
}

Result<Value> parse_bool(std::string_view text) {
  std::string word(trim(text));
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return std::tolower(c); });
  auto abbreviates = [&](std::string_view full, std::size_t least) {
    return word.size() >= least && full.starts_with(word);
  };
  if (abbreviates("true", 1) || abbreviates("yes", 1) || word == "1" || word == "on") return true;
  if (abbreviates("false", 1) || abbreviates("no", 1) || word == "0" || abbreviates("off", 2)) return false;
  return invalid(bool_oid, text);
}

Result<Value> parse_integer(Oid type, std::string_view text) {
  std::string_view s = trim(text), name = find_type(type)->sql_name;
  if (!s.empty() && s.front() == '+' && s.size() > 1 && s[1] != '-') s.remove_prefix(1);
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (error == std::errc::invalid_argument || end != s.data() + s.size()) return invalid(type, text);
  std::int64_t low = type == int2_oid ? INT16_MIN : type == int4_oid ? INT32_MIN : INT64_MIN;
  std::int64_t high = type == int2_oid ? INT16_MAX : type == int4_oid ? INT32_MAX : INT64_MAX;
  if (error != std::errc{} || value < low || value > high) return out_of_range(name, text);
  return value;
}

Result<Value> parse_oid(std::string_view text) {
  std::string_view s = trim(text);
  if (!s.empty() && s.front() == '+') s.remove_prefix(1);
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (error == std::errc::invalid_argument || end != s.data() + s.size()) return invalid(oid_oid, text);
  if (error != std::errc{} || value > UINT32_MAX || value < INT32_MIN) return out_of_range("oid", text);
  return static_cast<std::int64_t>(static_cast<Oid>(value));
}

template <class Float>
Result<Value> parse_float(Oid type, std::string_view text) {
  std::string s(trim(text));
  if (s.empty() || s.find_first_of("xX(") != s.npos) return invalid(type, text);
  char* end = nullptr;
  errno = 0;
  Float value = 0;
  if constexpr (sizeof(Float) == 4)
    value = std::strtof(s.c_str(), &end);
  else
    value = std::strtod(s.c_str(), &end);
  if (end != s.c_str() + s.size()) return invalid(type, text);
  if (errno == ERANGE && (value == 0 || std::isinf(value)))
    return std::unexpected(Failure{sqlstate::numeric_value_out_of_range,
                                   fmt::format("\"{}\" is out of range for type {}", text, find_type(type)->sql_name),
                                   {},
                                   {}});
  return value;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<Value> parse_bytea(std::string_view text) {
  std::string bytes;
  if (text.starts_with("\\x")) {
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (is_space(text[i])) continue;
      int high = hex(text[i]);
      if (high < 0) {
        auto shown = text.substr(i, byte_of_character(text.substr(i), 1));
        return std::unexpected(Failure{
            sqlstate::invalid_parameter_value, fmt::format("invalid hexadecimal digit: \"{}\"", shown), {}, {}});
      }
      if (++i >= text.size())
        return std::unexpected(
            Failure{sqlstate::invalid_parameter_value, "invalid hexadecimal data: odd number of digits", {}, {}});
      int low = hex(text[i]);
      if (low < 0) {
        auto shown = text.substr(i, byte_of_character(text.substr(i), 1));
        return std::unexpected(Failure{
            sqlstate::invalid_parameter_value, fmt::format("invalid hexadecimal digit: \"{}\"", shown), {}, {}});
      }
      bytes += static_cast<char>(high << 4 | low);
    }
    return bytes;
  }
  auto octal = [&](std::size_t i, char most) { return i < text.size() && text[i] >= '0' && text[i] <= most; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\')
      bytes += text[i];
    else if (i + 1 < text.size() && text[i + 1] == '\\')
      bytes += '\\', ++i;
    else if (octal(i + 1, '3') && octal(i + 2, '7') && octal(i + 3, '7'))
      bytes += static_cast<char>((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 | (text[i + 3] - '0')), i += 3;
    else
      return std::unexpected(
          Failure{sqlstate::invalid_text_representation, "invalid input syntax for type bytea", {}, {}});
  }
  return bytes;
}

std::string print_bytea(std::string_view bytes, bool as_hex) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text = as_hex ? "\\x" : "";
  for (char byte : bytes) {
    auto c = static_cast<unsigned char>(byte);
    if (as_hex)
      text += digits[c >> 4], text += digits[c & 15];
    else if (c == '\\')
      text += "\\\\";
    else if (c < 0x20 || c > 0x7e)
      text += fmt::format("\\{:03o}", c);
    else
      text += byte;
  }
  return text;
}

Result<Value> parse_uuid(std::string_view text) {
  std::string_view s = text;
  bool braces = s.starts_with('{');
  if (braces) {
    if (!s.ends_with('}')) return invalid(uuid_oid, text);
    s = s.substr(1, s.size() - 2);
  }
  std::string bytes;
  for (std::size_t i = 0; bytes.size() < 16;) {
    if (i + 1 >= s.size() || hex(s[i]) < 0 || hex(s[i + 1]) < 0) return invalid(uuid_oid, text);
    bytes += static_cast<char>(hex(s[i]) << 4 | hex(s[i + 1]));
    i += 2;
    // A dash may follow every fourth digit.
    if (i < s.size() && s[i] == '-' && bytes.size() % 2 == 0 && bytes.size() < 16) ++i;
    if (bytes.size() == 16 && i != s.size()) return invalid(uuid_oid, text);
  }
  return bytes;
}

std::string print_uuid(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", static_cast<unsigned char>(bytes[i]));
  }
  return text;
}

// The shortest digits by std::to_chars, set out with PostgreSQL's choice between the plain and the exponent form.
template <class Float>
std::string shortest(Float value, int last_plain) {
  char buffer[64];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
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

std::string print_float(float value, int extra_digits) {
  return print_any_float(value, extra_digits, 6, 6);
}
std::string print_float(double value, int extra_digits) {
  return print_any_float(value, extra_digits, 15, 15);
}

Result<Value> parse_text(Oid type, std::string_view text, const Style& style) {
  auto time = [](Result<std::int64_t> r) -> Result<Value> {
    if (!r) return std::unexpected(r.error());
    return *r;
  };
  switch (type) {
    case bool_oid:
      return parse_bool(text);
    case int2_oid:
    case int4_oid:
    case int8_oid:
      return parse_integer(type, text);
    case oid_oid:
      return parse_oid(text);
    case float4_oid:
      return parse_float<float>(type, text);
    case float8_oid:
      return parse_float<double>(type, text);
    case numeric_oid: {
      auto number = Numeric::parse(text);
      if (!number) return std::unexpected(number.error());
      return number->text();
    }
    case name_oid:
      return std::string(cut_bytes(text, 63));
    case char_oid:
      if (text.size() == 4 && text[0] == '\\')
        return std::string(1, static_cast<char>((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0')));
      return text.empty() ? std::string(1, '\0') : std::string(1, text[0]);
    case bytea_oid:
      return parse_bytea(text);
    case uuid_oid:
      return parse_uuid(text);
    case date_oid:
      return time(parse_date(text, style));
    case timestamp_oid:
      return time(parse_timestamp(text, style, false));
    case timestamptz_oid:
      return time(parse_timestamp(text, style, true));
    case void_oid:
      return std::string();
    case text_oid:
    case varchar_oid:
    case bpchar_oid:
    case unknown_oid:
      return std::string(text);
    default:
      return std::unexpected(Failure{sqlstate::feature_not_supported,
                                     fmt::format("values of type {} are not supported", type_name(type)),
                                     {},
                                     {}});
  }
}

std::string print_text(Oid type, const Value& value, const Style& style) {
  switch (type) {
    case bool_oid:
      return std::get<bool>(value) ? "t" : "f";
    case int2_oid:
    case int4_oid:
    case int8_oid:
    case oid_oid:
      return std::to_string(std::get<std::int64_t>(value));
    case regtype_oid:
    case regclass_oid: {
      auto oid = static_cast<Oid>(std::get<std::int64_t>(value));
      return type == regtype_oid && (oid == 0 || find_type(oid)) ? type_name(oid) : std::to_string(oid);
    }
    case float4_oid:
      return print_float(std::get<float>(value), style.extra_float_digits);
    case float8_oid:
      return print_float(std::get<double>(value), style.extra_float_digits);
    case bytea_oid:
      return print_bytea(std::get<std::string>(value), style.bytea_hex);
    case uuid_oid:
      return print_uuid(std::get<std::string>(value));
    case date_oid:
      return print_date(std::get<std::int64_t>(value), style);
    case timestamp_oid:
      return print_timestamp(std::get<std::int64_t>(value), style, false);
    case timestamptz_oid:
      return print_timestamp(std::get<std::int64_t>(value), style, true);
    case char_oid: {
      const auto& one = std::get<std::string>(value);
      if (one == std::string(1, '\0')) return "";
      // charout writes a byte that is not ASCII in octal since PostgreSQL 16.
      if (!one.empty() && (one[0] & 0x80) != 0) return fmt::format("\\{:03o}", static_cast<unsigned char>(one[0]));
      return one;
    }
    default:
      return std::get<std::string>(value);
  }
}

}  // namespace pgconform::types
