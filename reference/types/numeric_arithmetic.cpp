#include <gmpxx.h>

#include <algorithm>
#include <charconv>

#include "sqlstate/sqlstate.hpp"
#include "types/numeric.hpp"

// Sums and short products are made digit by digit; everything else is GMP's, whose costs grow gently: one statement may
// work on numbers of 130,000 digits while all other sessions wait.
namespace pgconform::types {
namespace {

constexpr int base = 10000, base_digits = 4;
constexpr int max_display_scale = 1000, min_significant = 16;
// From here on GMP's product costs less than the digit by digit one, with the way to binary and back.
constexpr std::size_t long_product = 100;

using Digits = std::vector<std::int32_t>;

mpz_class whole(const Digits& digits) {
  std::string text(digits.size() * base_digits, '0');
  for (std::size_t i = 0; i < digits.size(); ++i) {
    auto rest = digits[i];
    for (std::size_t place = base_digits; place-- > 0; rest /= 10)
      text[i * base_digits + place] = static_cast<char>('0' + rest % 10);
  }
  return text.empty() ? mpz_class() : mpz_class(text, 10);
}

Digits grid(const mpz_class& number) {
  std::string text = number.get_str();
  text.insert(0, (base_digits - text.size() % base_digits) % base_digits, '0');
  Digits digits(text.size() / base_digits);
  for (std::size_t i = 0; i < digits.size(); ++i)
    std::from_chars(&text[i * base_digits], &text[i * base_digits] + base_digits, digits[i]);
  return digits;
}

mpz_class power_of_base(int exponent) {
  mpz_class power;
  mpz_ui_pow_ui(power.get_mpz_t(), base, static_cast<unsigned long>(exponent));
  return power;
}

}  // namespace

Numeric Numeric::from_digits(Digits digits, int lowest, int scale, bool round) {
  Numeric r;
  r.digits_ = std::move(digits);
  r.weight_ = lowest + static_cast<int>(r.digits_.size()) - 1;
  r.scale_ = std::max(scale, 0);
  r.normalize();
  return r.cut(scale, round);
}

Numeric Numeric::add_magnitude(const Numeric& a, const Numeric& b) {
  if (a.digits_.empty()) return b;
  if (b.digits_.empty()) return a;
  Numeric r;
  int low =
      std::min(a.weight_ - static_cast<int>(a.digits_.size()), b.weight_ - static_cast<int>(b.digits_.size())) + 1;
  r.weight_ = std::max(a.weight_, b.weight_) + 1;
  r.digits_.resize(static_cast<std::size_t>(r.weight_ - low + 1));
  std::int32_t carry = 0;
  for (int w = low; w <= r.weight_; ++w) {
    std::int32_t sum = a.digit_at(w) + b.digit_at(w) + carry;
    carry = sum >= base;
    r.digits_[static_cast<std::size_t>(r.weight_ - w)] = carry ? sum - base : sum;
  }
  return r;
}

Numeric Numeric::subtract_magnitude(const Numeric& a, const Numeric& b) {  // |a| ≥ |b|
  if (b.digits_.empty()) return a;
  Numeric r;
  int low =
      std::min(a.weight_ - static_cast<int>(a.digits_.size()), b.weight_ - static_cast<int>(b.digits_.size())) + 1;
  r.weight_ = a.weight_;
  r.digits_.resize(static_cast<std::size_t>(r.weight_ - low + 1));
  std::int32_t borrow = 0;
  for (int w = low; w <= r.weight_; ++w) {
    std::int32_t difference = a.digit_at(w) - b.digit_at(w) - borrow;
    borrow = difference < 0;
    r.digits_[static_cast<std::size_t>(r.weight_ - w)] = borrow ? difference + base : difference;
  }
  return r;
}

Numeric operator+(const Numeric& a, const Numeric& b) {
  using Kind = Numeric::Kind;
  if (a.kind_ != Kind::finite || b.kind_ != Kind::finite) {
    if (a.kind_ == Kind::finite) return b;
    if (b.kind_ == Kind::finite || a.kind_ == b.kind_) return a;
    Numeric nan;
    nan.kind_ = Kind::nan;
    return nan;
  }
  Numeric r;
  if (a.negative_ == b.negative_) {
    r = Numeric::add_magnitude(a, b);
    r.negative_ = a.negative_;
  } else {
    bool a_wins = Numeric::compare_magnitude(a, b) >= 0;
    r = a_wins ? Numeric::subtract_magnitude(a, b) : Numeric::subtract_magnitude(b, a);
    r.negative_ = a_wins ? a.negative_ : b.negative_;
  }
  r.scale_ = std::max(a.scale_, b.scale_);
  r.normalize();
  return r;
}

Numeric operator*(const Numeric& a, const Numeric& b) {
  using Kind = Numeric::Kind;
  Numeric r;
  if (a.kind_ != Kind::finite || b.kind_ != Kind::finite) {
    bool nan = a.kind_ == Kind::nan || b.kind_ == Kind::nan || a.is_zero() || b.is_zero();
    r.kind_ = nan ? Kind::nan : a.is_negative() != b.is_negative() ? Kind::minus_infinity : Kind::infinity;
    return r;
  }
  r.scale_ = a.scale_ + b.scale_;
  if (a.digits_.empty() || b.digits_.empty()) return r;
  r.weight_ = a.weight_ + b.weight_ + 1;
  r.negative_ = a.negative_ != b.negative_;
  if (std::min(a.digits_.size(), b.digits_.size()) < long_product) {
    std::vector<std::int64_t> sums(a.digits_.size() + b.digits_.size());
    for (std::size_t i = 0; i < a.digits_.size(); ++i)
      for (std::size_t j = 0; j < b.digits_.size(); ++j)
        sums[i + j + 1] += static_cast<std::int64_t>(a.digits_[i]) * b.digits_[j];
    std::int64_t carry = 0;
    r.digits_.resize(sums.size());
    for (auto i = sums.size(); i-- > 0;) {
      std::int64_t sum = sums[i] + carry;
      carry = sum / base;
      r.digits_[i] = static_cast<std::int32_t>(sum % base);
    }
  } else {
    r.digits_ = grid(whole(a.digits_) * whole(b.digits_));
    r.weight_ = a.lowest_weight() + b.lowest_weight() + static_cast<int>(r.digits_.size()) - 1;
  }
  r.normalize();
  return r;
}

Numeric Numeric::quotient(const Numeric& a, const Numeric& b, int scale, bool round) {
  // One digit more than is asked for, to round by.
  const int lowest = -std::max(scale, 0) / base_digits - 2;
  const int shift = a.lowest_weight() - b.lowest_weight() - lowest;
  mpz_class dividend = whole(a.digits_), divisor = whole(b.digits_);
  (shift > 0 ? dividend : divisor) *= power_of_base(std::abs(shift));
  Numeric r = from_digits(grid(dividend / divisor), lowest, scale, round);
  r.negative_ = a.negative_ != b.negative_ && !r.digits_.empty();
  return r;
}

Numeric Numeric::square_root(const Numeric& a, int scale) {
  if (a.kind_ != Kind::finite) return a;
  const int lowest = -std::max(scale, 0) / base_digits - 2;
  const int shift = a.lowest_weight() - 2 * lowest;
  mpz_class square = whole(a.digits_);
  if (shift > 0)
    square *= power_of_base(shift);
  else
    square /= power_of_base(-shift);
  return from_digits(grid(sqrt(square)), lowest, scale, true);
}

Numeric Numeric::common_divisor(const Numeric& a, const Numeric& b) {
  const int lowest = std::min(a.lowest_weight(), b.lowest_weight());
  const auto units = [&](const Numeric& n) -> mpz_class {
    return whole(n.digits_) * power_of_base(n.lowest_weight() - lowest);
  };
  return from_digits(grid(gcd(units(a), units(b))), lowest, std::max(a.scale_, b.scale_), false);
}

// Series are summed in binary, with more bits behind the point than the scale needs.
struct Numeric::Binary {
  explicit Binary(int scale) : bits(static_cast<mp_bitcnt_t>(scale) * 10 / 3 + 64) {}

  mpz_class of(const Numeric& a) const {
    const int lowest = a.lowest_weight();
    mpz_class number = whole(a.digits_) << bits;
    if (lowest > 0)
      number *= power_of_base(lowest);
    else
      number /= power_of_base(-lowest);
    return a.negative_ ? mpz_class(-number) : number;
  }
  // cut: towards zero, so that what gets smaller comes to it.
  mpz_class cut(mpz_class number) const {
    mpz_tdiv_q_2exp(number.get_mpz_t(), number.get_mpz_t(), bits);
    return number;
  }
  Numeric rounded(const mpz_class& number, int scale) const {
    const int digits = scale / base_digits + 2;
    Numeric r = from_digits(grid(cut(abs(number) * power_of_base(digits))), -digits, scale, true);
    r.negative_ = number < 0 && !r.digits_.empty();
    return r;
  }

  mp_bitcnt_t bits;
};

Numeric Numeric::e_to(const Numeric& x, int scale) {
  constexpr int halvings = 8;
  const Binary binary(scale);
  const mpz_class small = binary.of(x) >> halvings;
  mpz_class term = mpz_class(1) << binary.bits, sum = term;
  for (unsigned long n = 1; term != 0; ++n) {
    term = binary.cut(term * small) / n;
    sum += term;
  }
  for (int i = 0; i < halvings; ++i) sum = binary.cut(sum * sum);
  return binary.rounded(sum, scale);
}

Numeric Numeric::inverse_tangent(const Numeric& z, int scale) {
  const Binary binary(scale);
  mpz_class power = binary.of(z), sum = power;
  const mpz_class square = binary.cut(power * power);
  for (unsigned long n = 3; power != 0; n += 2) {
    power = binary.cut(power * square);
    sum += power / n;
  }
  return binary.rounded(sum, scale);
}

Result<Numeric> Numeric::divide(const Numeric& a, const Numeric& b) {
  Numeric r;
  if (a.kind_ == Kind::nan || b.kind_ == Kind::nan) return r.kind_ = Kind::nan, r;
  if (b.is_zero()) return std::unexpected(Failure{sqlstate::division_by_zero, "division by zero", {}, {}});
  if (a.kind_ != Kind::finite) {
    r.kind_ = b.kind_ != Kind::finite              ? Kind::nan
              : a.is_negative() != b.is_negative() ? Kind::minus_infinity
                                                   : Kind::infinity;
    return r;
  }
  if (b.kind_ != Kind::finite) return r;
  int a_first = a.digits_.empty() ? 0 : a.digits_[0], b_first = b.digits_[0];
  int weight = (a.digits_.empty() ? 0 : a.weight_) - b.weight_ - (a_first <= b_first ? 1 : 0);
  int scale = std::max({min_significant - weight * base_digits, a.scale_, b.scale_, 0});
  return quotient(a, b, std::min(scale, max_display_scale), true);
}

Result<Numeric> Numeric::remainder(const Numeric& a, const Numeric& b) {
  Numeric r;
  if (a.kind_ == Kind::nan || b.kind_ == Kind::nan) return r.kind_ = Kind::nan, r;
  if (b.is_zero()) return std::unexpected(Failure{sqlstate::division_by_zero, "division by zero", {}, {}});
  if (a.kind_ != Kind::finite) return r.kind_ = Kind::nan, r;
  if (b.kind_ != Kind::finite) return a;
  return a - quotient(a, b, 0, false) * b;
}

}  // namespace pgconform::types
