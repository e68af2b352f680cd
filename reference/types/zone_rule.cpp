#include "types/zone_rule.hpp"

#include <date/date.h>

#include <algorithm>

namespace pgconform::types {

// ZoneRuleParser: goes over the text once; everything answers whether it was there.
class ZoneRuleParser {
 public:
  explicit ZoneRuleParser(std::string_view text) : left_(text) {}

  bool rule(ZoneRule& rule) {
    if (!name(rule.standard_name_) || !offset(rule.standard_)) return false;
    if (left_.empty()) return true;
    if (!name(rule.daylight_name_)) return false;
    rule.daylight_ = rule.standard_ + 3600;
    if (!left_.starts_with(',') && !offset(rule.daylight_)) return false;
    return take(',') && change(rule.begin_) && take(',') && change(rule.end_) && left_.empty();
  }

 private:
  bool take(char c) {
    if (!left_.starts_with(c)) return false;
    left_.remove_prefix(1);
    return true;
  }
  bool name(std::string& out) {
    const bool quoted = take('<');
    const auto end = std::ranges::find_if(
        left_, [&](unsigned char c) { return quoted ? c == '>' : (c | 0x20) < 'a' || (c | 0x20) > 'z'; });
    out.assign(left_.begin(), end);
    left_.remove_prefix(out.size());
    return !out.empty() && (!quoted || take('>'));
  }
  bool number(int& out, int most) {
    std::size_t digits = 0;
    for (out = 0; digits < left_.size() && digits < 4 && left_[digits] >= '0' && left_[digits] <= '9'; ++digits)
      out = out * 10 + (left_[digits] - '0');
    left_.remove_prefix(digits);
    return digits > 0 && out <= most;
  }
  bool time(std::int32_t& out) {
    const bool minus = take('-');
    if (!minus) take('+');
    int hours = 0, minutes = 0, seconds = 0;
    if (!number(hours, 167)) return false;
    if (take(':') && (!number(minutes, 59) || (take(':') && !number(seconds, 59)))) return false;
    out = (hours * 60 + minutes) * 60 + seconds;
    if (minus) out = -out;
    return true;
  }
  // POSIX counts to the west.
  bool offset(std::int32_t& out) {
    if (!time(out)) return false;
    out = -out;
    return true;
  }
  bool change(ZoneRule::Change& change) {
    using Kind = ZoneRule::Change::Kind;
    if (take('M')) {
      if (!number(change.month, 12) || !take('.') || !number(change.week, 5) || !take('.') || !number(change.day, 6) ||
          change.month == 0 || change.week == 0)
        return false;
    } else {
      change.kind = take('J') ? Kind::julian : Kind::day_of_year;
      if (!number(change.day, 365)) return false;
    }
    return !take('/') || time(change.time);
  }

  std::string_view left_;
};

std::optional<ZoneRule> ZoneRule::parse(std::string_view text) {
  ZoneRule rule;
  if (!ZoneRuleParser(text).rule(rule)) return std::nullopt;
  return rule;
}

// moment: when the change comes, on the clock before it.
std::int64_t ZoneRule::moment(const Change& change, int year) {
  using namespace date;
  const auto y = date::year{year};
  sys_days day;
  if (change.kind == Change::Kind::month_week_day) {
    const auto m = month{static_cast<unsigned>(change.month)};
    const weekday w{static_cast<unsigned>(change.day)};
    day = change.week == 5 ? sys_days{y / m / w[last]} : sys_days{y / m / w[static_cast<unsigned>(change.week)]};
  } else {
    // Julian days leave the 29th of February out.
    const bool behind = change.kind == Change::Kind::julian && !(y.is_leap() && change.day > 59);
    day = sys_days{y / January / 1} + days{change.day - (behind ? 1 : 0)};
  }
  return day.time_since_epoch().count() * std::int64_t{86400} + change.time;
}

ZoneRule::Info ZoneRule::at(std::int64_t utc) const {
  const Info standard{standard_, standard_name_}, daylight{daylight_, daylight_name_};
  if (daylight_name_.empty()) return standard;
  // Years come again after 400 of them, to the day of the week; what the calendar counts ends long before timestamps
  // do.
  constexpr std::int64_t cycle = 146'097LL * 86400;
  utc -= utc / cycle * cycle;
  using namespace date;
  const auto day = floor<days>(sys_seconds{std::chrono::seconds{utc + standard_}});
  const int year = static_cast<int>(year_month_day{day}.year());
  const auto begin = moment(begin_, year) - standard_, end = moment(end_, year) - daylight_;
  const bool is_daylight = begin < end ? utc >= begin && utc < end : utc >= begin || utc < end;
  return is_daylight ? daylight : standard;
}

std::int64_t ZoneRule::to_utc(std::int64_t local) const {
  if (daylight_name_.empty()) return local - standard_;
  const auto [less, more] = std::minmax(standard_, daylight_);
  if (at(local - less).offset != less && at(local - more).offset == more) return local - more;
  return local - less;
}

}  // namespace pgconform::types
