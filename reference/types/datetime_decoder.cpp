#include "types/datetime_decoder.hpp"
#include "types/characters.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "types/calendar.hpp"

namespace pgconform::types {
namespace {

using Trouble = DateDecoder::Trouble;

bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

// leading: the number at the start of a text, which is cut off; nothing if it does not fit into 32 bits.
std::optional<int> leading(std::string_view& text) {
  if (text.empty()) return 0;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// fraction_of: of ".5" and the like; false if it is something else.
bool fraction_of(std::string_view text, double& value) {
  value = 0;
  if (text == ".") return true;
  const std::string copy(text);
  char* end = nullptr;
  value = std::strtod(copy.c_str(), &end);
  return *end == '\0';
}
bool take_fraction(std::string_view text, int& micros) {
  double value = 0;
  if (!fraction_of(text, value)) return false;
  micros = static_cast<int>(std::rint(value * 1'000'000));
  return true;
}

// is_fixed: the clocks of the zone have never been changed.
bool is_fixed(const Zone& zone) {
  constexpr std::int64_t month = 30 * microseconds_per_day;
  for (std::int64_t i = -120 * 12; i < 40 * 12; ++i)
    if (zone.offset_at(i * month) != zone.offset_at(0)) return false;
  return true;
}

// meaning: what an abbreviation of that zone meant last, or will mean first, at that moment.
std::int32_t meaning(std::string_view abbreviation, const Zone& zone, std::int64_t moment) {
  constexpr std::int64_t step = 28 * microseconds_per_day, first = -1560 * step, last = 1300 * step;  // 1880, 2099
  std::string name(abbreviation);
  std::ranges::transform(name, name.begin(), [](char ch) { return is_letter(ch) ? ch - 32 : ch; });
  const std::int64_t from = std::clamp(moment, first, last);
  for (std::int64_t t = from; t >= first; t -= step)
    if (zone.abbreviation_at(t) == name) return zone.offset_at(t);
  for (std::int64_t t = from; t <= last; t += step)
    if (zone.abbreviation_at(t) == name) return zone.offset_at(t);
  return zone.offset_at(moment);
}

}  // namespace

Trouble DateDecoder::decode(std::string_view text) {
  auto fields = split_fields(text);
  if (!fields) return Trouble::malformed;
  fields_ = std::move(*fields);
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    mask_ = 0;
    if (auto trouble = field(i); trouble != Trouble::none) return trouble;
    if (mask_ & seen_) return Trouble::malformed;
    seen_ |= mask_;
  }
  return label_ != '\0' ? Trouble::malformed : finish();
}

Trouble DateDecoder::field(std::size_t i) {
  switch (fields_[i].kind) {
    case Field::Kind::date:
      return date_field(i);
    case Field::Kind::time:
      if (label_ != '\0' && label_ != 't') return Trouble::malformed;
      label_ = '\0';
      if (auto trouble = time_of_day(fields_[i].text); trouble != Trouble::none) return trouble;
      return !clock_ && overflows() ? Trouble::out_of_range : Trouble::none;
    case Field::Kind::zone:
      mask_ = zone;
      return offset(fields_[i].text);
    case Field::Kind::number:
      return label_ != '\0' ? labelled(fields_[i].text) : number_field(i);
    default:
      return word_field(i);
  }
}

Trouble DateDecoder::date_field(std::size_t i) {
  const std::string& text = fields_[i].text;
  if (label_ == 'j') {
    // A Julian day with a zone behind it.
    std::string_view rest = text;
    const auto julian = leading(rest);
    if (!julian || *julian < 0) return Trouble::out_of_range;
    take_julian(*julian);
    label_ = '\0';
    mask_ = date | time | zone;
    return offset(rest);
  }
  const bool is_date_here = clock_
                                ? i == 0 && fields_.size() >= 2 &&
                                      (fields_.back().kind == Field::Kind::date || fields_[1].kind == Field::Kind::time)
                                : label_ == '\0' && (seen_ & (month | day)) != (month | day);
  if (is_date_here) return whole_date(text);
  if (is_digit(text[0]) || label_ != '\0') return run_together(text);
  return named(text);
}

// A time without colons, and its zone: 040506-08.
Trouble DateDecoder::run_together(std::string_view text) {
  if (label_ != '\0' && label_ != 't') return Trouble::malformed;
  label_ = '\0';
  const std::size_t dash = text.find('-');
  if ((seen_ & time) == time || dash == text.npos) return Trouble::malformed;
  if (auto trouble = offset(text.substr(dash)); trouble != Trouble::none) return trouble;
  if (auto trouble = digits(text.substr(0, dash), clock_ ? seen_ | date : seen_); trouble != Trouble::none)
    return trouble;
  mask_ |= zone;
  return Trouble::none;
}

Trouble DateDecoder::named(std::string_view text) {
  mask_ = zone;
  result_.zone = Zone::find(text);
  if (result_.zone) return Trouble::none;
  zone_name_ = text;
  return Trouble::unknown_zone;
}

// A number behind a letter that says what it is: y2001m02d04, j2451187, T040506.
Trouble DateDecoder::labelled(std::string_view text) {
  const char label = std::exchange(label_, '\0');
  result_.special.reset();
  std::string_view rest = text;
  const auto value = leading(rest);
  if (!value) return Trouble::out_of_range;
  if (!rest.empty() && (rest[0] != '.' || (label != 'j' && label != 't' && label != 's'))) return Trouble::malformed;
  switch (label) {
    case 'y':
      year_ = *value;
      mask_ = year;
      return Trouble::none;
    case 'm':
      // Behind an hour it is a minute.
      if ((seen_ & month) != 0 && (seen_ & hour) != 0) {
        minute_ = *value;
        mask_ = minute;
      } else {
        month_ = *value;
        mask_ = month;
      }
      return Trouble::none;
    case 'd':
      day_ = *value;
      mask_ = day;
      return Trouble::none;
    case 'j': {
      if (*value < 0) return Trouble::out_of_range;
      take_julian(*value);
      mask_ = date;
      if (rest.empty()) return Trouble::none;
      double part = 0;
      if (!fraction_of(rest, part)) return Trouble::malformed;
      const auto micros = static_cast<std::int64_t>(part * static_cast<double>(microseconds_per_day));
      hour_ = static_cast<int>(micros / 3'600'000'000), minute_ = static_cast<int>(micros / 60'000'000 % 60);
      second_ = static_cast<int>(micros / 1'000'000 % 60), fraction_ = static_cast<int>(micros % 1'000'000);
      mask_ |= time;
      return Trouble::none;
    }
    case 't':
      if (auto trouble = digits(text, seen_ | date); trouble != Trouble::none) return trouble;
      return mask_ == time ? Trouble::none : Trouble::malformed;
    case 'h':
      hour_ = *value;
      mask_ = hour;
      return Trouble::none;
    case 'M':
      minute_ = *value;
      mask_ = minute;
      return Trouble::none;
    default:
      // Only with a fraction are the seconds whole, and all of a time of day.
      second_ = *value;
      mask_ = rest.empty() ? second : second | below_second;
      return rest.empty() || take_fraction(rest, fraction_) ? Trouble::none : Trouble::malformed;
  }
}

Trouble DateDecoder::number_field(std::size_t i) {
  const std::string_view text = fields_[i].text;
  const std::size_t point = text.find('.');
  if (clock_) {
    if (point != text.npos) {
      if (i == 0 && fields_.size() >= 2 && fields_.back().kind == Field::Kind::date) return whole_date(text);
      return point > 2 ? digits(text, seen_ | date) : Trouble::malformed;
    }
    return text.size() > 4 ? digits(text, seen_ | date) : number(text, false, seen_ | date);
  }
  if (point != text.npos && (seen_ & date) == 0) return whole_date(text);
  if (point != text.npos && point > 2) return digits(text, seen_);
  // Six digits or more are a date or a time, unless both are there: then a year.
  if (text.size() >= 6 && ((seen_ & date) == 0 || (seen_ & time) == 0)) return digits(text, seen_);
  return number(text, has_text_month_, seen_);
}

Trouble DateDecoder::word_field(std::size_t i) {
  const std::string& text = fields_[i].text;
  Word word = find_abbreviation(text);
  if (word.kind == Word::Kind::unknown) word = find_word(text);
  const auto local_day = [&](int shift) {
    const std::int64_t now = style_.now + (style_.zone ? style_.zone->offset_at(style_.now) : 0) * 1'000'000LL;
    const Civil c = from_days(split(now).days + shift);
    year_ = c.year, month_ = static_cast<int>(c.month), day_ = static_cast<int>(c.day);
    is_julian_ = true;  // the year is what it is
    mask_ = date;
    return clock_ ? Trouble::malformed : Trouble::none;
  };
  const auto take_special = [&](std::int64_t moment, Mask mask) {
    if (clock_ && mask == special) return Trouble::malformed;
    result_.special = moment;
    mask_ = mask;
    return Trouble::none;
  };
  switch (word.kind) {
    case Word::Kind::ignored:
      return Trouble::none;
    case Word::Kind::week_day:
      mask_ = week_day;
      return Trouble::none;
    case Word::Kind::now:
      return take_special(style_.now, date | time | zone);
    case Word::Kind::today:
      return local_day(0);
    case Word::Kind::tomorrow:
      return local_day(1);
    case Word::Kind::yesterday:
      return local_day(-1);
    case Word::Kind::epoch:
      return take_special(-epoch_seconds * 1'000'000, special);
    case Word::Kind::late:
      return take_special(infinite_time, special);
    case Word::Kind::early:
      return take_special(minus_infinite_time, special);
    case Word::Kind::midnight:
      hour_ = minute_ = second_ = fraction_ = 0;
      result_.east = 0;
      mask_ = time | zone;
      return Trouble::none;
    case Word::Kind::month:
      if (clock_) return Trouble::malformed;
      mask_ = month;
      // A number before it was the day.
      if ((seen_ & month) != 0 && !has_text_month_ && (seen_ & day) == 0 && month_ >= 1 && month_ <= 31) {
        day_ = month_;
        mask_ = day;
      }
      has_text_month_ = true;
      month_ = word.value;
      return Trouble::none;
    case Word::Kind::half:
      afternoon_ = word.value != 0;
      mask_ = half;
      return Trouble::none;
    case Word::Kind::era:
      is_bc_ = word.value != 0;
      mask_ = era;
      return Trouble::none;
    case Word::Kind::unit:
      if (label_ != '\0') return Trouble::malformed;
      label_ = static_cast<char>(word.value);
      return Trouble::none;
    case Word::Kind::time: {
      const bool fits = i + 1 < fields_.size() && fields_[i + 1].kind != Field::Kind::word &&
                        fields_[i + 1].kind != Field::Kind::special && fields_[i + 1].kind != Field::Kind::zone;
      if (!fits || label_ != '\0' || (!clock_ && (seen_ & date) != date)) return Trouble::malformed;
      label_ = 't';
      return Trouble::none;
    }
    case Word::Kind::daylight:
      result_.east += 3600;
      mask_ = daylight;
      return Trouble::none;
    case Word::Kind::zone:
      result_.east = word.value;
      mask_ = zone;
      return Trouble::none;
    case Word::Kind::named_zone:
      abbreviation_ = text;
      return named(word.name);
    default:
      result_.zone = Zone::find(text);
      mask_ = zone;
      return result_.zone ? Trouble::none : Trouble::malformed;
  }
}

Trouble DateDecoder::whole_date(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_digit(text[i]) && !is_letter(text[i])) {
      if (++i == text.size() && parts.empty()) return Trouble::malformed;
      continue;
    }
    const std::size_t begin = i;
    const bool is_number = is_digit(text[i]);
    while (i < text.size() && (is_number ? is_digit(text[i]) : is_letter(text[i]))) ++i;
    parts.push_back(text.substr(begin, i - begin));
  }
  bool has_text_month = false;
  Mask seen = seen_, said = 0;
  for (auto part : parts) {
    if (is_digit(part[0])) continue;
    const Word word = find_word(part);
    if (word.kind == Word::Kind::ignored) continue;
    if (word.kind != Word::Kind::month || (seen & month) != 0) return Trouble::malformed;
    month_ = word.value;
    has_text_month = true;
    seen |= month, said |= month;
  }
  for (auto part : parts) {
    if (!is_digit(part[0])) continue;
    mask_ = 0;
    if (auto trouble = number(part, has_text_month, seen); trouble != Trouble::none) return trouble;
    if (seen & mask_) return Trouble::malformed;
    seen |= mask_, said |= mask_;
  }
  mask_ = said;
  return (seen & ~(year_day | zone)) == date ? Trouble::none : Trouble::malformed;
}

// One number, which is what has not been said yet, in the order of DateStyle.
Trouble DateDecoder::number(std::string_view text, bool has_text_month, Mask before) {
  std::string_view rest = text;
  const auto value = leading(rest);
  if (!value) return Trouble::out_of_range;
  if (rest.size() == text.size()) return Trouble::malformed;
  if (!rest.empty()) {
    if (rest[0] != '.') return Trouble::malformed;
    if (text.size() - rest.size() > 2) return digits(text, before | date);
    if (!take_fraction(rest, fraction_)) return Trouble::malformed;
  }
  const std::size_t size = text.size();
  const auto set_year = [&] {
    year_ = *value;
    mask_ = year;
    is_short_year_ = size <= 2;
  };
  const auto set_month = [&] { month_ = *value, mask_ = month; };
  const auto set_day = [&] { day_ = *value, mask_ = day; };
  if (size == 3 && (before & date) == year && *value >= 1 && *value <= 366) {
    mask_ = year_day | month | day;
    year_day_ = *value;
    return Trouble::none;
  }
  const bool is_year_first = size >= 3 || style_.order == Style::Order::ymd;
  switch (before & date) {
    case 0:
      if (is_year_first)
        set_year();
      else if (style_.order == Style::Order::dmy)
        set_day();
      else
        set_month();
      break;
    case year:
    case day:
      set_month();
      break;
    case month:
      if (has_text_month && is_year_first)
        set_year();
      else
        set_day();
      break;
    case year | month:
      if (has_text_month && size >= 3 && is_short_year_) {
        // What was taken for the year was the day.
        day_ = static_cast<int>(year_);
        year_ = *value;
        mask_ = day;
        is_short_year_ = false;
      } else {
        set_day();
      }
      break;
    case month | day:
      set_year();
      break;
    case date:
      return digits(text, before);
    default:
      return Trouble::malformed;
  }
  return Trouble::none;
}

// Digits that run together: a date, or a time of day once there is one.
Trouble DateDecoder::digits(std::string_view text, Mask before) {
  const auto part = [&](std::size_t begin, std::size_t size) {
    std::string_view piece = text.substr(begin, size);
    return leading(piece).value_or(0);
  };
  if (const std::size_t point = text.find('.'); point != text.npos) {
    if (!take_fraction(text.substr(point), fraction_)) return Trouble::malformed;
    text = text.substr(0, point);
  } else if ((before & date) != date && text.size() >= 6) {
    mask_ = date;
    day_ = part(text.size() - 2, 2);
    month_ = part(text.size() - 4, 2);
    std::string_view rest = text.substr(0, text.size() - 4);
    is_short_year_ = rest.size() == 2;
    const auto value = leading(rest);
    if (!value) return Trouble::out_of_range;
    year_ = *value;
    return Trouble::none;
  }
  if ((before & time) == time || (text.size() != 6 && text.size() != 4)) return Trouble::malformed;
  mask_ = time;
  hour_ = part(0, 2), minute_ = part(2, 2), second_ = text.size() == 6 ? part(4, 2) : 0;
  return Trouble::none;
}

Trouble DateDecoder::time_of_day(std::string_view text) {
  mask_ = time;
  std::string_view rest = text;
  const auto next = [&](int& value) {
    const auto read = leading(rest);
    value = read.value_or(0);
    return read.has_value();
  };
  if (!next(hour_)) return Trouble::out_of_range;
  if (!rest.starts_with(':')) return Trouble::malformed;
  rest.remove_prefix(1);
  if (!next(minute_)) return Trouble::out_of_range;
  fraction_ = second_ = 0;
  if (rest.starts_with('.')) {
    second_ = minute_, minute_ = hour_, hour_ = 0;
    if (!take_fraction(rest, fraction_)) return Trouble::malformed;
  } else if (rest.starts_with(':')) {
    rest.remove_prefix(1);
    if (!next(second_)) return Trouble::out_of_range;
    if (rest.starts_with('.') ? !take_fraction(rest, fraction_) : !rest.empty()) return Trouble::malformed;
  } else if (!rest.empty()) {
    return Trouble::malformed;
  }
  return minute_ > 59 || second_ > 60 ? Trouble::out_of_range : Trouble::none;
}

Trouble DateDecoder::offset(std::string_view text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return Trouble::malformed;
  const bool is_west = text[0] == '-';
  std::string_view rest = text.substr(1);
  const auto first = leading(rest);
  if (!first) return Trouble::displacement;
  int hours = *first, minutes = 0, seconds = 0;
  if (rest.starts_with(':')) {
    for (int* part : {&minutes, &seconds}) {
      if (!rest.starts_with(':')) break;
      rest.remove_prefix(1);
      const auto value = leading(rest);
      if (!value) return Trouble::displacement;
      *part = *value;
    }
  } else if (rest.empty() && text.size() > 3) {
    minutes = hours % 100;
    hours /= 100;
  }
  if (hours < 0 || hours > 15 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59)
    return Trouble::displacement;
  result_.east = (hours * 3600 + minutes * 60 + seconds) * (is_west ? -1 : 1);
  return rest.empty() ? Trouble::none : Trouble::malformed;
}

void DateDecoder::take_julian(std::int64_t julian) {
  const Civil c = from_days(julian - 2'451'545);
  year_ = c.year, month_ = static_cast<int>(c.month), day_ = static_cast<int>(c.day);
  is_julian_ = true;
}

bool DateDecoder::overflows() const {
  if (hour_ < 0 || hour_ > 24 || minute_ < 0 || minute_ > 59 || second_ < 0 || second_ > 60) return true;
  return ((hour_ * 60LL + minute_) * 60 + second_) * 1'000'000 + fraction_ > microseconds_per_day;
}

Trouble DateDecoder::check_date() {
  if (seen_ & year && !is_julian_) {
    if (is_bc_) {
      if (year_ <= 0) return Trouble::out_of_range;
      year_ = 1 - year_;
    } else if (is_short_year_) {
      if (year_ < 0) return Trouble::out_of_range;
      year_ += year_ < 70 ? 2000 : year_ < 100 ? 1900 : 0;
    } else if (year_ <= 0) {
      return Trouble::out_of_range;
    }
  }
  if (seen_ & year_day) {
    const Civil c = from_days(to_days({year_, 1, 1}) + year_day_ - 1);
    year_ = c.year, month_ = static_cast<int>(c.month), day_ = static_cast<int>(c.day);
  }
  if (seen_ & month && (month_ < 1 || month_ > 12)) return Trouble::month_or_day;
  if (seen_ & day && (day_ < 1 || day_ > 31)) return Trouble::month_or_day;
  if ((seen_ & date) == date && day_ > static_cast<int>(days_in_month(year_, static_cast<unsigned>(month_))))
    return Trouble::out_of_range;
  return Trouble::none;
}

Trouble DateDecoder::finish() {
  result_.has_zone = (seen_ & zone) != 0;
  if (result_.special) return afternoon_ && hour_ > 12 ? Trouble::out_of_range : Trouble::none;
  if (auto trouble = check_date(); trouble != Trouble::none) return trouble;
  if (afternoon_) {
    if (hour_ > 12) return Trouble::out_of_range;
    hour_ = hour_ % 12 + (*afternoon_ ? 12 : 0);
  }
  if (clock_ && overflows()) return Trouble::out_of_range;
  result_.has_date = (seen_ & date) == date;
  if (clock_ ? (seen_ & time) != time : !result_.has_date) return Trouble::malformed;
  // Which offset a zone has depends on the date, unless it is always the same.
  if (clock_ && result_.zone && abbreviation_.empty() && !result_.has_date && !is_fixed(*result_.zone))
    return Trouble::malformed;
  if (seen_ & daylight && ((seen_ & zone) == 0 || (result_.zone && abbreviation_.empty()))) return Trouble::malformed;
  if (result_.has_date) result_.days = to_days({year_, static_cast<unsigned>(month_), static_cast<unsigned>(day_)});
  result_.micros = ((hour_ * 60LL + minute_) * 60 + second_) * 1'000'000 + fraction_;
  if (result_.zone && !abbreviation_.empty()) {
    const bool is_far = std::abs(result_.days) > 100'000'000;
    const std::int64_t moment = !result_.has_date ? style_.now
                                : is_far          ? (result_.days < 0 ? INT64_MIN / 2 : INT64_MAX / 2)
                                         : result_.zone->to_utc(result_.days * microseconds_per_day + result_.micros);
    result_.east += meaning(abbreviation_, *result_.zone, moment);
    result_.zone = nullptr;
  }
  return Trouble::none;
}

}  // namespace pgconform::types
