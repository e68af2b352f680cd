#include <fmt/core.h>

#include "sqlstate/sqlstate.hpp"
#include "types/characters.hpp"
#include "types/form.hpp"
#include "types/text_forms.hpp"

// bytea and uuid.
namespace pgconform::types {
Result<Value> parse_bytea(std::string_view text) {
  std::string bytes;
  if (text.starts_with("\\x")) {
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (is_space(text[i])) continue;
      int high = hex_digit(text[i]);
      if (high < 0) {
        auto shown = text.substr(i, byte_of_character(text.substr(i), 1));
        return std::unexpected(Failure{
            sqlstate::invalid_parameter_value, fmt::format("invalid hexadecimal digit: \"{}\"", shown), {}, {}});
      }
      if (++i >= text.size())
        return std::unexpected(
            Failure{sqlstate::invalid_parameter_value, "invalid hexadecimal data: odd number of digits", {}, {}});
      int low = hex_digit(text[i]);
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
    if (!s.ends_with('}')) return invalid_text(uuid_oid, text);
    s = s.substr(1, s.size() - 2);
  }
  std::string bytes;
  for (std::size_t i = 0; bytes.size() < 16;) {
    if (i + 1 >= s.size() || hex_digit(s[i]) < 0 || hex_digit(s[i + 1]) < 0) return invalid_text(uuid_oid, text);
    bytes += static_cast<char>(hex_digit(s[i]) << 4 | hex_digit(s[i + 1]));
    i += 2;
    // A dash may follow every fourth digit.
    if (i < s.size() && s[i] == '-' && bytes.size() % 2 == 0 && bytes.size() < 16) ++i;
    if (bytes.size() == 16 && i != s.size()) return invalid_text(uuid_oid, text);
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

}  // namespace pgconform::types
