#include "types/interval.hpp"

#include <cmath>

#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/functions/calendar.hpp"
#include "types/calendar.hpp"

// Arithmetic of intervals, and of intervals with dates, times and timestamps. functions-datetime.
namespace pgconform::engine {

using types::Interval;
using types::microseconds_per_day;
using types::ZonedTime;

[[noreturn]] void out_of_range(std::string_view type) {
  fail(sqlstate::datetime_field_overflow, fmt::format("{} out of range", type));
}

bool is_endless(std::int64_t time) {
  return time == types::infinite_time || time == types::minus_infinite_time;
}

std::int64_t to_local(std::int64_t utc, const types::Zone* zone) {
  return zone && !is_endless(utc) ? utc + zone->offset_at(utc) * 1'000'000LL : utc;
}
std::int64_t to_utc(std::int64_t local, const types::Zone* zone) {
  return zone && !is_endless(local) ? zone->to_utc(local) : local;
}

std::int64_t checked_timestamp(types::Wide time) {
  if (time > INT64_MAX || time < INT64_MIN || is_endless(static_cast<std::int64_t>(time)) ||
      !types::is_valid_timestamp(static_cast<std::int64_t>(time)))
    out_of_range("timestamp");
  return static_cast<std::int64_t>(time);
}

std::int64_t add_interval(std::int64_t time, Interval span, const types::Zone* zone) {
  if (is_endless(time)) return time;
  if (span.months != 0 || span.days != 0) {
    auto [days, micros] = types::split(to_local(time, zone));
    if (span.months != 0) {
      auto c = types::from_days(days);
      std::int64_t month = c.year * 12 + c.month - 1 + span.months;
      c.year = month / 12 - (month % 12 < 0);
      c.month = static_cast<unsigned>(month - c.year * 12) + 1;
      c.day = std::min(c.day, types::days_in_month(c.year, c.month));
      days = types::to_days(c);
    }
    days += span.days;
    time = to_utc(checked_timestamp(static_cast<types::Wide>(days) * microseconds_per_day + micros), zone);
  }
  return checked_timestamp(static_cast<types::Wide>(time) + span.micros);
}

Interval make_interval(types::Wide months, types::Wide days, types::Wide micros) {
  if (months > INT32_MAX || months < INT32_MIN || days > INT32_MAX || days < INT32_MIN || micros > INT64_MAX ||
      micros < INT64_MIN)
    out_of_range("interval");
  return {static_cast<std::int64_t>(micros), static_cast<std::int32_t>(days), static_cast<std::int32_t>(months)};
}

namespace {

Interval interval(Call& c, std::size_t i) {
  return std::get<Interval>(c.args[i]);
}

Interval negated(Interval i) {
  return make_interval(-types::Wide{i.months}, -types::Wide{i.days}, -types::Wide{i.micros});
}

Value add(Call& c, int sign) {
  Interval a = interval(c, 0), b = interval(c, 1);
  return make_interval(types::Wide{a.months} + sign * types::Wide{b.months},
                       types::Wide{a.days} + sign * types::Wide{b.days},
                       types::Wide{a.micros} + sign * types::Wide{b.micros});
}

// What is lost of months becomes days, what is lost of days becomes time: interval_mul().
Value scale(Interval i, double factor, bool divide) {
  if (divide && factor == 0) fail(sqlstate::division_by_zero, "division by zero");
  auto apply = [&](double v) { return divide ? v / factor : v * factor; };
  auto steady = [](double v) { return std::rint(v * 1e6) / 1e6; };
  double months = apply(i.months), days = apply(i.days);
  if (!(std::fabs(months) < 2147483648.0) || !(std::fabs(days) < 2147483648.0)) out_of_range("interval");
  auto whole_months = static_cast<std::int32_t>(months), whole_days = static_cast<std::int32_t>(days);
  double more_days = steady((months - whole_months) * 30);
  double seconds = steady((days - whole_days + more_days - static_cast<int>(more_days)) * 86400);
  types::Wide all_days = whole_days;
  if (std::fabs(seconds) >= 86400) {
    all_days += static_cast<int>(seconds / 86400);
    seconds -= static_cast<int>(seconds / 86400) * 86400.0;
  }
  all_days += static_cast<int>(more_days);
  double micros = std::rint(apply(static_cast<double>(i.micros)) + seconds * 1e6);
  if (!(micros >= -0x1p63 && micros < 0x1p63)) out_of_range("interval");
  return make_interval(whole_months, all_days, static_cast<std::int64_t>(micros));
}

Value justify(Interval i, bool hours, bool days) {
  types::Wide months = i.months, d = i.days, micros = i.micros;
  if (hours) {
    d += micros / microseconds_per_day;
    micros %= microseconds_per_day;
  }
  if (days) {
    months += d / 30;
    d %= 30;
  }
  // One sign for all.
  if (days && months > 0 && (d < 0 || (d == 0 && hours && micros < 0))) d += 30, --months;
  if (days && months < 0 && (d > 0 || (d == 0 && hours && micros > 0))) d -= 30, ++months;
  if (hours && d > 0 && micros < 0) micros += microseconds_per_day, --d;
  if (hours && d < 0 && micros > 0) micros -= microseconds_per_day, ++d;
  return make_interval(months, d, micros);
}

Value shift(Call& c, std::size_t time, int sign, bool zoned) {
  if (is_endless(c.integer(time))) return c.args[time];
  Interval span = interval(c, 1 - time);
  return add_interval(c.integer(time), sign < 0 ? negated(span) : span, zoned ? c.context.style.zone.get() : nullptr);
}

std::int64_t midnight(std::int64_t date) {
  if (date == types::infinite_date) return types::infinite_time;
  if (date == types::minus_infinite_date) return types::minus_infinite_time;
  if (date > 106'751'983 || date < -2'451'545)
    fail(sqlstate::datetime_field_overflow, "date out of range for timestamp");
  return date * microseconds_per_day;
}

Value shift_date(Call& c, std::size_t date, int sign) {
  const std::int64_t start = midnight(c.integer(date));
  if (is_endless(start)) return start;
  Interval span = interval(c, 1 - date);
  return add_interval(start, sign < 0 ? negated(span) : span, nullptr);
}

// Times of day go round.
std::int64_t around(types::Wide micros) {
  auto rest = static_cast<std::int64_t>(micros % microseconds_per_day);
  return rest < 0 ? rest + microseconds_per_day : rest;
}

Value shift_time(Call& c, std::size_t time, int sign) {
  const std::int64_t span = interval(c, 1 - time).micros;
  // The sum of 64 bits goes round too, before the day does.
  const auto moved = [&](std::int64_t micros) {
    std::int64_t sum = 0;
    (void)(sign < 0 ? __builtin_sub_overflow(micros, span, &sum) : __builtin_add_overflow(micros, span, &sum));
    return around(sum);
  };
  if (auto* zoned = std::get_if<ZonedTime>(&c.args[time])) return ZonedTime{moved(zoned->micros), zoned->west};
  return moved(c.integer(time));
}

Value difference(Call& c) {
  std::int64_t a = c.integer(0), b = c.integer(1);
  if (is_endless(a) || is_endless(b)) fail(sqlstate::datetime_field_overflow, "cannot subtract infinite timestamps");
  types::Wide micros = static_cast<types::Wide>(a) - b;
  if (micros > INT64_MAX || micros < INT64_MIN) out_of_range("interval");
  return justify(make_interval(0, 0, micros), true, false);
}

Value date_and_time(Call& c, std::size_t date) {
  std::int64_t start = midnight(c.integer(date));
  if (auto* zoned = std::get_if<ZonedTime>(&c.args[1 - date])) {
    if (is_endless(start)) return start;
    return checked_timestamp(static_cast<types::Wide>(start) + zoned->micros + zoned->west * 1'000'000LL);
  }
  return is_endless(start) ? start : checked_timestamp(static_cast<types::Wide>(start) + c.integer(1 - date));
}

Value time_of(std::int64_t local) {
  return is_endless(local) ? Value() : Value(types::split(local).micros);
}

}  // namespace

types::Value divide_interval(Interval span, double divisor) {
  return scale(span, divisor, true);
}

void add_intervals(Registry& r) {
  r.add({{"interval_pl", [](Call& c) { return add(c, 1); }},
         {"interval_mi", [](Call& c) { return add(c, -1); }},
         {"interval_um", [](Call& c) -> Value { return negated(interval(c, 0)); }},
         {"interval_mul", [](Call& c) { return scale(interval(c, 0), std::get<double>(c.args[1]), false); }},
         {"mul_d_interval", [](Call& c) { return scale(interval(c, 1), std::get<double>(c.args[0]), false); }},
         {"interval_div", [](Call& c) { return scale(interval(c, 0), std::get<double>(c.args[1]), true); }},
         {"interval_justify_hours", [](Call& c) { return justify(interval(c, 0), true, false); }},
         {"interval_justify_days", [](Call& c) { return justify(interval(c, 0), false, true); }},
         {"interval_justify_interval", [](Call& c) { return justify(interval(c, 0), true, true); }},
         {"interval_finite", [](Call&) -> Value { return true; }},
         {"timestamp_finite", [](Call& c) -> Value { return !is_endless(c.integer(0)); }},
         {"date_finite",
          [](Call& c) -> Value {
            return c.integer(0) != types::infinite_date && c.integer(0) != types::minus_infinite_date;
          }},
         {"timestamp_pl_interval", [](Call& c) { return shift(c, 0, 1, false); }},
         {"timestamp_mi_interval", [](Call& c) { return shift(c, 0, -1, false); }},
         {"timestamptz_pl_interval", [](Call& c) { return shift(c, 0, 1, true); }},
         {"timestamptz_mi_interval", [](Call& c) { return shift(c, 0, -1, true); }},
         {"date_pl_interval", [](Call& c) { return shift_date(c, 0, 1); }},
         {"date_mi_interval", [](Call& c) { return shift_date(c, 0, -1); }},
         {"time_pl_interval", [](Call& c) { return shift_time(c, 0, 1); }},
         {"time_mi_interval", [](Call& c) { return shift_time(c, 0, -1); }},
         {"timetz_pl_interval", [](Call& c) { return shift_time(c, 0, 1); }},
         {"timetz_mi_interval", [](Call& c) { return shift_time(c, 0, -1); }},
         {"+(1186 1114)", [](Call& c) { return shift(c, 1, 1, false); }},
         {"+(1186 1184)", [](Call& c) { return shift(c, 1, 1, true); }},
         {"+(1186 1082)", [](Call& c) { return shift_date(c, 1, 1); }},
         {"+(1186 1083)", [](Call& c) { return shift_time(c, 1, 1); }},
         {"+(1186 1266)", [](Call& c) { return shift_time(c, 1, 1); }},
         {"+(23 1082)",
          [](Call& c) {
            std::swap(c.args[0], c.args[1]);
            return find_implementation("date_pli")(c);
          }},
         {"+(1083 1082)", [](Call& c) { return date_and_time(c, 1); }},
         {"+(1266 1082)", [](Call& c) { return date_and_time(c, 1); }},
         {"datetime_timestamp", [](Call& c) { return date_and_time(c, 0); }},
         {"datetimetz_timestamptz", [](Call& c) { return date_and_time(c, 0); }},
         {"timestamp_mi", difference},
         {"time_mi_time", [](Call& c) -> Value { return Interval{c.integer(0) - c.integer(1), 0, 0}; }},
         {"time_interval", [](Call& c) -> Value { return Interval{c.integer(0), 0, 0}; }},
         {"interval_time", [](Call& c) -> Value { return around(interval(c, 0).micros); }},
         {"timestamp_time", [](Call& c) { return time_of(c.integer(0)); }},
         {"timestamptz_time", [](Call& c) { return time_of(to_local(c.integer(0), c.context.style.zone.get())); }},
         {"timetz_time", [](Call& c) -> Value { return std::get<ZonedTime>(c.args[0]).micros; }},
         {"time_timetz",
          [](Call& c) -> Value {
            const auto* zone = c.context.style.zone.get();
            std::int64_t local = types::split(c.context.style.now).days * microseconds_per_day + c.integer(0);
            return ZonedTime{c.integer(0), static_cast<std::int32_t>((to_utc(local, zone) - local) / 1'000'000)};
          }},
         {"timestamptz_timetz", [](Call& c) -> Value {
            const auto* zone = c.context.style.zone.get();
            if (is_endless(c.integer(0))) return {};
            std::int64_t local = to_local(c.integer(0), zone);
            return ZonedTime{types::split(local).micros, static_cast<std::int32_t>((c.integer(0) - local) / 1'000'000)};
          }}});
}

}  // namespace pgconform::engine
