#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "types/value.hpp"

namespace pgconform::types {

// Numeric: a decimal number as PostgreSQL keeps it, digits in base 10000, so that the binary form is a copy and scale
// and rounding follow numeric.c. datatype-numeric-decimal.
class Numeric {
 public:
  enum class Kind : std::uint8_t { finite, nan, infinity, minus_infinity };

  Numeric() = default;
  explicit Numeric(std::int64_t value);

  // parse: the text form, with an exponent if there is one; spaces around it are allowed.
  static Result<Numeric> parse(std::string_view text);
  // from_binary: the body of a binary value.
  static Result<Numeric> from_binary(std::string_view bytes);
  // power_of_ten: of any exponent, also one that no value may have.
  static Numeric power_of_ten(int exponent);
  // from_double: with 15 significant digits, as PostgreSQL casts float8.
  static Numeric from_double(double value, int digits = 15);

  std::string text() const;
  std::string binary() const;
  double as_double() const;
  // as_integer: rounded half away from zero; 22003 naming `type` where it does not fit between low and high.
  Result<std::int64_t> as_integer(std::int64_t low, std::int64_t high, std::string_view type) const;

  Kind kind() const { return kind_; }
  bool is_zero() const { return kind_ == Kind::finite && digits_.empty(); }
  bool is_negative() const { return kind_ == Kind::minus_infinity || (kind_ == Kind::finite && negative_); }
  int scale() const { return scale_; }
  // max_scale · fits: digits that a value may have after the point · whether those before it are not too many.
  static constexpr int max_scale = 16383;
  bool fits() const { return digits_before_point() <= (max_weight + 1) * 4; }
  // precision_before_point: decimal digits before the point, 0 for a fraction.
  int digits_before_point() const;
  // magnitude: the power of ten of the first digit; 0 for zero.
  int magnitude() const;
  // root_weight: the power of ten from which numeric.c counts the digits of a square root.
  int root_weight() const { return ((weight_ + 1) * 4) / 2 - 1; }

  // rounded · truncated: to `scale` digits after the point (negative: before it).
  Numeric rounded(int scale) const;
  Numeric truncated(int scale) const;
  Numeric negated() const;
  Numeric absolute() const;

  friend Numeric operator+(const Numeric& a, const Numeric& b);
  friend Numeric operator-(const Numeric& a, const Numeric& b) { return a + b.negated(); }
  // operator*: with all digits, be they more than a value may have.
  friend Numeric operator*(const Numeric& a, const Numeric& b);
  // divide · remainder: 22012 when b is zero. divide to the scale that numeric.c selects.
  static Result<Numeric> divide(const Numeric& a, const Numeric& b);
  static Result<Numeric> remainder(const Numeric& a, const Numeric& b);
  // quotient: of finite numbers to that scale, rounded or cut; b is not zero.
  static Numeric quotient(const Numeric& a, const Numeric& b, int scale, bool round);
  // square_root: of one that is not negative, rounded to that scale.
  static Numeric square_root(const Numeric& a, int scale);
  // common_divisor: the greatest of two finite numbers, not negative.
  static Numeric common_divisor(const Numeric& a, const Numeric& b);
  // e_to: of a number between -3 and 3 · inverse_tangent: the hyperbolic one, of a small number. To that scale, which
  // is not negative.
  static Numeric e_to(const Numeric& x, int scale);
  static Numeric inverse_tangent(const Numeric& z, int scale);
  // compare: a total order, in which NaN equals itself and is greater than all others.
  static int compare(const Numeric& a, const Numeric& b);

 private:
  static constexpr int max_weight = 32767;
  struct Binary;
  using Digits = std::vector<std::int32_t>;

  void normalize();
  std::int32_t digit_at(int weight) const;
  static int compare_magnitude(const Numeric& a, const Numeric& b);
  static Numeric add_magnitude(const Numeric& a, const Numeric& b);
  static Numeric subtract_magnitude(const Numeric& a, const Numeric& b);
  Numeric cut(int scale, bool round) const;
  // lowest_weight: the last digit counts 10000^lowest_weight.
  int lowest_weight() const { return weight_ - static_cast<int>(digits_.size()) + 1; }
  // from_digits: of which the last counts 10000^lowest, rounded or cut to that scale.
  static Numeric from_digits(Digits digits, int lowest, int scale, bool round);

  Kind kind_ = Kind::finite;
  bool negative_ = false;
  int weight_ = 0;  // digits_[0] counts 10000^weight_
  int scale_ = 0;   // decimal digits printed after the point
  Digits digits_;   // base 10000, no zeros at either end; empty: zero
};

}  // namespace pgconform::types
