#include "types/json.hpp"

#include <algorithm>
#include <cmath>

#include "engine/analyze/row_shapes.hpp"
#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/functions/json_records.hpp"
#include "engine/stack.hpp"
#include "types/array.hpp"
#include "types/form.hpp"
#include "types/record.hpp"

// Functions and operators of json and jsonb. Both are text here, so one implementation serves both; what jsonb builds
// is brought into its normal form. functions-json.
namespace pgconform::engine {
namespace {

using types::is_null;
using types::json_elements;
using types::json_kind;
using types::json_members;

std::optional<std::string_view> member(std::string_view json, std::string_view key) {
  if (json_kind(json) != "object") return std::nullopt;
  std::optional<std::string_view> found;
  auto members = json_members(json);
  for (const auto& m : members)
    if (m.key == key) found = m.value;
  return found;
}

std::optional<std::string_view> element(std::string_view json, std::int64_t n) {
  if (json_kind(json) != "array") return std::nullopt;
  auto all = json_elements(json);
  if (n < 0) n += std::ssize(all);
  if (n < 0 || n >= std::ssize(all)) return std::nullopt;
  return all[static_cast<std::size_t>(n)];
}

// The text of a json value whose strings are about to be decoded: escapes are looked at only now.
std::string_view decodable(Call& c) {
  const std::string& json = c.text(0);
  if (c.expr.args[0]->type == types::json_oid && json.find("\\u") != json.npos)
    value_or_fail(types::normalize_json(json));
  return json;
}

// A part found as json, or as text, in which null is NULL.
Value found(Call& c, std::optional<std::string_view> part) {
  if (!part) return {};
  if (c.expr.type != types::text_oid) return std::string(*part);
  auto text = types::json_text(*part);
  return text ? Value(std::move(*text)) : Value();
}

Value field(Call& c) {
  return found(c, member(decodable(c), c.text(1)));
}
Value nth(Call& c) {
  const auto n = c.integer(1);
  // jsonb keeps a scalar as an array of one.
  const auto kind = json_kind(c.text(0));
  if (c.expr.args[0]->type == types::jsonb_oid && kind != "array" && kind != "object" && (n == 0 || n == -1))
    return found(c, c.text(0));
  return found(c, element(decodable(c), c.integer(1)));
}

// The part of an object under a key, or of an array at an index.
std::optional<std::string_view> part(std::string_view json, const std::string& step) {
  const auto index = types::parse_text(types::int4_oid, step, {});
  return json_kind(json) == "array" && index ? element(json, std::get<std::int64_t>(*index)) : member(json, step);
}

Value path(Call& c) {
  std::string_view at = decodable(c);
  for (const auto& step : types::unpack(c.text(1)).elements) {
    if (is_null(step)) return {};
    const auto next = part(at, std::get<std::string>(step));
    if (!next) return {};
    at = *next;
  }
  return found(c, at);
}

Value array_length(Call& c) {
  if (json_kind(c.text(0)) != "array")
    fail(sqlstate::invalid_parameter_value,
         fmt::format("cannot get array length of a {}", json_kind(c.text(0)) == "object" ? "non-array" : "scalar"));
  return static_cast<std::int64_t>(json_elements(c.text(0)).size());
}

// ?: a key of an object, a string of an array, or a string itself.
bool exists(std::string_view json, const std::string& key) {
  if (json_kind(json) == "object") return member(json, key).has_value();
  if (json_kind(json) == "string") return json == types::quote_json(key);
  if (json_kind(json) != "array") return false;
  std::string quoted = types::quote_json(key);
  return std::ranges::any_of(json_elements(json), [&](auto e) { return e == quoted; });
}

Value exists_of(Call& c, bool all) {
  auto keys = types::unpack(c.text(1)).elements;
  auto has = [&](const Value& key) { return !is_null(key) && exists(c.text(0), std::get<std::string>(key)); };
  auto skip = [&](const Value& key) { return is_null(key) || has(key); };
  return all ? std::ranges::all_of(keys, skip) : std::ranges::any_of(keys, has);
}

bool contains(std::string_view whole, std::string_view part, bool top) {
  StackBase::check();
  std::string_view a = json_kind(whole), b = json_kind(part);
  if (b == "object")
    return a == "object" && std::ranges::all_of(json_members(part), [&](const auto& m) {
             auto mine = member(whole, m.key);
             return mine && contains(*mine, m.value, false);
           });
  if (b == "array")
    return a == "array" && std::ranges::all_of(json_elements(part), [&](auto wanted) {
             return std::ranges::any_of(json_elements(whole), [&](auto e) {
               return json_kind(e) == json_kind(wanted) && contains(e, wanted, false);
             });
           });
  // An array contains a bare scalar, but only at the top.
  if (a == "array" && top)
    return std::ranges::any_of(json_elements(whole), [&](auto e) { return types::compare_jsonb(e, part) == 0; });
  return a == b && types::compare_jsonb(whole, part) == 0;
}

std::string normal(std::string text) {
  return value_or_fail(types::normalize_json(text));
}

std::string join(const std::vector<std::string>& parts, std::string_view separator, char open, char close) {
  std::string all(1, open);
  for (std::size_t i = 0; i < parts.size(); ++i) all += (i > 0 ? std::string(separator) : "") + parts[i];
  return all + close;
}

Value concatenate(Call& c) {
  std::string_view a = c.text(0), b = c.text(1);
  if (json_kind(a) == "object" && json_kind(b) == "object") {
    std::string inner(a.substr(0, a.size() - 1));
    if (a != "{}" && b != "{}") inner += ", ";
    return normal(inner + std::string(b.substr(1)));
  }
  std::vector<std::string> all;
  for (auto side : {a, b}) {
    if (json_kind(side) == "array")
      for (auto e : json_elements(side)) all.emplace_back(e);
    else
      all.emplace_back(side);
  }
  return join(all, ", ", '[', ']');
}

Value remove(Call& c, auto&& doomed) {
  std::string_view json = c.text(0);
  std::vector<std::string> kept;
  if (json_kind(json) == "object") {
    for (const auto& m : json_members(json))
      if (!doomed(m.key)) kept.push_back(types::quote_json(m.key) + ": " + std::string(m.value));
    return join(kept, ", ", '{', '}');
  }
  if (json_kind(json) != "array") fail(sqlstate::invalid_parameter_value, "cannot delete from scalar");
  for (auto e : json_elements(json))
    if (json_kind(e) != "string" || !doomed(*types::json_text(e))) kept.emplace_back(e);
  return join(kept, ", ", '[', ']');
}

Value remove_nth(Call& c) {
  std::string_view json = c.text(0);
  if (json_kind(json) == "object")
    fail(sqlstate::invalid_parameter_value, "cannot delete from object using integer index");
  if (json_kind(json) != "array") fail(sqlstate::invalid_parameter_value, "cannot delete from scalar");
  std::vector<std::string> kept;
  auto all = json_elements(json);
  std::int64_t n = c.integer(1) < 0 ? c.integer(1) + std::ssize(all) : c.integer(1);
  for (std::int64_t i = 0; i < std::ssize(all); ++i)
    if (i != n) kept.emplace_back(all[static_cast<std::size_t>(i)]);
  return join(kept, ", ", '[', ']');
}

}  // namespace

std::string as_json(Oid type, const Value& value, const types::Style& style, const RowShape* shape) {
  StackBase::check();
  if (is_null(value)) return "null";
  if (const auto* record = std::get_if<types::Record>(&value)) {
    const auto fields = types::unpack_record(*record);
    std::vector<std::string> parts;
    const auto own = shape ? nullptr : shape_of_type(type);
    if (own) shape = own.get();
    for (std::size_t i = 0; i < fields.values.size(); ++i) {
      const auto* column = shape && i < shape->columns.size() ? &shape->columns[i] : nullptr;
      parts.push_back(types::quote_json(column ? column->name : fmt::format("f{}", i + 1)) + ":" +
                      as_json(fields.types[i], fields.values[i], style, column ? column->shape.get() : nullptr));
    }
    return join(parts, ",", '{', '}');
  }
  if (types::is_array(type) && type != types::int2vector_oid && type != types::oidvector_oid) {
    types::Array array = types::unpack(std::get<std::string>(value));
    std::size_t place = 0;
    auto level = [&](auto& self, std::size_t depth) -> std::string {
      std::vector<std::string> parts;
      if (depth == array.dimensions.size()) return as_json(array.element, array.elements[place++], style, shape);
      for (std::int32_t i = 0; i < array.dimensions[depth].length; ++i) parts.push_back(self(self, depth + 1));
      return join(parts, ",", '[', ']');
    };
    return array.dimensions.empty() ? "[]" : level(level, 0);
  }
  types::Style iso = style;
  iso.dates = types::Style::Dates::iso;
  switch (type) {
    case types::bool_oid:
      return std::get<bool>(value) ? "true" : "false";
    case types::json_oid:
    case types::jsonb_oid:
      return std::get<std::string>(value);
    case types::int2_oid:
    case types::int4_oid:
    case types::int8_oid:
    case types::float4_oid:
    case types::float8_oid:
    case types::numeric_oid: {
      std::string text = types::print_text(type, value, style);
      return text.find_first_of("NI") == text.npos ? text : types::quote_json(text);
    }
    case types::date_oid:
      return types::quote_json(types::print_text(type, value, iso));
    case types::timestamp_oid:
    case types::timestamptz_oid: {
      std::string text = types::print_text(type, value, iso);
      if (auto blank = text.find(' '); blank != text.npos) text[blank] = 'T';
      // ISO 8601 has the minutes of a zone that is of whole hours too; BC stands behind it.
      const auto end = text.size() - (text.ends_with(" BC") ? 3 : 0);
      if (type == types::timestamptz_oid && end > 3 && (text[end - 3] == '+' || text[end - 3] == '-'))
        text.insert(end, ":00");
      return types::quote_json(text);
    }
    default:
      return types::quote_json(types::print_text(type, value, style));
  }
}

Value subscript_json(Call& c) {
  std::string_view at = c.text(0);
  for (std::size_t i = 1; i < c.args.size(); ++i) {
    const auto next = part(at, types::print_text(c.expr.args[i]->type, c.args[i], {}));
    if (!next) return {};
    at = *next;
  }
  return std::string(at);
}

namespace {

Value finish(Call& c, std::string json) {
  return c.expr.type == types::jsonb_oid ? normal(std::move(json)) : std::move(json);
}

std::string argument(Call& c, std::size_t i) {
  return as_json(c.expr.args[i]->type, c.args[i], c.context.style, c.expr.args[i]->shape.get());
}

Value build_array(Call& c) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < c.args.size(); ++i) parts.push_back(argument(c, i));
  return finish(c, join(parts, ", ", '[', ']'));
}

Value build_object(Call& c) {
  if (c.args.size() % 2 != 0)
    fail(sqlstate::invalid_parameter_value, "argument list must have even number of elements", -1,
         fmt::format("The arguments of {}() must consist of alternating keys and values.",
                     c.expr.type == types::jsonb_oid ? "jsonb_build_object" : "json_build_object"));
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < c.args.size(); i += 2) {
    if (is_null(c.args[i])) {
      bool binary = c.expr.type == types::jsonb_oid;
      fail(
          sqlstate::invalid_parameter_value,
          fmt::format(fmt::runtime(binary ? "argument {}: key must not be null" : "argument {} cannot be null"), i + 1),
          -1, binary ? "" : "Object keys should be text.");
    }
    std::string key = types::print_text(c.expr.args[i]->type, c.args[i], c.context.style);
    parts.push_back(types::quote_json(key) + " : " + argument(c, i + 1));
  }
  return finish(c, join(parts, ", ", '{', '}'));
}

std::string plain_kind(std::string_view json) {
  std::string_view kind = json_kind(json);
  return kind == "object" ? "an object" : kind == "array" ? "an array" : "a scalar";
}

// Sets are answered as arrays of their members.
Value elements(Call& c, bool text) {
  if (json_kind(c.text(0)) != "array")
    fail(sqlstate::invalid_parameter_value, c.expr.args[0]->type == types::json_oid && json_kind(c.text(0)) == "object"
                                                ? fmt::format("cannot call {} on a non-array", c.expr.text)
                                            : c.expr.args[0]->type == types::json_oid
                                                ? fmt::format("cannot call {} on a scalar", c.expr.text)
                                                : "cannot extract elements from " + plain_kind(c.text(0)));
  std::vector<Value> all;
  for (auto e : json_elements(text ? decodable(c) : c.text(0))) {
    auto decoded = text ? types::json_text(e) : std::optional(std::string(e));
    all.push_back(decoded ? Value(std::move(*decoded)) : Value());
  }
  return types::pack(types::one_dimensional(c.expr.type, std::move(all)));
}

Value keys(Call& c) {
  if (json_kind(c.text(0)) != "object")
    fail(sqlstate::invalid_parameter_value, fmt::format("cannot call {} on {}", c.expr.text, plain_kind(c.text(0))));
  std::vector<Value> all;
  for (auto& m : json_members(decodable(c))) all.emplace_back(m.key);
  return types::pack(types::one_dimensional(types::text_oid, std::move(all)));
}

// Casts from jsonb to a number or a truth value.
Value scalar(Call& c, std::string_view kind, std::string_view type) {
  std::string_view is = json_kind(c.text(0));
  if (is != kind) {
    std::string shown = is == "array" || is == "object" || is == "string" ? std::string(is)
                        : is == "null"                                    ? "null"
                                                                          : std::string(is);
    fail(sqlstate::invalid_parameter_value,
         fmt::format("cannot cast jsonb {} to type {}", is == "number" ? "numeric" : shown, type));
  }
  if (kind == "boolean") return c.text(0) == "true";
  Value number = c.text(0);
  if (c.expr.type == types::numeric_oid) return number;
  refuse("the cast from jsonb to " + std::string(type));
}

}  // namespace

void add_json(Registry& r) {
  add_json_records(r);
  add_json_changes(r);
  for (std::string type : {"json", "jsonb"}) {
    r.add(type + "_object_field", field);
    r.add(type + "_object_field_text", field);
    r.add(type + "_array_element", nth);
    r.add(type + "_array_element_text", nth);
    r.add(type + "_extract_path", path);
    r.add(type + "_extract_path_text", path);
    r.add(type + "_array_length", array_length);
    r.add(type + "_typeof", [](Call& c) -> Value { return std::string(json_kind(c.text(0))); });
    r.add(type + "_build_array", build_array);
    r.add(type + "_build_array_noargs", build_array);
    r.add(type + "_build_object", build_object);
    r.add(type + "_build_object_noargs", build_object);
    r.add("to_" + type, [](Call& c) { return finish(c, argument(c, 0)); });
    r.add(type + "_array_elements", [](Call& c) { return elements(c, false); });
    r.add(type + "_array_elements_text", [](Call& c) { return elements(c, true); });
    r.add(type + "_object_keys", keys);
  }
  r.add({{"jsonb_exists", [](Call& c) -> Value { return exists(c.text(0), c.text(1)); }},
         {"jsonb_exists_any", [](Call& c) { return exists_of(c, false); }},
         {"jsonb_exists_all", [](Call& c) { return exists_of(c, true); }},
         {"jsonb_contains", [](Call& c) -> Value { return contains(c.text(0), c.text(1), true); }},
         {"jsonb_contained", [](Call& c) -> Value { return contains(c.text(1), c.text(0), true); }},
         {"jsonb_concat", concatenate},
         {"jsonb_delete", [](Call& c) { return remove(c, [&](const std::string& key) { return key == c.text(1); }); }},
         {"jsonb_delete_array",
          [](Call& c) {
            auto array = types::unpack(c.text(1));
            if (array.dimensions.size() > 1) fail(sqlstate::array_subscript_error, "wrong number of array subscripts");
            const auto& doomed = array.elements;
            return remove(c, [&](const std::string& key) {
              return std::ranges::any_of(
                  doomed, [&](const Value& v) { return !is_null(v) && std::get<std::string>(v) == key; });
            });
          }},
         {"jsonb_delete_idx", remove_nth},
         {"array_to_json", [](Call& c) -> Value { return argument(c, 0); }},
         {"jsonb_bool", [](Call& c) { return scalar(c, "boolean", "boolean"); }},
         {"jsonb_numeric", [](Call& c) { return scalar(c, "number", "numeric"); }}});
}

}  // namespace pgconform::engine
