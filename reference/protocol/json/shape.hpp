#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/json/json.hpp"

// Which fields the JSON form of a message has, for whoever wants to know before there are any bytes.
namespace pgconform::protocol::json {

// Field: one field of a message, or of the elements of a list.
struct Field {
  std::string name;
  std::vector<Field> elements{};  // of a list whose elements are objects
};

// fields_of: the fields of the message `name`, in wire order; nothing if `sender` has no such message. Of errors and
// notices, whose fields are known by letter, it is the one field without a name.
std::optional<std::vector<Field>> fields_of(Sender sender, std::string_view name);

// Misnamed: a field that a message does not have, or a message that is none.
struct Misnamed {
  std::string what;      // `RowDescription has no field "fields[0].nane"`
  std::string expected;  // `name, table_oid, …`
};

// misnamed: the first field in `fields`, values or patterns, that the message does not have. Keys that begin with `$`
// are no fields; below them is looked at where they hold patterns.
std::optional<Misnamed> misnamed(Sender sender, std::string_view name, const nlohmann::ordered_json& fields);

}  // namespace pgconform::protocol::json
