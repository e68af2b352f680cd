#include "engine/functions/periods.hpp"
#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/functions/calendar.hpp"

// OVERLAPS of two periods, and moments in bins of one length. functions-datetime.
namespace pgconform::engine {
namespace {

using types::Interval;
using types::is_null;

// Period: from the earlier to the later end; of one with one end alone the later is not known.
struct Period {
  Period(Value a, Value b, Oid type) : begin(std::move(a)), end(std::move(b)) {
    if (is_null(begin) || (!is_null(end) && compare_values(type, begin, end) > 0)) std::swap(begin, end);
  }
  Value begin, end;
};

Value overlap(Oid type, Value a, Value b, Value c, Value d) {
  Period first(std::move(a), std::move(b), type), second(std::move(c), std::move(d), type);
  if (is_null(first.begin) || is_null(second.begin)) return {};
  const int order = compare_values(type, first.begin, second.begin);
  if (order == 0) return is_null(first.end) || is_null(second.end) ? Value() : Value(true);
  const Period &early = order < 0 ? first : second, &late = order < 0 ? second : first;
  if (is_null(early.end)) return {};
  if (compare_values(type, late.begin, early.end) < 0) return true;
  return is_null(late.end) ? Value() : Value(false);
}

// end: the other end of a period, or its begin and a length.
Value end(Call& c, std::size_t i) {
  const Value& given = c.args[i];
  if (c.expr.args[i]->type != types::interval_oid || is_null(given)) return given;
  if (is_null(c.args[i - 1])) return {};
  const auto span = std::get<Interval>(given);
  const std::int64_t begin = c.integer(i - 1);
  if (c.expr.args[i - 1]->type == types::time_oid) {
    const std::int64_t day = types::microseconds_per_day, time = (begin + span.micros % day) % day;
    return time < 0 ? time + day : time;
  }
  const bool with_zone = c.expr.args[i - 1]->type == types::timestamptz_oid;
  return add_interval(begin, span, with_zone ? c.context.style.zone.get() : nullptr);
}

Value overlaps(Call& c) {
  return overlap(c.expr.args[0]->type, c.args[0], end(c, 1), c.args[2], end(c, 3));
}

Value bin(Call& c) {
  const auto stride = std::get<Interval>(c.args[0]);
  const std::int64_t time = c.integer(1), origin = c.integer(2);
  if (is_endless(time)) return time;
  if (is_endless(origin)) fail(sqlstate::datetime_field_overflow, "origin out of range");
  if (stride.months != 0)
    fail(sqlstate::feature_not_supported, "timestamps cannot be binned into intervals containing months or years");
  const types::Wide length = types::Wide{stride.days} * types::microseconds_per_day + stride.micros;
  if (length <= 0) fail(sqlstate::datetime_field_overflow, "stride must be greater than zero");
  const types::Wide distance = types::Wide{time} - origin;
  types::Wide rest = distance % length;
  if (rest < 0) rest += length;
  return checked_timestamp(time - rest);
}

}  // namespace

void add_periods(Registry& r) {
  for (const char* name : {"overlaps_timestamp", "overlaps_time", "overlaps_timetz"}) r.add(name, overlaps);
  for (std::string type : {"1114", "1184", "1083"})
    for (std::string other : {type + " 1186 " + type + " 1186", type + " " + type + " " + type + " 1186",
                              type + " 1186 " + type + " " + type})
      r.add("overlaps(" + other + ")", overlaps);
  r.add({{"timestamp_bin", bin}, {"timestamptz_bin", bin}});
}

}  // namespace pgconform::engine
