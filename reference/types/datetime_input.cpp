#include <fmt/core.h>

#include "sqlstate/sqlstate.hpp"
#include "types/calendar.hpp"
#include "types/datetime.hpp"
#include "types/datetime_decoder.hpp"

// Dates, times and timestamps from text.
namespace pgconform::types {
namespace {

Failure out_of_range(std::string_view type, std::string_view text) {
  return {sqlstate::datetime_field_overflow, fmt::format("{} out of range: \"{}\"", type, text), {}, {}};
}

Result<Parsed> read(std::string_view text, std::string_view type, const Style& style, bool clock) {
  using Trouble = DateDecoder::Trouble;
  DateDecoder decoder(style, clock);
  const auto failure = [](std::string_view code, std::string message, std::string hint = {}) {
    return std::unexpected(Failure{code, std::move(message), {}, std::move(hint)});
  };
  switch (decoder.decode(text)) {
    case Trouble::none:
      return decoder.parsed();
    case Trouble::malformed:
      return failure(sqlstate::invalid_datetime_format,
                     fmt::format("invalid input syntax for type {}: \"{}\"", type, text));
    case Trouble::displacement:
      return failure(sqlstate::invalid_time_zone_displacement_value,
                     fmt::format("time zone displacement out of range: \"{}\"", text));
    case Trouble::unknown_zone:
      return failure(sqlstate::invalid_parameter_value,
                     fmt::format("time zone \"{}\" not recognized", decoder.zone_name()));
    case Trouble::month_or_day:
      return failure(sqlstate::datetime_field_overflow, fmt::format("date/time field value out of range: \"{}\"", text),
                     "Perhaps you need a different \"datestyle\" setting.");
    case Trouble::out_of_range:
      break;
  }
  return failure(sqlstate::datetime_field_overflow, fmt::format("date/time field value out of range: \"{}\"", text));
}

}  // namespace

Result<std::int64_t> parse_date(std::string_view text, const Style& style) {
  auto parsed = read(text, "date", style, false);
  if (!parsed) return std::unexpected(parsed.error());
  if (parsed->special) {
    if (*parsed->special == infinite_time) return infinite_date;
    if (*parsed->special == minus_infinite_time) return minus_infinite_date;
    std::int64_t local = *parsed->special + (style.zone ? style.zone->offset_at(*parsed->special) : 0) * 1'000'000LL;
    return local / microseconds_per_day - (local % microseconds_per_day < 0);
  }
  if (parsed->days < lowest_date || parsed->days >= beyond_date) return std::unexpected(out_of_range("date", text));
  return parsed->days;
}

Result<ZonedTime> parse_time(std::string_view text, const Style& style, bool with_zone) {
  auto parsed = read(text, with_zone ? "time with time zone" : "time", style, true);
  if (!parsed) return std::unexpected(parsed.error());
  if (parsed->special) {
    std::int32_t east = style.zone ? style.zone->offset_at(style.now) : 0;
    return ZonedTime{split(style.now + east * 1'000'000LL).micros, -east};
  }
  std::int32_t east = parsed->east;
  const Zone* zone = parsed->zone ? parsed->zone.get() : parsed->has_zone ? nullptr : style.zone.get();
  if (zone) {
    // A zone's name stands for its offset on the date that is given, or today.
    std::int64_t days = parsed->has_date ? parsed->days : split(style.now).days;
    // A date may lie where the microseconds of a timestamp do not fit: the same day of an earlier 400 years.
    constexpr std::int64_t cycle = 146'097, most = 600 * cycle;
    if (days > most) days = most + days % cycle;
    std::int64_t local = days * microseconds_per_day + parsed->micros;
    east = static_cast<std::int32_t>((local - zone->to_utc(local)) / 1'000'000);
  }
  return ZonedTime{parsed->micros, -east};
}

Result<std::int64_t> parse_timestamp(std::string_view text, const Style& style, bool with_zone) {
  auto parsed = read(text, with_zone ? "timestamp with time zone" : "timestamp", style, false);
  if (!parsed) return std::unexpected(parsed.error());
  if (parsed->special) {
    bool finite = *parsed->special != infinite_time && *parsed->special != minus_infinite_time;
    if (!finite || with_zone || !style.zone) return *parsed->special;
    return *parsed->special + style.zone->offset_at(*parsed->special) * 1'000'000LL;
  }
  if (parsed->days < lowest_date - 1 || parsed->days > beyond / microseconds_per_day)
    return std::unexpected(out_of_range("timestamp", text));
  std::int64_t local = parsed->days * microseconds_per_day + parsed->micros;
  if (with_zone) {
    if (parsed->zone)
      local = parsed->zone->to_utc(local);
    else if (parsed->has_zone)
      local -= parsed->east * 1'000'000LL;
    else if (style.zone)
      local = style.zone->to_utc(local);
  }
  if (!is_valid_timestamp(local)) return std::unexpected(out_of_range("timestamp", text));
  return local;
}

}  // namespace pgconform::types
