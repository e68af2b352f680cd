#include "types/datetime.hpp"

#include <fmt/core.h>

#include "types/calendar.hpp"

namespace pgconform::types {
namespace {

std::string date_part(Civil c, const Style& style) {
  std::int64_t year = c.year > 0 ? c.year : 1 - c.year;
  switch (style.dates) {
    case Style::Dates::iso:
      return fmt::format("{:04}-{:02}-{:02}", year, c.month, c.day);
    case Style::Dates::german:
      return fmt::format("{:02}.{:02}.{:04}", c.day, c.month, year);
    default:
      break;
  }
  char separator = style.dates == Style::Dates::sql ? '/' : '-';
  bool dmy = style.order == Style::Order::dmy;
  return fmt::format("{:02}{}{:02}{}{:04}", dmy ? c.day : c.month, separator, dmy ? c.month : c.day, separator, year);
}

std::string offset_text(std::int32_t east) {
  std::int32_t away = east < 0 ? -east : east;
  std::string zone = fmt::format("{}{:02}", east < 0 ? '-' : '+', away / 3600);
  if (away % 3600 != 0) zone += fmt::format(":{:02}", away / 60 % 60);
  if (away % 60 != 0) zone += fmt::format(":{:02}", away % 60);
  return zone;
}

}  // namespace

bool is_valid_timestamp(std::int64_t t) {
  return t == infinite_time || t == minus_infinite_time || (t >= lowest && t < beyond);
}

std::string print_date(std::int64_t days, const Style& style) {
  if (days == infinite_date) return "infinity";
  if (days == minus_infinite_date) return "-infinity";
  Civil c = from_days(days);
  return date_part(c, style) + (c.year > 0 ? "" : " BC");
}

std::string print_time(std::int64_t micros) {
  std::int64_t seconds = micros / 1'000'000, fraction = micros % 1'000'000;
  std::string clock = fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (fraction != 0) {
    clock += fmt::format(".{:06}", fraction);
    while (clock.back() == '0') clock.pop_back();
  }
  return clock;
}

std::string print_time(ZonedTime time) {
  return print_time(time.micros) + offset_text(-time.west);
}

std::string print_timestamp(std::int64_t time, const Style& style, bool with_zone) {
  if (time == infinite_time) return "infinity";
  if (time == minus_infinite_time) return "-infinity";
  std::int32_t east = with_zone && style.zone ? style.zone->offset_at(time) : 0;
  time += east * 1'000'000LL;
  auto [days, micros] = split(time);
  Civil c = from_days(days);
  std::string clock = print_time(micros);
  std::string zone;
  if (with_zone && style.dates != Style::Dates::iso) {
    zone = " " + (style.zone ? style.zone->abbreviation_at(time - east * 1'000'000LL) : std::string("UTC"));
  } else if (with_zone) {
    zone = offset_text(east);
  }
  std::string era = c.year > 0 ? "" : " BC";
  if (style.dates != Style::Dates::postgres) return date_part(c, style) + " " + clock + zone + era;
  static constexpr const char* weekdays[] = {"Sat", "Sun", "Mon", "Tue",
                                             "Wed", "Thu", "Fri"};  // 2000-01-01: a Saturday
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::string month = months[c.month - 1], day = fmt::format("{:02}", c.day);
  bool dmy = style.order == Style::Order::dmy;
  return fmt::format("{} {} {} {} {:04}{}{}", weekdays[(days % 7 + 7) % 7], dmy ? day : month, dmy ? month : day, clock,
                     c.year > 0 ? c.year : 1 - c.year, zone, era);
}

std::int64_t from_clock(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count() -
         epoch_seconds * 1'000'000;
}

}  // namespace pgconform::types
