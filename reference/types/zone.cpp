#include <date/tz.h>

#include <algorithm>
#include <cstdlib>

#include "types/datetime.hpp"

namespace pgconform::types {
namespace {

using std::chrono::microseconds;

// PostgreSQL's epoch, in the system clock's.
constexpr std::chrono::seconds epoch{946'684'800};

class Named : public Zone {
 public:
  explicit Named(const date::time_zone* zone, std::string name) : zone_(zone), name_(std::move(name)) {}
  std::string name() const override { return name_; }
  std::int32_t offset_at(std::int64_t utc) const override {
    return static_cast<std::int32_t>(zone_->get_info(system_time(utc)).offset.count());
  }
  std::string abbreviation_at(std::int64_t utc) const override { return zone_->get_info(system_time(utc)).abbrev; }
  std::int64_t to_utc(std::int64_t local) const override {
    // Around a change of the clocks PostgreSQL takes the offset of standard time for a time that is ambiguous, and the
    // one before the change for a time that never was.
    auto info = zone_->get_info(date::local_time<microseconds>{microseconds{local} + epoch});
    auto offset = info.result == date::local_info::ambiguous ? info.second.offset : info.first.offset;
    return local - std::chrono::duration_cast<microseconds>(offset).count();
  }

 private:
  static date::sys_time<std::chrono::seconds> system_time(std::int64_t utc) {
    return date::floor<std::chrono::seconds>(date::sys_time<microseconds>{microseconds{utc} + epoch});
  }
  const date::time_zone* zone_;
  std::string name_;
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
    if (*end != '\0' || hours < -15.99 || hours > 15.99 || hours != static_cast<int>(hours)) return nullptr;
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
    // No time zone database on this machine: only the zones above exist.
  }
  return nullptr;
}

}  // namespace pgconform::types
