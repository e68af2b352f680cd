#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "types/value.hpp"

// Dates and times of day as PostgreSQL counts them: days and microseconds since 2000-01-01. datatype-datetime.
namespace pgconform::types {

// Zone: a time zone. One per name, shared by everything that uses it.
class Zone {
 public:
  // find: by its name in the system's time zone database (in any case), as "UTC", or as an offset in hours ("+5:30",
  // "-3"); null when there is none of that name.
  static std::shared_ptr<const Zone> find(std::string_view name);

  virtual ~Zone() = default;
  // name: as SHOW prints it.
  virtual std::string name() const = 0;
  // offset_at: seconds east of UTC at that moment (microseconds since 2000-01-01 UTC).
  virtual std::int32_t offset_at(std::int64_t utc) const = 0;
  // abbreviation_at: what that zone is called at that moment: CET.
  virtual std::string abbreviation_at(std::int64_t utc) const = 0;
  // to_utc: the moment at which a wall clock there shows `local`.
  virtual std::int64_t to_utc(std::int64_t local) const = 0;
};

class ObjectNames;

// Style: the session's settings that text forms depend on: DateStyle, TimeZone, IntervalStyle,
// extra_float_digits, bytea_output.
struct Style {
  enum class Dates : std::uint8_t { iso, sql, postgres, german };
  enum class Order : std::uint8_t { mdy, dmy, ymd };
  Dates dates = Dates::iso;
  Order order = Order::mdy;
  std::shared_ptr<const Zone> zone;  // null: UTC
  enum class Intervals : std::uint8_t { postgres, postgres_verbose, sql_standard, iso_8601 };
  Intervals intervals = Intervals::postgres;
  int extra_float_digits = 1;
  bool bytea_hex = true;
  std::int64_t now = 0;                // the transaction's start, for 'now', 'today', …
  const ObjectNames* names = nullptr;  // for regclass and its kin; null: numbers
};

inline constexpr std::int64_t infinite_time = INT64_MAX, minus_infinite_time = INT64_MIN;
inline constexpr std::int64_t infinite_date = INT32_MAX, minus_infinite_date = INT32_MIN;
inline constexpr std::int64_t microseconds_per_day = 86'400'000'000;

// parse_date · parse_timestamp: the text form; 22007 for what is not one, 22008 for a field or result out of range.
Result<std::int64_t> parse_date(std::string_view text, const Style& style);
Result<std::int64_t> parse_timestamp(std::string_view text, const Style& style, bool with_zone);

// parse_time: a time of day; without a zone in the text it has the session's.
Result<ZonedTime> parse_time(std::string_view text, const Style& style, bool with_zone);

std::string print_time(std::int64_t micros);
std::string print_time(ZonedTime time);
std::string print_date(std::int64_t days, const Style& style);
std::string print_timestamp(std::int64_t microseconds, const Style& style, bool with_zone);

// is_valid_timestamp: within 4713 BC … 294276 AD, or infinite.
bool is_valid_timestamp(std::int64_t microseconds);

// from_clock: the system's clock as PostgreSQL counts.
std::int64_t from_clock(std::chrono::system_clock::time_point time);

}  // namespace pgconform::types
