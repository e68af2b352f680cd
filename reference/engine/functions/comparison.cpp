#include <cmath>

#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/stack.hpp"
#include "types/array.hpp"
#include "types/interval.hpp"
#include "types/json.hpp"
#include "types/made.hpp"
#include "types/numeric.hpp"
#include "types/packed.hpp"
#include "types/record.hpp"

// Comparison: one order for every type, and the six operators of each type made from it.
namespace pgconform::engine {
namespace {

int sign(std::int64_t a, std::int64_t b) {
  return a < b ? -1 : a > b;
}

// NaN equals itself and is greater than every number.
int order_floats(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  return a < b ? -1 : a > b;
}

double as_double(const Value& value) {
  if (const auto* single = std::get_if<float>(&value)) return *single;
  return std::get<double>(value);
}

std::string_view without_blanks(std::string_view s) {
  while (s.ends_with(' ')) s.remove_suffix(1);
  return s;
}

// Arrays: by their elements, NULL last, then by their number, then by their dimensions.
int compare_arrays(std::string_view a, std::string_view b) {
  types::Array x = types::unpack(a), y = types::unpack(b);
  for (std::size_t i = 0; i < std::min(x.elements.size(), y.elements.size()); ++i) {
    const Value &one = x.elements[i], &other = y.elements[i];
    if (types::is_null(one) || types::is_null(other)) {
      if (types::is_null(one) != types::is_null(other)) return types::is_null(one) ? 1 : -1;
      continue;
    }
    if (int order = compare_values(x.element, one, other); order != 0) return order;
  }
  auto size = [](std::size_t n) { return static_cast<std::int64_t>(n); };
  if (x.elements.size() != y.elements.size()) return sign(size(x.elements.size()), size(y.elements.size()));
  if (x.dimensions.size() != y.dimensions.size()) return sign(size(x.dimensions.size()), size(y.dimensions.size()));
  for (std::size_t i = 0; i < x.dimensions.size(); ++i) {
    if (x.dimensions[i].length != y.dimensions[i].length) return sign(x.dimensions[i].length, y.dimensions[i].length);
    if (x.dimensions[i].lower != y.dimensions[i].lower) return sign(x.dimensions[i].lower, y.dimensions[i].lower);
  }
  return 0;
}

// Records: by their fields, NULL last: record_cmp().
int compare_records(const types::Record& a, const types::Record& b) {
  StackBase::check();
  const auto x = types::unpack_record(a), y = types::unpack_record(b);
  for (std::size_t i = 0; i < std::min(x.values.size(), y.values.size()); ++i) {
    if (x.types[i] != y.types[i])
      fail(sqlstate::datatype_mismatch,
           fmt::format("cannot compare dissimilar column types {} and {} at record column {}",
                       types::type_name(x.types[i]), types::type_name(y.types[i]), i + 1));
    if (x.types[i] == types::json_oid)
      fail(sqlstate::undefined_function, "could not identify a comparison function for type json");
    const Value &one = x.values[i], &other = y.values[i];
    if (types::is_null(one) || types::is_null(other)) {
      if (types::is_null(one) != types::is_null(other)) return types::is_null(one) ? 1 : -1;
      continue;
    }
    if (int order = compare_values(x.types[i], one, other); order != 0) return order;
  }
  if (x.values.size() != y.values.size())
    fail(sqlstate::datatype_mismatch, "cannot compare record types with different numbers of columns");
  return 0;
}

enum class Op : std::uint8_t { eq, ne, lt, le, gt, ge };

template <Op op>
Value compare(Call& c) {
  int order = compare_values(c.expr.args[0]->type, c.args[0], c.args[1]);
  switch (op) {
    case Op::eq:
      return order == 0;
    case Op::ne:
      return order != 0;
    case Op::lt:
      return order < 0;
    case Op::le:
      return order <= 0;
    case Op::gt:
      return order > 0;
    case Op::ge:
      return order >= 0;
  }
}

// Of a xid and an integer too.
bool same_xid(Call& c) {
  return static_cast<std::uint32_t>(c.integer(0)) == static_cast<std::uint32_t>(c.integer(1));
}

}  // namespace

int compare_values(Oid type, const Value& a, const Value& b) {
  switch (a.index()) {
    case 1:
      return sign(std::get<bool>(a), std::get<bool>(b));
    case 2:
      if (types::is_made(type) && types::is_enum(type)) {
        const auto* made = types::made_types();
        return sign(made->order(static_cast<Oid>(std::get<std::int64_t>(a))),
                    made->order(static_cast<Oid>(std::get<std::int64_t>(b))));
      }
      return sign(std::get<std::int64_t>(a), std::get<std::int64_t>(b));
    case 3:
    case 4:
      return order_floats(as_double(a), as_double(b));
    case 6:
      return types::compare(std::get<types::Interval>(a), std::get<types::Interval>(b));
    case 7: {
      // timetz: by the moment in UTC, then by the zone.
      auto x = std::get<types::ZonedTime>(a), y = std::get<types::ZonedTime>(b);
      int order = sign(x.micros + x.west * 1'000'000LL, y.micros + y.west * 1'000'000LL);
      return order != 0 ? order : sign(x.west, y.west);
    }
    case 8:
      return compare_records(std::get<types::Record>(a), std::get<types::Record>(b));
    default:
      break;
  }
  std::string_view x = std::get<std::string>(a), y = std::get<std::string>(b);
  type = types::base_of(type);
  if (type == types::numeric_oid) return types::Numeric::compare(*types::Numeric::parse(x), *types::Numeric::parse(y));
  if (type == types::jsonb_oid) return types::compare_jsonb(x, y);
  if (types::is_array(type)) return compare_arrays(x, y);
  if (const auto* packed = types::find_packed(type)) {
    if (!packed->is_comparable)
      fail(sqlstate::undefined_function,
           fmt::format("could not identify a comparison function for type {}", types::type_name(type)));
    if (packed->compare) return packed->compare(type, x, y);
  }
  if (type == types::bpchar_oid) x = without_blanks(x), y = without_blanks(y);
  return x.compare(y) < 0 ? -1 : x.compare(y) > 0;
}

void add_comparison(Registry& r) {
  for (std::string type :
       {"int2",        "int4",    "int8",    "int24",   "int42",     "int28",    "int82",      "int48",
        "int84",       "float4",  "float8",  "float48", "float84",   "bool",     "oid",        "bytea",
        "bpchar",      "name",    "text",    "char",    "numeric_",  "date_",    "timestamp_", "timestamptz_",
        "uuid_",       "text_",   "bpchar_", "name_",   "interval_", "time_",    "timetz_",    "array_",
        "jsonb_",      "record_", "enum_",   "bit",     "network_",  "macaddr_", "macaddr8_",  "range_",
        "multirange_", "cash_",   "tid",     "xid8",    "pg_lsn_",   "cid"}) {
    r.add(type + "eq", compare<Op::eq>);
    r.add(type + "ne", compare<Op::ne>);
    r.add(type + "lt", compare<Op::lt>);
    r.add(type + "le", compare<Op::le>);
    r.add(type + "gt", compare<Op::gt>);
    r.add(type + "ge", compare<Op::ge>);
  }
  r.add({{"xideq", [](Call& c) -> Value { return same_xid(c); }},
         {"xidneq", [](Call& c) -> Value { return !same_xid(c); }}});
  // name and text mixed: the second type stands behind the operator.
  for (auto [first, second] : {std::pair<std::string, std::string>{"name", "text"}, {"text", "name"}}) {
    r.add(first + "eq" + second, compare<Op::eq>);
    r.add(first + "ne" + second, compare<Op::ne>);
    r.add(first + "lt" + second, compare<Op::lt>);
    r.add(first + "le" + second, compare<Op::le>);
    r.add(first + "gt" + second, compare<Op::gt>);
    r.add(first + "ge" + second, compare<Op::ge>);
  }
}

}  // namespace pgconform::engine
