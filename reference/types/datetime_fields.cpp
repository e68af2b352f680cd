#include "types/datetime_fields.hpp"
#include "types/characters.hpp"

#include <algorithm>

namespace pgconform::types {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

struct Token {
  std::string_view name;
  Word::Kind kind;
  std::int32_t value = 0;
};
using Kind = Word::Kind;
constexpr Token tokens[] = {{"-infinity", Kind::early},
                            {"ad", Kind::era},
                            {"allballs", Kind::midnight},
                            {"am", Kind::half},
                            {"apr", Kind::month, 4},
                            {"april", Kind::month, 4},
                            {"at", Kind::ignored},
                            {"aug", Kind::month, 8},
                            {"august", Kind::month, 8},
                            {"bc", Kind::era, 1},
                            {"d", Kind::unit, 'd'},
                            {"dec", Kind::month, 12},
                            {"december", Kind::month, 12},
                            {"dst", Kind::daylight},
                            {"epoch", Kind::epoch},
                            {"feb", Kind::month, 2},
                            {"february", Kind::month, 2},
                            {"fri", Kind::week_day},
                            {"friday", Kind::week_day},
                            {"h", Kind::unit, 'h'},
                            {"infinity", Kind::late},
                            {"j", Kind::unit, 'j'},
                            {"jan", Kind::month, 1},
                            {"january", Kind::month, 1},
                            {"jd", Kind::unit, 'j'},
                            {"jul", Kind::month, 7},
                            {"julian", Kind::unit, 'j'},
                            {"july", Kind::month, 7},
                            {"jun", Kind::month, 6},
                            {"june", Kind::month, 6},
                            {"m", Kind::unit, 'm'},
                            {"mar", Kind::month, 3},
                            {"march", Kind::month, 3},
                            {"may", Kind::month, 5},
                            {"mm", Kind::unit, 'M'},
                            {"mon", Kind::week_day},
                            {"monday", Kind::week_day},
                            {"nov", Kind::month, 11},
                            {"november", Kind::month, 11},
                            {"now", Kind::now},
                            {"oct", Kind::month, 10},
                            {"october", Kind::month, 10},
                            {"on", Kind::ignored},
                            {"pm", Kind::half, 12},
                            {"s", Kind::unit, 's'},
                            {"sat", Kind::week_day},
                            {"saturday", Kind::week_day},
                            {"sep", Kind::month, 9},
                            {"sept", Kind::month, 9},
                            {"september", Kind::month, 9},
                            {"sun", Kind::week_day},
                            {"sunday", Kind::week_day},
                            {"t", Kind::time},
                            {"thu", Kind::week_day},
                            {"thur", Kind::week_day},
                            {"thurs", Kind::week_day},
                            {"thursday", Kind::week_day},
                            {"today", Kind::today},
                            {"tomorrow", Kind::tomorrow},
                            {"tue", Kind::week_day},
                            {"tues", Kind::week_day},
                            {"tuesday", Kind::week_day},
                            {"wed", Kind::week_day},
                            {"wednesday", Kind::week_day},
                            {"weds", Kind::week_day},
                            {"y", Kind::unit, 'y'},
                            {"yesterday", Kind::yesterday}};

struct Abbreviation {
  std::string_view name;
  std::int32_t east;
  std::string_view zone{};
};
constexpr Abbreviation abbreviations[] = {
#include "zone_abbreviations.inc"
};

}  // namespace

Word find_word(std::string_view text) {
  const auto it = std::ranges::find(tokens, text, &Token::name);
  return it == std::end(tokens) ? Word{} : Word{it->kind, it->value};
}

Word find_abbreviation(std::string_view text) {
  const auto it = std::ranges::find(abbreviations, text, &Abbreviation::name);
  if (it == std::end(abbreviations)) return {};
  return {it->zone.empty() ? Kind::zone : Kind::named_zone, it->east, it->zone};
}

std::optional<std::vector<Field>> split_fields(std::string_view text) {
  std::vector<Field> fields;
  std::size_t i = 0;
  const auto at = [&](std::size_t place) { return place < text.size() ? text[place] : '\0'; };
  const auto take = [&](std::string& out) {
    const char c = text[i++];
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  };
  const auto take_while = [&](std::string& out, auto&& fits) {
    while (i < text.size() && fits(text[i])) take(out);
  };
  while (i < text.size()) {
    const char c = text[i];
    if (is_blank(c)) {
      ++i;
      continue;
    }
    if (fields.size() == 25) return std::nullopt;
    std::string out;
    Field::Kind kind = Field::Kind::number;
    if (is_digit(c)) {
      take_while(out, is_digit);
      const char next = at(i);
      if (next == ':') {
        kind = Field::Kind::time;
        take_while(out, [](char x) { return is_digit(x) || x == ':' || x == '.'; });
      } else if (next == '-' || next == '/' || next == '.') {
        take(out);
        if (is_digit(at(i))) {
          if (next != '.') kind = Field::Kind::date;
          take_while(out, is_digit);
          if (at(i) == next) {
            kind = Field::Kind::date;
            take_while(out, [&](char x) { return is_digit(x) || x == next; });
          }
        } else {
          kind = Field::Kind::date;
          take_while(out, [&](char x) { return is_digit(x) || is_letter(x) || x == next; });
        }
      }
    } else if (c == '.') {
      take(out);
      take_while(out, is_digit);
    } else if (is_letter(c)) {
      kind = Field::Kind::word;
      take_while(out, is_letter);
      const char next = at(i);
      const bool is_joined = next == '-' || next == '/' || next == '.' ||
                             ((next == '+' || is_digit(next)) && find_word(out).kind == Word::Kind::unknown);
      if (is_joined) {
        kind = Field::Kind::date;
        take_while(out, [](char x) {
          return is_digit(x) || is_letter(x) || std::string_view("+-/_.:").find(x) != std::string_view::npos;
        });
      }
    } else if (c == '+' || c == '-') {
      take(out);
      while (i < text.size() && is_blank(text[i])) ++i;
      if (is_digit(at(i))) {
        kind = Field::Kind::zone;
        take_while(out, [](char x) { return is_digit(x) || x == ':' || x == '.' || x == '-'; });
      } else if (is_letter(at(i))) {
        kind = Field::Kind::special;
        take_while(out, is_letter);
      } else {
        return std::nullopt;
      }
    } else if (c > ' ' && c < 0x7f) {
      ++i;  // other punctuation means nothing
      continue;
    } else {
      return std::nullopt;
    }
    fields.push_back({kind, std::move(out)});
  }
  return fields;
}

}  // namespace pgconform::types
