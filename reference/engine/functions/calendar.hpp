#pragma once

#include <cstdint>
#include <string_view>

#include "types/datetime.hpp"
#include "types/interval.hpp"

// What the functions on dates and times share.
namespace pgconform::engine {

// out_of_range: 22008 "TYPE out of range".
[[noreturn]] void out_of_range(std::string_view type);
bool is_endless(std::int64_t timestamp);
// to_local · to_utc: a moment as a clock in that zone shows it (null: UTC), and back.
std::int64_t to_local(std::int64_t utc, const types::Zone* zone);
std::int64_t to_utc(std::int64_t local, const types::Zone* zone);
// checked_timestamp: 22008 unless it is one.
std::int64_t checked_timestamp(types::Wide time);
// add_interval: months and days by the calendar of that zone, then the time.
std::int64_t add_interval(std::int64_t time, types::Interval span, const types::Zone* zone);
types::Interval make_interval(types::Wide months, types::Wide days, types::Wide micros);
// divide_interval: what is lost of months becomes days, what is lost of days time.
types::Value divide_interval(types::Interval span, double divisor);

}  // namespace pgconform::engine
