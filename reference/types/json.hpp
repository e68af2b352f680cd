#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "types/value.hpp"

// json keeps the text that it was given; jsonb is held as the text of its normal form: members in the order of their
// keys' lengths, then bytes, the last of equal keys, numbers as numeric writes them. datatype-json.
namespace pgconform::types {

// check_json: 22P02 unless the text is JSON.
Result<bool> check_json(std::string_view text);
// normalize_json: jsonb's form; also 22P05 for \u0000.
Result<std::string> normalize_json(std::string_view text);

// json_complaint: what a text that is not JSON has first that does not fit; empty if nothing is found. With `decode`
// surrogate pairs have to be whole.
std::string json_complaint(std::string_view text, bool decode);

// quote_json: a string as a JSON string.
std::string quote_json(std::string_view text);

// What follows takes valid JSON, without looking at its validity again; what decodes strings of a json value wants
// those that normalize_json() accepts.

// json_kind: object, array, string, number, boolean or null.
std::string_view json_kind(std::string_view json);
struct JsonMember {
  std::string key;         // decoded
  std::string_view value;  // as written
};
std::vector<JsonMember> json_members(std::string_view object);
std::vector<std::string_view> json_elements(std::string_view array);
// json_text: a string decoded, null as nothing, all else as written.
std::optional<std::string> json_text(std::string_view json);

// compare_jsonb: the order of jsonb: null < string < number < boolean < array < object; more members are greater.
int compare_jsonb(std::string_view a, std::string_view b);

}  // namespace pgconform::types
