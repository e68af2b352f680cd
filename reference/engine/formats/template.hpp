#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "types/characters.hpp"

// The templates of to_char(), to_date(), to_timestamp() and to_number(), taken apart. functions-formatting.
namespace pgconform::engine::formats {

// Pattern: what a template pattern of dates or of numbers stands for.
enum class Pattern : std::uint8_t {
  // Dates and times.
  era,
  half,
  century,
  day_name,
  day_short,
  year_day,
  iso_year_day,
  day,
  week_day,
  iso_week_day,
  fraction1,
  fraction2,
  fraction3,
  fraction4,
  fraction5,
  fraction6,
  milliseconds,
  microseconds,
  exact,
  hour24,
  hour12,
  minute,
  second,
  seconds_of_day,
  iso_week,
  year_week,
  month_week,
  julian,
  month,
  month_name,
  month_short,
  month_roman,
  quarter,
  offset,
  zone,
  zone_hour,
  zone_minute,
  comma_year,
  year4,
  year3,
  year2,
  year1,
  iso_year4,
  iso_year3,
  iso_year2,
  iso_year1,
  // Numbers.
  comma,
  point,
  zero,
  nine,
  blank,
  currency_code,
  local_point,
  exponent,
  fill,
  group,
  currency,
  minus,
  plus,
  brackets,
  roman,
  sign,
  spell,
  local_sign,
  ordinal,
  shift
};

// Convention: which calendar a pattern belongs to; one template may not mix them.
enum class Convention : std::uint8_t { none, gregorian, iso_week };

struct Keyword {
  std::string_view name;
  Pattern pattern;
  bool digits = false;  // is written as digits
  Convention convention = Convention::none;
};

// Node: a pattern, or a character that stands for itself.
struct Node {
  enum class Kind : std::uint8_t { pattern, separator, space, character };
  enum class Ordinal : std::uint8_t { none, upper, lower };
  Kind kind = Kind::character;
  Ordinal ordinal = Ordinal::none;
  bool fill = false;   // FM before it
  bool local = false;  // TM before it
  const Keyword* key = nullptr;
  std::string_view character;  // of the template
};

// parse_date_template · parse_number_template: the nodes view the template.
std::vector<Node> parse_date_template(std::string_view text);
std::vector<Node> parse_number_template(std::string_view text);

using types::is_digit;
using types::is_space;
// is_separator: a printable ASCII character that is neither letter nor digit nor blank.
bool is_separator(char c);
// character_size: the bytes of the first character; 0 of nothing.
std::size_t character_size(std::string_view text);

// ordinal_suffix: "st", "nd", "rd" or "th" for a number in decimal digits; 22P02 for what does not end in one.
std::string_view ordinal_suffix(std::string_view number, bool upper);

}  // namespace pgconform::engine::formats
