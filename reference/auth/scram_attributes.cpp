#include "auth/scram_attributes.hpp"

#include <fmt/format.h>

namespace pgconform::auth {

std::unexpected<AuthError> malformed(std::string detail) {
  return std::unexpected(AuthError{"08P01", "malformed SCRAM message", std::move(detail)});
}

std::string shown_character(char c) {
  if (c >= 0x21 && c <= 0x7E) return fmt::format("'{}'", c);
  return fmt::format("0x{:02x}", static_cast<unsigned char>(c));
}

std::expected<std::string_view, AuthError> AttributeReader::expect(char name) {
  if (peek() != name)
    return malformed(fmt::format("Expected attribute \"{}\" but found \"{}\".", name, shown_character(peek())));
  return value_of(name);
}

std::expected<Attribute, AuthError> AttributeReader::any() {
  if (at_end()) return malformed("Attribute expected, but found end of string.");
  char name = peek();
  if (!((name >= 'A' && name <= 'Z') || (name >= 'a' && name <= 'z')))
    return malformed(fmt::format("Attribute expected, but found invalid character \"{}\".", shown_character(name)));
  auto value = value_of(name);
  if (!value) return std::unexpected(value.error());
  return Attribute{name, *value};
}

std::expected<std::string_view, AuthError> AttributeReader::value_of(char name) {
  if (rest_.size() < 2 || rest_[1] != '=')
    return malformed(fmt::format("Expected character \"=\" for attribute \"{}\".", name));
  auto end = rest_.find(',');
  auto value = rest_.substr(2, end == rest_.npos ? end : end - 2);
  rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
  return value;
}

}  // namespace pgconform::auth
