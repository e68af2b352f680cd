#include <fmt/core.h>

#include <algorithm>

#include "engine/error.hpp"
#include "engine/formats/dates.hpp"
#include "engine/formats/template.hpp"
#include "engine/functions.hpp"
#include "types/calendar.hpp"

// to_char() of dates, times and intervals.
namespace pgconform::engine::formats {

const std::string_view month_names[12] = {"January", "February", "March",     "April",   "May",      "June",
                                          "July",    "August",   "September", "October", "November", "December"};
const std::string_view day_names[7] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
const std::string_view roman_months[12] = {"i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"};

std::int64_t julian_day(std::int64_t year, std::int64_t month, std::int64_t day) {
  if (month > 2) {
    month += 1;
    year += 4800;
  } else {
    month += 13;
    year += 4799;
  }
  const std::int64_t century = year / 100;
  return year * 365 - 32167 + year / 4 - century + century / 4 + 7834 * month / 256 + day;
}

std::int64_t iso_year_start(std::int64_t year) {
  const std::int64_t fourth = julian_day(year, 1, 4);
  return fourth - (fourth % 7 + 7) % 7;  // a Julian day that 7 divides is a Monday
}

namespace {

std::int64_t iso_year(const Fields& f) {
  const std::int64_t day = julian_day(f.year, f.month, f.day);
  if (day < iso_year_start(f.year)) return f.year - 1;
  return day >= iso_year_start(f.year + 1) ? f.year + 1 : f.year;
}

std::string recased(std::string_view word, std::string_view like) {
  std::string s(word);
  const bool upper = like.size() > 1 && like[1] >= 'A' && like[1] <= 'Z';
  const bool lower = like[0] >= 'a' && like[0] <= 'z';
  for (char& c : s) {
    if (upper && c >= 'a' && c <= 'z') c -= 32;
    if (lower && c >= 'A' && c <= 'Z') c += 32;
  }
  return s;
}

// Number: one to print as wide as that, its minus counted, with zeros.
struct Number {
  std::int64_t value;
  int width = 0;
  bool always = false;  // under FM too
};

// digits: so many, and a minus besides.
Number digits(std::int64_t value, int count) {
  return {value, count + (value < 0 ? 1 : 0)};
}

class Writer {
 public:
  explicit Writer(const Fields& fields) : f_(fields) {}

  void write(const Node& node) {
    if (node.kind != Node::Kind::pattern) {
      out_ += node.character;
    } else if (auto number = number_of(node.key->pattern)) {
      append(fmt::format("{:0{}}", number->value, node.fill && !number->always ? 0 : number->width), node);
    } else {
      append_words(node);
    }
    need_memory(out_.size());
  }
  std::string take() { return std::move(out_); }

 private:
  void append(std::string text, const Node& node) {
    if (node.ordinal != Node::Ordinal::none) text += ordinal_suffix(text, node.ordinal == Node::Ordinal::upper);
    out_ += text;
  }
  void append_padded(std::string_view word, const Node& node, std::size_t width) {
    out_ += recased(word, node.key->name);
    if (!node.fill && word.size() < width) out_.append(width - word.size(), ' ');
  }
  void not_of_intervals() const {
    if (f_.is_interval)
      fail(sqlstate::invalid_datetime_format, "invalid format specification for an interval value", -1,
           "Intervals are not tied to specific calendar dates.");
  }
  // shown_year: there is no year 0.
  std::int64_t shown_year(std::int64_t year) const { return f_.is_interval || year > 0 ? year : 1 - year; }

  std::optional<Number> number_of(Pattern pattern) const;
  void append_words(const Node& node);
  void append_roman(const Node& node);
  void append_century(const Node& node);
  void append_offset(const Node& node);

  const Fields& f_;
  std::string out_;
};

// The patterns that are numbers.
std::optional<Number> Writer::number_of(Pattern pattern) const {
  // How wide it is follows from the sign of the year itself.
  const auto of_year = [&](std::int64_t year, std::int64_t modulus, int width) {
    return Number{shown_year(year) % modulus, width + (shown_year(f_.year) < 0 ? 1 : 0)};
  };
  constexpr std::int64_t whole = INT64_MAX;
  switch (pattern) {
    case Pattern::hour12: {
      const std::int64_t hour = f_.hour % 12 == 0 ? 12 : f_.hour % 12;
      return Number{hour, f_.hour < 0 ? 3 : 2};
    }
    case Pattern::hour24:
      return digits(f_.hour, 2);
    case Pattern::minute:
      return digits(f_.minute, 2);
    case Pattern::second:
      return digits(f_.second, 2);
    case Pattern::seconds_of_day:
      return Number{f_.hour * 3600 + f_.minute * 60 + f_.second};
    case Pattern::month:
      return digits(f_.month, 2);
    case Pattern::year_day:
      return Number{f_.year_day, 3};
    case Pattern::iso_year_day: {
      const std::int64_t day = julian_day(f_.year, f_.month, f_.day) - iso_year_start(iso_year(f_)) + 1;
      return Number{day, 3};
    }
    case Pattern::day:
      return Number{f_.day, 2};
    case Pattern::week_day:
      not_of_intervals();
      return Number{f_.week_day + 1};
    case Pattern::iso_week_day:
      not_of_intervals();
      return Number{f_.week_day == 0 ? 7 : f_.week_day};
    case Pattern::year_week:
      return Number{(f_.year_day - 1) / 7 + 1, 2};
    case Pattern::iso_week:
      return Number{(julian_day(f_.year, f_.month, f_.day) - iso_year_start(iso_year(f_))) / 7 + 1, 2};
    case Pattern::month_week:
      return Number{(f_.day - 1) / 7 + 1};
    case Pattern::julian:
      return Number{julian_day(f_.year, f_.month, f_.day)};
    case Pattern::year4:
      return of_year(f_.year, whole, 4);
    case Pattern::year3:
      return of_year(f_.year, 1000, 3);
    case Pattern::year2:
      return of_year(f_.year, 100, 2);
    case Pattern::year1:
      return Number{shown_year(f_.year) % 10};
    case Pattern::iso_year4:
      return of_year(iso_year(f_), whole, 4);
    case Pattern::iso_year3:
      return of_year(iso_year(f_), 1000, 3);
    case Pattern::iso_year2:
      return of_year(iso_year(f_), 100, 2);
    case Pattern::iso_year1:
      return Number{shown_year(iso_year(f_)) % 10};
    case Pattern::fraction1:
    case Pattern::fraction2:
    case Pattern::fraction3:
    case Pattern::fraction4:
    case Pattern::fraction5:
    case Pattern::fraction6:
    case Pattern::milliseconds:
    case Pattern::microseconds: {
      const int places = pattern == Pattern::milliseconds ? 3
                         : pattern == Pattern::microseconds
                             ? 6
                             : static_cast<int>(pattern) - static_cast<int>(Pattern::fraction1) + 1;
      int value = f_.micros;
      for (int i = places; i < 6; ++i) value /= 10;
      return Number{value, places, true};
    }
    default:
      return std::nullopt;
  }
}

void Writer::append_roman(const Node& node) {
  if (f_.month == 0 && f_.year == 0) return;
  const std::int64_t month = f_.month == 0 ? (f_.year >= 0 ? 12 : 1) : f_.month < 0 ? f_.month + 13 : f_.month;
  append_padded(roman_months[month - 1], node, 4);
}

void Writer::append_century(const Node& node) {
  const std::int64_t century = f_.is_interval ? f_.year / 100
                               : f_.year > 0  ? (f_.year - 1) / 100 + 1
                                              : f_.year / 100 - 1;
  const bool filled = !node.fill && century <= 99 && century >= -99;
  append(fmt::format("{:0{}}", century, filled ? (century >= 0 ? 2 : 3) : 0), node);
}

void Writer::append_offset(const Node& node) {
  const int size = std::abs(f_.east);
  const char sign = f_.east >= 0 ? '+' : '-';
  if (node.key->pattern == Pattern::zone_minute) {
    out_ += fmt::format("{:02}", size % 3600 / 60);
    return;
  }
  const bool of = node.key->pattern == Pattern::offset;
  out_ += fmt::format("{}{:0{}}", sign, size / 3600, of && node.fill ? 0 : 2);
  if (of && size % 3600 != 0) out_ += fmt::format(":{:02}", size % 3600 / 60);
}

void Writer::append_words(const Node& node) {
  const std::string_view name = node.key->name;
  const bool dotted = name.find('.') != name.npos;
  switch (node.key->pattern) {
    case Pattern::half: {
      const bool after = f_.hour % 24 >= 12;
      out_ += recased(dotted ? (after ? "P.M." : "A.M.") : (after ? "PM" : "AM"), name);
      break;
    }
    case Pattern::era:
      not_of_intervals();
      out_ += recased(dotted ? (f_.year <= 0 ? "B.C." : "A.D.") : (f_.year <= 0 ? "BC" : "AD"), name);
      break;
    case Pattern::month_name:
    case Pattern::month_short:
      not_of_intervals();
      if (node.key->pattern == Pattern::month_name)
        append_padded(month_names[f_.month - 1], node, node.local ? 0 : 9);
      else
        append_padded(month_names[f_.month - 1].substr(0, 3), node, 0);
      break;
    case Pattern::day_name:
      not_of_intervals();
      append_padded(day_names[f_.week_day], node, node.local ? 0 : 9);
      break;
    case Pattern::day_short:
      not_of_intervals();
      append_padded(day_names[f_.week_day].substr(0, 3), node, 0);
      break;
    case Pattern::month_roman:
      append_roman(node);
      break;
    case Pattern::quarter:
      if (f_.month != 0) append(fmt::format("{}", (f_.month - 1) / 3 + 1), node);
      break;
    case Pattern::century:
      append_century(node);
      break;
    case Pattern::comma_year: {
      const std::int64_t year = shown_year(f_.year), thousands = year / 1000;
      append(fmt::format("{},{:03}", thousands, year - thousands * 1000), node);
      break;
    }
    case Pattern::zone:
      not_of_intervals();
      out_ += recased(f_.zone, name[0] == 't' ? "tz" : "Tz");
      break;
    case Pattern::zone_hour:
    case Pattern::zone_minute:
    case Pattern::offset:
      not_of_intervals();
      append_offset(node);
      break;
    default:
      break;
  }
}

}  // namespace

Fields fields_of(std::int64_t local) {
  const types::Moment moment = types::split(local);
  const types::Civil date = types::from_days(moment.days);
  Fields f;
  f.year = date.year, f.month = date.month, f.day = date.day;
  f.hour = moment.micros / 3'600'000'000;
  f.minute = static_cast<int>(moment.micros / 60'000'000 % 60);
  f.second = static_cast<int>(moment.micros / 1'000'000 % 60);
  f.micros = static_cast<int>(moment.micros % 1'000'000);
  f.week_day = static_cast<int>(((moment.days + 6) % 7 + 7) % 7);  // 2000-01-01 was a Saturday
  f.year_day = moment.days - types::to_days({date.year, 1, 1}) + 1;
  return f;
}

Fields fields_of(types::Interval interval) {
  Fields f;
  f.is_interval = true;
  f.year = interval.months / 12, f.month = interval.months % 12, f.day = interval.days;
  f.hour = interval.micros / 3'600'000'000;
  f.minute = static_cast<int>(interval.micros / 60'000'000 % 60);
  f.second = static_cast<int>(interval.micros / 1'000'000 % 60);
  f.micros = static_cast<int>(interval.micros % 1'000'000);
  f.year_day = std::int64_t{interval.months} * 30 + interval.days;
  return f;
}

std::string print(const Fields& fields, std::string_view pattern) {
  Writer writer(fields);
  for (const Node& node : parse_date_template(pattern)) writer.write(node);
  return writer.take();
}

}  // namespace pgconform::engine::formats
