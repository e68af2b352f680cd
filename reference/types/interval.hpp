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
Result<Interval> parse_interval(std::string_view text, const Style& style);
std::string print_interval(Interval interval, const Style& style);

// compare: with months of 30 days and days of 24 hours.
int compare(const Interval& a, const Interval& b);

}  // namespace pgconform::types
