#pragma once

#include <span>
#include <string>
#include <string_view>

#include "types/datetime.hpp"
#include "types/type.hpp"
#include "types/value.hpp"

// The two forms in which values cross the wire. protocol-overview, "Formats and Format Codes".
namespace pgconform::types {

// parse_text: the value that a text form stands for, as the type's input function reads it. The text is valid UTF-8.
Result<Value> parse_text(Oid type, std::string_view text, const Style& style);
// print_text: the text form of a value that is not NULL.
std::string print_text(Oid type, const Value& value, const Style& style);

// parse_binary: the value in a binary form. Bytes left over: 22P03 "incorrect binary data format", to which the caller
// adds " in bind parameter 1" or what applies.
Result<Value> parse_binary(Oid type, std::string_view bytes);
// print_binary: the binary form of a value that is not NULL.
std::string print_binary(Oid type, const Value& value);

// value_from_packed: what print_binary() has written, inside an array or a record of ours.
Value value_from_packed(Oid type, std::string_view bytes);

// apply_modifier: a value made to fit varchar(n), char(n), numeric(p,s), timestamp(p). An explicit cast cuts what is
// too long; an assignment (22001) refuses it unless only blanks are lost.
Result<Value> apply_modifier(Oid type, Value value, std::int32_t modifier, bool is_explicit);
// make_modifier: pg_attribute.atttypmod for what stands in the parentheses behind a type's name. A precision that is
// cut to its maximum is told in `warning`.
Result<std::int32_t> make_modifier(Oid type, std::span<const std::int32_t> numbers, std::string& warning);

// print_float: the shortest text that reads back as the same number, as float4out and float8out write it.
std::string print_float(float value, int extra_digits);
std::string print_float(double value, int extra_digits);

// check_encoding: 22021 unless `text` is valid UTF-8 without NUL.
Result<bool> check_encoding(std::string_view text);
// count_characters · byte_of_character: lengths in UTF-8 characters.
std::size_t count_characters(std::string_view text);
std::size_t byte_of_character(std::string_view text, std::size_t characters);
// cut_bytes: at most `bytes` bytes, not inside a character; as names are truncated.
std::string_view cut_bytes(std::string_view text, std::size_t bytes);

}  // namespace pgconform::types
