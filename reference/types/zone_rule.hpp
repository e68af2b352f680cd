#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgconform::types {

// ZoneRule: how the clocks of a zone change every year, as POSIX writes it in TZ and RFC 8536 at the end of a zone's
// file: what holds after the last change that the file lists. Times are seconds since 1970, offsets seconds to the
// east.
class ZoneRule {
 public:
  // parse: of "EST5EDT,M3.2.0,M11.1.0"; nothing if it is not one.
  static std::optional<ZoneRule> parse(std::string_view text);

  struct Info {
    std::int32_t offset;
    std::string_view abbreviation;
  };
  Info at(std::int64_t utc) const;
  // to_utc: of a time on the clock. One that comes twice is the later, one that never was goes by the clock before.
  std::int64_t to_utc(std::int64_t local) const;

 private:
  struct Change {
    enum class Kind { month_week_day, julian, day_of_year } kind = Kind::month_week_day;
    int month = 0, week = 0, day = 0;
    std::int32_t time = 2 * 3600;  // of the clock before the change
  };
  friend class ZoneRuleParser;
  static std::int64_t moment(const Change& change, int year);

  std::int32_t standard_ = 0, daylight_ = 0;
  std::string standard_name_, daylight_name_;  // none: the clocks do not change
  Change begin_, end_;                         // of daylight saving time
};

}  // namespace pgconform::types
