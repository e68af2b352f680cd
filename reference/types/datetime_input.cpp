#include "types/datetime.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "sqlstate/sqlstate.hpp"
#include "types/calendar.hpp"

namespace pgconform::types {
namespace {

struct Parsed {
  std::optional<std::int64_t> special;  // infinity and the like, as a timestamp
  std::int64_t days = 0, micros = 0;
  bool has_zone = false;
  std::int32_t east = 0;
  std::shared_ptr<const Zone> zone;
};

std::string lower(std::string_view s) {
  std::string r(s);
  std::ranges::transform(r, r.begin(), [](unsigned char c) { return std::tolower(c); });
  return r;
}

std::optional<int> number(std::string_view s) {
  int n = 0;
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), n);
  if (s.empty() || error != std::errc{} || end != s.data() + s.size()) return std::nullopt;
  return n;
}

std::optional<unsigned> month_name(std::string_view word) {
  static constexpr std::string_view names[] = {"january", "february", "march",     "april",   "may",      "june",
                                               "july",    "august",   "september", "october", "november", "december"};
  for (unsigned i = 0; i < 12; ++i)
    if (word.size() >= 3 && names[i].starts_with(word)) return i + 1;
  return std::nullopt;
}

// The reader of one date, time or timestamp. Splits at blanks and 'T', then tells what each piece is by its shape.
class Reader {
 public:
  Reader(std::string_view text, std::string_view type, const Style& style) : text_(text), type_(type), style_(style) {}

  // read: `clock` wants a time of day, for which a date is welcome but not needed.
  Result<Parsed> read(bool clock = false) {
    std::string s = lower(text_);
    std::vector<std::string_view> words = words_of(s);
    if (words.empty()) return std::unexpected(syntax());
    if (words.size() == 1) {
      std::string_view w = words[0];
      if (w == "infinity" || w == "+infinity") return special(infinite_time);
      if (w == "-infinity") return special(minus_infinite_time);
      if (w == "epoch") return special(-epoch_seconds * 1'000'000);
      if (w == "now") return special(style_.now);
      if (w == "today" || w == "tomorrow" || w == "yesterday") {
        std::int64_t east = style_.zone ? style_.zone->offset_at(style_.now) : 0;
        std::int64_t local = style_.now + east * 1'000'000;
        std::int64_t day = local / microseconds_per_day - (local % microseconds_per_day < 0);
        result_.days = day + (w == "tomorrow") - (w == "yesterday");
        return result_;
      }
    }
    bool dated = false, timed = false, bc = false;
    std::vector<int> loose;  // "Jan 8 1999": the numbers beside a month's name
    std::optional<unsigned> month;
    for (auto w : words) {
      if (w == "bc" || w == "ad")
        bc = w == "bc";
      else if (auto m = month_name(w))
        month = m;
      else if (w == "am" || w == "pm") {
        std::int64_t hour = result_.micros / 3'600'000'000;
        if (!timed || hour > 12 || hour == 0) return std::unexpected(timed ? range() : syntax());
        if (w == "pm" && hour != 12) result_.micros += 12 * 3'600'000'000LL;
        if (w == "am" && hour == 12) result_.micros -= 12 * 3'600'000'000LL;
      } else if (w.find(':') != w.npos && !timed && w[0] != '+' && w[0] != '-') {
        if (auto done = time(w); !done) return std::unexpected(done.error());
        timed = true;
      } else if (timed && (w[0] == '+' || w[0] == '-')) {
        if (auto done = offset(w); !done) return std::unexpected(done.error());
      } else if (!dated && !month && w.find_first_of("-/.") != w.npos && w[0] != '-') {
        if (auto done = date(w, bc); !done) return std::unexpected(done.error());
        dated = true;
      } else if (clock && !timed && (w.size() == 4 || w.size() == 6) && number(w)) {
        std::string spread =
            fmt::format("{}:{}:{}", w.substr(0, 2), w.substr(2, 2), w.size() == 6 ? w.substr(4) : "00");
        if (auto done = time(spread); !done) return std::unexpected(done.error());
        timed = true;
      } else if (clock && w == "allballs") {
        timed = result_.has_zone = true;
      } else if (!dated && !month && w.size() == 8 && number(w)) {
        year_ = *number(w.substr(0, 4)), month_ = *number(w.substr(4, 2)), day_ = *number(w.substr(6));
        dated = true;
      } else if (auto n = number(w); n && *n >= 0) {
        loose.push_back(*n);
      } else if (w == "z" || w == "zulu") {
        result_.has_zone = true;
      } else if (auto zone = Zone::find(w); zone && (dated || timed || month) && !number(w)) {
        result_.has_zone = true;
        result_.zone = zone;
      } else {
        bool weekday = w.size() >= 3 &&
                       (w.starts_with("sun") || w.starts_with("mon") || w.starts_with("tue") || w.starts_with("wed") ||
                        w.starts_with("thu") || w.starts_with("fri") || w.starts_with("sat"));
        if (!weekday) return std::unexpected(syntax());
      }
    }
    if (month) {
      if (dated || loose.size() != 2) return std::unexpected(syntax());
      month_ = static_cast<int>(*month);
      bool year_first = loose[0] > 31;
      day_ = loose[year_first ? 1 : 0], year_ = loose[year_first ? 0 : 1];
      dated = true;
    } else if (!loose.empty()) {
      return std::unexpected(syntax());
    }
    if (clock && !timed) return std::unexpected(syntax());
    if (clock && !dated) {
      result_.days = split(style_.now).days;
      return result_;
    }
    if (!dated) return std::unexpected(syntax());
    if (bc) {
      if (year_ < 1) return std::unexpected(range());
      year_ = 1 - year_;
    } else if (year_ < 1) {
      return std::unexpected(range());
    }
    if (month_ < 1 || month_ > 12 || day_ < 1 || day_ > 31) return std::unexpected(field_range());
    if (day_ > static_cast<int>(days_in_month(year_, static_cast<unsigned>(month_)))) return std::unexpected(range());
    if (year_ > 5'874'897) return std::unexpected(out_of_range());
    result_.days = to_days({year_, static_cast<unsigned>(month_), static_cast<unsigned>(day_)});
    return result_;
  }

  Failure out_of_range() const {
    return {sqlstate::datetime_field_overflow,
            fmt::format("{} out of range: \"{}\"", type_.starts_with("timestamp") ? "timestamp" : type_, text_),
            {},
            {}};
  }

  Failure syntax() const {
    return {sqlstate::invalid_datetime_format,
            fmt::format("invalid input syntax for type {}: \"{}\"", type_, text_),
            {},
            {}};
  }

 private:
  Result<Parsed> special(std::int64_t time) { return result_.special = time, result_; }
  Failure range() const {
    return {
        sqlstate::datetime_field_overflow, fmt::format("date/time field value out of range: \"{}\"", text_), {}, {}};
  }
  Failure field_range() const {
    Failure failure = range();
    if (style_.order != Style::Order::ymd || month_ > 12)
      failure.hint = "Perhaps you need a different \"datestyle\" setting.";
    return failure;
  }

  Failure displacement() const {
    return {sqlstate::invalid_time_zone_displacement_value,
            fmt::format("time zone displacement out of range: \"{}\"", text_),
            {},
            {}};
  }

  static std::vector<std::string_view> words_of(std::string_view s) {
    std::vector<std::string_view> words;
    std::size_t begin = 0;
    auto flush = [&](std::size_t end) {
      if (end > begin) words.push_back(s.substr(begin, end - begin));
    };
    for (std::size_t i = 0; i < s.size(); ++i) {
      bool t = s[i] == 't' && i > 0 && i + 1 < s.size() && std::isdigit(static_cast<unsigned char>(s[i - 1])) &&
               std::isdigit(static_cast<unsigned char>(s[i + 1]));
      bool blank = std::isspace(static_cast<unsigned char>(s[i])) || s[i] == ',' || t;
      // A zone may stick to the time: 10:00+02, 10:00z, and a meridian too: 10:00pm.
      bool in_time = s.substr(begin, i - begin).find(':') != s.npos && s[begin] != '+' && s[begin] != '-';
      if (blank)
        flush(i), begin = i + 1;
      else if (in_time && (s[i] == '+' || s[i] == '-' || std::isalpha(static_cast<unsigned char>(s[i]))))
        flush(i), begin = i;
    }
    flush(s.size());
    return words;
  }

  Result<bool> date(std::string_view w, bool) {
    char separator = w[w.find_first_of("-/.")];
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0; begin <= w.size();) {
      auto end = std::min(w.find(separator, begin), w.size());
      parts.push_back(w.substr(begin, end - begin));
      begin = end + 1;
    }
    if (parts.size() == 2 && parts[0].size() > 2 && parts[1].size() == 3 && separator == '-')
      return day_of_year(parts[0], parts[1]);
    if (parts.size() != 3) return std::unexpected(syntax());
    int n[3];
    for (int i = 0; i < 3; ++i) {
      auto part = parts[static_cast<std::size_t>(i)];
      auto value = number(part);
      if (auto m = month_name(part)) {  // 08-Jan-1999, 1999-Jan-08
        month_ = static_cast<int>(*m);
        auto first = number(parts[0]), last = number(parts[2]);
        if (i != 1 || !first || !last) return std::unexpected(syntax());
        bool year_first = parts[0].size() > 2;
        year_ = year(year_first ? parts[0] : parts[2]), day_ = year_first ? *last : *first;
        return true;
      }
      if (!value || *value < 0) return std::unexpected(syntax());
      n[i] = *value;
    }
    bool ymd = parts[0].size() > 2 || style_.order == Style::Order::ymd;
    bool dmy = !ymd && style_.order == Style::Order::dmy;
    int y = ymd ? 0 : 2, m = ymd ? 1 : dmy ? 1 : 0, d = ymd ? 2 : dmy ? 0 : 1;
    year_ = year(parts[static_cast<std::size_t>(y)]), month_ = n[m], day_ = n[d];
    return true;
  }

  // 1999-008; the 366th day of a year that has none is the next one's first.
  Result<bool> day_of_year(std::string_view year_digits, std::string_view day_digits) {
    auto y = number(year_digits), day = number(day_digits);
    if (!y || !day || *y < 1 || *day < 1 || *day > 366) return std::unexpected(syntax());
    Civil c = from_days(to_days({*y, 1, 1}) + *day - 1);
    year_ = c.year, month_ = static_cast<int>(c.month), day_ = static_cast<int>(c.day);
    return true;
  }

  static int year(std::string_view digits) {
    int n = number(digits).value_or(0);
    return digits.size() <= 2 ? (n < 70 ? 2000 + n : 1900 + n) : n;
  }

  Result<bool> time(std::string_view w) {
    int fields[3] = {0, 0, 0};
    std::int64_t micros = 0;
    std::size_t begin = 0;
    int count = 0;
    for (; count < 3 && begin <= w.size(); ++count) {
      auto end = std::min(w.find(':', begin), w.size());
      auto part = w.substr(begin, end - begin);
      if (auto dot = part.find('.'); dot != part.npos) {
        if (end != w.size()) return std::unexpected(syntax());
        std::string fraction(part.substr(dot + 1));
        if (!std::ranges::all_of(fraction, [](unsigned char c) { return std::isdigit(c); }))
          return std::unexpected(syntax());
        fraction.resize(std::max<std::size_t>(fraction.size(), 7), '0');
        micros = number(fraction.substr(0, 6)).value_or(0) + (fraction[6] >= '5');
        part = part.substr(0, dot);
      }
      auto n = number(part);
      if (!n || *n < 0) return std::unexpected(syntax());
      fields[count] = *n;
      begin = end + 1;
    }
    if (begin <= w.size() || count < 2) return std::unexpected(syntax());
    bool end_of_day = fields[0] == 24 && fields[1] == 0 && fields[2] == 0 && micros == 0;
    if ((fields[0] > 23 && !end_of_day) || fields[1] > 59 || fields[2] > 60) return std::unexpected(range());
    result_.micros = ((fields[0] * 60LL + fields[1]) * 60 + fields[2]) * 1'000'000 + micros;
    return true;
  }

  Result<bool> offset(std::string_view w) {
    int sign = w[0] == '-' ? -1 : 1;
    std::string digits;
    std::vector<int> parts;
    std::string_view rest = w.substr(1);
    if (rest.find(':') != rest.npos) {
      for (std::size_t begin = 0; begin <= rest.size();) {
        auto end = std::min(rest.find(':', begin), rest.size());
        auto n = number(rest.substr(begin, end - begin));
        if (!n) return std::unexpected(syntax());
        parts.push_back(*n);
        begin = end + 1;
      }
    } else if (auto n = number(rest); n && rest.size() <= 2) {
      parts = {*n};
    } else if (n && rest.size() <= 4) {
      parts = {*n / 100, *n % 100};
    } else {
      return std::unexpected(syntax());
    }
    parts.resize(3);
    if (parts[0] > 15 || parts[1] > 59 || parts[2] > 59) return std::unexpected(displacement());
    result_.has_zone = true;
    result_.east = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
    return true;
  }

  std::string_view text_, type_;
  const Style& style_;
  Parsed result_;
  std::int64_t year_ = 0;
  int month_ = 0, day_ = 0;
};

}  // namespace

Result<std::int64_t> parse_date(std::string_view text, const Style& style) {
  Reader reader(text, "date", style);
  auto parsed = reader.read();
  if (!parsed) return std::unexpected(parsed.error());
  if (parsed->special) {
    if (*parsed->special == infinite_time) return infinite_date;
    if (*parsed->special == minus_infinite_time) return minus_infinite_date;
    std::int64_t local = *parsed->special + (style.zone ? style.zone->offset_at(*parsed->special) : 0) * 1'000'000LL;
    return local / microseconds_per_day - (local % microseconds_per_day < 0);
  }
  if (parsed->days < lowest_date || parsed->days >= beyond_date) return std::unexpected(reader.out_of_range());
  return parsed->days;
}

Result<ZonedTime> parse_time(std::string_view text, const Style& style, bool with_zone) {
  Reader reader(text, with_zone ? "time with time zone" : "time", style);
  auto parsed = reader.read(true);
  if (!parsed) return std::unexpected(parsed.error());
  if (parsed->special) {
    if (*parsed->special == infinite_time || *parsed->special == minus_infinite_time || *parsed->special != style.now)
      return std::unexpected(reader.syntax());
    std::int32_t east = style.zone ? style.zone->offset_at(style.now) : 0;
    return ZonedTime{split(style.now + east * 1'000'000LL).micros, -east};
  }
  std::int32_t east = parsed->east;
  const Zone* zone = parsed->zone ? parsed->zone.get() : parsed->has_zone ? nullptr : style.zone.get();
  if (zone) {
    // A zone's name stands for its offset on the date that is given, or today.
    std::int64_t local = parsed->days * microseconds_per_day + parsed->micros;
    east = static_cast<std::int32_t>((local - zone->to_utc(local)) / 1'000'000);
  }
  return ZonedTime{parsed->micros, -east};
}

Result<std::int64_t> parse_timestamp(std::string_view text, const Style& style, bool with_zone) {
  Reader reader(text, with_zone ? "timestamp with time zone" : "timestamp", style);
  auto parsed = reader.read();
  if (!parsed) return std::unexpected(parsed.error());
  if (parsed->special) {
    bool finite = *parsed->special != infinite_time && *parsed->special != minus_infinite_time;
    if (!finite || with_zone || !style.zone) return *parsed->special;
    return *parsed->special + style.zone->offset_at(*parsed->special) * 1'000'000LL;
  }
  if (parsed->days < lowest_date - 1 || parsed->days > beyond / microseconds_per_day)
    return std::unexpected(reader.out_of_range());
  std::int64_t local = parsed->days * microseconds_per_day + parsed->micros;
  if (with_zone) {
    if (parsed->zone)
      local = parsed->zone->to_utc(local);
    else if (parsed->has_zone)
      local -= parsed->east * 1'000'000LL;
    else if (style.zone)
      local = style.zone->to_utc(local);
  }
  if (!is_valid_timestamp(local)) return std::unexpected(reader.out_of_range());
  return local;
}

}  // namespace pgconform::types
