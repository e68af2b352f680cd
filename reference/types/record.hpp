#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "types/datetime.hpp"
#include "types/value.hpp"

// Rows as values. Their binary form tells the type of every field, so a value knows what it is made of; what the fields
// are called, only its type knows. rowtypes.
namespace pgconform::types {

// Fields: a record taken apart.
struct Fields {
  std::vector<Oid> types{};
  std::vector<Value> values{};
};

Record pack_record(const Fields& fields);
Fields unpack_record(const Record& record);
// field_of: one field; nothing where there are not so many, or it is of another type.
std::optional<Value> field_of(const Record& record, std::size_t number, Oid type);

// split_record: the texts of the fields in a literal such as "(1,,\"a b\")"; nothing for NULL.
Result<std::vector<std::optional<std::string>>> split_record(std::string_view text, std::size_t columns);

// record_text: "(1,,\"a b\")".
std::string record_text(const Record& record, const Style& style);

}  // namespace pgconform::types
