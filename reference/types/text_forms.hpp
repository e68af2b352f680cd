#pragma once

#include <string>
#include <string_view>

#include "types/datetime.hpp"
#include "types/type.hpp"
#include "types/value.hpp"

// The text forms of single types, for parse_text() and print_text() to choose from.
namespace pgconform::types {

std::string_view trim_blanks(std::string_view text);
// invalid_text: 22P02, naming the type and the text.
std::unexpected<Failure> invalid_text(Oid type, std::string_view text);

Result<Value> parse_bool(std::string_view text);
Result<Value> parse_integer(Oid type, std::string_view text);        // int2, int4, int8
Result<Value> parse_oid(std::string_view text, Oid type = oid_oid);  // or xid
Result<Value> parse_float4(std::string_view text);
Result<Value> parse_float8(std::string_view text);
// parse_reg · print_reg: regclass and its kin; what the style's names do not know, by number or not at all.
Result<Value> parse_reg(Oid type, std::string_view text, const Style& style);
std::string print_reg(Oid type, Oid object, const Style& style);
Result<Value> parse_bytea(std::string_view text);
std::string print_bytea(std::string_view bytes, bool as_hex);
Result<Value> parse_uuid(std::string_view text);
std::string print_uuid(std::string_view bytes);

}  // namespace pgconform::types
