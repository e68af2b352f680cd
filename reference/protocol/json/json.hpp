#pragma once

#include <expected>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/decode.hpp"
#include "protocol/encode.hpp"

// The JSON form of messages: an object of a message's fields, named as in their layouts. It is what a conversation's
// text form shows and what cases are written in.
//
//   text, names      a string; {"hex":"00ff"} when it is no printable UTF-8
//   values           the same, or null for SQL NULL
//   binary           always {"hex":…}
//   protocol version "3.2"
//   lists            arrays; of what has a key and a value: an object, or an array of pairs where a key is doubled
//   error fields     keyed by letter, beside nothing else: {"S":"ERROR","C":"42601",…}
//
// Lies, for conversations that must break the rules: {"$len":100,"value":"42"} is a value whose length word says 100;
// "$count":{"parameters":2} overrides a list's count; "$length":7 overrides the frame's length word.
namespace pgconform::protocol::json {

// Defaults: whether fields that have their default value are left out, as in files, or written, as for comparison.
enum class Defaults : bool { left_out, written };

// text: the JSON of bytes that are usually text. hex: the JSON of bytes that are not.
nlohmann::ordered_json text(wire::Bytes bytes);
nlohmann::ordered_json hex(wire::Bytes bytes);
// bytes_of: the bytes of a string or of {"hex":…}; nothing if it is neither.
std::optional<std::string> bytes_of(const nlohmann::ordered_json& value);

// to_json: the fields of the message that `frame` is.
std::expected<nlohmann::ordered_json, DecodeError> to_json(Sender sender, Stage stage, const wire::Frame& frame,
                                                           Defaults defaults = Defaults::left_out);

// from_json: the frame of the message `name`, appended to `out`. Fields that are missing have their defaults. Unknown
// fields, values of the wrong kind and out of range are errors; `out` is then as it was.
std::expected<void, EncodeError> from_json(std::string& out, Sender sender, std::string_view name,
                                           const nlohmann::ordered_json& fields);

// Spoken: a frame as a line of text says it.
struct Spoken {
  std::string name;
  nlohmann::ordered_json fields;
};

// speak: name and fields such that from_json gives the same bytes again. What is no message, or would come back
// different (a doubled error field, a trailing byte), is spoken as `raw` with its bytes.
Spoken speak(Sender sender, Stage stage, const wire::Frame& frame);

// raw_name: the name under which bytes that are no message are spoken; its one field is "hex".
inline constexpr std::string_view raw_name = "raw";

}  // namespace pgconform::protocol::json
