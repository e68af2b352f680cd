#include "engine/functions/numerics.hpp"

#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "types/array.hpp"
#include "types/form.hpp"
#include "types/numeric_functions.hpp"

// Mathematical functions of numeric. functions-math.
namespace pgconform::engine {

using types::Numeric;

Value numeric_value(const Numeric& result) {
  if (!result.fits()) fail(sqlstate::numeric_value_out_of_range, "value overflows numeric format");
  return result.text();
}

namespace {

Numeric numeric(Call& c, std::size_t i) {
  return *Numeric::parse(c.text(i));
}

template <types::Result<Numeric> (*function)(const Numeric&)>
Value map(Call& c) {
  return numeric_value(value_or_fail(function(numeric(c, 0))));
}

template <types::Result<Numeric> (*function)(const Numeric&, const Numeric&)>
Value map(Call& c) {
  return numeric_value(value_or_fail(function(numeric(c, 0), numeric(c, 1))));
}

Value whole_quotient(Call& c) {
  const Numeric a = numeric(c, 0), b = numeric(c, 1);
  using Kind = Numeric::Kind;
  if (a.kind() != Kind::finite || b.kind() != Kind::finite) {
    return numeric_value(value_or_fail(Numeric::divide(a, b)));
  }
  if (b.is_zero()) fail(sqlstate::division_by_zero, "division by zero");
  return numeric_value(Numeric::quotient(a, b, 0, false));
}

Value scale(Call& c) {
  const Numeric a = numeric(c, 0);
  if (a.kind() != Numeric::Kind::finite) return {};
  return std::int64_t{a.scale()};
}

Value least_scale(Call& c) {
  const Numeric a = numeric(c, 0);
  if (a.kind() != Numeric::Kind::finite) return {};
  return std::int64_t{types::shortest_scale(a)};
}

Value trim_scale(Call& c) {
  const Numeric a = numeric(c, 0);
  return a.rounded(types::shortest_scale(a)).text();
}

Value width_bucket(Call& c) {
  const Numeric operand = numeric(c, 0), low = numeric(c, 1), high = numeric(c, 2);
  const std::int64_t count = c.integer(3);
  constexpr auto code = sqlstate::invalid_argument_for_width_bucket_function;
  using Kind = Numeric::Kind;
  if (count <= 0) fail(code, "count must be greater than zero");
  for (const Numeric* n : {&operand, &low, &high})
    if (n->kind() == Kind::nan) fail(code, "operand, lower bound, and upper bound cannot be NaN");
  for (const Numeric* n : {&low, &high})
    if (n->kind() != Kind::finite) fail(code, "lower and upper bounds must be finite");
  const int order = Numeric::compare(low, high);
  if (order == 0) fail(code, "lower bound cannot equal upper bound");
  const auto beyond = [&](const Numeric& a, const Numeric& b) {
    return order < 0 ? Numeric::compare(a, b) : Numeric::compare(b, a);
  };
  if (beyond(operand, low) < 0) return std::int64_t{0};
  if (beyond(operand, high) >= 0) {
    if (count == INT32_MAX) fail(sqlstate::numeric_value_out_of_range, "integer out of range");
    return count + 1;
  }
  // Rounded before it is cut, which may make the last bucket one more.
  const Numeric share = value_or_fail(Numeric::divide((operand - low) * Numeric(count), high - low)).truncated(0);
  return *share.as_integer(0, INT32_MAX, "integer") + 1;
}

// width_bucket of sorted thresholds: how many of them are not above the operand.
Value width_bucket_array(Call& c) {
  const types::Array thresholds = types::unpack(c.text(1));
  if (thresholds.dimensions.size() > 1)
    fail(sqlstate::array_subscript_error, "thresholds must be one-dimensional array");
  std::int64_t low = 0, high = std::ssize(thresholds.elements);
  for (const Value& t : thresholds.elements)
    if (types::is_null(t)) fail(sqlstate::null_value_not_allowed, "thresholds array must not contain NULLs");
  while (low < high) {
    const std::int64_t middle = (low + high) / 2;
    if (compare_values(c.expr.args[0]->type, c.args[0], thresholds.elements[static_cast<std::size_t>(middle)]) < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

}  // namespace

void add_numerics(Registry& r) {
  r.add({{"numeric_power", map<types::power>},
         {"numeric_sqrt", map<types::square_root>},
         {"numeric_exp", map<types::exponential>},
         {"numeric_ln", map<types::natural_logarithm>},
         {"numeric_log", map<types::logarithm>},
         {"log(1700)",
          [](Call& c) -> Value { return numeric_value(value_or_fail(types::logarithm(Numeric(10), numeric(c, 0)))); }},
         {"log10(1700)",
          [](Call& c) -> Value { return numeric_value(value_or_fail(types::logarithm(Numeric(10), numeric(c, 0)))); }},
         {"numeric_fac", [](Call& c) -> Value { return numeric_value(value_or_fail(types::factorial(c.integer(0)))); }},
         {"numeric_div_trunc", whole_quotient},
         {"numeric_gcd",
          [](Call& c) -> Value { return numeric_value(types::common_divisor(numeric(c, 0), numeric(c, 1))); }},
         {"numeric_lcm", map<types::common_multiple>},
         {"numeric_inc", [](Call& c) -> Value { return numeric_value(numeric(c, 0) + Numeric(1)); }},
         {"numeric_scale", scale},
         {"numeric_min_scale", least_scale},
         {"numeric_trim_scale", trim_scale},
         {"width_bucket_numeric", width_bucket},
         {"width_bucket_array", width_bucket_array}});
}

}  // namespace pgconform::engine
