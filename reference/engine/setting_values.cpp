#include "engine/setting_values.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "engine/error.hpp"
#include "types/client_encoding.hpp"

namespace pgconform::engine {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    auto end = std::min(text.find_first_of(separators, begin), text.size());
    if (end > begin) parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

[[noreturn]] void invalid(std::string_view name, std::string_view value, std::string hint, std::string detail) {
  fail(sqlstate::invalid_parameter_value, fmt::format("invalid value for parameter \"{}\": \"{}\"", name, value), -1,
       std::move(hint), std::move(detail));
}

namespace {

struct Unit {
  std::string_view name;
  double factor;  // in the smallest of its family: bytes, microseconds
};
constexpr Unit memory_units[] = {{"TB", 1099511627776.0}, {"GB", 1073741824}, {"MB", 1048576}, {"kB", 1024}, {"B", 1}};
constexpr Unit time_units[] = {{"d", 86400e6}, {"h", 3600e6}, {"min", 60e6}, {"s", 1e6}, {"ms", 1e3}, {"us", 1}};

bool is_time(std::string_view unit) {
  return unit == "ms" || unit == "s" || unit == "min" || unit == "us";
}

double factor_of(std::string_view unit) {
  for (const auto& u : time_units)
    if (u.name == unit) return u.factor;
  if (unit == "8kB") return 8192;
  for (const auto& u : memory_units)
    if (u.name == unit) return u.factor;
  return 1;
}

std::string show_number(double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%g", value);
  return buffer;
}

// A number with an optional unit, in the setting's own unit.
double parse_number(const SettingFact& fact, std::string_view text) {
  std::string s(text);
  char* end = nullptr;
  double number = static_cast<double>(std::strtoll(s.c_str(), &end, 0));
  if (end == s.c_str() || *end == '.' || *end == 'e' || *end == 'E') number = std::strtod(s.c_str(), &end);
  if (end == s.c_str() || std::isnan(number)) invalid(fact.name, text);
  while (*end == ' ') ++end;
  std::string unit(end);
  while (unit.ends_with(' ')) unit.pop_back();
  if (unit.empty()) return number;
  bool time = is_time(fact.unit);
  auto convert = [&](std::span<const Unit> units) {
    for (const auto& u : units)
      if (u.name == unit) return number * u.factor / factor_of(fact.unit);
    invalid(fact.name, text,
            time ? R"(Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".)"
                 : R"(Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".)");
  };
  if (fact.unit.empty()) invalid(fact.name, text);
  return time ? convert(time_units) : convert(memory_units);
}

}  // namespace

std::string check_number(const SettingFact& fact, std::string_view text) {
  double number = parse_number(fact, text);
  if (fact.type == 'i') number = std::nearbyint(number);
  double low = std::strtod(std::string(fact.lowest).c_str(), nullptr),
         high = std::strtod(std::string(fact.highest).c_str(), nullptr);
  if (number < low || number > high) {
    std::string unit = fact.unit.empty() ? "" : " " + std::string(fact.unit);
    std::string shown = fact.type == 'i' ? fmt::format("{:.0f}", number) : show_number(number);
    fail(sqlstate::invalid_parameter_value,
         fmt::format("{}{} is outside the valid range for parameter \"{}\" ({} .. {})", shown, unit, fact.name,
                     fact.lowest, fact.highest));
  }
  return fact.type == 'i' ? fmt::format("{:.0f}", number) : show_number(number);
}

// With the largest unit that leaves a whole number.
std::string show_with_unit(const SettingFact& fact, const std::string& value) {
  double number = std::strtod(value.c_str(), nullptr);
  if (fact.unit.empty() || number <= 0 || fact.type != 'i') return value;
  double small = number * factor_of(fact.unit);
  auto print = [&](std::span<const Unit> units) {
    for (const auto& u : units)
      if (std::fmod(small, u.factor) == 0) return fmt::format("{:.0f}{}", small / u.factor, u.name);
    return value;
  };
  return is_time(fact.unit) ? print(time_units) : print(memory_units);
}

std::string date_style(std::string_view value, const types::Style& now) {
  auto style = now.dates;
  auto order = now.order;
  bool ordered = false;
  for (const auto& word : split(value, ", ")) {
    auto begins = [&](std::string_view w) {
      return word.size() >= w.size() && same(std::string_view(word).substr(0, w.size()), w);
    };
    using enum types::Style::Dates;
    using enum types::Style::Order;
    if (same(word, "ISO"))
      style = iso;
    else if (same(word, "SQL"))
      style = sql;
    else if (begins("POSTGRES"))
      style = postgres;
    else if (same(word, "GERMAN"))
      style = german, order = ordered ? order : dmy;
    else if (same(word, "YMD"))
      order = ymd, ordered = true;
    else if (same(word, "DMY") || begins("EURO"))
      order = dmy, ordered = true;
    else if (same(word, "MDY") || same(word, "US") || begins("NONEURO"))
      order = mdy, ordered = true;
    else if (same(word, "DEFAULT"))
      style = iso, order = mdy;
    else
      invalid("DateStyle", value, {}, fmt::format("Unrecognized key word: \"{}\".", word));
  }
  static constexpr std::string_view styles[] = {"ISO", "SQL", "Postgres", "German"}, orders[] = {"MDY", "DMY", "YMD"};
  return fmt::format("{}, {}", styles[static_cast<int>(style)], orders[static_cast<int>(order)]);
}

std::string encoding(std::string_view value) {
  const auto* found = types::ClientEncoding::find(value);
  if (!found) invalid("client_encoding", value);
  if (!found->is_supported())
    fail(sqlstate::feature_not_supported, fmt::format("invalid value for parameter \"client_encoding\": \"{}\"", value),
         -1, {}, fmt::format("Conversion between {} and UTF8 is not supported.", found->name()));
  return std::string(found->name());
}

// Names without quotes are folded to lower case.
std::optional<std::vector<std::string>> name_list(std::string_view list) {
  std::vector<std::string> names;
  std::size_t i = 0;
  auto blanks = [&] {
    while (i < list.size() && std::isspace(static_cast<unsigned char>(list[i]))) ++i;
  };
  blanks();
  if (i == list.size()) return names;
  for (;;) {
    std::string name;
    if (i < list.size() && list[i] == '"') {
      for (++i;; ++i) {
        if (i >= list.size()) return std::nullopt;
        if (list[i] == '"' && (i + 1 >= list.size() || list[i + 1] != '"')) break;
        if (list[i] == '"') ++i;
        name += list[i];
      }
      ++i;
    } else {
      while (i < list.size() && list[i] != ',' && !std::isspace(static_cast<unsigned char>(list[i])))
        name += lower(list[i++]);
      if (name.empty()) return std::nullopt;
    }
    names.push_back(std::move(name));
    blanks();
    if (i == list.size()) return names;
    if (list[i++] != ',') return std::nullopt;
    blanks();
  }
}

bool is_custom_name(std::string_view name) {
  bool start = true;
  int parts = 1;
  for (char c : name) {
    bool letter = std::isalpha(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0;
    if (c == '.' && !start)
      ++parts, start = true;
    else if (letter || (!start && (std::isdigit(static_cast<unsigned char>(c)) || c == '$')))
      start = false;
    else
      return false;
  }
  return parts >= 2 && !start;
}

}  // namespace pgconform::engine
