#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The fields of a date, a time or a timestamp as text. datetime-input-rules; ParseDateTime().
namespace pgconform::types {

// Field: a piece of the text in lower case, and what its characters make it look like.
struct Field {
  enum class Kind : std::uint8_t { date, time, zone, number, word, special } kind;
  std::string text;
};

// split_fields: nothing if a character fits nowhere.
std::optional<std::vector<Field>> split_fields(std::string_view text);

// Word: what a word of the calendar means.
struct Word {
  enum class Kind : std::uint8_t {
    unknown,
    ignored,
    now,
    today,
    yesterday,
    tomorrow,
    epoch,
    late,
    early,
    midnight,
    month,
    week_day,
    half,      // value: 12 for the afternoon
    era,       // value: 1 for BC
    unit,      // value: its letter, of y m d h M s j
    time,      // T
    daylight,  // DST behind a zone
    zone,      // value: seconds east
    named_zone
  } kind = Kind::unknown;
  std::int32_t value = 0;
  std::string_view name{};  // of the zone whose abbreviation it is
};
Word find_word(std::string_view text);

// find_abbreviation: unknown, zone or named_zone.
Word find_abbreviation(std::string_view text);

}  // namespace pgconform::types
