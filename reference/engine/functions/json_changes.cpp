#include <charconv>

#include "engine/functions/json_records.hpp"
#include "engine/stack.hpp"
#include "types/array.hpp"
#include "types/form.hpp"
#include "types/json.hpp"
#include "types/numeric.hpp"

// jsonb with something set, inserted or deleted at a path; JSON built of arrays, without nulls, or indented.
// functions-json.
namespace pgconform::engine {
namespace {

using types::is_null;
using types::json_elements;
using types::json_kind;
using types::json_members;

std::string join(const std::vector<std::string>& parts, std::string_view separator, char open, char close) {
  std::string all(1, open);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) all += separator;
    all += parts[i];
  }
  need_memory(all.size());
  return all + close;
}

enum class Change : std::uint8_t { replace, create, insert_before, insert_after, remove };

// Edit: one change at a path.
class Edit {
 public:
  Edit(Change change, const Value& path, std::string_view value) : change_(change), value_(value) {
    types::Array array = types::unpack(std::get<std::string>(path));
    if (array.dimensions.size() > 1) fail(sqlstate::array_subscript_error, "wrong number of array subscripts");
    path_ = std::move(array.elements);
  }
  bool has_no_path() const { return path_.empty(); }

  std::string apply(std::string_view json, std::size_t level) {
    StackBase::check();
    if (is_null(path_[level]))
      fail(sqlstate::null_value_not_allowed, fmt::format("path element at position {} is null", level + 1));
    const std::string_view kind = json_kind(json);
    if (kind == "object") return in_object(json, level);
    if (kind == "array") return in_array(json, level);
    return std::string(json);
  }

 private:
  bool is_last(std::size_t level) const { return level + 1 == path_.size(); }
  bool inserts() const { return change_ == Change::insert_before || change_ == Change::insert_after; }
  bool may_add() const { return inserts() || change_ == Change::create; }
  const std::string& step(std::size_t level) const { return std::get<std::string>(path_[level]); }

  std::string in_object(std::string_view json, std::size_t level) {
    std::vector<std::string> parts;
    bool found = false;
    for (const auto& m : json_members(json)) {
      const bool here = m.key == step(level);
      found = found || here;
      std::string value(m.value);
      if (here && is_last(level)) {
        if (inserts())
          fail(sqlstate::invalid_parameter_value, "cannot replace existing key", -1,
               "Try using the function jsonb_set to replace key value.");
        if (change_ == Change::remove) continue;
        value = value_;
      } else if (here) {
        value = apply(m.value, level + 1);
      }
      parts.push_back(types::quote_json(m.key) + ": " + value);
    }
    if (!found && is_last(level) && may_add())
      parts.push_back(types::quote_json(step(level)) + ": " + std::string(value_));
    return join(parts, ", ", '{', '}');
  }

  // index: of the element; -1 before the first, the count behind the last.
  std::int64_t index(std::size_t level, std::int64_t count) const {
    const auto parsed = types::parse_text(types::int4_oid, step(level), {});
    if (!parsed || step(level).empty() || step(level).back() == ' ')
      fail(sqlstate::invalid_text_representation,
           fmt::format("path element at position {} is not an integer: \"{}\"", level + 1, step(level)));
    const std::int64_t i = std::get<std::int64_t>(*parsed);
    return i < 0 ? std::max<std::int64_t>(i + count, -1) : std::min(i, count);
  }

  std::string in_array(std::string_view json, std::size_t level) {
    const auto elements = json_elements(json);
    const std::int64_t at = index(level, std::ssize(elements));
    std::vector<std::string> parts;
    const bool adds = is_last(level) && may_add();
    if (adds && at < 0) parts.emplace_back(value_);
    for (std::int64_t i = 0; i < std::ssize(elements); ++i) {
      const std::string_view element = elements[static_cast<std::size_t>(i)];
      if (i != at) {
        parts.emplace_back(element);
      } else if (!is_last(level)) {
        parts.push_back(apply(element, level + 1));
      } else {
        if (change_ == Change::insert_after) parts.emplace_back(element);
        if (change_ != Change::remove) parts.emplace_back(value_);
        if (change_ == Change::insert_before) parts.emplace_back(element);
      }
    }
    if (adds && at == std::ssize(elements)) parts.emplace_back(value_);
    return join(parts, ", ", '[', ']');
  }

  Change change_;
  std::string_view value_;
  std::vector<Value> path_;
};

bool is_scalar(std::string_view json) {
  return json_kind(json) != "object" && json_kind(json) != "array";
}

Value changed(const std::string& json, const Value& path, std::string_view value, Change change) {
  Edit edit(change, path, value);
  if (is_scalar(json))
    fail(sqlstate::invalid_parameter_value,
         change == Change::remove ? "cannot delete path in scalar" : "cannot set path in scalar");
  const bool is_empty = json == "{}" || json == "[]";
  if (edit.has_no_path() || (is_empty && (change == Change::replace || change == Change::remove))) return json;
  return value_or_fail(types::normalize_json(edit.apply(json, 0)));
}

// is_asked: the option that is the fourth argument, or its default.
bool is_asked(Call& c, bool otherwise) {
  return c.args.size() > 3 ? c.boolean(3) : otherwise;
}

Value set(Call& c) {
  return changed(c.text(0), c.args[1], c.text(2), is_asked(c, true) ? Change::create : Change::replace);
}
Value insert(Call& c) {
  return changed(c.text(0), c.args[1], c.text(2), is_asked(c, false) ? Change::insert_after : Change::insert_before);
}
Value remove(Call& c) {
  return changed(c.text(0), c.args[1], {}, Change::remove);
}

constexpr const char* unknown_treatment =
    "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"";

Value set_lax(Call& c) {
  if (is_null(c.args[0]) || is_null(c.args[1]) || (c.args.size() > 3 && is_null(c.args[3]))) return {};
  const Change change = is_asked(c, true) ? Change::create : Change::replace;
  if (c.args.size() > 4 && is_null(c.args[4])) fail(sqlstate::invalid_parameter_value, unknown_treatment);
  if (!is_null(c.args[2])) return changed(c.text(0), c.args[1], c.text(2), change);
  const std::string treatment = c.args.size() <= 4 ? "use_json_null" : c.text(4);
  if (treatment != "delete_key" && treatment != "return_target" && treatment != "use_json_null" &&
      treatment != "raise_exception")
    fail(sqlstate::invalid_parameter_value, unknown_treatment);
  if (treatment == "raise_exception")
    fail(sqlstate::null_value_not_allowed, "JSON value must not be null", -1,
         "To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.",
         "Exception was raised because null_value_treatment is \"raise_exception\".");
  if (treatment == "use_json_null") return changed(c.text(0), c.args[1], "null", change);
  if (treatment == "delete_key") return changed(c.text(0), c.args[1], {}, Change::remove);
  return c.args[0];
}

// Null members go; those of an array stay. The json is written without blanks.
std::string without_nulls(std::string_view json, bool binary) {
  StackBase::check();
  const std::string_view kind = json_kind(json);
  const std::string_view comma = binary ? ", " : ",", colon = binary ? ": " : ":";
  std::vector<std::string> parts;
  if (kind == "object") {
    for (const auto& m : json_members(json))
      if (json_kind(m.value) != "null")
        parts.push_back(types::quote_json(m.key) + std::string(colon) + without_nulls(m.value, binary));
    return join(parts, comma, '{', '}');
  }
  if (kind == "array") {
    for (auto e : json_elements(json)) parts.push_back(without_nulls(e, binary));
    return join(parts, comma, '[', ']');
  }
  if (kind == "string") return types::quote_json(*types::json_text(json));
  const auto blank = [](char ch) { return ch == ' ' || ch == '\n' || ch == '\r' || ch == '\t'; };
  while (blank(json.front())) json.remove_prefix(1);
  while (blank(json.back())) json.remove_suffix(1);
  return std::string(json);
}

void print_indented(std::string& out, std::string_view json, std::size_t level) {
  StackBase::check();
  need_memory(out.size() + level * 4);
  const bool is_object = json_kind(json) == "object";
  if (is_scalar(json)) {
    out += json;
    return;
  }
  const auto line = [&](std::size_t depth) { out.append("\n").append(depth * 4, ' '); };
  bool first = true;
  const auto begin_item = [&] {
    if (!first) out += ',';
    first = false;
    line(level + 1);
  };
  out += is_object ? '{' : '[';
  if (is_object)
    for (const auto& m : json_members(json)) {
      begin_item();
      out += types::quote_json(m.key) + ": ";
      print_indented(out, m.value, level + 1);
    }
  else
    for (auto e : json_elements(json)) {
      begin_item();
      print_indented(out, e, level + 1);
    }
  line(level);
  out += is_object ? '}' : ']';
}

Value pretty(Call& c) {
  std::string out;
  print_indented(out, c.text(0), 0);
  return out;
}

Value object_of(Call& c, const std::vector<std::pair<Value, Value>>& pairs) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : pairs) {
    if (is_null(key)) fail(sqlstate::null_value_not_allowed, "null value not allowed for object key");
    parts.push_back(types::quote_json(std::get<std::string>(key)) + " : " +
                    (is_null(value) ? "null" : types::quote_json(std::get<std::string>(value))));
  }
  std::string json = join(parts, ", ", '{', '}');
  return c.expr.type == types::jsonb_oid ? value_or_fail(types::normalize_json(json)) : json;
}

// Of keys and values in turn, or in pairs.
Value object_of_array(Call& c) {
  types::Array array = types::unpack(c.text(0));
  const auto& dimensions = array.dimensions;
  if (dimensions.size() == 1 && dimensions[0].length % 2 != 0)
    fail(sqlstate::array_subscript_error, "array must have even number of elements");
  if (dimensions.size() == 2 && dimensions[1].length != 2)
    fail(sqlstate::array_subscript_error, "array must have two columns");
  if (dimensions.size() > 2) fail(sqlstate::array_subscript_error, "wrong number of array subscripts");
  std::vector<std::pair<Value, Value>> pairs;
  for (std::size_t i = 0; i + 1 < array.elements.size(); i += 2)
    pairs.emplace_back(std::move(array.elements[i]), std::move(array.elements[i + 1]));
  return object_of(c, pairs);
}

Value object_of_arrays(Call& c) {
  types::Array keys = types::unpack(c.text(0)), values = types::unpack(c.text(1));
  if (keys.dimensions.size() > 1 || keys.dimensions.size() != values.dimensions.size())
    fail(sqlstate::array_subscript_error, "wrong number of array subscripts");
  if (keys.elements.size() != values.elements.size())
    fail(sqlstate::array_subscript_error, "mismatched array dimensions");
  std::vector<std::pair<Value, Value>> pairs;
  for (std::size_t i = 0; i < keys.elements.size(); ++i)
    pairs.emplace_back(std::move(keys.elements[i]), std::move(values.elements[i]));
  return object_of(c, pairs);
}

// A line for each element or field, where `pretty` is asked for.
Value in_lines(Call& c) {
  std::string json = as_json(c.expr.args[0]->type, c.args[0], c.context.style, c.expr.args[0]->shape.get());
  if (!c.boolean(1)) return json;
  const bool is_object = json_kind(json) == "object";
  std::vector<std::string> parts;
  if (is_object)
    for (const auto& m : json_members(json)) parts.push_back(types::quote_json(m.key) + ":" + std::string(m.value));
  else
    for (auto e : json_elements(json)) parts.emplace_back(e);
  return join(parts, ",\n ", is_object ? '{' : '[', is_object ? '}' : ']');
}

Value number(Call& c, std::string_view type) {
  const std::string_view kind = json_kind(c.text(0));
  if (kind != "number")
    fail(sqlstate::invalid_parameter_value, fmt::format("cannot cast jsonb {} to type {}", kind, type));
  const auto number = *types::Numeric::parse(c.text(0));
  switch (c.expr.type) {
    case types::int2_oid:
      return value_or_fail(number.as_integer(INT16_MIN, INT16_MAX, type));
    case types::int4_oid:
      return value_or_fail(number.as_integer(INT32_MIN, INT32_MAX, type));
    case types::int8_oid:
      return value_or_fail(number.as_integer(INT64_MIN, INT64_MAX, type));
    default:
      return value_or_fail(types::parse_text(c.expr.type, c.text(0), {}));
  }
}

}  // namespace

void add_json_changes(Registry& r) {
  r.add({{"jsonb_set", set},
         {"jsonb_set_lax", set_lax},
         {"jsonb_insert", insert},
         {"jsonb_delete_path", remove},
         {"jsonb_pretty", pretty},
         {"jsonb_strip_nulls", [](Call& c) -> Value { return without_nulls(c.text(0), true); }},
         {"json_strip_nulls", [](Call& c) -> Value { return without_nulls(c.text(0), false); }},
         {"json_object", object_of_array},
         {"jsonb_object", object_of_array},
         {"json_object_two_arg", object_of_arrays},
         {"jsonb_object_two_arg", object_of_arrays},
         {"array_to_json_pretty", in_lines},
         {"jsonb_int2", [](Call& c) { return number(c, "smallint"); }},
         {"jsonb_int4", [](Call& c) { return number(c, "integer"); }},
         {"jsonb_int8", [](Call& c) { return number(c, "bigint"); }},
         {"jsonb_float4", [](Call& c) { return number(c, "real"); }},
         {"jsonb_float8", [](Call& c) { return number(c, "double precision"); }}});
}

}  // namespace pgconform::engine
