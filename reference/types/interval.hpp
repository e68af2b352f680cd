#pragma once

#include <string>
#include <string_view>

#include "types/datetime.hpp"
#include "types/value.hpp"

// Intervals: their text forms in the four IntervalStyles, and their order. datatype-datetime, "Interval Input".
namespace pgconform::types {

// Wide: sums that would not fit into 64 bits.
__extension__ using Wide = __int128;

// parse_interval: 22007 for what is none, 22015 for a field out of range.
// The fields of a modifier say what a number without a unit is.
Result<Interval> parse_interval(std::string_view text, const Style& style, std::int32_t modifier = -1);

// IntervalField: bits of the fields that a type may name: interval hour to minute.
namespace interval_field {
inline constexpr int month = 1 << 1, year = 1 << 2, day = 1 << 3, hour = 1 << 10, minute = 1 << 11, second = 1 << 12;
inline constexpr int all = 0x7fff, full_precision = 0xffff;
}  // namespace interval_field
// is_interval_range: fields that may be named together.
bool is_interval_range(int fields);
// interval_fields: "hour to minute"; empty for all of them.
std::string_view interval_fields(int fields);
// fit_interval: what lies below the fields of a modifier is cut off.
Interval fit_interval(Interval interval, std::int32_t modifier);
std::string print_interval(Interval interval, const Style& style);

// compare: with months of 30 days and days of 24 hours.
int compare(const Interval& a, const Interval& b);

}  // namespace pgconform::types
