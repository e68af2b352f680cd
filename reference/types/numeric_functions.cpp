#include "types/numeric_functions.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "sqlstate/sqlstate.hpp"

// The results are rounded from more digits than are shown; how they are found is not numeric.c's way.
namespace pgconform::types {
namespace {

using Kind = Numeric::Kind;

constexpr int min_significant = 16, max_display_scale = 1000, max_result_scale = 2000;
constexpr int guard = 12;                      // digits that are worked out beyond the last
constexpr double decimal = 0.434294481903252;  // log10(e)

std::unexpected<Failure> refuse(std::string_view code, std::string message) {
  return std::unexpected(Failure{code, std::move(message), {}, {}});
}
std::unexpected<Failure> overflow() {
  return refuse(sqlstate::numeric_value_out_of_range, "value overflows numeric format");
}

Numeric special(std::string_view name) {
  return *Numeric::parse(name);
}
// zero: with digits behind its point.
Numeric zero(int scale) {
  return Numeric(0).rounded(scale);
}

int display_scale(int scale, int least = 0) {
  return std::min(std::max({scale, least, 0}), max_display_scale);
}

// ratio: with small divisors, all to one scale.
Numeric ratio(const Numeric& a, const Numeric& b, int scale) {
  return Numeric::quotient(a, b, scale, true);
}

Numeric logarithm_of_ten(int scale) {
  const auto part = [&](std::int64_t factor, std::int64_t divisor) {
    return Numeric(factor) * Numeric::inverse_tangent(ratio(Numeric(1), Numeric(divisor), scale), scale);
  };
  return part(46, 31) + part(34, 49) + part(20, 161);
}

// e_to_any: rounded to that scale.
Numeric e_to_any(const Numeric& x, int scale) {
  const auto tens = static_cast<int>(std::lround(x.as_double() * decimal));
  const int digits = std::max(scale + tens, 0) + guard;
  const Numeric rest = x - Numeric(tens) * logarithm_of_ten(digits + 5);
  return (Numeric::e_to(rest.rounded(digits + 2), digits) * Numeric::power_of_ten(tens)).rounded(scale);
}

// logarithm_to: of a positive number, with so many digits behind the point and some more.
Numeric logarithm_to(const Numeric& a, int scale) {
  const int digits = std::max(scale, 0) + guard, tens = a.magnitude();
  const Numeric mantissa = a * Numeric::power_of_ten(-tens);
  const Numeric near = Numeric::from_double(std::log(mantissa.as_double()));
  // What is left is close to 1.
  const Numeric left = (mantissa * Numeric::e_to(near.negated(), digits)).rounded(digits);
  const Numeric z = ratio(left - Numeric(1), left + Numeric(1), digits);
  Numeric sum = near + Numeric(2) * Numeric::inverse_tangent(z, digits);
  if (tens != 0) sum = sum + Numeric(tens) * logarithm_of_ten(digits);
  return sum;
}

// logarithm_weight: the power of ten of a logarithm's first digit, as numeric.c guesses it.
int logarithm_weight(const Numeric& a) {
  if (Numeric::compare(a, *Numeric::parse("0.9")) >= 0 && Numeric::compare(a, *Numeric::parse("1.1")) <= 0) {
    const Numeric distance = a - Numeric(1);
    return distance.is_zero() ? 0 : distance.magnitude();
  }
  const int tens = a.magnitude();
  const double mantissa = (a * Numeric::power_of_ten(-tens)).rounded(8).as_double();
  return static_cast<int>(std::log10(std::fabs(std::log(mantissa) + tens * 2.302585092994046)));
}

Result<Numeric> not_positive(const Numeric& a) {
  if (a.is_zero()) return refuse(sqlstate::invalid_argument_for_log, "cannot take logarithm of zero");
  return refuse(sqlstate::invalid_argument_for_log, "cannot take logarithm of a negative number");
}

bool is_whole(const Numeric& a) {
  return a.kind() == Kind::finite && (a - a.truncated(0)).is_zero();
}
bool is_odd(const Numeric& a) {
  return is_whole(a) && !Numeric::remainder(a, Numeric(2))->is_zero();
}

// whole_power: by squares, with as many digits as the result needs.
Result<Numeric> whole_power(const Numeric& base, std::int64_t exponent, int scale) {
  const Numeric one(1);
  if (exponent == 0) return one.rounded(scale);
  if (base.is_zero()) {
    if (exponent < 0) return refuse(sqlstate::division_by_zero, "division by zero");
    return zero(scale);
  }
  const int tens = base.magnitude();
  const double mantissa = std::fabs((base * Numeric::power_of_ten(-tens)).rounded(17).as_double());
  const double digits = static_cast<double>(exponent) * (std::log10(mantissa) + tens);
  if (digits > 4.0 * (32767 + 1)) return overflow();
  if (digits + 1 < -max_display_scale) return zero(scale);
  const int significant = 1 + scale + static_cast<int>(std::fabs(digits)) + guard;
  const auto shortened = [&](const Numeric& n) { return n.rounded(significant - n.magnitude()); };
  auto left = static_cast<std::uint64_t>(exponent < 0 ? -exponent : exponent);
  // A small number's powers would leave the format at its lower end before they are turned over.
  const bool turned = exponent < 0 && tens < 0;
  Numeric result(1), square = turned ? ratio(one, base, significant + tens) : base;
  for (; left != 0; left >>= 1) {
    if (left & 1) result = shortened(result * square);
    if (left > 1) square = shortened(square * square);
  }
  return exponent < 0 && !turned ? ratio(one, result, scale) : result.rounded(scale);
}

// Powers of what is not finite.
std::optional<Result<Numeric>> endless_power(const Numeric& base, const Numeric& exponent) {
  const Numeric one(1);
  if (base.kind() == Kind::nan) return exponent.is_zero() ? one : base;
  if (exponent.kind() == Kind::nan) return Numeric::compare(base, one) == 0 ? one : exponent;
  if (base.kind() == Kind::finite && exponent.kind() == Kind::finite) return std::nullopt;
  if (base.is_zero() && exponent.is_negative())
    return refuse(sqlstate::invalid_argument_for_power_function, "zero raised to a negative power is undefined");
  if (base.is_negative() && exponent.kind() == Kind::finite && !is_whole(exponent))
    return refuse(sqlstate::invalid_argument_for_power_function,
                  "a negative number raised to a non-integer power yields a complex result");
  if (Numeric::compare(base, one) == 0) return one;
  if (exponent.is_zero()) return one;
  if (base.is_zero()) return Numeric(0);
  const auto endless = [] { return special("Infinity"); };
  if (exponent.kind() != Kind::finite) {
    const int order = Numeric::compare(base.absolute(), one);
    if (order == 0) return one;
    return (order > 0) != exponent.is_negative() ? endless() : Numeric(0);
  }
  if (exponent.is_negative()) return Numeric(0);
  return base.is_negative() && is_odd(exponent) ? special("-Infinity") : endless();
}

// product: of low to high, by halves, so that long numbers meet long ones.
Numeric product(std::int64_t low, std::int64_t high) {
  if (low == high) return Numeric(low);
  const std::int64_t middle = (low + high) / 2;
  return product(low, middle) * product(middle + 1, high);
}

}  // namespace

Result<Numeric> square_root(const Numeric& a) {
  if (a.kind() == Kind::nan) return a;
  if (a.is_negative())
    return refuse(sqlstate::invalid_argument_for_power_function, "cannot take square root of a negative number");
  if (a.kind() != Kind::finite) return a;
  return Numeric::square_root(a, display_scale(min_significant - a.root_weight(), a.scale()));
}

Result<Numeric> exponential(const Numeric& a) {
  if (a.kind() == Kind::nan || a.kind() == Kind::infinity) return a;
  if (a.kind() == Kind::minus_infinity) return Numeric(0);
  const double value = a.as_double();
  const double tens = std::clamp(value * decimal, -2000.0, 2000.0);
  const int scale = display_scale(min_significant - static_cast<int>(tens), a.scale());
  if (std::fabs(value) >= max_result_scale * 3) {
    if (value > 0) return overflow();
    return zero(scale);
  }
  return e_to_any(a, scale);
}

Result<Numeric> natural_logarithm(const Numeric& a) {
  if (a.kind() == Kind::nan) return a;
  if (a.is_negative() || a.is_zero()) return not_positive(a);
  if (a.kind() != Kind::finite) return a;
  const int scale = display_scale(min_significant - logarithm_weight(a), a.scale());
  return logarithm_to(a, scale).rounded(scale);
}

Result<Numeric> logarithm(const Numeric& base, const Numeric& a) {
  for (const Numeric* n : {&base, &a})
    if (n->kind() == Kind::nan) return *n;
  if (base.kind() != Kind::finite || a.kind() != Kind::finite)
    for (const Numeric* n : {&base, &a})
      if (n->is_negative()) return not_positive(*n);
  for (const Numeric* n : {&base, &a})
    if (n->is_negative() || n->is_zero()) return not_positive(*n);
  if (base.kind() != Kind::finite) return a.kind() != Kind::finite ? special("NaN") : Numeric(0);
  if (a.kind() != Kind::finite) return a;
  const int scale = display_scale(min_significant - (logarithm_weight(a) - logarithm_weight(base)),
                                  std::max(base.scale(), a.scale()));
  const int inner = scale + 2 * std::abs(logarithm_weight(base)) + std::abs(logarithm_weight(a)) + 4;
  const Numeric divisor = logarithm_to(base, inner).rounded(inner);
  if (divisor.is_zero()) return refuse(sqlstate::division_by_zero, "division by zero");
  return ratio(logarithm_to(a, inner), divisor, scale);
}

Result<Numeric> power(const Numeric& base, const Numeric& exponent) {
  if (auto endless = endless_power(base, exponent)) return *endless;
  if (base.is_zero() && exponent.is_negative())
    return refuse(sqlstate::invalid_argument_for_power_function, "zero raised to a negative power is undefined");
  if (base.is_negative() && !is_whole(exponent))
    return refuse(sqlstate::invalid_argument_for_power_function,
                  "a negative number raised to a non-integer power yields a complex result");
  if (is_whole(exponent))
    if (auto whole = exponent.as_integer(INT32_MIN, INT32_MAX, "integer"))
      return whole_power(base, *whole, display_scale(min_significant, base.scale()));
  if (base.is_zero()) return zero(min_significant);
  const bool minus = base.is_negative() && is_odd(exponent);
  const Numeric size = base.absolute();
  // How many digits are shown follows from a rough logarithm, rounded as numeric.c does.
  const int rough_scale = display_scale(8 - logarithm_weight(size));
  const double rough =
      (logarithm_to(size, rough_scale).rounded(rough_scale) * exponent).rounded(rough_scale).as_double();
  if (std::fabs(rough) > max_result_scale * 3.01) {
    if (rough > 0) return overflow();
    return zero(max_display_scale);
  }
  const auto tens = static_cast<int>(rough * decimal);
  const int scale = display_scale(min_significant - tens, std::max(base.scale(), exponent.scale()));
  const int digits = std::max(scale + tens, 0) + guard;
  const Numeric factor = logarithm_to(size, digits + std::max(exponent.digits_before_point(), 0));
  const Numeric result = e_to_any((factor * exponent).rounded(digits), scale);
  return minus ? result.negated() : result;
}

Result<Numeric> factorial(std::int64_t n) {
  if (n < 0) return refuse(sqlstate::numeric_value_out_of_range, "factorial of a negative number is undefined");
  if (n > 32177) return overflow();
  return product(1, std::max<std::int64_t>(n, 1));
}

Numeric common_divisor(const Numeric& a, const Numeric& b) {
  if (a.kind() != Kind::finite || b.kind() != Kind::finite) return special("NaN");
  return Numeric::common_divisor(a, b);
}

Result<Numeric> common_multiple(const Numeric& a, const Numeric& b) {
  if (a.kind() != Kind::finite || b.kind() != Kind::finite) return special("NaN");
  const int scale = std::max(a.scale(), b.scale());
  if (a.is_zero() || b.is_zero()) return zero(scale);
  const Numeric share = ratio(a, common_divisor(a, b), 0);
  return (share * b).absolute().rounded(scale);
}

int shortest_scale(const Numeric& a) {
  const std::string text = a.kind() == Kind::finite ? a.text() : "";
  const std::size_t point = text.find('.');
  if (point == text.npos) return 0;
  return static_cast<int>(std::max(text.find_last_not_of('0'), point) - point);
}

}  // namespace pgconform::types
