#include <cmath>
#include <numbers>
#include <numeric>

#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/functions/numerics.hpp"
#include "engine/session_state.hpp"

// Mathematical functions of double precision, and random numbers. functions-math.
namespace pgconform::engine {
namespace {

double number(Call& c, std::size_t i) {
  return std::get<double>(c.args[i]);
}

// What float.c checks of every result.
Value checked(double result, bool infinite_input, bool zero_is_fine) {
  if (std::isinf(result) && !infinite_input) fail(sqlstate::numeric_value_out_of_range, "value out of range: overflow");
  if (result == 0 && !zero_is_fine) fail(sqlstate::numeric_value_out_of_range, "value out of range: underflow");
  return result;
}

Value power(Call& c) {
  double a = number(c, 0), b = number(c, 1);
  if (std::isnan(a)) return b == 0 ? 1.0 : a;
  if (std::isnan(b)) return a == 1 ? 1.0 : b;
  if (a == 0 && b < 0)
    fail(sqlstate::invalid_argument_for_power_function, "zero raised to a negative power is undefined");
  if (a < 0 && std::floor(b) != b)
    fail(sqlstate::invalid_argument_for_power_function,
         "a negative number raised to a non-integer power yields a complex result");
  double result = std::pow(a, b);
  return checked(result, std::isinf(a) || std::isinf(b), a == 0 || std::isinf(a) || std::isinf(b));
}

Value logarithm(Call& c, bool ten) {
  double a = number(c, 0);
  if (a == 0) fail(sqlstate::invalid_argument_for_log, "cannot take logarithm of zero");
  if (a < 0) fail(sqlstate::invalid_argument_for_log, "cannot take logarithm of a negative number");
  return checked(ten ? std::log10(a) : std::log(a), std::isinf(a), a == 1);
}

template <double (*function)(double)>
Value map(Call& c) {
  return checked(function(number(c, 0)), std::isinf(number(c, 0)), true);
}

// Functions that have no value beyond some input.
template <double (*function)(double)>
Value bounded(Call& c) {
  double a = number(c, 0), result = function(a);
  if (std::isnan(result) && !std::isnan(a)) fail(sqlstate::numeric_value_out_of_range, "input is out of range");
  return result;
}

Value common_divisor(Call& c) {
  auto size = [](std::int64_t n) { return n < 0 ? 0 - static_cast<std::uint64_t>(n) : static_cast<std::uint64_t>(n); };
  std::uint64_t result = std::gcd(size(c.integer(0)), size(c.integer(1)));
  bool small = c.expr.type == types::int4_oid;
  if (result > static_cast<std::uint64_t>(small ? INT32_MAX : INT64_MAX))
    fail(sqlstate::numeric_value_out_of_range, small ? "integer out of range" : "bigint out of range");
  return static_cast<std::int64_t>(result);
}

Value common_multiple(Call& c) {
  std::int64_t a = c.integer(0), b = c.integer(1), result = 0;
  bool small = c.expr.type == types::int4_oid;
  if (a == 0 || b == 0) return std::int64_t{0};
  bool over = __builtin_mul_overflow(a / static_cast<std::int64_t>(std::gcd(a, b)), b, &result) || result == INT64_MIN;
  if (over || (small && std::abs(result) > INT32_MAX))
    fail(sqlstate::numeric_value_out_of_range, small ? "integer out of range" : "bigint out of range");
  return std::abs(result);
}

Value width_bucket(Call& c) {
  double operand = number(c, 0), low = number(c, 1), high = number(c, 2);
  std::int64_t count = c.integer(3);
  constexpr auto code = sqlstate::invalid_argument_for_width_bucket_function;
  if (count <= 0) fail(code, "count must be greater than zero");
  if (std::isnan(operand) || std::isnan(low) || std::isnan(high))
    fail(code, "operand, lower bound, and upper bound cannot be NaN");
  if (std::isinf(low) || std::isinf(high)) fail(code, "lower and upper bounds must be finite");
  if (low == high) fail(code, "lower bound cannot equal upper bound");
  bool up = low < high;
  if (up ? operand < low : operand > low) return std::int64_t{0};
  if (up ? operand >= high : operand <= high) {
    if (count == INT32_MAX) fail(sqlstate::numeric_value_out_of_range, "integer out of range");
    return count + 1;
  }
  return static_cast<std::int64_t>(static_cast<double>(count) * ((operand - low) / (high - low))) + 1;
}

Value scaled(double from, double to) {
  return checked(to, std::isinf(from), from == 0);
}

}  // namespace

void add_mathematics(Registry& r) {
  add_numerics(r);
  add_trigonometry(r);
  r.add({{"dpow", power},
         {"dexp",
          [](Call& c) {
            double a = number(c, 0);
            return checked(std::exp(a), std::isinf(a), std::isinf(a));
          }},
         {"dlog1", [](Call& c) { return logarithm(c, false); }},
         {"dlog10", [](Call& c) { return logarithm(c, true); }},
         {"dcbrt", map<std::cbrt>},
         {"dsin", bounded<std::sin>},
         {"dcos", bounded<std::cos>},
         {"dtan", bounded<std::tan>},
         {"dasin", bounded<std::asin>},
         {"dacos", bounded<std::acos>},
         {"datan", map<std::atan>},
         {"datan2", [](Call& c) -> Value { return std::atan2(number(c, 0), number(c, 1)); }},
         {"degrees", [](Call& c) { return scaled(number(c, 0), number(c, 0) / (std::numbers::pi / 180)); }},
         {"radians", [](Call& c) { return scaled(number(c, 0), number(c, 0) * (std::numbers::pi / 180)); }},
         {"int4gcd", common_divisor},
         {"int8gcd", common_divisor},
         {"int4lcm", common_multiple},
         {"int8lcm", common_multiple},
         {"width_bucket_float8", width_bucket},
         {"drandom", [](Call& c) -> Value { return c.context.session.random(); }},
         {"setseed", [](Call& c) -> Value {
            double seed = number(c, 0);
            if (!(seed >= -1 && seed <= 1))
              fail(sqlstate::invalid_parameter_value,
                   fmt::format("setseed parameter {:g} is out of allowed range [-1,1]", seed));
            c.context.session.seed_random(seed);
            return std::string();
          }}});
}

}  // namespace pgconform::engine
