#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/functions/calendar.hpp"
#include "engine/functions/periods.hpp"
#include "types/calendar.hpp"

// Dates, timestamps and timestamps with time zone compared with each other: as moments, by the session's time zone
// where one side has none. functions-datetime.
namespace pgconform::engine {
namespace {

using types::Wide;

constexpr Wide endless = Wide{1} << 100;

Wide moment(Call& c, std::size_t i, bool with_zone) {
  const std::int64_t value = c.integer(i);
  const Oid type = c.expr.args[i]->type;
  Wide time = value;
  if (type == types::date_oid) {
    if (value == types::infinite_date) return endless;
    if (value == types::minus_infinite_date) return -endless;
    time = Wide{value} * types::microseconds_per_day;
  } else if (is_endless(value)) {
    return value > 0 ? endless : -endless;
  }
  // What lies beyond all timestamps has no clock.
  if (!with_zone || type == types::timestamptz_oid || time < types::lowest || time >= types::beyond) return time;
  return to_utc(static_cast<std::int64_t>(time), c.context.style.zone.get());
}

enum class Op : std::uint8_t { eq, ne, lt, le, gt, ge };

template <Op op>
Value compare(Call& c) {
  const bool with_zone =
      c.expr.args[0]->type == types::timestamptz_oid || c.expr.args[1]->type == types::timestamptz_oid;
  const Wide a = moment(c, 0, with_zone), b = moment(c, 1, with_zone);
  switch (op) {
    case Op::eq:
      return a == b;
    case Op::ne:
      return a != b;
    case Op::lt:
      return a < b;
    case Op::le:
      return a <= b;
    case Op::gt:
      return a > b;
    case Op::ge:
      return a >= b;
  }
}

}  // namespace

void add_moments(Registry& r) {
  for (std::string first : {"date", "timestamp", "timestamptz"})
    for (std::string second : {"date", "timestamp", "timestamptz"}) {
      if (first == second) continue;
      r.add(first + "_eq_" + second, compare<Op::eq>);
      r.add(first + "_ne_" + second, compare<Op::ne>);
      r.add(first + "_lt_" + second, compare<Op::lt>);
      r.add(first + "_le_" + second, compare<Op::le>);
      r.add(first + "_gt_" + second, compare<Op::gt>);
      r.add(first + "_ge_" + second, compare<Op::ge>);
    }
}

}  // namespace pgconform::engine
