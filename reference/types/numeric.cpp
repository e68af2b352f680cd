#include "types/numeric.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "sqlstate/sqlstate.hpp"
#include "wire/bytes.hpp"

namespace pgconform::types {
namespace {

constexpr int base = 10000, base_digits = 4;

// Floor division, for a decimal position that may be negative.
int floor_div(int a, int b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

Failure invalid(std::string_view text) {
  return {sqlstate::invalid_text_representation,
          fmt::format("invalid input syntax for type numeric: \"{}\"", text),
          {},
          {}};
}
Failure overflow() {
  return {sqlstate::numeric_value_out_of_range, "value overflows numeric format", {}, {}};
}

std::string_view trim(std::string_view s) {
  auto space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!s.empty() && space(s.front())) s.remove_prefix(1);
  while (!s.empty() && space(s.back())) s.remove_suffix(1);
  return s;
}

bool same_word(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? x + 32 : x) == y;
         });
}

}  // namespace

Numeric::Numeric(std::int64_t value) : negative_(value < 0) {
  auto rest = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  for (; rest != 0; rest /= base) digits_.insert(digits_.begin(), static_cast<std::int32_t>(rest % base));
  weight_ = static_cast<int>(digits_.size()) - 1;
  normalize();
}

void Numeric::normalize() {
  auto first = std::ranges::find_if(digits_, [](auto d) { return d != 0; });
  weight_ -= static_cast<int>(first - digits_.begin());
  digits_.erase(digits_.begin(), first);
  while (!digits_.empty() && digits_.back() == 0) digits_.pop_back();
  if (digits_.empty()) {
    negative_ = false;
    weight_ = 0;
  }
}

Result<Numeric> Numeric::parse(std::string_view text) {
  std::string_view s = trim(text);
  Numeric result;
  std::string_view word = s;
  bool minus = !word.empty() && word.front() == '-';
  if (!word.empty() && (word.front() == '-' || word.front() == '+')) word.remove_prefix(1);
  if (same_word(s, "nan")) {
    result.kind_ = Kind::nan;
    return result;
  }
  if (same_word(word, "infinity") || same_word(word, "inf")) {
    result.kind_ = minus ? Kind::minus_infinity : Kind::infinity;
    return result;
  }
  std::string digits;
  int point = -1;
  std::size_t i = 0;
  for (; i < word.size(); ++i) {
    if (word[i] >= '0' && word[i] <= '9')
      digits += word[i];
    else if (word[i] == '.' && point < 0)
      point = static_cast<int>(digits.size());
    else
      break;
  }
  if (digits.empty()) return std::unexpected(invalid(text));
  int before = point < 0 ? static_cast<int>(digits.size()) : point;
  int scale = static_cast<int>(digits.size()) - before;
  if (i < word.size()) {
    if (word[i] != 'e' && word[i] != 'E') return std::unexpected(invalid(text));
    std::string_view tail = word.substr(i + 1);
    if (!tail.empty() && tail.front() == '+' && tail.size() > 1 && tail[1] != '-') tail.remove_prefix(1);
    long exponent = 0;
    auto [end, error] = std::from_chars(tail.data(), tail.data() + tail.size(), exponent);
    if (end != tail.data() + tail.size() || error == std::errc::invalid_argument) return std::unexpected(invalid(text));
    if (error == std::errc::result_out_of_range || std::labs(exponent) >= 1073741823L)
      return std::unexpected(overflow());
    if (exponent > 140000 || exponent < -140000) return std::unexpected(overflow());
    before += static_cast<int>(exponent);
    scale = std::max(0, scale - static_cast<int>(exponent));
  }
  if (scale > max_scale) return std::unexpected(overflow());
  // Line the decimal digits up with the base-10000 grid: `before` of them stand before the point.
  int top = floor_div(before + base_digits - 1, base_digits);
  int lead = top * base_digits - before;
  digits.insert(0, static_cast<std::size_t>(lead), '0');
  digits.append((base_digits - digits.size() % base_digits) % base_digits, '0');
  result.digits_.resize(digits.size() / base_digits);
  for (std::size_t d = 0; d < result.digits_.size(); ++d)
    std::from_chars(&digits[d * base_digits], &digits[d * base_digits] + base_digits, result.digits_[d]);
  result.weight_ = top - 1;
  result.scale_ = scale;
  result.negative_ = minus;
  result.normalize();
  if (result.weight_ > max_weight) return std::unexpected(overflow());
  return result;
}

Numeric Numeric::power_of_ten(int exponent) {
  static constexpr std::int32_t power[] = {1, 10, 100, 1000};
  Numeric result;
  result.weight_ = floor_div(exponent, base_digits);
  result.digits_ = {power[exponent - result.weight_ * base_digits]};
  result.scale_ = std::max(-exponent, 0);
  return result;
}

std::string Numeric::text() const {
  if (kind_ == Kind::nan) return "NaN";
  if (kind_ == Kind::infinity) return "Infinity";
  if (kind_ == Kind::minus_infinity) return "-Infinity";
  std::string s = negative_ ? "-" : "";
  if (digits_.empty() || weight_ < 0) s += '0';
  for (int w = digits_.empty() ? -1 : weight_; w >= 0; --w)
    s += w == weight_ ? fmt::format("{}", digit_at(w)) : fmt::format("{:04}", digit_at(w));
  if (scale_ == 0) return s;
  s += '.';
  std::string fraction;
  for (int w = -1; static_cast<int>(fraction.size()) < scale_; --w) fraction += fmt::format("{:04}", digit_at(w));
  return s + fraction.substr(0, static_cast<std::size_t>(scale_));
}

std::int32_t Numeric::digit_at(int weight) const {
  int i = weight_ - weight;
  return i >= 0 && i < static_cast<int>(digits_.size()) ? digits_[static_cast<std::size_t>(i)] : 0;
}

int Numeric::digits_before_point() const {
  if (digits_.empty() || weight_ < 0) return 0;
  return weight_ * base_digits + static_cast<int>(std::to_string(digits_[0]).size());
}

int Numeric::magnitude() const {
  if (digits_.empty()) return 0;
  return weight_ * base_digits + static_cast<int>(std::to_string(digits_[0]).size()) - 1;
}

double Numeric::as_double() const {
  return std::strtod(text().c_str(), nullptr);
}

Numeric Numeric::from_double(double value, int digits) {
  if (std::isnan(value)) return *parse("NaN");
  if (std::isinf(value)) return *parse(value < 0 ? "-Infinity" : "Infinity");
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*g", digits, value);
  return *parse(buffer);
}

Result<std::int64_t> Numeric::as_integer(std::int64_t low, std::int64_t high, std::string_view type) const {
  if (kind_ != Kind::finite)
    return std::unexpected(
        Failure{sqlstate::feature_not_supported,
                fmt::format("cannot convert {} to {}", kind_ == Kind::nan ? "NaN" : "infinity", type),
                {},
                {}});
  std::string digits = rounded(0).text();
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || value < low || value > high)
    return std::unexpected(Failure{sqlstate::numeric_value_out_of_range, fmt::format("{} out of range", type), {}, {}});
  return value;
}

Numeric Numeric::cut(int scale, bool round) const {
  if (kind_ != Kind::finite) return *this;
  Numeric result = *this;
  result.scale_ = std::max(scale, 0);
  if (digits_.empty()) return result;
  // The last decimal position kept is 10^-scale; in the grid it falls inside the digit of weight `last`.
  int last = floor_div(-scale, base_digits);
  int keep = weight_ - last + 1;
  if (keep < 0) keep = 0, last = weight_ + 1;
  bool up = false;
  int inside = -scale - last * base_digits;  // decimal places cut off inside that digit
  static constexpr std::int32_t power[] = {1, 10, 100, 1000, 10000};
  if (keep >= static_cast<int>(digits_.size()) + 1) return result;
  result.digits_.assign(digits_.begin(), digits_.begin() + std::min<std::ptrdiff_t>(keep, std::ssize(digits_)));
  result.digits_.resize(static_cast<std::size_t>(keep));
  if (keep == 0) {
    // Everything lies below the kept digit; only a digit right below it can round up.
    up = inside == 0 ? weight_ == floor_div(-scale, base_digits) - 1 && digits_[0] >= base / 2
                     : weight_ == floor_div(-scale, base_digits) && digits_[0] >= power[inside] / 2;
    if (!round || !up) return result.digits_.clear(), result.normalize(), result;
    result.weight_ = floor_div(-scale, base_digits);
    result.digits_ = {power[inside]};
    if (result.digits_[0] == base) result.digits_[0] = 1, ++result.weight_;
    return result.normalize(), result;
  }
  auto& tail = result.digits_.back();
  std::int32_t unit = power[inside];
  std::int32_t rest = tail % unit;
  up = inside == 0 ? digit_at(last - 1) >= base / 2 : rest >= unit / 2;
  tail -= rest;
  if (round && up) {
    tail += unit;
    for (auto i = result.digits_.size(); i-- > 0 && result.digits_[i] >= base;) {
      result.digits_[i] -= base;
      if (i > 0) {
        ++result.digits_[i - 1];
      } else {
        result.digits_.insert(result.digits_.begin(), 1);
        ++result.weight_;
        break;
      }
    }
  }
  result.normalize();
  return result;
}

Numeric Numeric::rounded(int scale) const {
  return cut(scale, true);
}
Numeric Numeric::truncated(int scale) const {
  return cut(scale, false);
}

Numeric Numeric::negated() const {
  Numeric result = *this;
  if (kind_ == Kind::infinity)
    result.kind_ = Kind::minus_infinity;
  else if (kind_ == Kind::minus_infinity)
    result.kind_ = Kind::infinity;
  else
    result.negative_ = !negative_ && !digits_.empty();
  return result;
}

Numeric Numeric::absolute() const {
  return is_negative() ? negated() : *this;
}

int Numeric::compare_magnitude(const Numeric& a, const Numeric& b) {
  if (a.digits_.empty() || b.digits_.empty())
    return static_cast<int>(!a.digits_.empty()) - static_cast<int>(!b.digits_.empty());
  if (a.weight_ != b.weight_) return a.weight_ < b.weight_ ? -1 : 1;
  if (a.digits_ == b.digits_) return 0;
  return a.digits_ < b.digits_ ? -1 : 1;
}

int Numeric::compare(const Numeric& a, const Numeric& b) {
  auto rank = [](const Numeric& n) {
    return n.kind_ == Kind::nan ? 3 : n.kind_ == Kind::infinity ? 2 : n.kind_ == Kind::minus_infinity ? 0 : 1;
  };
  if (rank(a) != rank(b) || rank(a) != 1) return rank(a) < rank(b) ? -1 : rank(a) > rank(b);
  if (a.negative_ != b.negative_) return a.negative_ ? -1 : 1;
  int order = compare_magnitude(a, b);
  return a.negative_ ? -order : order;
}

std::string Numeric::binary() const {
  std::string out(8 + 2 * digits_.size(), '\0');
  static constexpr std::uint16_t signs[] = {0, 0xC000, 0xD000, 0xF000};
  wire::store_16(&out[0], static_cast<std::uint16_t>(digits_.size()));
  wire::store_16(&out[2], static_cast<std::uint16_t>(weight_));
  wire::store_16(&out[4], kind_ == Kind::finite && negative_ ? 0x4000 : signs[static_cast<int>(kind_)]);
  // An infinity's scale word is 0x20: so numeric_send writes it.
  bool infinite = kind_ == Kind::infinity || kind_ == Kind::minus_infinity;
  wire::store_16(&out[6], static_cast<std::uint16_t>(infinite ? 0x20 : scale_));
  for (std::size_t i = 0; i < digits_.size(); ++i)
    wire::store_16(&out[8 + 2 * i], static_cast<std::uint16_t>(digits_[i]));
  return out;
}

Result<Numeric> Numeric::from_binary(std::string_view bytes) {
  auto bad = [](const char* what) {
    return std::unexpected(Failure{sqlstate::invalid_binary_representation,
                                   fmt::format("invalid {} in external \"numeric\" value", what),
                                   {},
                                   {}});
  };
  auto short_of = [] {
    return std::unexpected(Failure{sqlstate::protocol_violation, "insufficient data left in message", {}, {}});
  };
  // Each field is looked at before what may be missing behind it.
  if (bytes.size() < 6) return short_of();
  Numeric r;
  std::size_t count = wire::load_16(&bytes[0]);
  std::uint16_t sign = wire::load_16(&bytes[4]);
  r.weight_ = static_cast<std::int16_t>(wire::load_16(&bytes[2]));
  switch (sign) {
    case 0x0000:
      break;
    case 0x4000:
      r.negative_ = true;
      break;
    case 0xC000:
      r.kind_ = Kind::nan;
      break;
    case 0xD000:
      r.kind_ = Kind::infinity;
      break;
    case 0xF000:
      r.kind_ = Kind::minus_infinity;
      break;
    default:
      return bad("sign");
  }
  if (bytes.size() < 8) return short_of();
  const std::uint16_t scale = wire::load_16(&bytes[6]);
  if ((scale & 0x3FFF) != scale) return bad("scale");
  for (std::size_t i = 0; i < count; ++i) {
    if (bytes.size() < 10 + 2 * i) return short_of();
    auto digit = static_cast<std::int16_t>(wire::load_16(&bytes[8 + 2 * i]));
    if (digit < 0 || digit >= base) return bad("digit");
    r.digits_.push_back(digit);
  }
  if (bytes.size() > 8 + 2 * count)
    return std::unexpected(Failure{sqlstate::invalid_binary_representation, "incorrect binary data format", {}, {}});
  if (r.kind_ != Kind::finite) {
    Numeric special;
    special.kind_ = r.kind_;
    return special;
  }
  r.scale_ = scale;
  r.normalize();
  return r.truncated(scale);
}

}  // namespace pgconform::types
