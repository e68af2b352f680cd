#pragma once

#include <cstdint>

// The Gregorian calendar, counted in days since 2000-01-01, and the limits of dates and timestamps.
namespace pgconform::types {

inline constexpr std::int64_t epoch_seconds = 946'684'800;
inline constexpr std::int64_t lowest = -211'813'488'000'000'000, beyond = 9'223'371'331'200'000'000;  // timestamp.h
inline constexpr std::int64_t lowest_date = -2'451'545, beyond_date = 2'145'031'949;

// Civil: a date. Year 0 is 1 BC.
struct Civil {
  std::int64_t year;
  unsigned month, day;
};

// to_days · from_days: a date as days since 2000-01-01, and back.
std::int64_t to_days(Civil c);
Civil from_days(std::int64_t days);
unsigned days_in_month(std::int64_t year, unsigned month);

// Moment: a timestamp taken apart.
struct Moment {
  std::int64_t days, micros;  // since midnight
};
constexpr Moment split(std::int64_t time) {
  std::int64_t day = 86'400'000'000, days = time / day - (time % day < 0);
  return {days, time - days * day};
}

}  // namespace pgconform::types
