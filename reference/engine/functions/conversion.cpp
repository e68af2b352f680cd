#include <cmath>

#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/functions/calendar.hpp"
#include "types/form.hpp"
#include "types/numeric.hpp"

// The functions behind the casts between types.
namespace pgconform::engine {
namespace {

using types::Numeric;

struct Range {
  std::int64_t low, high;
  std::string_view name;
};

Range range_of(Oid type) {
  switch (type) {
    case types::int2_oid:
      return {INT16_MIN, INT16_MAX, "smallint"};
    case types::int4_oid:
      return {INT32_MIN, INT32_MAX, "integer"};
    default:
      return {INT64_MIN, INT64_MAX, "bigint"};
  }
}

Value to_integer(Call& c) {
  Range range = range_of(c.expr.type);
  std::int64_t value = c.integer(0);
  if (value < range.low || value > range.high)
    fail(sqlstate::numeric_value_out_of_range, fmt::format("{} out of range", range.name));
  return value;
}

// To oid, regclass and their like.
Value to_oid(Call& c) {
  const std::int64_t value = c.integer(0);
  if (value < 0 || value > UINT32_MAX) fail(sqlstate::numeric_value_out_of_range, "OID out of range");
  return value;
}

Value signed_bits(Call& c) {
  return std::int64_t{static_cast<std::int32_t>(c.integer(0))};
}
Value unsigned_bits(Call& c) {
  return std::int64_t{static_cast<std::uint32_t>(c.integer(0))};
}

// int2 to oid goes by way of int4, whose bits are taken as they are.
Value small_to_wide(Call& c) {
  return c.expr.type == types::oid_oid ? Value(c.integer(0) & 0xffffffff) : Value(c.integer(0));
}

double as_double(const Value& value) {
  if (const auto* single = std::get_if<float>(&value)) return *single;
  return std::get<double>(value);
}

Value float_to_integer(Call& c) {
  Range range = range_of(c.expr.type);
  double value = std::nearbyint(as_double(c.args[0]));
  // 2^63 itself is not below the limit, though the limit as a double is 2^63.
  if (std::isnan(value) || value < static_cast<double>(range.low) ||
      value >= static_cast<double>(range.high) + (range.high == INT64_MAX ? 0.0 : 1.0))
    fail(sqlstate::numeric_value_out_of_range, fmt::format("{} out of range", range.name));
  return static_cast<std::int64_t>(value);
}

Value narrow(Call& c) {
  double value = std::get<double>(c.args[0]);
  auto single = static_cast<float>(value);
  if (std::isinf(single) && !std::isinf(value))
    fail(sqlstate::numeric_value_out_of_range, "value out of range: overflow");
  if (single == 0 && value != 0) fail(sqlstate::numeric_value_out_of_range, "value out of range: underflow");
  return single;
}

Value numeric_to_integer(Call& c) {
  Range range = range_of(c.expr.type);
  return value_or_fail(Numeric::parse(c.text(0))->as_integer(range.low, range.high, range.name));
}

Value integer_to_numeric(Call& c) {
  return std::to_string(c.integer(0));
}

Value to_name(Call& c) {
  std::string_view text = c.text(0);
  if (c.expr.args[0]->type == types::bpchar_oid)
    while (text.ends_with(' ')) text.remove_suffix(1);
  return std::string(types::cut_bytes(text, 63));
}

std::int64_t day_of(std::int64_t time) {
  return time / types::microseconds_per_day - (time % types::microseconds_per_day < 0);
}

bool endless(std::int64_t time) {
  return time == types::infinite_time || time == types::minus_infinite_time;
}

std::int64_t midnight(std::int64_t days) {
  if (days == types::infinite_date) return types::infinite_time;
  if (days == types::minus_infinite_date) return types::minus_infinite_time;
  if (days > 106'751'983 || days < -2'451'545)
    fail(sqlstate::datetime_field_overflow, "date out of range for timestamp");
  return days * types::microseconds_per_day;
}

std::int64_t date_of(std::int64_t time) {
  if (endless(time)) return time == types::infinite_time ? types::infinite_date : types::minus_infinite_date;
  return day_of(time);
}

std::int64_t to_utc(std::int64_t local, const Context& context) {
  return endless(local) || !context.style.zone ? local : checked_timestamp(context.style.zone->to_utc(local));
}

std::int64_t to_local(std::int64_t utc, const Context& context) {
  return endless(utc) || !context.style.zone ? utc : utc + context.style.zone->offset_at(utc) * 1'000'000LL;
}

Value without_blanks(Call& c) {
  std::string text = c.text(0);
  text.resize(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace

void add_conversion(Registry& r) {
  for (const char* name : {"int82", "int84", "int28", "int48", "i4toi2", "oidtoi8"}) r.add(name, to_integer);
  r.add("i8tooid", to_oid);
  r.add("signed_bits", signed_bits);
  r.add("unsigned_bits", unsigned_bits);
  r.add("i2toi4", small_to_wide);
  for (const char* name : {"i2tof", "i4tof", "i8tof"})
    r.add(name, [](Call& c) -> Value { return static_cast<float>(c.integer(0)); });
  for (const char* name : {"i2tod", "i4tod", "i8tod"})
    r.add(name, [](Call& c) -> Value { return static_cast<double>(c.integer(0)); });
  for (const char* name : {"int2_numeric", "int4_numeric", "int8_numeric"}) r.add(name, integer_to_numeric);
  for (const char* name : {"ftoi2", "ftoi4", "ftoi8", "dtoi2", "dtoi4", "dtoi8"}) r.add(name, float_to_integer);
  for (const char* name : {"numeric_int2", "numeric_int4", "numeric_int8"}) r.add(name, numeric_to_integer);
  for (const char* name : {"text_name", "bpchar_name"}) r.add(name, to_name);
  for (const char* name : {"name_text", "name_bpchar"}) r.add(name, [](Call& c) { return c.args[0]; });
  for (const char* name : {"char_text", "char_bpchar"})
    r.add(name, [](Call& c) -> Value { return types::print_text(types::char_oid, c.args[0], {}); });
  r.add(
      {{"ftod", [](Call& c) -> Value { return static_cast<double>(std::get<float>(c.args[0])); }},
       {"dtof", narrow},
       {"float4_numeric", [](Call& c) -> Value { return Numeric::from_double(std::get<float>(c.args[0]), 6).text(); }},
       {"float8_numeric", [](Call& c) -> Value { return Numeric::from_double(std::get<double>(c.args[0])).text(); }},
       {"numeric_float4", [](Call& c) { return value_or_fail(types::parse_text(types::float4_oid, c.text(0), {})); }},
       {"numeric_float8", [](Call& c) { return value_or_fail(types::parse_text(types::float8_oid, c.text(0), {})); }},
       {"bool_int4", [](Call& c) -> Value { return std::int64_t{c.boolean(0)}; }},
       {"int4_bool", [](Call& c) -> Value { return c.integer(0) != 0; }},
       {"booltext", [](Call& c) -> Value { return std::string(c.boolean(0) ? "true" : "false"); }},
       {"text_char", [](Call& c) { return value_or_fail(types::parse_text(types::char_oid, c.text(0), {})); }},
       {"chartoi4", [](Call& c) -> Value { return std::int64_t{static_cast<signed char>(c.text(0)[0])}; }},
       {"i4tochar",
        [](Call& c) -> Value {
          if (c.integer(0) < -128 || c.integer(0) > 127)
            fail(sqlstate::numeric_value_out_of_range, "\"char\" out of range");
          return std::string(1, static_cast<char>(c.integer(0)));
        }},
       {"rtrim1", without_blanks},
       {"date_timestamp", [](Call& c) -> Value { return midnight(c.integer(0)); }},
       {"date_timestamptz", [](Call& c) -> Value { return to_utc(midnight(c.integer(0)), c.context); }},
       {"timestamp_date", [](Call& c) -> Value { return date_of(c.integer(0)); }},
       {"timestamptz_date", [](Call& c) -> Value { return date_of(to_local(c.integer(0), c.context)); }},
       {"timestamp_timestamptz", [](Call& c) -> Value { return to_utc(c.integer(0), c.context); }},
       {"timestamptz_timestamp", [](Call& c) -> Value {
          return endless(c.integer(0)) ? c.args[0] : checked_timestamp(to_local(c.integer(0), c.context));
        }}});
}

}  // namespace pgconform::engine
