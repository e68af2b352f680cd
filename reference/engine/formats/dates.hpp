#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "types/value.hpp"

// Dates, times and intervals by templates. functions-formatting.
namespace pgconform::engine::formats {

// Fields: a moment or an interval taken apart. Of an interval each may be negative.
struct Fields {
  std::int64_t year = 0, month = 0, day = 0, hour = 0;
  int minute = 0, second = 0, micros = 0;
  int week_day = 0;  // 0: Sunday
  std::int64_t year_day = 0;
  std::int32_t east = 0;  // the zone's offset, in seconds
  std::string zone;       // its abbreviation; empty without a zone
  bool is_interval = false;
};

// fields_of: of a timestamp as a clock shows it, or of an interval.
Fields fields_of(std::int64_t local);
Fields fields_of(types::Interval interval);

std::string print(const Fields& fields, std::string_view pattern);

// Read: what a text says by a template.
struct Read {
  std::int64_t days = 0, micros = 0;  // since midnight
  std::optional<std::int32_t> east;   // TZH and TZM
  int precision = 0;                  // FF1 to FF6; 0 without
};

// read: 22007 for what does not fit the template, 22008 for a field out of range.
Read read(std::string_view text, std::string_view pattern);

// julian_day: the Julian day of a date whose month and day may lie outside of their ranges.
std::int64_t julian_day(std::int64_t year, std::int64_t month, std::int64_t day);
// iso_year_start: the Julian day of the Monday with which an ISO year begins.
std::int64_t iso_year_start(std::int64_t year);

// Names of months and days, capitalized.
extern const std::string_view month_names[12], day_names[7], roman_months[12];

}  // namespace pgconform::engine::formats
