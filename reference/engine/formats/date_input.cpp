#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "engine/error.hpp"
#include "engine/formats/dates.hpp"
#include "engine/formats/template.hpp"
#include "types/calendar.hpp"
#include "types/form.hpp"

// to_date() and to_timestamp(): first the fields that the template asks for are read, then they are put together.
namespace pgconform::engine::formats {
namespace {

// Slots: the fields, 0 where nothing was said.
struct Slots {
  Convention convention = Convention::none;
  bool twelve_hours = false;
  int hour = 0, after_noon = 0, minute = 0, second = 0, seconds_of_day = 0, millis = 0, micros = 0;
  int week_day = 0;  // 1: Sunday
  int day = 0, year_day = 0, month = 0, year = 0, before_christ = 0, week = 0, month_week = 0, century = 0, julian = 0;
  int year_digits = 0, precision = 0;
  int zone_sign = 0, zone_hour = 0, zone_minute = 0;
};

[[noreturn]] void malformed(std::string message, std::string detail = {}, std::string hint = {}) {
  fail(sqlstate::invalid_datetime_format, std::move(message), -1, std::move(hint), std::move(detail));
}

// A year of less than four digits is the one nearest to 2020.
int nearest_to_2020(int year) {
  if (year >= 1000) return year;
  if (year >= 520) return year + 1000;
  if (year >= 100 || year < 70) return year + 2000;
  return year + 1900;
}

bool starts_with_letters(std::string_view text, std::string_view word) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return text.size() >= word.size() &&
         std::ranges::equal(text.substr(0, word.size()), word, [&](char a, char b) { return lower(a) == lower(b); });
}

class Reader {
 public:
  Reader(std::string_view text, std::string_view pattern) : text_(text), nodes_(parse_date_template(pattern)) {}

  Slots read() {
    for (at_ = 0; at_ < nodes_.size() && !done(); ++at_) {
      const Node& node = nodes_[at_];
      const bool is_pattern = node.kind == Node::Kind::pattern;
      if (is_pattern && node.key->pattern == Pattern::exact) {
        exact_ = true;
        continue;
      }
      if (!exact_ && (is_pattern || at_ == 0)) skipped_ += skip_blanks();
      if (!is_pattern) {
        skip(node);
        continue;
      }
      read_pattern(node);
      if (!exact_) skipped_ = skip_blanks();
    }
    return slots_;
  }

 private:
  bool done() const { return place_ >= text_.size(); }
  std::string_view rest() const { return text_.substr(place_); }
  char here() const { return done() ? '\0' : text_[place_]; }
  void step() { place_ += character_size(rest()); }
  int skip_blanks() {
    int n = 0;
    for (; !done() && is_space(text_[place_]); ++n) ++place_;
    return n;
  }

  // skip: a character of the template that is no pattern.
  void skip(const Node& node) {
    if (exact_) {
      step();
    } else if (node.kind == Node::Kind::character) {
      // What was skipped beyond the template already may have been this.
      if (skipped_ > 0)
        --skipped_;
      else
        step();
    } else {
      --skipped_;
      if (is_space(here()) || is_separator(here())) {
        ++place_;
        ++skipped_;
      }
    }
  }

  // set: a field that was said already may only be repeated.
  void set(int& slot, int value, const Node& node) {
    if (slot != 0 && slot != value)
      malformed(fmt::format("conflicting values for \"{}\" field in formatting string", node.key->name),
                "This value contradicts a previous setting for the same field type.");
    slot = value;
  }

  // is_followed_by_digits: then a number ends where its pattern does.
  bool is_followed_by_digits() const {
    const Node& node = nodes_[at_];
    if (node.ordinal != Node::Ordinal::none || at_ + 1 == nodes_.size()) return false;
    const Node& next = nodes_[at_ + 1];
    return next.kind == Node::Kind::pattern ? next.key->digits : is_digit(next.character[0]);
  }

  // integer: its value, and into `used` how many bytes it took.
  int integer(std::size_t width, const Node& node, int* used = nullptr) {
    const std::size_t begin = place_;
    skip_blanks();
    const std::string_view shown = types::cut_bytes(rest(), width);
    std::string_view digits = rest();
    const bool bounded = !node.fill && is_followed_by_digits();
    const std::string_view name = node.key->name;
    constexpr auto hint = "If your source string is not fixed-width, try using the \"FM\" modifier.";
    if (bounded) {
      if (digits.size() < width)
        malformed(fmt::format("source string too short for \"{}\" formatting field", name),
                  fmt::format("Field requires {} characters, but only {} remain.", width, digits.size()), hint);
      digits = digits.substr(0, width);
    }
    std::size_t size = 0;
    while (size < digits.size() && is_space(digits[size])) ++size;
    const bool minus = size < digits.size() && digits[size] == '-';
    if (size < digits.size() && (digits[size] == '-' || digits[size] == '+')) ++size;
    const std::size_t first = size;
    std::int64_t value = 0;
    for (; size < digits.size() && is_digit(digits[size]); ++size)
      value = std::min<std::int64_t>(value * 10 + digits[size] - '0', std::int64_t{1} << 40);
    if (size == first) size = 0;
    if (bounded && size > 0 && size < width)
      malformed(fmt::format("invalid value \"{}\" for \"{}\"", shown, name),
                fmt::format("Field requires {} characters, but only {} could be parsed.", width, size), hint);
    if (size == 0) malformed(fmt::format("invalid value \"{}\" for \"{}\"", shown, name), "Value must be an integer.");
    if (minus) value = -value;
    if (value < INT32_MIN || value > INT32_MAX)
      fail(sqlstate::datetime_field_overflow, fmt::format("value for \"{}\" in source string is out of range", name),
           -1, {}, fmt::format("Value must be in the range {} to {}.", INT32_MIN, INT32_MAX));
    place_ += size;
    if (used) *used = static_cast<int>(place_ - begin);
    return static_cast<int>(value);
  }
  void number(int& slot, std::size_t width, const Node& node, int* used = nullptr) {
    set(slot, integer(width, node, used), node);
    skip_ordinal(node);
  }
  void skip_ordinal(const Node& node) {
    if (node.ordinal == Node::Ordinal::none) return;
    step();
    step();
  }

  // word: which of the words comes here, in any case.
  int word(std::span<const std::string_view> words, const Node& node) {
    for (std::size_t i = 0; i < words.size(); ++i)
      if (starts_with_letters(rest(), words[i])) {
        place_ += words[i].size();
        return static_cast<int>(i);
      }
    std::size_t end = place_;
    while (end < text_.size() && !is_space(text_[end])) ++end;
    malformed(fmt::format("invalid value \"{}\" for \"{}\"", text_.substr(place_, end - place_), node.key->name),
              "The given value did not match any of the allowed values for this field.");
  }
  template <std::size_t n>
  int short_word(const std::string_view (&words)[n], const Node& node) {
    std::array<std::string_view, n> first;
    for (std::size_t i = 0; i < n; ++i) first[i] = words[i].substr(0, 3);
    return word(first, node);
  }

  void read_pattern(const Node& node);
  void fraction(int digits, const Node& node);
  void partial_year(std::size_t digits, const Node& node);
  void comma_year(const Node& node);

  std::string_view text_;
  std::vector<Node> nodes_;
  std::size_t at_ = 0, place_ = 0;
  int skipped_ = 0;     // characters beyond those that the template names
  bool exact_ = false;  // FX
  Slots slots_;
};

void Reader::fraction(int digits, const Node& node) {
  int used = 0;
  set(slots_.micros, integer(static_cast<std::size_t>(digits), node, &used), node);
  for (; used < 6; ++used) slots_.micros = static_cast<int>(std::min<std::int64_t>(slots_.micros * 10LL, INT32_MAX));
  skip_ordinal(node);
}

void Reader::partial_year(std::size_t digits, const Node& node) {
  int used = 0;
  set(slots_.year, integer(digits, node, &used), node);
  if (used < 4) slots_.year = nearest_to_2020(slots_.year);
  slots_.year_digits = static_cast<int>(digits);
  skip_ordinal(node);
}

void Reader::comma_year(const Node& node) {
  const std::string_view all = rest();
  const auto part = [&](std::size_t& i, std::size_t most) -> std::optional<std::int64_t> {
    while (i < all.size() && is_space(all[i])) ++i;
    bool minus = i < all.size() && all[i] == '-';
    if (i < all.size() && (all[i] == '-' || all[i] == '+')) ++i, --most;
    const std::size_t begin = i;
    std::int64_t n = 0;
    for (; i < all.size() && is_digit(all[i]) && i - begin < most; ++i)
      n = std::min<std::int64_t>(n * 10 + all[i] - '0', INT32_MAX);
    if (i == begin) return std::nullopt;
    return minus ? -n : n;
  };
  std::size_t i = 0;
  const auto thousands = part(i, 100);
  std::optional<std::int64_t> years;
  if (thousands && i < all.size() && all[i] == ',') years = part(++i, 3);
  if (!years) malformed("invalid input string for \"Y,YYY\"");
  const std::int64_t year = *thousands * 1000 + *years;
  if (year < INT32_MIN || year > INT32_MAX)
    fail(sqlstate::datetime_field_overflow, "value for \"Y,YYY\" in source string is out of range");
  place_ += i;
  set(slots_.year, static_cast<int>(year), node);
  slots_.year_digits = 4;
  skip_ordinal(node);
}

void Reader::read_pattern(const Node& node) {
  const Convention convention = node.key->convention;
  if (convention != Convention::none) {
    if (slots_.convention != Convention::none && slots_.convention != convention)
      malformed("invalid combination of date conventions", {},
                "Do not mix Gregorian and ISO week date conventions in a formatting template.");
    slots_.convention = convention;
  }
  const std::size_t length = node.key->name.size();
  const bool dotted = node.key->name.find('.') != std::string_view::npos;
  static constexpr std::string_view halves[] = {"am", "pm"}, dotted_halves[] = {"a.m.", "p.m."}, eras[] = {"ad", "bc"},
                                    dotted_eras[] = {"a.d.", "b.c."};
  switch (node.key->pattern) {
    case Pattern::half:
      set(slots_.after_noon, dotted ? word(dotted_halves, node) : word(halves, node), node);
      slots_.twelve_hours = true;
      break;
    case Pattern::era:
      set(slots_.before_christ, dotted ? word(dotted_eras, node) : word(eras, node), node);
      break;
    case Pattern::hour12:
      slots_.twelve_hours = true;
      [[fallthrough]];
    case Pattern::hour24:
      number(slots_.hour, 2, node);
      break;
    case Pattern::minute:
      number(slots_.minute, length, node);
      break;
    case Pattern::second:
      number(slots_.second, length, node);
      break;
    case Pattern::seconds_of_day:
      number(slots_.seconds_of_day, length, node);
      break;
    case Pattern::milliseconds: {
      int used = 0;
      set(slots_.millis, integer(3, node, &used), node);
      const std::int64_t scaled = slots_.millis * (used == 1 ? 100LL : used == 2 ? 10LL : 1LL);
      slots_.millis = static_cast<int>(std::min<std::int64_t>(scaled, INT32_MAX));
      skip_ordinal(node);
      break;
    }
    case Pattern::fraction1:
    case Pattern::fraction2:
    case Pattern::fraction3:
    case Pattern::fraction4:
    case Pattern::fraction5:
    case Pattern::fraction6:
      slots_.precision = static_cast<int>(node.key->pattern) - static_cast<int>(Pattern::fraction1) + 1;
      fraction(slots_.precision, node);
      break;
    case Pattern::microseconds:
      fraction(6, node);
      break;
    case Pattern::zone:
    case Pattern::offset:
      fail(sqlstate::feature_not_supported,
           fmt::format("formatting field \"{}\" is only supported in to_char", node.key->name));
    case Pattern::zone_hour:
      // The sign may have been taken for a separator.
      if (here() == '+' || here() == '-' || here() == ' ') {
        slots_.zone_sign = here() == '-' ? -1 : 1;
        ++place_;
      } else {
        slots_.zone_sign = skipped_ > 0 && text_[place_ - 1] == '-' ? -1 : 1;
      }
      set(slots_.zone_hour, integer(2, node), node);
      break;
    case Pattern::zone_minute:
      if (slots_.zone_sign == 0) slots_.zone_sign = 1;
      set(slots_.zone_minute, integer(2, node), node);
      break;
    case Pattern::month_name:
      set(slots_.month, word(month_names, node) + 1, node);
      break;
    case Pattern::month_short:
      set(slots_.month, short_word(month_names, node) + 1, node);
      break;
    case Pattern::month_roman: {
      std::array<std::string_view, 12> reversed;
      std::ranges::reverse_copy(roman_months, reversed.begin());
      set(slots_.month, 12 - word(reversed, node), node);
      break;
    }
    case Pattern::month:
      number(slots_.month, length, node);
      break;
    case Pattern::day_name:
      set(slots_.week_day, word(day_names, node), node);
      ++slots_.week_day;
      break;
    case Pattern::day_short:
      set(slots_.week_day, short_word(day_names, node), node);
      ++slots_.week_day;
      break;
    case Pattern::year_day:
    case Pattern::iso_year_day:
      number(slots_.year_day, 3, node);
      break;
    case Pattern::day:
      number(slots_.day, length, node);
      break;
    case Pattern::week_day:
      number(slots_.week_day, 1, node);
      break;
    case Pattern::iso_week_day:
      set(slots_.week_day, integer(1, node), node);
      slots_.week_day = slots_.week_day >= 7 ? 1 : slots_.week_day + 1;  // Sunday is 1
      skip_ordinal(node);
      break;
    case Pattern::year_week:
    case Pattern::iso_week:
      number(slots_.week, length, node);
      break;
    case Pattern::quarter:
      // Means nothing: which day of it would it be?
      integer(length, node);
      skip_ordinal(node);
      break;
    case Pattern::century:
      number(slots_.century, length, node);
      break;
    case Pattern::comma_year:
      comma_year(node);
      break;
    case Pattern::year4:
    case Pattern::iso_year4:
      number(slots_.year, length, node);
      slots_.year_digits = 4;
      break;
    case Pattern::year3:
    case Pattern::iso_year3:
      partial_year(3, node);
      break;
    case Pattern::year2:
    case Pattern::iso_year2:
      partial_year(2, node);
      break;
    case Pattern::year1:
    case Pattern::iso_year1:
      partial_year(1, node);
      break;
    case Pattern::month_week:
      number(slots_.month_week, length, node);
      break;
    case Pattern::julian:
      number(slots_.julian, length, node);
      break;
    default:
      break;
  }
}

// Assembly: the date and the time that the fields make.
class Assembly {
 public:
  Assembly(const Slots& slots, std::string_view text) : s_(slots), text_(text) {}

  Read assemble() {
    Read result;
    result.micros = time();
    date();
    result.days = types::to_days({year_, static_cast<unsigned>(month_), static_cast<unsigned>(day_)});
    result.precision = s_.precision;
    if (s_.zone_sign != 0) {
      if (s_.zone_hour < 0 || s_.zone_hour > 15 || s_.zone_minute < 0 || s_.zone_minute >= 60)
        fail(sqlstate::invalid_time_zone_displacement_value,
             fmt::format("time zone displacement out of range: \"{}\"", text_));
      result.east = s_.zone_sign * (s_.zone_hour * 60 + s_.zone_minute) * 60;
    }
    return result;
  }

 private:
  [[noreturn]] void out_of_range() const {
    fail(sqlstate::datetime_field_overflow, fmt::format("date/time field value out of range: \"{}\"", text_));
  }

  std::int64_t time() {
    int hour = s_.seconds_of_day / 3600, minute = s_.seconds_of_day % 3600 / 60, second = s_.seconds_of_day % 60;
    if (s_.second != 0) second = s_.second;
    if (s_.minute != 0) minute = s_.minute;
    if (s_.hour != 0) hour = s_.hour;
    if (s_.twelve_hours) {
      if (hour < 1 || hour > 12)
        malformed(fmt::format("hour \"{}\" is invalid for the 12-hour clock", hour), {},
                  "Use the 24-hour clock, or give an hour between 1 and 12.");
      hour = hour % 12 + (s_.after_noon != 0 ? 12 : 0);
    }
    const std::int64_t fraction = s_.millis * std::int64_t{1000} + s_.micros;
    // The date is looked at first, the time is not what complains before it.
    is_time_ = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60 && fraction >= 0 &&
               fraction < 1'000'000;
    return ((hour * 60LL + minute) * 60 + second) * 1'000'000 + fraction;
  }

  void year() {
    const std::int64_t century = s_.before_christ != 0 ? -std::int64_t{s_.century} : s_.century;
    if (s_.year != 0 && s_.century != 0 && s_.year_digits <= 2) {
      const std::int64_t in_century = s_.year % 100;
      if (in_century == 0)
        year_ = century * 100 + (century >= 0 ? 0 : 1);
      else
        year_ = century >= 0 ? (century - 1) * 100 + in_century : (century + 1) * 100 - in_century + 1;
    } else if (s_.year != 0) {
      year_ = s_.before_christ != 0 ? -std::int64_t{s_.year} : s_.year;
      if (year_ < 0) ++year_;
    } else if (s_.century != 0) {
      year_ = century >= 0 ? (century - 1) * 100 + 1 : century * 100 + 1;
    }
    if (year_ < INT32_MIN || year_ > INT32_MAX) out_of_range();
  }

  void take_julian(std::int64_t julian) {
    const types::Civil date = types::from_days(julian - 2'451'545);
    year_ = date.year, month_ = date.month, day_ = date.day;
    has_month_ = has_day_ = is_whole_ = true;
  }

  void date() {
    year();
    is_whole_ = false;
    const bool iso = s_.convention == Convention::iso_week;
    std::int64_t year_day = s_.year_day, day = s_.day;
    if (s_.julian != 0) take_julian(s_.julian);
    if (s_.week != 0 && iso) {
      const std::int64_t monday = iso_year_start(year_) + (s_.week - std::int64_t{1}) * 7;
      take_julian(monday + (s_.week_day == 0 ? 0 : s_.week_day > 1 ? s_.week_day - 2 : 6));
    } else if (s_.week != 0) {
      year_day = (s_.week - std::int64_t{1}) * 7 + 1;
    }
    if (s_.month_week != 0) day = (s_.month_week - std::int64_t{1}) * 7 + 1;
    for (std::int64_t n : {year_day, day})
      if (n < INT32_MIN || n > INT32_MAX) out_of_range();
    if (day != 0) day_ = day, has_day_ = true;
    if (s_.month != 0) month_ = s_.month, has_month_ = true;
    if (year_day != 0 && (month_ <= 1 || day_ <= 1)) take_year_day(year_day, iso);
    check();
  }

  void take_year_day(std::int64_t year_day, bool iso) {
    if (year_ == 0 && s_.before_christ == 0) malformed("cannot calculate day of year without year information");
    if (iso) {
      take_julian(iso_year_start(year_) - 1 + year_day);
      return;
    }
    unsigned month = 1;
    std::int64_t left = year_day;
    for (; month <= 12 && left > types::days_in_month(year_, month); ++month)
      left -= types::days_in_month(year_, month);
    if (month_ <= 1) month_ = month;
    if (day_ <= 1) day_ = left;
    has_month_ = has_day_ = true;
  }

  void check() {
    if (has_month_ && (month_ < 1 || month_ > 12)) out_of_range();
    if (has_day_ && (day_ < 1 || day_ > 31)) out_of_range();
    const bool has_year = s_.year != 0 || s_.century != 0;
    if ((is_whole_ || (has_year && has_month_ && has_day_)) &&
        day_ > types::days_in_month(year_, static_cast<unsigned>(month_)))
      out_of_range();
    if (!is_time_) out_of_range();
  }

  const Slots& s_;
  std::string_view text_;
  std::int64_t year_ = 0, month_ = 1, day_ = 1;
  bool has_month_ = false, has_day_ = false, is_whole_ = false, is_time_ = true;
};

}  // namespace

Read read(std::string_view text, std::string_view pattern) {
  const Slots slots = Reader(text, pattern).read();
  return Assembly(slots, text).assemble();
}

}  // namespace pgconform::engine::formats
