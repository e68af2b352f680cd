#include "engine/functions/json_records.hpp"

#include "engine/analyze/row_shapes.hpp"
#include "engine/stack.hpp"
#include "types/array.hpp"
#include "types/form.hpp"
#include "types/json.hpp"
#include "types/record.hpp"

// JSON objects as rows, and rows as JSON objects: json_each, json_to_record, row_to_json and their kin. functions-json;
// jsonfuncs.c.
namespace pgconform::engine {
namespace {

using types::is_null;
using types::json_kind;

// A set of records is answered as an array of them.
Value set_of(std::vector<Value> records) {
  return types::pack(types::one_dimensional(types::record_oid, std::move(records)));
}

Value each(Call& c, bool text) {
  const std::string& json = c.text(0);
  if (json_kind(json) != "object") {
    if (c.expr.args[0]->type == types::jsonb_oid)
      fail(sqlstate::invalid_parameter_value, fmt::format("cannot call {} on a non-object", c.expr.text));
    fail(sqlstate::invalid_parameter_value,
         json_kind(json) == "array" ? "cannot deconstruct an array as an object" : "cannot deconstruct a scalar");
  }
  const Oid value_type = text ? types::text_oid : c.expr.args[0]->type;
  std::vector<Value> records;
  for (const auto& member : types::json_members(json)) {
    auto shown = text ? types::json_text(member.value) : std::optional(std::string(member.value));
    records.emplace_back(
        types::pack_record({{types::text_oid, value_type}, {member.key, shown ? Value(std::move(*shown)) : Value()}}));
  }
  return set_of(std::move(records));
}

Value made_of(const RowShape::Column& column, std::string_view json, const types::Style& style);

Value array_of_json(Oid type, std::string_view json, const types::Style& style) {
  if (json_kind(json) == "string")
    return value_or_fail(types::parse_text(type, types::json_text(json).value_or(""), style));
  if (json_kind(json) != "array") fail(sqlstate::invalid_text_representation, "expected JSON array");
  types::Array array{types::element_of(type)};
  auto level = [&](auto& self, std::string_view at, std::size_t depth) -> void {
    StackBase::check();
    const auto members = types::json_elements(at);
    if (depth >= types::most_dimensions) refuse("so deep an array");
    if (array.dimensions.size() == depth) array.dimensions.push_back({static_cast<std::int32_t>(members.size()), 1});
    if (array.dimensions[depth].length != std::ssize(members))
      fail(sqlstate::invalid_text_representation, "malformed JSON array", -1, {},
           "Multidimensional arrays must have sub-arrays with matching dimensions.");
    for (auto member : members) {
      if (json_kind(member) == "array" && array.element != types::json_oid && array.element != types::jsonb_oid)
        self(self, member, depth + 1);
      else
        array.elements.push_back(made_of({{}, array.element}, member, style));
    }
  };
  level(level, json, 0);
  if (array.elements.empty()) array.dimensions.clear();
  return types::pack(array);
}

Value record_of(const RowShape& shape, std::string_view json, const Value& base, const types::Style& style) {
  types::Fields fields, old;
  if (const auto* record = std::get_if<types::Record>(&base)) old = types::unpack_record(*record);
  const auto members = types::json_members(json);
  for (std::size_t i = 0; i < shape.columns.size(); ++i) {
    const auto& column = shape.columns[i];
    fields.types.push_back(column.type);
    fields.values.push_back(i < old.values.size() ? std::move(old.values[i]) : Value());
    for (const auto& member : members)
      if (member.key == column.name) fields.values.back() = made_of(column, member.value, style);
  }
  return types::pack_record(fields);
}

// One member as a column's type takes it: populate_record_field().
Value made_of(const RowShape::Column& column, std::string_view json, const types::Style& style) {
  StackBase::check();
  const auto kind = json_kind(json);
  if (kind == "null" && column.type != types::json_oid && column.type != types::jsonb_oid) return {};
  if (column.type == types::json_oid) return std::string(json);
  if (column.type == types::jsonb_oid) return value_or_fail(types::normalize_json(json));
  if (types::is_array(column.type)) return array_of_json(column.type, json, style);
  if (kind == "object")
    if (const auto shape = column.shape ? column.shape : shape_of_type(column.type))
      return record_of(*shape, json, {}, style);
  Value value = value_or_fail(types::parse_text(
      column.type, kind == "string" ? types::json_text(json).value_or("") : std::string(json), style));
  return value_or_fail(types::apply_modifier(column.type, std::move(value), column.modifier, false));
}

std::shared_ptr<const RowShape> shape_of(const Call& c) {
  auto shape = c.expr.shape ? c.expr.shape : shape_of_type(c.expr.type);
  if (!shape)
    fail(sqlstate::feature_not_supported, fmt::format("could not determine row type for result of {}", c.expr.text), -1,
         "Provide a non-null record argument, or call the function in the FROM clause using a column definition list.");
  return shape;
}

// The row that is filled in, and the JSON: json_to_record() has no row.
Value populate(Call& c, bool is_set) {
  const bool has_base = c.expr.text.find("populate") != std::string::npos;
  const std::size_t at = has_base ? 1 : 0;
  const Value base = has_base ? c.args[0] : Value();
  const bool is_null_json = is_null(c.args[at]);
  if (!has_base) (void)shape_of(c);
  if (has_base && c.expr.type != types::record_oid && !shape_of_type(c.expr.type))
    fail(sqlstate::datatype_mismatch, fmt::format("first argument of {} must be a row type", c.expr.text));
  if (is_null_json && is_set) return {};
  if (is_null_json) return base;
  const std::string& json = c.text(at);
  const auto kind = json_kind(json);
  if (!is_set) {
    if (kind != "object")
      fail(sqlstate::invalid_parameter_value,
           fmt::format("cannot call populate_composite on {}", kind == "array" ? "an array" : "a scalar"));
    return record_of(*shape_of(c), json, base, c.context.style);
  }
  if (kind != "array")
    fail(sqlstate::invalid_parameter_value, fmt::format("cannot call {} on {}", c.expr.text,
                                                        c.expr.args[at]->type == types::jsonb_oid ? "a non-array"
                                                        : kind == "object"                        ? "an object"
                                                                                                  : "a scalar"));
  std::vector<Value> records;
  for (auto element : types::json_elements(json)) {
    if (json_kind(element) != "object")
      fail(sqlstate::invalid_parameter_value, fmt::format("argument of {} must be an array of objects", c.expr.text));
    records.push_back(record_of(*shape_of(c), element, base, c.context.style));
  }
  return set_of(std::move(records));
}

Value row_to_json(Call& c, bool pretty) {
  if (is_null(c.args[0])) return {};
  std::string json = as_json(c.expr.args[0]->type, c.args[0], c.context.style, c.expr.args[0]->shape.get());
  if (!pretty) return json;
  // Only the outermost commas are followed by a new line.
  std::string out;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char ch = json[i];
    out += ch;
    if (quoted) {
      if (ch == '\\') out += json[++i];
      if (ch == '"') quoted = false;
      continue;
    }
    if (ch == '"') quoted = true;
    depth += (ch == '{' || ch == '[') - (ch == '}' || ch == ']');
    if (ch == ',' && depth == 1) out += "\n ";
  }
  return out;
}

// _pg_expandarray(): each element and its place.
Value expand_array(Call& c) {
  types::Array array = types::unpack(c.text(0));
  std::vector<Value> records;
  for (std::size_t i = 0; i < array.elements.size(); ++i)
    records.emplace_back(
        types::pack_record({{array.element, types::int4_oid}, {array.elements[i], static_cast<std::int64_t>(i + 1)}}));
  return set_of(std::move(records));
}

}  // namespace

void add_json_records(Registry& r) {
  for (std::string type : {"json", "jsonb"}) {
    r.add(type + "_each", [](Call& c) { return each(c, false); });
    r.add(type + "_each_text", [](Call& c) { return each(c, true); });
    r.add(type + "_to_record", [](Call& c) { return populate(c, false); });
    r.add(type + "_populate_record", [](Call& c) { return populate(c, false); });
    r.add(type + "_to_recordset", [](Call& c) { return populate(c, true); });
    r.add(type + "_populate_recordset", [](Call& c) { return populate(c, true); });
  }
  r.add({{"row_to_json", [](Call& c) { return row_to_json(c, false); }},
         {"row_to_json_pretty", [](Call& c) { return row_to_json(c, !is_null(c.args[1]) && c.boolean(1)); }},
         {"_pg_expandarray", expand_array}});
}

}  // namespace pgconform::engine
