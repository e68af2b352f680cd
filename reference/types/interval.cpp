#include "types/interval.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

// How intervals are written: EncodeInterval().
namespace pgconform::types {
namespace {

// The fields as they are printed; each may have a sign of its own.
struct Fields {
  std::int64_t year, month, day, hour, minute, second, micros;
};

Fields fields_of(Interval i) {
  std::int64_t seconds = i.micros / 1'000'000;
  return {i.months / 12, i.months % 12, i.days, seconds / 3600, seconds / 60 % 60, seconds % 60, i.micros % 1'000'000};
}

std::string seconds_text(std::int64_t second, std::int64_t micros, bool filled) {
  std::string s = filled ? fmt::format("{:02}", std::abs(second)) : fmt::format("{}", std::abs(second));
  if (micros == 0) return s;
  s += fmt::format(".{:06}", std::abs(micros));
  while (s.back() == '0') s.pop_back();
  return s;
}

std::string postgres(const Fields& f) {
  std::string s;
  bool before = false;
  auto part = [&](std::int64_t value, const char* unit) {
    if (value == 0) return;
    s += fmt::format("{}{}{} {}{}", s.empty() ? "" : " ", before && value > 0 ? "+" : "", value, unit,
                     value != 1 ? "s" : "");
    before = value < 0;
  };
  part(f.year, "year");
  part(f.month, "mon");
  part(f.day, "day");
  bool time = f.hour != 0 || f.minute != 0 || f.second != 0 || f.micros != 0;
  if (s.empty() || time) {
    bool minus = f.hour < 0 || f.minute < 0 || f.second < 0 || f.micros < 0;
    s += fmt::format("{}{}{:02}:{:02}:{}", s.empty() ? "" : " ",
                     minus    ? "-"
                     : before ? "+"
                              : "",
                     std::abs(f.hour), std::abs(f.minute), seconds_text(f.second, f.micros, true));
  }
  return s;
}

std::string verbose(const Fields& f) {
  std::string s = "@";
  bool zero = true, before = false;
  auto part = [&](std::int64_t value, const char* unit) {
    if (value == 0) return;
    if (zero)
      before = value < 0, value = std::abs(value);
    else if (before)
      value = -value;
    s += fmt::format(" {} {}{}", value, unit, value == 1 ? "" : "s");
    zero = false;
  };
  part(f.year, "year");
  part(f.month, "mon");
  part(f.day, "day");
  part(f.hour, "hour");
  part(f.minute, "min");
  if (f.second != 0 || f.micros != 0) {
    bool minus = f.second < 0 || f.micros < 0;
    if (zero) before = minus;
    s += fmt::format(" {}{} sec{}", minus != before ? "-" : "", seconds_text(f.second, f.micros, false),
                     std::abs(f.second) != 1 || f.micros != 0 ? "s" : "");
    zero = false;
  }
  return s + (zero ? " 0" : "") + (before ? " ago" : "");
}

std::string iso(const Fields& f) {
  std::string date, time;
  auto part = [](std::string& s, std::int64_t value, char unit) {
    if (value != 0) s += fmt::format("{}{}", value, unit);
  };
  part(date, f.year, 'Y');
  part(date, f.month, 'M');
  part(date, f.day, 'D');
  part(time, f.hour, 'H');
  part(time, f.minute, 'M');
  if (f.second != 0 || f.micros != 0)
    time += fmt::format("{}{}S", f.second < 0 || f.micros < 0 ? "-" : "", seconds_text(f.second, f.micros, false));
  if (date.empty() && time.empty()) return "PT0S";
  return "P" + date + (time.empty() ? "" : "T") + time;
}

std::string standard(Fields f) {
  bool negative = false, positive = false;
  for (std::int64_t v : {f.year, f.month, f.day, f.hour, f.minute, f.second, f.micros})
    negative = negative || v < 0, positive = positive || v > 0;
  if (!negative && !positive) return "0";
  bool years = f.year != 0 || f.month != 0;
  bool time = f.hour != 0 || f.minute != 0 || f.second != 0 || f.micros != 0;
  bool late = f.hour < 0 || f.minute < 0 || f.second < 0 || f.micros < 0;
  std::string clock =
      fmt::format("{}:{:02}:{}", std::abs(f.hour), std::abs(f.minute), seconds_text(f.second, f.micros, true));
  std::string year_month = fmt::format("{}-{}", std::abs(f.year), std::abs(f.month));
  if ((negative && positive) || (years && (time || f.day != 0)))
    return fmt::format("{}{} {}{} {}{}", f.year < 0 || f.month < 0 ? '-' : '+', year_month, f.day < 0 ? '-' : '+',
                       std::abs(f.day), late ? '-' : '+', clock);
  std::string sign = negative ? "-" : "";
  if (years) return sign + year_month;
  if (f.day != 0) return fmt::format("{}{} {}", sign, std::abs(f.day), clock);
  return sign + clock;
}

}  // namespace

std::string print_interval(Interval interval, const Style& style) {
  Fields f = fields_of(interval);
  switch (style.intervals) {
    case Style::Intervals::postgres:
      return postgres(f);
    case Style::Intervals::postgres_verbose:
      return verbose(f);
    case Style::Intervals::iso_8601:
      return iso(f);
    case Style::Intervals::sql_standard:
      break;
  }
  return standard(f);
}

int compare(const Interval& a, const Interval& b) {
  auto length = [](const Interval& i) {
    return (static_cast<Wide>(i.months) * 30 + i.days) * microseconds_per_day + i.micros;
  };
  Wide x = length(a), y = length(b);
  return x < y ? -1 : x > y;
}

namespace {

namespace f = interval_field;
struct Range {
  int fields;
  std::string_view text;
};
constexpr Range ranges[] = {{f::year, "year"},
                            {f::month, "month"},
                            {f::day, "day"},
                            {f::hour, "hour"},
                            {f::minute, "minute"},
                            {f::second, "second"},
                            {f::year | f::month, "year to month"},
                            {f::day | f::hour, "day to hour"},
                            {f::day | f::hour | f::minute, "day to minute"},
                            {f::day | f::hour | f::minute | f::second, "day to second"},
                            {f::hour | f::minute, "hour to minute"},
                            {f::hour | f::minute | f::second, "hour to second"},
                            {f::minute | f::second, "minute to second"}};

const Range* find_range(int fields) {
  const auto* it = std::ranges::find(ranges, fields, &Range::fields);
  return it == std::end(ranges) ? nullptr : it;
}

}  // namespace

bool is_interval_range(int fields) {
  return fields == f::all || find_range(fields);
}

std::string_view interval_fields(int fields) {
  const Range* range = find_range(fields);
  return range ? range->text : std::string_view();
}

Interval fit_interval(Interval interval, std::int32_t modifier) {
  if (modifier < 0) return interval;
  const int fields = modifier >> 16 & 0x7fff, precision = modifier & 0xffff;
  const auto cut = [&](std::int64_t unit) { interval.micros = interval.micros / unit * unit; };
  if (fields == f::year) interval.months = interval.months / 12 * 12;
  if ((fields & ~(f::year | f::month)) == 0) interval.days = 0;
  if ((fields & ~(f::year | f::month | f::day)) == 0)
    interval.micros = 0;
  else if ((fields & f::second) != 0)
    ;
  else if ((fields & f::minute) != 0)
    cut(60'000'000);
  else if ((fields & f::hour) != 0)
    cut(3'600'000'000);
  if (precision >= 6) return interval;
  std::int64_t unit = 1;
  for (int i = precision; i < 6; ++i) unit *= 10;
  const Wide micros = interval.micros, half = unit / 2;
  interval.micros = static_cast<std::int64_t>((micros >= 0 ? micros + half : micros - half) / unit * unit);
  return interval;
}

}  // namespace pgconform::types
