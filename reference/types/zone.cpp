#include <date/tz.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "types/datetime.hpp"
#include "types/zone_rule.hpp"

namespace pgconform::types {
namespace {

using std::chrono::microseconds;

// PostgreSQL's epoch, in the system clock's.
constexpr std::chrono::seconds epoch{946'684'800};

// rule_of: the last line of a zone's file, which the date library does not look at.
std::optional<ZoneRule> rule_of(const std::string& zone) {
  std::ifstream file("/usr/share/zoneinfo/" + zone, std::ios::binary);
  std::string line, last;
  while (std::getline(file, line)) last = std::move(line);
  return ZoneRule::parse(last);
}

class Named : public Zone {
 public:
  explicit Named(const date::time_zone* zone, std::string name)
      : zone_(zone), name_(std::move(name)), rule_(rule_of(name_)) {
    using namespace date;
    if (rule_) ruled_since_ = zone_->get_info(sys_days{year{9999} / 1 / 1}).begin;
  }
  std::string name() const override { return name_; }
  std::int32_t offset_at(std::int64_t utc) const override {
    const auto time = system_time(utc);
    if (is_ruled(time)) return rule_->at(time.time_since_epoch().count()).offset;
    return static_cast<std::int32_t>(zone_->get_info(time).offset.count());
  }
  std::string abbreviation_at(std::int64_t utc) const override {
    const auto time = system_time(utc);
    if (is_ruled(time)) return std::string(rule_->at(time.time_since_epoch().count()).abbreviation);
    return zone_->get_info(time).abbrev;
  }
  std::int64_t to_utc(std::int64_t local) const override {
    if (const auto time = system_time(local); is_ruled(time - date::days{1})) {
      const auto seconds = time.time_since_epoch().count();
      return local - (seconds - rule_->to_utc(seconds)) * 1'000'000;
    }
    // Around a change of the clocks PostgreSQL takes the offset of standard time for a time that is ambiguous, and the
    // one before the change for a time that never was.
    auto info = zone_->get_info(date::local_time<std::chrono::seconds>{system_time(local).time_since_epoch()});
    auto offset = info.result == date::local_info::ambiguous ? info.second.offset : info.first.offset;
    return local - std::chrono::duration_cast<microseconds>(offset).count();
  }

 private:
  static date::sys_time<std::chrono::seconds> system_time(std::int64_t utc) {
    // In seconds first: the last microseconds of timestamps do not fit when they are counted from the other epoch.
    return date::sys_time<std::chrono::seconds>{date::floor<std::chrono::seconds>(microseconds{utc}) + epoch};
  }
  // is_ruled: after the last change that the zone's file lists.
  bool is_ruled(date::sys_seconds time) const { return rule_ && time >= ruled_since_; }

  const date::time_zone* zone_;
  std::string name_;
  std::optional<ZoneRule> rule_;
  date::sys_seconds ruled_since_{};
};

class Fixed : public Zone {
 public:
  explicit Fixed(std::int32_t east, std::string name) : east_(east), name_(std::move(name)) {}
  std::string name() const override { return name_; }
  std::int32_t offset_at(std::int64_t) const override { return east_; }
  std::string abbreviation_at(std::int64_t) const override {
    return name_.starts_with("<") ? name_.substr(1, 3) : name_ == "GMT" ? "GMT" : "UTC";
  }
  std::int64_t to_utc(std::int64_t local) const override { return local - std::int64_t{east_} * 1'000'000; }

 private:
  std::int32_t east_;
  std::string name_;
};

// Ruled: a zone that is told by its rule alone: GMT+3, CST6CDT.
class Ruled : public Zone {
 public:
  Ruled(ZoneRule rule, std::string name) : rule_(std::move(rule)), name_(std::move(name)) {}
  std::string name() const override { return name_; }
  std::int32_t offset_at(std::int64_t utc) const override { return rule_.at(seconds_of(utc)).offset; }
  std::string abbreviation_at(std::int64_t utc) const override {
    return std::string(rule_.at(seconds_of(utc)).abbreviation);
  }
  std::int64_t to_utc(std::int64_t local) const override {
    const std::int64_t seconds = seconds_of(local);
    return local - (seconds - rule_.to_utc(seconds)) * 1'000'000;
  }

 private:
  static std::int64_t seconds_of(std::int64_t time) {
    return time / 1'000'000 - (time % 1'000'000 < 0) + epoch.count();
  }
  ZoneRule rule_;
  std::string name_;
};

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

std::shared_ptr<const Zone> Zone::find(std::string_view name) {
  for (std::string_view utc : {"UTC", "GMT", "Etc/UTC", "Z", "Zulu"})
    if (same_letters(name, utc)) return std::make_shared<Fixed>(0, utc == "Z" ? "UTC" : std::string(utc));
  if (!name.empty() && (name[0] == '+' || name[0] == '-' || (name[0] >= '0' && name[0] <= '9'))) {
    char* end = nullptr;
    std::string text(name);
    double hours = std::strtod(text.c_str(), &end);
    if (*end != '\0' || !(hours >= -15.99 && hours <= 15.99) || hours != static_cast<int>(hours)) return nullptr;
    // PostgreSQL prints such a zone in POSIX form, whose sign counts west.
    auto whole = static_cast<int>(hours);
    char shown[32];
    std::snprintf(shown, sizeof shown, "<%+03d>%+03d", whole, -whole);
    return std::make_shared<Fixed>(whole * 3600, shown);
  }
  try {
    for (const auto& zone : date::get_tzdb().zones)
      if (same_letters(zone.name(), name)) return std::make_shared<Named>(&zone, zone.name());
  } catch (const std::exception&) {
    // No time zone database on this machine: only the zones above and below exist.
  }
  std::string rule(name);
  std::ranges::transform(rule, rule.begin(), [](unsigned char c) { return std::toupper(c); });
  if (auto parsed = ZoneRule::parse(rule)) return std::make_shared<Ruled>(std::move(*parsed), std::move(rule));
  return nullptr;
}

}  // namespace pgconform::types
