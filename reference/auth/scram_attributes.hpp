#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "auth/error.hpp"

// The `name=value,name=value` of SCRAM messages, with PostgreSQL's complaints.
namespace pgconform::auth {

// malformed: the refusal of a message that is not in SCRAM's form.
std::unexpected<AuthError> malformed(std::string detail);

// shown_character: a character as the details show it: 'x', or 0x07 if it does not print; the end of text is 0x00.
std::string shown_character(char c);

// Attribute: one of them; the value is a view.
struct Attribute {
  char name;
  std::string_view value;
};

// AttributeReader: a cursor over text without NUL, which stays where it is when something is refused.
class AttributeReader {
 public:
  explicit AttributeReader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }

  // peek: the next character; NUL at the end.
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

  // rest: what has not been read, behind the last attribute's comma.
  std::string_view rest() const { return rest_; }

  // expect: the value of the next attribute, which must have this name.
  std::expected<std::string_view, AuthError> expect(char name);

  // any: the next attribute; its name must be a letter.
  std::expected<Attribute, AuthError> any();

 private:
  std::expected<std::string_view, AuthError> value_of(char name);

  std::string_view rest_;
};

}  // namespace pgconform::auth
