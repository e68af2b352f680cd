#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "sqlstate/sqlstate.hpp"
#include "types/characters.hpp"
#include "types/interval.hpp"

namespace pgconform::types {
namespace {

// A unit of time: what one of it adds, in months, days and microseconds, one of which is set.
struct Unit {
  std::string_view names;  // each between blanks
  std::int64_t months, days, micros;
};
constexpr Unit units[] = {
    {" us usec usecs usecond useconds microsecond microseconds ", 0, 0, 1},
    {" ms msec msecs msecond mseconds millisecond milliseconds ", 0, 0, 1000},
    {" s sec secs second seconds ", 0, 0, 1'000'000},
    {" m min mins minute minutes ", 0, 0, 60'000'000},
    {" h hr hrs hour hours ", 0, 0, 3'600'000'000},
    {" d day days ", 0, 1, 0},
    {" w week weeks ", 0, 7, 0},
    {" mon mons month months ", 1, 0, 0},
    {" y yr yrs year years ", 12, 0, 0},
    {" dec decs decade decades ", 120, 0, 0},
    {" c cent century centuries ", 1200, 0, 0},
    {" mil mils millennium millennia ", 12000, 0, 0},
};

const Unit* find_unit(std::string_view word) {
  for (const auto& unit : units)
    if (unit.names.find(fmt::format(" {} ", word)) != std::string_view::npos) return &unit;
  return nullptr;
}

bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

// A number, its fraction apart: a fraction of a month becomes days, one of a day becomes time.
struct Number {
  bool negative = false, has_sign = false;
  std::int64_t whole = 0;
  double fraction = 0;
};

class IntervalReader {
 public:
  IntervalReader(std::string_view text, const Style& style, int fields)
      : given_(text), text_(text), style_(style), fields_(fields) {
    std::ranges::transform(text_, text_.begin(), [](unsigned char c) { return std::tolower(c); });
  }

  Result<Interval> read() {
    skip_blanks();
    if (at('p')) return finish(iso());
    if (at('@')) ++place_;
    bool standard = style_.intervals == Style::Intervals::sql_standard;
    skip_blanks();
    // In the standard's style a leading minus holds for all fields, unless one has a sign of its own.
    bool all_negative = standard && at('-') && !another_sign();
    for (skip_blanks(); place_ < text_.size(); skip_blanks()) {
      if (is_letter(text_[place_])) {
        if (word() != "ago" || !any_) return failure(syntax());
        skip_blanks();
        if (place_ != text_.size()) return failure(syntax());
        months_ = -months_, days_ = -days_, micros_ = -micros_;
        break;
      }
      auto n = number();
      if (!n) return failure(out_ ? range() : syntax());
      if (all_negative) n->negative = true;
      if (auto failed = field(*n)) return failure(*failed);
    }
    return any_ ? finish(std::nullopt) : failure(syntax());
  }

 private:
  bool at(char c) const { return place_ < text_.size() && text_[place_] == c; }
  void skip_blanks() {
    while (place_ < text_.size() && (std::isspace(static_cast<unsigned char>(text_[place_])) || text_[place_] == ','))
      ++place_;
  }
  std::string word() {
    std::string w;
    while (place_ < text_.size() && is_letter(text_[place_])) w += text_[place_++];
    return w;
  }
  // The minus in "-1-2" that joins years and months is no sign.
  bool another_sign() const {
    for (auto i = place_ + 1; i < text_.size(); ++i)
      if (text_[i] == '+' || (text_[i] == '-' && !is_digit(text_[i - 1]))) return true;
    return false;
  }

  std::optional<std::int64_t> digits() {
    if (place_ >= text_.size() || !is_digit(text_[place_])) return std::nullopt;
    std::int64_t value = 0;
    for (; place_ < text_.size() && is_digit(text_[place_]); ++place_)
      out_ = __builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, text_[place_] - '0', &value) ||
             out_;
    if (out_) return std::nullopt;
    return value;
  }
  double fraction() {
    if (!at('.')) return 0;
    std::string s = "0.";
    for (++place_; place_ < text_.size() && is_digit(text_[place_]); ++place_) s += text_[place_];
    return std::strtod(s.c_str(), nullptr);
  }
  std::optional<Number> number() {
    Number n;
    if (at('+') || at('-')) {
      n.has_sign = true;
      n.negative = text_[place_++] == '-';
      skip_blanks();
    }
    if (!at('.')) {
      auto whole = digits();
      if (!whole) return std::nullopt;
      n.whole = *whole;
    } else if (place_ + 1 >= text_.size() || !is_digit(text_[place_ + 1])) {
      return std::nullopt;
    }
    n.fraction = fraction();
    return n;
  }

  std::optional<Failure> field(const Number& n) {
    if (at(':')) return clock(n);
    if (at('-') && n.fraction == 0) {
      ++place_;
      auto months = digits();
      if (!months || at('-')) return syntax();
      if (*months > 11) return range();
      return add(*find_unit("mon"), {n.negative, n.has_sign, n.whole * 12 + *months, 0});
    }
    skip_blanks();
    if (place_ < text_.size() && is_letter(text_[place_])) {
      const Unit* unit = find_unit(word());
      if (!unit) return syntax();
      return add(*unit, n);
    }
    // Without a unit: days before a time of day, at the end the last field that the type names.
    if (next_is_year_month()) return add(*find_unit("mon"), n);
    const std::string_view last = last_unit();
    if (place_ >= text_.size()) return add(*find_unit(last), n);
    // Two numbers: what stands before hours are days, before seconds, minutes, or before months, nothing.
    const bool is_before_hours = last == "h" && is_last_number();
    return add(*find_unit(is_before_hours || next_is_clock() ? "d" : last), n);
  }

  std::string_view last_unit() const {
    namespace f = interval_field;
    if (fields_ == f::all || (fields_ & f::second) != 0) return "s";
    if ((fields_ & f::minute) != 0) return "m";
    if ((fields_ & f::hour) != 0) return "h";
    if ((fields_ & f::day) != 0) return "d";
    return (fields_ & f::month) != 0 ? "mon" : "y";
  }
  // A number before "1-2" is taken for months too, which are then told twice.
  bool next_is_year_month() const {
    const auto end = text_.find_first_not_of("0123456789", place_);
    return end != text_.npos && end != place_ && text_[end] == '-';
  }
  bool next_is_clock() const { return text_.find(':', place_) != text_.npos; }
  bool is_last_number() const { return text_.find_first_not_of("0123456789.+- ", place_) == text_.npos; }

  std::optional<Failure> clock(const Number& hours) {
    if (hours.fraction != 0) return syntax();
    std::int64_t parts[3] = {hours.whole, 0, 0};
    int count = 1;
    while (count < 3 && at(':')) {
      ++place_;
      auto part = digits();
      if (!part) return out_ ? range() : syntax();
      parts[count++] = *part;
    }
    double rest = 0;
    if (at('.')) {
      rest = fraction();
      // Two fields with a fraction are minutes and seconds.
      if (count == 2) parts[2] = parts[1], parts[1] = parts[0], parts[0] = 0;
    } else if (count == 2 && fields_ == (interval_field::minute | interval_field::second))
      parts[2] = parts[1], parts[1] = parts[0], parts[0] = 0;
    if (place_ < text_.size() && !std::isspace(static_cast<unsigned char>(text_[place_]))) return syntax();
    if (parts[1] > 59 || parts[2] > 60 || parts[0] > 2'562'047'788) return range();
    if (seen_ & clock_seen) return syntax();
    seen_ |= clock_seen, any_ = true;
    std::int64_t micros = ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1'000'000 + std::llrint(rest * 1e6);
    micros_ += hours.negative ? -static_cast<Wide>(micros) : micros;
    return std::nullopt;
  }

  // One field; the same unit twice is an error.
  std::optional<Failure> add(const Unit& unit, const Number& n) {
    unsigned bit = 1U << (&unit - units);
    if ((seen_ & bit) != 0 || ((seen_ & clock_seen) != 0 && unit.micros >= 1'000'000)) return syntax();
    seen_ |= bit, any_ = true;
    Wide sign = n.negative ? -1 : 1;
    double part = n.negative ? -n.fraction : n.fraction;
    if (unit.micros != 0) {
      micros_ += sign * n.whole * unit.micros + std::llrint(part * static_cast<double>(unit.micros));
    } else if (unit.days != 0) {
      days_ += sign * n.whole * unit.days;
      add_days(part * static_cast<double>(unit.days));
    } else {
      months_ += sign * n.whole * unit.months;
      if (unit.months > 1)
        months_ += std::llrint(part * static_cast<double>(unit.months));
      else
        add_days(part * 30);
    }
    return std::nullopt;
  }
  void add_days(double days) {
    double whole = std::trunc(days);
    days_ += static_cast<std::int64_t>(whole);
    micros_ += std::llrint((days - whole) * 86'400'000'000.0);
  }

  // P1Y2M3DT4H5M6S; the form with dashes and colons is told apart by its failing here.
  std::optional<Failure> iso() {
    ++place_;
    bool time = false, number_seen = false;
    while (place_ < text_.size()) {
      if (at('t') && !time) {
        time = true, ++place_;
        continue;
      }
      auto n = number();
      if (!n || place_ >= text_.size()) return syntax();
      char letter = text_[place_++];
      if (letter == '-' || letter == ':')
        return Failure{
            sqlstate::feature_not_supported, "the alternative ISO 8601 form of intervals is not supported", {}, {}};
      std::string_view name = time            ? letter == 'h'   ? "h"
                                                : letter == 'm' ? "m"
                                                : letter == 's' ? "s"
                                                                : ""
                              : letter == 'm' ? "mon"
                              : letter == 'y' ? "y"
                              : letter == 'w' ? "w"
                              : letter == 'd' ? "d"
                                              : "";
      if (name.empty()) return syntax();
      if (auto failed = add(*find_unit(name), *n)) return failed;
      number_seen = true;
    }
    if (!number_seen) return syntax();
    return std::nullopt;
  }

  Result<Interval> finish(const std::optional<Failure>& failed) {
    if (failed) return failure(*failed);
    if (months_ > INT32_MAX || months_ < INT32_MIN || days_ > INT32_MAX || days_ < INT32_MIN || micros_ > INT64_MAX ||
        micros_ < INT64_MIN)
      return failure(range());
    return Interval{static_cast<std::int64_t>(micros_), static_cast<std::int32_t>(days_),
                    static_cast<std::int32_t>(months_)};
  }
  static Result<Interval> failure(Failure f) { return std::unexpected(std::move(f)); }
  Failure syntax() const {
    return {sqlstate::invalid_datetime_format,
            fmt::format("invalid input syntax for type interval: \"{}\"", given_),
            {},
            {}};
  }
  Failure range() const {
    return {
        sqlstate::interval_field_overflow, fmt::format("interval field value out of range: \"{}\"", given_), {}, {}};
  }

  static constexpr unsigned clock_seen = 1U << 31;
  std::string_view given_;
  std::string text_;
  const Style& style_;
  const int fields_;
  std::size_t place_ = 0;
  Wide months_ = 0, days_ = 0, micros_ = 0;
  unsigned seen_ = 0;
  bool any_ = false, out_ = false;
};

}  // namespace

Result<Interval> parse_interval(std::string_view text, const Style& style, std::int32_t modifier) {
  return IntervalReader(text, style, modifier < 0 ? interval_field::all : modifier >> 16 & 0x7fff).read();
}

}  // namespace pgconform::types
