#include <algorithm>
#include <cmath>

#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/functions/calendar.hpp"
#include "engine/functions/periods.hpp"
#include "engine/functions/zones.hpp"
#include "engine/session_state.hpp"
#include "types/calendar.hpp"
#include "types/numeric.hpp"

// Dates and times taken apart and put together: extract, date_trunc, age, make_…, AT TIME ZONE. functions-datetime.
namespace pgconform::engine {
namespace {

using types::Interval;
using types::microseconds_per_day;
using types::ZonedTime;

enum class Unit : std::uint8_t {
  microsecond,
  millisecond,
  second,
  minute,
  hour,
  day,
  week,
  month,
  quarter,
  year,
  decade,
  century,
  millennium,
  dow,
  isodow,
  doy,
  isoyear,
  epoch,
  julian,
  timezone,
  timezone_hour,
  timezone_minute,
  unknown
};

std::string lower(std::string_view s) {
  std::string r(s);
  std::ranges::transform(r, r.begin(), [](unsigned char c) { return std::tolower(c); });
  return r;
}

Unit find_unit(const std::string& word) {
  static constexpr std::pair<std::string_view, Unit> names[] = {
      {" microseconds microsecond us usec usecs usecond useconds microsecon ", Unit::microsecond},
      {" milliseconds millisecond ms msec msecs mseconds msecond millisecon ", Unit::millisecond},
      {" second seconds sec secs s ", Unit::second},
      {" minute minutes min mins m ", Unit::minute},
      {" hour hours hr hrs h ", Unit::hour},
      {" day days d ", Unit::day},
      {" week weeks w ", Unit::week},
      {" month months mon mons ", Unit::month},
      {" quarter qtr ", Unit::quarter},
      {" year years y yr yrs ", Unit::year},
      {" decade decades dec decs ", Unit::decade},
      {" century centuries c cent ", Unit::century},
      {" millennium millennia mil mils ", Unit::millennium},
      {" dow ", Unit::dow},
      {" isodow ", Unit::isodow},
      {" doy ", Unit::doy},
      {" isoyear ", Unit::isoyear},
      {" epoch ", Unit::epoch},
      {" julian jd j ", Unit::julian},
      {" timezone ", Unit::timezone},
      {" timezone_hour timezone_h ", Unit::timezone_hour},
      {" timezone_minute timezone_m ", Unit::timezone_minute}};
  for (const auto& [list, unit] : names)
    if (!word.empty() && list.find(" " + word + " ") != std::string_view::npos) return unit;
  return Unit::unknown;
}

[[noreturn]] void bad_unit(Unit unit, const std::string& word, Oid type) {
  bool unknown = unit == Unit::unknown;
  fail(unknown ? sqlstate::invalid_parameter_value : sqlstate::feature_not_supported,
       fmt::format("unit \"{}\" not {} for type {}", types::cut_bytes(word, 63), unknown ? "recognized" : "supported",
                   types::type_name(type)));
}

// Part: a decimal fraction, value / 10^scale.
struct Part {
  std::int64_t value;
  int scale = 0;
};

// extract answers numeric, date_part float8.
Value answer(Part part, bool numeric) {
  std::int64_t unit = 1;
  for (int i = 0; i < part.scale; ++i) unit *= 10;
  if (!numeric) return static_cast<double>(part.value) / static_cast<double>(unit);
  if (part.scale == 0) return std::to_string(part.value);
  bool minus = part.value < 0;
  auto size = minus ? 0 - static_cast<std::uint64_t>(part.value) : static_cast<std::uint64_t>(part.value);
  auto whole = static_cast<std::uint64_t>(unit);
  return fmt::format("{}{}.{:0{}}", minus ? "-" : "", size / whole, size % whole, part.scale);
}
Value infinite(bool minus, bool numeric) {
  if (numeric) return std::string(minus ? "-Infinity" : "Infinity");
  return minus ? -HUGE_VAL : HUGE_VAL;
}

std::optional<Part> clock_part(Unit unit, std::int64_t micros) {
  switch (unit) {
    case Unit::microsecond:
      return Part{micros % 60'000'000};
    case Unit::millisecond:
      return Part{micros % 60'000'000, 3};
    case Unit::second:
      return Part{micros % 60'000'000, 6};
    case Unit::minute:
      return Part{micros / 60'000'000 % 60};
    case Unit::hour:
      return Part{micros / 3'600'000'000};
    default:
      return std::nullopt;
  }
}

std::int64_t day_of_week(std::int64_t days) {
  return ((days + 6) % 7 + 7) % 7;  // 2000-01-01 was a Saturday
}
// The Monday of the first ISO week of a year.
std::int64_t first_week(std::int64_t year) {
  std::int64_t fourth = types::to_days({year, 1, 4});
  return fourth - (day_of_week(fourth) + 6) % 7;
}
std::int64_t iso_year(std::int64_t days, std::int64_t year) {
  if (days >= first_week(year + 1)) return year + 1;
  return days < first_week(year) ? year - 1 : year;
}

std::optional<Part> date_part(Unit unit, std::int64_t days) {
  types::Civil c = types::from_days(days);
  std::int64_t shown = c.year > 0 ? c.year : c.year - 1;  // there is no year 0
  auto period = [&](std::int64_t years) {
    return c.year > 0 ? (c.year + years - 1) / years : -((years - 1 - (c.year - 1)) / years);
  };
  switch (unit) {
    case Unit::day:
      return Part{c.day};
    case Unit::month:
      return Part{c.month};
    case Unit::quarter:
      return Part{(c.month - 1) / 3 + 1};
    case Unit::year:
      return Part{shown};
    case Unit::decade:
      return Part{c.year >= 0 ? c.year / 10 : -((8 - (c.year - 1)) / 10)};
    case Unit::century:
      return Part{period(100)};
    case Unit::millennium:
      return Part{period(1000)};
    case Unit::week:
      return Part{(days - first_week(iso_year(days, c.year))) / 7 + 1};
    case Unit::isoyear: {
      std::int64_t year = iso_year(days, c.year);
      return Part{year > 0 ? year : year - 1};
    }
    case Unit::dow:
      return Part{day_of_week(days)};
    case Unit::isodow:
      return Part{day_of_week(days) == 0 ? 7 : day_of_week(days)};
    case Unit::doy:
      return Part{days - types::to_days({c.year, 1, 1}) + 1};
    default:
      return std::nullopt;
  }
}

bool grows(Unit unit) {
  return unit == Unit::year || unit == Unit::decade || unit == Unit::century || unit == Unit::millennium ||
         unit == Unit::isoyear || unit == Unit::epoch || unit == Unit::julian;
}

constexpr std::int64_t unix_epoch = 946'684'800'000'000;

// The Julian day, and how much of it is over.
Value julian(std::int64_t days, std::int64_t micros, bool numeric) {
  const std::int64_t day = days + 2'451'545;
  if (!numeric)
    return static_cast<double>(day) + static_cast<double>(micros) / static_cast<double>(microseconds_per_day);
  using types::Numeric;
  return (Numeric(day) + *Numeric::divide(Numeric(micros), Numeric(microseconds_per_day))).text();
}

Value of_timestamp(Call& c, bool zoned, bool numeric) {
  std::string word = lower(c.text(0));
  Unit unit = find_unit(word);
  const Oid type = zoned ? types::timestamptz_oid : types::timestamp_oid;  // date_part() of a date is of its midnight
  std::int64_t time = c.integer(1);
  bool zone_unit = unit == Unit::timezone || unit == Unit::timezone_hour || unit == Unit::timezone_minute;
  if (unit == Unit::unknown || (zone_unit && !zoned)) bad_unit(unit, word, type);
  if (is_endless(time)) return grows(unit) ? infinite(time == types::minus_infinite_time, numeric) : Value();
  const auto* zone = zoned ? c.context.style.zone.get() : nullptr;
  std::int64_t local = to_local(time, zone), east = (local - time) / 1'000'000;
  auto [days, micros] = types::split(local);
  if (unit == Unit::epoch) return answer({time + unix_epoch, 6}, numeric);
  if (unit == Unit::julian) return julian(days, micros, numeric);
  if (unit == Unit::timezone) return answer({east}, numeric);
  if (unit == Unit::timezone_hour) return answer({east / 3600}, numeric);
  if (unit == Unit::timezone_minute) return answer({east / 60 % 60}, numeric);
  auto part = clock_part(unit, micros);
  return answer(part ? *part : *date_part(unit, days), numeric);
}

Value of_date(Call& c, bool numeric) {
  std::string word = lower(c.text(0));
  Unit unit = find_unit(word);
  std::int64_t date = c.integer(1);
  if (unit == Unit::julian) return answer({date + 2'451'545}, numeric);
  if (unit == Unit::epoch && date < INT32_MAX && date > INT32_MIN)
    return answer({date * 86400 + unix_epoch / 1'000'000}, numeric);
  bool endless = date == types::infinite_date || date == types::minus_infinite_date;
  auto part = date_part(unit, endless ? 0 : date);
  if (!part && unit != Unit::epoch) bad_unit(unit, word, types::date_oid);
  if (endless) return grows(unit) ? infinite(date < 0, numeric) : Value();
  return answer(*part, numeric);
}

Value of_time(Call& c, bool numeric) {
  std::string word = lower(c.text(0));
  Unit unit = find_unit(word);
  std::int64_t micros = 0, east = 0;
  const auto* zoned = std::get_if<ZonedTime>(&c.args[1]);
  if (zoned)
    micros = zoned->micros, east = -zoned->west;
  else
    micros = c.integer(1);
  if (unit == Unit::epoch) return answer({micros - east * 1'000'000, 6}, numeric);
  if (zoned && unit == Unit::timezone) return answer({east}, numeric);
  if (zoned && unit == Unit::timezone_hour) return answer({east / 3600}, numeric);
  if (zoned && unit == Unit::timezone_minute) return answer({east / 60 % 60}, numeric);
  auto part = clock_part(unit, micros);
  if (!part) bad_unit(unit, word, c.expr.args[1]->type);
  return answer(*part, numeric);
}

Value of_interval(Call& c, bool numeric) {
  std::string word = lower(c.text(0));
  Unit unit = find_unit(word);
  Interval i = std::get<Interval>(c.args[1]);
  std::int64_t years = i.months / 12;
  switch (unit) {
    case Unit::day:
      return answer({i.days}, numeric);
    case Unit::month:
      return answer({i.months % 12}, numeric);
    case Unit::quarter:
      return answer({i.months % 12 / 3 + 1}, numeric);
    case Unit::year:
      return answer({years}, numeric);
    case Unit::decade:
      return answer({years / 10}, numeric);
    case Unit::century:
      return answer({years / 100}, numeric);
    case Unit::millennium:
      return answer({years / 1000}, numeric);
    case Unit::epoch: {
      types::Wide seconds =
          types::Wide{years} * 31'557'600 + i.months % 12 * types::Wide{2'592'000} + types::Wide{i.days} * 86400;
      types::Wide micros = seconds * 1'000'000 + i.micros;
      if (micros > INT64_MAX || micros < INT64_MIN) refuse("extract(epoch) of so long an interval");
      return answer({static_cast<std::int64_t>(micros), 6}, numeric);
    }
    default: {
      auto part = clock_part(unit, i.micros);
      if (!part) bad_unit(unit, word, types::interval_oid);
      return answer(*part, numeric);
    }
  }
}

std::int64_t floor_to(std::int64_t n, std::int64_t unit) {
  return n - ((n % unit) + unit) % unit;
}

// date_trunc() knows by name what it cannot do of zones, but none of the units that only extract() takes.
[[noreturn]] void bad_truncation(Unit unit, const std::string& word, Oid type) {
  bool zone = unit == Unit::timezone || unit == Unit::timezone_hour || unit == Unit::timezone_minute;
  bad_unit(zone || unit == Unit::week ? unit : Unit::unknown, word, type);
}

// A local timestamp cut down to a unit.
std::int64_t truncated(Unit unit, std::int64_t local, const std::string& word, Oid type) {
  auto [days, micros] = types::split(local);
  types::Civil c = types::from_days(days);
  auto start = [&](std::int64_t year, unsigned month) {
    return types::to_days({year, month, 1}) * microseconds_per_day;
  };
  switch (unit) {
    case Unit::microsecond:
      return local;
    case Unit::millisecond:
      return floor_to(local, 1000);
    case Unit::second:
      return floor_to(local, 1'000'000);
    case Unit::minute:
      return floor_to(local, 60'000'000);
    case Unit::hour:
      return floor_to(local, 3'600'000'000);
    case Unit::day:
      return days * microseconds_per_day;
    case Unit::week:
      return (days - (day_of_week(days) + 6) % 7) * microseconds_per_day;
    case Unit::month:
      return start(c.year, c.month);
    case Unit::quarter:
      return start(c.year, (c.month - 1) / 3 * 3 + 1);
    case Unit::year:
      return start(c.year, 1);
    case Unit::decade:
      return start(floor_to(c.year, 10), 1);
    case Unit::century:
      return start(floor_to(c.year - 1, 100) + 1, 1);
    case Unit::millennium:
      return start(floor_to(c.year - 1, 1000) + 1, 1);
    default:
      bad_truncation(unit, word, type);
  }
}

Value trunc(Call& c, bool zoned) {
  std::string word = lower(c.text(0));
  std::int64_t time = c.integer(1);
  if (is_endless(time)) return time;
  std::shared_ptr<const types::Zone> zone = c.context.style.zone;
  if (c.args.size() > 2) zone = zone_argument(c.text(2));
  if (!zoned) zone = nullptr;
  Unit unit = find_unit(word);
  std::int64_t local = to_local(time, zone.get());
  std::int64_t cut = truncated(unit, local, word, c.expr.args[1]->type);
  // Below a day the offset stays what it is.
  if (unit <= Unit::hour) return cut - (local - time);
  return to_utc(cut, zone.get());
}

Value trunc_interval(Call& c) {
  std::string word = lower(c.text(0));
  Unit unit = find_unit(word);
  Interval i = std::get<Interval>(c.args[1]);
  std::int64_t clock = 0;
  std::int32_t months = 0;
  switch (unit) {
    case Unit::microsecond:
      return i;
    case Unit::millisecond:
      clock = 1000;
      break;
    case Unit::second:
      clock = 1'000'000;
      break;
    case Unit::minute:
      clock = 60'000'000;
      break;
    case Unit::hour:
      clock = 3'600'000'000;
      break;
    case Unit::day:
      return Interval{0, i.days, i.months};
    case Unit::month:
      months = 1;
      break;
    case Unit::quarter:
      months = 3;
      break;
    case Unit::year:
      months = 12;
      break;
    case Unit::decade:
      months = 120;
      break;
    case Unit::century:
      months = 1200;
      break;
    case Unit::millennium:
      months = 12000;
      break;
    default:
      bad_truncation(unit, word, types::interval_oid);
  }
  if (clock != 0) return Interval{i.micros / clock * clock, i.days, i.months};
  return Interval{0, 0, i.months / months * months};
}

// age(): years, months and days as people count them, borrowing from the month that was left.
Value age(std::int64_t a, std::int64_t b) {
  if (is_endless(a) || is_endless(b)) fail(sqlstate::datetime_field_overflow, "timestamp out of range");
  bool minus = a < b;
  auto late = types::split(minus ? b : a), early = types::split(minus ? a : b);
  types::Civil x = types::from_days(late.days), y = types::from_days(early.days);
  std::int64_t micros = late.micros - early.micros;
  std::int64_t days = static_cast<std::int64_t>(x.day) - y.day;
  std::int64_t months = (x.year - y.year) * 12 + x.month - y.month;
  if (micros < 0) micros += microseconds_per_day, --days;
  while (days < 0) {
    days += types::days_in_month(y.year, y.month);
    --months;
  }
  if (minus) return make_interval(-months, -days, -micros);
  return make_interval(months, days, micros);
}

std::int64_t checked_days(std::int64_t year, std::int64_t month, std::int64_t day, std::string shown) {
  std::int64_t civil = year < 0 ? year + 1 : year;
  if (year == 0 || month < 1 || month > 12 || day < 1 || year > 5'874'897 || year < -4713 ||
      day > types::days_in_month(civil, static_cast<unsigned>(month)))
    fail(sqlstate::datetime_field_overflow, "date field value out of range: " + shown);
  return types::to_days({civil, static_cast<unsigned>(month), static_cast<unsigned>(day)});
}

std::int64_t make_days(Call& c) {
  // make_date() tells a year BC as it is counted with a year 0.
  const std::int64_t year = c.integer(0), told = c.args.size() == 3 && year < 0 ? year + 1 : year;
  return checked_days(year, c.integer(1), c.integer(2),
                      fmt::format("{}-{:02}-{:02}", told, c.integer(1), c.integer(2)));
}

std::int64_t make_clock(Call& c, std::size_t first) {
  std::int64_t h = c.integer(first), m = c.integer(first + 1);
  double s = std::get<double>(c.args[first + 2]);
  bool end = h == 24 && m == 0 && s == 0;
  if (h < 0 || m < 0 || m > 59 || !(s >= 0) || s > 60 || (h > 23 && !end))
    fail(sqlstate::datetime_field_overflow, fmt::format("time field value out of range: {}:{:02}:{}", h, m,
                                                        std::isnan(s) ? "NaN" : fmt::format("{:02g}", s)));
  return (h * 60 + m) * 60'000'000 + std::llrint(s * 1e6);
}

Value make_span(Call& c) {
  auto at = [&](std::size_t i) { return i < c.args.size() ? types::Wide{c.integer(i)} : types::Wide{0}; };
  double seconds = c.args.size() > 6 ? std::get<double>(c.args[6]) : 0;
  if (!(std::fabs(seconds) < 9e12)) out_of_range("interval");
  return make_interval(at(0) * 12 + at(1), at(2) * 7 + at(3),
                       (at(4) * 60 + at(5)) * 60'000'000 + std::llrint(seconds * 1e6));
}

// today: the midnight with which the transaction's day began.
std::int64_t today(Call& c) {
  return std::get<std::int64_t>(c.context.session.current("current_date", -1)) * microseconds_per_day;
}

}  // namespace

void add_fields(Registry& r) {
  add_periods(r);
  add_moments(r);
  add_zones(r);
  r.add({{"extract_timestamp", [](Call& c) { return of_timestamp(c, false, true); }},
         {"extract_timestamptz", [](Call& c) { return of_timestamp(c, true, true); }},
         {"timestamp_part", [](Call& c) { return of_timestamp(c, false, false); }},
         {"timestamptz_part", [](Call& c) { return of_timestamp(c, true, false); }},
         {"extract_date", [](Call& c) { return of_date(c, true); }},
         {"extract_time", [](Call& c) { return of_time(c, true); }},
         {"extract_timetz", [](Call& c) { return of_time(c, true); }},
         {"time_part", [](Call& c) { return of_time(c, false); }},
         {"timetz_part", [](Call& c) { return of_time(c, false); }},
         {"extract_interval", [](Call& c) { return of_interval(c, true); }},
         {"interval_part", [](Call& c) { return of_interval(c, false); }},
         {"date_part(25 1082)",
          [](Call& c) {
            // In SQL it is date_part of the timestamp.
            if (std::abs(c.integer(1)) < 106'000'000)
              c.args[1] = c.integer(1) * microseconds_per_day;
            else
              refuse("date_part of so distant a date");
            return of_timestamp(c, false, false);
          }},
         {"timestamp_trunc", [](Call& c) { return trunc(c, false); }},
         {"timestamptz_trunc", [](Call& c) { return trunc(c, true); }},
         {"timestamptz_trunc_zone", [](Call& c) { return trunc(c, true); }},
         {"interval_trunc", trunc_interval},
         {"timestamp_age", [](Call& c) { return age(c.integer(0), c.integer(1)); }},
         {"timestamptz_age",
          [](Call& c) {
            const auto* zone = c.context.style.zone.get();
            return age(to_local(c.integer(0), zone), to_local(c.integer(1), zone));
          }},
         {"make_date", [](Call& c) -> Value { return make_days(c); }},
         {"make_time", [](Call& c) -> Value { return make_clock(c, 0); }},
         {"make_timestamp",
          [](Call& c) -> Value {
            return checked_timestamp(static_cast<types::Wide>(make_days(c)) * microseconds_per_day + make_clock(c, 3));
          }},
         {"make_timestamptz",
          [](Call& c) -> Value {
            return to_utc(
                checked_timestamp(static_cast<types::Wide>(make_days(c)) * microseconds_per_day + make_clock(c, 3)),
                c.context.style.zone.get());
          }},
         {"make_timestamptz_at_timezone",
          [](Call& c) -> Value {
            const std::int64_t local =
                checked_timestamp(static_cast<types::Wide>(make_days(c)) * microseconds_per_day + make_clock(c, 3));
            return checked_timestamp(to_utc(local, made_zone(c.text(6)).get()));
          }},
         {"age(1184)",
          [](Call& c) {
            const types::Zone* zone = c.context.style.zone.get();
            return age(today(c), to_local(c.integer(0), zone));
          }},
         {"age(1114)", [](Call& c) { return age(today(c), c.integer(0)); }},
         {"make_interval", make_span},
         {"float8_timestamptz", [](Call& c) -> Value {
            double seconds = std::get<double>(c.args[0]);
            if (std::isnan(seconds)) fail(sqlstate::datetime_field_overflow, "timestamp cannot be NaN");
            if (std::isinf(seconds)) return seconds > 0 ? types::infinite_time : types::minus_infinite_time;
            if (std::fabs(seconds) > 9.3e12)
              fail(sqlstate::datetime_field_overflow, fmt::format("timestamp out of range: \"{:g}\"", seconds));
            return checked_timestamp(static_cast<types::Wide>(std::rint((seconds - 946'684'800.0) * 1e6)));
          }}});
}

}  // namespace pgconform::engine
