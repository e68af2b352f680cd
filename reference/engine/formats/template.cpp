#include "engine/formats/template.hpp"

#include <algorithm>

#include "engine/error.hpp"
#include "engine/functions.hpp"
#include "types/form.hpp"

namespace pgconform::engine::formats {
namespace {

constexpr auto gregorian = Convention::gregorian, iso_week = Convention::iso_week;

// In upper case; the same in lower case is the same pattern.
constexpr Keyword date_keywords[] = {{"A.D.", Pattern::era},
                                     {"B.C.", Pattern::era},
                                     {"AD", Pattern::era},
                                     {"BC", Pattern::era},
                                     {"A.M.", Pattern::half},
                                     {"P.M.", Pattern::half},
                                     {"AM", Pattern::half},
                                     {"PM", Pattern::half},
                                     {"CC", Pattern::century, true},
                                     {"DAY", Pattern::day_name},
                                     {"DY", Pattern::day_short},
                                     {"DDD", Pattern::year_day, true, gregorian},
                                     {"DD", Pattern::day, true, gregorian},
                                     {"D", Pattern::week_day, true, gregorian},
                                     {"FF1", Pattern::fraction1, true},
                                     {"FF2", Pattern::fraction2, true},
                                     {"FF3", Pattern::fraction3, true},
                                     {"FF4", Pattern::fraction4, true},
                                     {"FF5", Pattern::fraction5, true},
                                     {"FF6", Pattern::fraction6, true},
                                     {"FX", Pattern::exact},
                                     {"HH24", Pattern::hour24, true},
                                     {"HH12", Pattern::hour12, true},
                                     {"HH", Pattern::hour12, true},
                                     {"IDDD", Pattern::iso_year_day, true, iso_week},
                                     {"ID", Pattern::iso_week_day, true, iso_week},
                                     {"IW", Pattern::iso_week, true, iso_week},
                                     {"IYYY", Pattern::iso_year4, true, iso_week},
                                     {"IYY", Pattern::iso_year3, true, iso_week},
                                     {"IY", Pattern::iso_year2, true, iso_week},
                                     {"I", Pattern::iso_year1, true, iso_week},
                                     {"J", Pattern::julian, true},
                                     {"MI", Pattern::minute, true},
                                     {"MM", Pattern::month, true, gregorian},
                                     {"MONTH", Pattern::month_name, false, gregorian},
                                     {"MON", Pattern::month_short, false, gregorian},
                                     {"MS", Pattern::milliseconds, true},
                                     {"OF", Pattern::offset},
                                     {"Q", Pattern::quarter, true},
                                     {"RM", Pattern::month_roman, false, gregorian},
                                     {"SSSSS", Pattern::seconds_of_day, true},
                                     {"SSSS", Pattern::seconds_of_day, true},
                                     {"SS", Pattern::second, true},
                                     {"TZH", Pattern::zone_hour},
                                     {"TZM", Pattern::zone_minute, true},
                                     {"TZ", Pattern::zone},
                                     {"US", Pattern::microseconds, true},
                                     {"WW", Pattern::year_week, true, gregorian},
                                     {"W", Pattern::month_week, true, gregorian},
                                     {"Y,YYY", Pattern::comma_year, true, gregorian},
                                     {"YYYY", Pattern::year4, true, gregorian},
                                     {"YYY", Pattern::year3, true, gregorian},
                                     {"YY", Pattern::year2, true, gregorian},
                                     {"Y", Pattern::year1, true, gregorian}};

constexpr Keyword capitalized[] = {{"Day", Pattern::day_name},
                                   {"Dy", Pattern::day_short},
                                   {"Month", Pattern::month_name, false, gregorian},
                                   {"Mon", Pattern::month_short, false, gregorian}};

constexpr Keyword number_keywords[] = {
    {",", Pattern::comma},  {".", Pattern::point},         {"0", Pattern::zero},        {"9", Pattern::nine},
    {"B", Pattern::blank},  {"C", Pattern::currency_code}, {"D", Pattern::local_point}, {"EEEE", Pattern::exponent},
    {"FM", Pattern::fill},  {"G", Pattern::group},         {"L", Pattern::currency},    {"MI", Pattern::minus},
    {"PL", Pattern::plus},  {"PR", Pattern::brackets},     {"RN", Pattern::roman},      {"SG", Pattern::sign},
    {"SP", Pattern::spell}, {"S", Pattern::local_sign},    {"TH", Pattern::ordinal},    {"V", Pattern::shift}};

// Keywords: a list and the same in lower case, whose names live as long.
class Keywords {
 public:
  explicit Keywords(std::span<const Keyword> upper, std::span<const Keyword> others = {}) {
    names_.reserve(upper.size());
    for (const Keyword& k : upper) {
      all_.push_back(k);
      std::string lower(k.name);
      std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
      if (lower == k.name) continue;
      names_.push_back(std::move(lower));
      all_.push_back(k);
      all_.back().name = names_.back();
    }
    all_.insert(all_.end(), others.begin(), others.end());
    std::ranges::stable_sort(all_, std::ranges::greater{}, [](const Keyword& k) { return k.name.size(); });
  }
  // find: the longest one that `text` begins with.
  const Keyword* find(std::string_view text) const {
    auto it = std::ranges::find_if(all_, [&](const Keyword& k) { return text.starts_with(k.name); });
    return it == all_.end() ? nullptr : &*it;
  }

 private:
  std::vector<std::string> names_;
  std::vector<Keyword> all_;
};

bool take(std::string_view& rest, std::string_view upper, std::string_view lower) {
  if (!rest.starts_with(upper) && !rest.starts_with(lower)) return false;
  rest.remove_prefix(upper.size());
  return true;
}

std::vector<Node> parse(std::string_view rest, const Keywords& keywords, bool dates) {
  std::vector<Node> nodes;
  need_memory(rest.size() * sizeof(Node));
  const auto add_character = [&](Node::Kind kind) {
    Node node;
    node.kind = kind;
    node.character = rest.substr(0, character_size(rest));
    nodes.push_back(node);
    rest.remove_prefix(node.character.size());
  };
  while (!rest.empty()) {
    Node node;
    if (dates) {
      node.fill = take(rest, "FM", "fm");
      if (!node.fill) node.local = take(rest, "TM", "tm");
      if (rest.empty()) break;
    }
    if (const Keyword* key = keywords.find(rest)) {
      node.kind = Node::Kind::pattern;
      node.key = key;
      rest.remove_prefix(key->name.size());
      if (dates) {
        if (rest.starts_with("TH") || rest.starts_with("th")) {
          node.ordinal = rest[0] == 'T' ? Node::Ordinal::upper : Node::Ordinal::lower;
          rest.remove_prefix(2);
        } else if (rest.starts_with("SP")) {
          rest.remove_prefix(2);
        }
      }
      nodes.push_back(node);
    } else if (rest[0] == '"') {
      rest.remove_prefix(1);
      while (!rest.empty() && rest[0] != '"') {
        if (rest[0] == '\\' && rest.size() > 1) rest.remove_prefix(1);
        add_character(Node::Kind::character);
      }
      if (!rest.empty()) rest.remove_prefix(1);
    } else {
      if (rest.starts_with("\\\"")) rest.remove_prefix(1);
      add_character(dates && is_separator(rest[0]) ? Node::Kind::separator
                    : is_space(rest[0])            ? Node::Kind::space
                                                   : Node::Kind::character);
    }
  }
  return nodes;
}

}  // namespace

bool is_separator(char c) {
  return c > ' ' && c < 0x7f && !is_digit(c) && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z');
}

std::size_t character_size(std::string_view text) {
  return text.empty() ? 0 : types::byte_of_character(text, 1);
}

std::vector<Node> parse_date_template(std::string_view text) {
  static const Keywords keywords(date_keywords, capitalized);
  return parse(text, keywords, true);
}

std::vector<Node> parse_number_template(std::string_view text) {
  static const Keywords keywords(number_keywords);
  return parse(text, keywords, false);
}

std::string_view ordinal_suffix(std::string_view number, bool upper) {
  char last = number.empty() ? '\0' : number.back();
  if (!is_digit(last)) fail(sqlstate::invalid_text_representation, fmt::format("\"{}\" is not a number", number));
  if (number.size() > 1 && number[number.size() - 2] == '1') last = '0';
  switch (last) {
    case '1':
      return upper ? "ST" : "st";
    case '2':
      return upper ? "ND" : "nd";
    case '3':
      return upper ? "RD" : "rd";
    default:
      return upper ? "TH" : "th";
  }
}

}  // namespace pgconform::engine::formats
