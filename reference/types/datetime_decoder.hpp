#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "types/datetime.hpp"
#include "types/datetime_fields.hpp"

// What the fields of a text say together. DecodeDateTime(), DecodeTimeOnly().
namespace pgconform::types {

// Parsed: a date and a time of day, with a zone if one is named.
struct Parsed {
  std::optional<std::int64_t> special;  // infinity and the like, as a timestamp
  std::int64_t days = 0, micros = 0;
  bool has_date = false;
  bool has_zone = false;
  std::int32_t east = 0;
  std::shared_ptr<const Zone> zone;  // instead of `east`
};

class DateDecoder {
 public:
  enum class Trouble : std::uint8_t { none, malformed, out_of_range, month_or_day, displacement, unknown_zone };

  // `clock`: a time of day is wanted, for which a date is welcome but not needed.
  DateDecoder(const Style& style, bool clock) : style_(style), clock_(clock) {}

  Trouble decode(std::string_view text);
  const Parsed& parsed() const { return result_; }
  // zone_name: the one that is not known.
  std::string_view zone_name() const { return zone_name_; }

 private:
  using Mask = unsigned;
  enum : Mask {
    year = 1,
    month = 2,
    day = 4,
    date = year | month | day,
    hour = 8,
    minute = 16,
    second = 32,
    below_second = 8192,
    time = hour | minute | second | below_second,
    zone = 64,
    daylight = 128,
    year_day = 256,
    week_day = 512,
    half = 1024,
    era = 2048,
    special = 4096
  };

  Trouble field(std::size_t i);
  Trouble date_field(std::size_t i);
  Trouble run_together(std::string_view text);
  Trouble number_field(std::size_t i);
  Trouble labelled(std::string_view text);
  Trouble word_field(std::size_t i);
  Trouble number(std::string_view text, bool has_text_month, Mask before);
  Trouble digits(std::string_view text, Mask before);
  Trouble whole_date(std::string_view text);
  Trouble time_of_day(std::string_view text);
  Trouble offset(std::string_view text);
  Trouble named(std::string_view text);
  Trouble finish();
  Trouble check_date();
  void take_julian(std::int64_t julian);
  bool overflows() const;

  const Style& style_;
  const bool clock_;
  std::vector<Field> fields_;
  Parsed result_;
  std::string_view zone_name_;
  Mask seen_ = 0, mask_ = 0;  // so far · of the field at hand
  std::int64_t year_ = 0;
  int month_ = 0, day_ = 0, year_day_ = 0;
  int hour_ = 0, minute_ = 0, second_ = 0, fraction_ = 0;
  bool has_text_month_ = false, is_short_year_ = false, is_bc_ = false, is_julian_ = false, has_word_date_ = false;
  std::optional<bool> afternoon_;
  char label_ = '\0';
  std::string abbreviation_;  // of the zone, whose meaning depends on the date
};

}  // namespace pgconform::types
