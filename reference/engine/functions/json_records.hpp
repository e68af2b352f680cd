#pragma once

#include <string>

#include "engine/expr.hpp"
#include "engine/functions.hpp"

namespace pgconform::engine {

// as_json: a value of any type as JSON: datum_to_json(). `shape` names the fields of a record, which are f1, f2, …
// without it.
std::string as_json(Oid type, const Value& value, const types::Style& style, const RowShape* shape = nullptr);

// subscript_json: the part of jsonb at the subscripts that follow it in the call.
Value subscript_json(Call& call);

// add_json_changes: jsonb with something set at a path, and what builds JSON of arrays.
void add_json_changes(Registry& registry);

// add_json_records: functions between JSON objects and rows.
void add_json_records(Registry& registry);

}  // namespace pgconform::engine
