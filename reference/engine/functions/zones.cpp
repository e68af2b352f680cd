#include "engine/functions/zones.hpp"

#include <algorithm>

#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/functions/calendar.hpp"
#include "types/datetime_fields.hpp"
#include "types/form.hpp"
#include "types/interval.hpp"

// Time zones as arguments of functions, and AT TIME ZONE. functions-datetime-zoneconvert.
namespace pgconform::engine {
namespace {

using types::Interval;
using types::ZonedTime;

[[noreturn]] void not_recognized(std::string_view name) {
  fail(sqlstate::invalid_parameter_value, fmt::format("time zone \"{}\" not recognized", name));
}

// fixed_zone: so many seconds east, under that name.
std::shared_ptr<const types::Zone> fixed_zone(std::string_view name, std::int32_t east) {
  const int size = std::abs(east);
  return types::Zone::find(
      fmt::format("<{}>{}{}:{}:{}", name, east > 0 ? '-' : '+', size / 3600, size / 60 % 60, size % 60));
}

// An interval that stands for a zone, in microseconds east.
std::int64_t offset(Call& c) {
  const auto span = std::get<Interval>(c.args[0]);
  if (span.months != 0 || span.days != 0)
    fail(sqlstate::invalid_parameter_value, fmt::format("interval time zone \"{}\" must not include months or days",
                                                        types::print_interval(span, c.context.style)));
  return span.micros / 1'000'000 * 1'000'000;
}

Value moved(ZonedTime time, std::int64_t east) {
  const std::int64_t day = types::microseconds_per_day;
  const std::int64_t micros = ((time.micros + time.west * 1'000'000LL + east * 1'000'000) % day + day) % day;
  return ZonedTime{micros, static_cast<std::int32_t>(-east)};
}

}  // namespace

std::shared_ptr<const types::Zone> zone_argument(const std::string& name) {
  std::string lower = name;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const types::Word word = types::find_abbreviation(lower);
  std::shared_ptr<const types::Zone> zone;
  if (word.kind == types::Word::Kind::zone)
    zone = fixed_zone(lower, word.value);
  else if (word.kind == types::Word::Kind::named_zone)
    zone = types::Zone::find(word.name);
  else if (!name.empty() && (name[0] == '+' || name[0] == '-' || (name[0] >= '0' && name[0] <= '9')))
    zone = types::Zone::find("<utc>" + name);
  else
    zone = types::Zone::find(name);
  if (!zone) not_recognized(name);
  return zone;
}

std::shared_ptr<const types::Zone> made_zone(const std::string& name) {
  if (!name.empty() && name[0] >= '0' && name[0] <= '9')
    fail(sqlstate::invalid_parameter_value,
         fmt::format("invalid input syntax for type {}: \"{}\"", "numeric time zone", name), -1,
         "Numeric time zones must have \"-\" or \"+\" as first character.");
  if (!name.starts_with('+') && !name.starts_with('-')) return zone_argument(name);
  const auto read = types::parse_time("00:00" + name, {}, true);
  if (read) return fixed_zone("utc", -read->west);
  if (read.error().sqlstate == sqlstate::invalid_time_zone_displacement_value)
    fail(sqlstate::invalid_parameter_value, fmt::format("numeric time zone \"{}\" out of range", name));
  not_recognized(name);
}

void add_zones(Registry& r) {
  r.add(
      {{"timestamp_zone",
        [](Call& c) -> Value {
          if (is_endless(c.integer(1))) return c.args[1];
          return checked_timestamp(to_utc(c.integer(1), zone_argument(c.text(0)).get()));
        }},
       {"timestamptz_zone",
        [](Call& c) -> Value {
          if (is_endless(c.integer(1))) return c.args[1];
          return checked_timestamp(to_local(c.integer(1), zone_argument(c.text(0)).get()));
        }},
       {"timetz_zone",
        [](Call& c) -> Value {
          return moved(std::get<ZonedTime>(c.args[1]), zone_argument(c.text(0))->offset_at(c.context.style.now));
        }},
       {"timetz_izone", [](Call& c) -> Value { return moved(std::get<ZonedTime>(c.args[1]), offset(c) / 1'000'000); }},
       {"timestamp_izone",
        [](Call& c) -> Value {
          if (is_endless(c.integer(1))) return c.args[1];
          return checked_timestamp(types::Wide{c.integer(1)} - offset(c));
        }},
       {"timestamptz_izone", [](Call& c) -> Value {
          if (is_endless(c.integer(1))) return c.args[1];
          return checked_timestamp(types::Wide{c.integer(1)} + offset(c));
        }}});
}

}  // namespace pgconform::engine
