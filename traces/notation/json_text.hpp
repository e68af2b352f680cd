#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "notation/ast.hpp"

// The JSON of one line: read up to the end of the object, with the place of whatever is wrong.
namespace pgconform::notation {

// JsonError: `offset` counts bytes from the beginning of the text given.
struct JsonError {
  std::size_t offset = 0;
  std::string what, expected;
};

// JsonText: an object, and how many bytes of the text it took.
struct JsonText {
  Json value;
  std::size_t length = 0;
};

// Role: where an object stands decides which `$` keys it may hold.
enum class Role : std::uint8_t { frontend, backend, verb };

// read_object: the JSON object that `text` begins with; what follows it is left alone. Keys are unique, nesting is at
// most 64 deep, and every `$` key is known and well formed for `role` (docs/notation.md, "Values").
std::expected<JsonText, JsonError> read_object(std::string_view text, Role role);

// is_special: `value` is an object whose first key begins with a single `$`: never data. `$$` escapes.
bool is_special(const Json& value);

// is_presence: `value` only asks whether something is there: `{"$any":true}`, `{"$absent":true}`.
bool is_presence(const Json& value);

// is_bytes: `value` is `{"hex":"…"}`.
bool is_bytes(const Json& value);

// is_redacted: `value` is a secret that the recorder took out: `{"redacted":"password","length":7}`.
bool is_redacted(const Json& value);

// unhex: the bytes of `{"hex":…}` or of a hex string's text; nothing for an odd length or another character.
std::optional<std::string> unhex(std::string_view digits);

}  // namespace pgconform::notation
