#include "engine/functions.hpp"
#include "engine/session_state.hpp"
#include "types/datetime.hpp"

// The clock and the calendar.
namespace pgconform::engine {
namespace {

Value shift_date(Call& c, bool back) {
  std::int64_t date = c.integer(0), days = c.integer(1);
  if (date == types::infinite_date || date == types::minus_infinite_date) return date;
  date += back ? -days : days;
  if (date < -2'451'545 || date >= 2'145'031'949) fail(sqlstate::datetime_field_overflow, "date out of range");
  return date;
}

Value sleep(Call& c) {
  double seconds = std::get<double>(c.args[0]);
  auto [entry, first] = c.context.deadlines.try_emplace(&c.expr);
  if (first) {
    // A year is as good as for ever, and keeps the clock from overflowing.
    double bounded = seconds > 0 ? std::min(seconds, 366.0 * 86400) : 0;
    entry->second = c.context.now + std::chrono::microseconds(static_cast<std::int64_t>(bounded * 1e6));
  }
  if (c.context.now < entry->second) throw Suspend{entry->second};
  c.context.deadlines.erase(entry);
  return std::string();
}

}  // namespace

void add_times(Registry& r) {
  r.add({{"now", [](Call& c) -> Value { return c.context.session.transaction_time(); }},
         {"statement_timestamp", [](Call& c) -> Value { return c.context.session.statement_time(); }},
         {"clock_timestamp", [](Call& c) -> Value { return c.context.session.clock(); }},
         {"date_pli", [](Call& c) { return shift_date(c, false); }},
         {"date_mii", [](Call& c) { return shift_date(c, true); }},
         {"date_mi",
          [](Call& c) -> Value {
            for (std::size_t i : {0, 1})
              if (c.integer(i) == types::infinite_date || c.integer(i) == types::minus_infinite_date)
                fail(sqlstate::datetime_field_overflow, "cannot subtract infinite dates");
            return c.integer(0) - c.integer(1);
          }},
         {"pg_sleep", sleep}});
}

}  // namespace pgconform::engine
