#include "types/money.hpp"

#include <cmath>

#include "engine/expr.hpp"
#include "engine/functions/packed_types.hpp"
#include "types/numeric.hpp"

// money. datatype-money.
namespace pgconform::engine {
namespace {

using types::cents_of;
using types::money_of;
using types::Numeric;

[[noreturn]] void out_of_range() {
  fail(sqlstate::numeric_value_out_of_range, "money out of range");
}

Value money(std::int64_t cents) {
  return money_of(cents);
}

Value add(Call& c, bool subtract) {
  const std::int64_t a = cents_of(c.text(0)), b = cents_of(c.text(1));
  std::int64_t sum = 0;
  if (subtract ? __builtin_sub_overflow(a, b, &sum) : __builtin_add_overflow(a, b, &sum)) out_of_range();
  return money(sum);
}

double as_double(const Value& value) {
  if (const auto* single = std::get_if<float>(&value)) return *single;
  return std::get<double>(value);
}

Value from_double(double cents) {
  const double rounded = std::nearbyint(cents);
  if (!(rounded >= -0x1p63 && rounded < 0x1p63)) out_of_range();
  return money(static_cast<std::int64_t>(rounded));
}

double finite(double result, double operand) {
  if (std::isinf(result) && !std::isinf(operand))
    fail(sqlstate::numeric_value_out_of_range, "value out of range: overflow");
  return result;
}

// The amount stands at the place `amount`, the factor at the other.
template <std::size_t amount>
Value multiply(Call& c) {
  const std::int64_t cents = cents_of(c.text(amount));
  const Value& factor = c.args[1 - amount];
  if (!std::holds_alternative<std::int64_t>(factor))
    return from_double(finite(static_cast<double>(cents) * as_double(factor), as_double(factor)));
  std::int64_t product = 0;
  if (__builtin_mul_overflow(cents, std::get<std::int64_t>(factor), &product)) out_of_range();
  return money(product);
}

[[noreturn]] void by_zero() {
  fail(sqlstate::division_by_zero, "division by zero");
}

Value divide(Call& c) {
  const std::int64_t cents = cents_of(c.text(0));
  if (const auto* divisor = std::get_if<std::int64_t>(&c.args[1])) {
    if (*divisor == 0) by_zero();
    if (*divisor == -1 && cents == INT64_MIN) out_of_range();
    return money(cents / *divisor);
  }
  const double divisor = as_double(c.args[1]);
  if (divisor == 0) by_zero();
  return from_double(finite(static_cast<double>(cents) / divisor, divisor));
}

Value ratio(Call& c) {
  const std::int64_t divisor = cents_of(c.text(1));
  if (divisor == 0) by_zero();
  return static_cast<double>(cents_of(c.text(0))) / static_cast<double>(divisor);
}

Value from_integer(Call& c) {
  std::int64_t cents = 0;
  if (__builtin_mul_overflow(c.integer(0), std::int64_t{100}, &cents))
    fail(sqlstate::numeric_value_out_of_range, "bigint out of range");
  return money(cents);
}

Value from_numeric(Call& c) {
  const Numeric amount = *Numeric::parse(c.text(0)) * Numeric(100);
  return money(value_or_fail(amount.as_integer(INT64_MIN, INT64_MAX, "bigint")));
}

Value to_numeric(Call& c) {
  return (Numeric(cents_of(c.text(0))) * *Numeric::parse("0.01")).text();
}

}  // namespace

void add_money(Registry& r) {
  r.add({{"cash_pl", [](Call& c) { return add(c, false); }},
         {"cash_mi", [](Call& c) { return add(c, true); }},
         {"cash_div_cash", ratio},
         {"int4_cash", from_integer},
         {"int8_cash", from_integer},
         {"numeric_cash", from_numeric},
         {"cash_numeric", to_numeric},
         {"cash_cmp", [](Call& c) -> Value { return std::int64_t{types::compare_money(0, c.text(0), c.text(1))}; }},
         {"cashlarger", [](Call& c) { return c.args[types::compare_money(0, c.text(0), c.text(1)) < 0 ? 1 : 0]; }},
         {"cashsmaller", [](Call& c) { return c.args[types::compare_money(0, c.text(0), c.text(1)) > 0 ? 1 : 0]; }}});
  for (std::string number : {"int2", "int4", "int8", "flt4", "flt8"}) {
    r.add("cash_mul_" + number, multiply<0>);
    r.add(number + "_mul_cash", multiply<1>);
    r.add("cash_div_" + number, divide);
  }
}

}  // namespace pgconform::engine
