#include "engine/settings.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "engine/error.hpp"
#include "types/form.hpp"

namespace pgconform::engine {
namespace {

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

// The reported settings of PostgreSQL 18 (GUC_REPORT). protocol-async.
constexpr std::string_view reported[] = {"application_name",
                                         "client_encoding",
                                         "DateStyle",
                                         "default_transaction_read_only",
                                         "in_hot_standby",
                                         "integer_datetimes",
                                         "IntervalStyle",
                                         "is_superuser",
                                         "scram_iterations",
                                         "search_path",
                                         "server_encoding",
                                         "server_version",
                                         "session_authorization",
                                         "standard_conforming_strings",
                                         "TimeZone"};

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

[[noreturn]] void invalid(std::string_view name, std::string_view value, std::string hint = {},
                          std::string detail = {}) {
  fail(sqlstate::invalid_parameter_value, fmt::format("invalid value for parameter \"{}\": \"{}\"", name, value), -1,
       std::move(hint), std::move(detail));
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
  std::string key;
  for (char c : value)
    if (std::isalnum(static_cast<unsigned char>(c))) key += lower(c);
  if (key == "utf8" || key == "unicode") return "UTF8";
  if (key == "sqlascii") return "SQL_ASCII";
  static constexpr std::string_view known[] = {
      "eucjp",   "euccn",     "euckr",   "euctw",       "eucjis2004", "muleinternal", "latin1",   "iso88591",
      "latin2",  "iso88592",  "latin3",  "iso88593",    "latin4",     "iso88594",     "latin5",   "iso88599",
      "latin6",  "iso885910", "latin7",  "iso885913",   "latin8",     "iso885914",    "latin9",   "iso885915",
      "latin10", "iso885916", "win1256", "win1258",     "win866",     "win874",       "koi8r",    "koi8",
      "koi8u",   "win1251",   "win1252", "iso88595",    "iso88596",   "iso88597",     "iso88598", "win1250",
      "win1253", "win1254",   "win1255", "win1257",     "sjis",       "shiftjis",     "big5",     "gbk",
      "uhc",     "gb18030",   "johab",   "shiftjis2004"};
  if (std::ranges::find(known, key) == std::end(known)) invalid("client_encoding", value);
  fail(sqlstate::feature_not_supported, fmt::format("invalid value for parameter \"client_encoding\": \"{}\"", value),
       -1, {}, fmt::format("Conversion between {} and UTF8 is not supported.", value));
}

// A list of names as search_path has it; only its syntax is judged.
bool is_name_list(std::string_view list) {
  std::size_t i = 0;
  auto blanks = [&] {
    while (i < list.size() && std::isspace(static_cast<unsigned char>(list[i]))) ++i;
  };
  blanks();
  if (i == list.size()) return true;
  for (;;) {
    if (i < list.size() && list[i] == '"') {
      for (++i;; ++i) {
        if (i >= list.size()) return false;
        if (list[i] == '"' && (i + 1 >= list.size() || list[i + 1] != '"')) break;
        if (list[i] == '"') ++i;
      }
      ++i;
    } else {
      auto begin = i;
      while (i < list.size() && list[i] != ',' && !std::isspace(static_cast<unsigned char>(list[i]))) ++i;
      if (i == begin) return false;
    }
    blanks();
    if (i == list.size()) return true;
    if (list[i++] != ',') return false;
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

}  // namespace

bool NoCase::operator()(std::string_view a, std::string_view b) const {
  return std::ranges::lexicographical_compare(a, b, {}, lower, lower);
}

struct Settings::Definition {
  SettingFact fact;
};

const std::map<std::string, Settings::Definition, NoCase>& Settings::definitions() {
  static const auto all = [] {
    std::map<std::string, Definition, NoCase> map;
    for (const auto& fact : all_settings()) map.emplace(fact.name, Definition{fact});
    // What pg_settings does not list, or 15 does not have yet.
    for (const SettingFact& fact : {SettingFact{"is_superuser", "internal", 'b', "", "off", "", "", ""},
                                    SettingFact{"session_authorization", "user", 's', "", "", "", "", ""},
                                    SettingFact{"role", "user", 's', "", "none", "", "", ""},
                                    SettingFact{"scram_iterations", "user", 'i', "", "4096", "1", "2147483647", ""},
                                    SettingFact{"seed", "user", 'r', "", "0", "-1", "1", ""},
                                    SettingFact{"transaction_timeout", "user", 'i', "ms", "0", "0", "2147483647", ""}})
      map.insert_or_assign(std::string(fact.name), Definition{fact});
    return map;
  }();
  return all;
}

Settings::Settings(Fixed fixed) : fixed_(std::move(fixed)) {
  for (const auto& [name, definition] : definitions()) defaults_[name] = definition.fact.boot_value;
  defaults_["server_version"] = fixed_.server_version;
  int major = std::atoi(fixed_.server_version.c_str());
  auto dot = fixed_.server_version.find('.');
  int minor = dot == std::string::npos ? 0 : std::atoi(fixed_.server_version.c_str() + dot + 1);
  defaults_["server_version_num"] = std::to_string(major * 10000 + minor);
  defaults_["session_authorization"] = fixed_.user;
  defaults_["TimeZone"] = "UTC";
  for (const char* name : {"client_encoding", "server_encoding"}) defaults_[name] = "UTF8";
  for (const char* name : {"lc_collate", "lc_ctype", "lc_messages", "lc_monetary", "lc_numeric", "lc_time"})
    defaults_[name] = "C";
  for (auto& [name, value] : defaults_)
    if (value.empty() && find(name)->fact.type == 'b') value = "off";
  changed();
}

const Settings::Definition* Settings::find(std::string_view name) const {
  auto it = definitions().find(name);
  return it == definitions().end() ? nullptr : &it->second;
}

const std::string& Settings::raw(std::string_view name) const {
  for (const Values* values : {&local_, &session_, &defaults_})
    if (auto it = values->find(name); it != values->end()) return it->second;
  static const std::string none;
  return none;
}

std::string Settings::canonical_name(std::string_view name) const {
  const Definition* definition = find(name);
  return std::string(definition ? definition->fact.name : name);
}

const Settings::Definition& Settings::need(std::string_view name) const {
  if (const Definition* definition = find(name)) return *definition;
  if (name.find('.') != name.npos) {
    if (!is_custom_name(name))
      fail(sqlstate::invalid_name, fmt::format("invalid configuration parameter name \"{}\"", name), -1, {},
           "Custom parameter names must be two or more simple identifiers separated by dots.");
    static const Definition custom{{"", "user", 's', "", "", "", "", ""}};
    return custom;
  }
  fail(sqlstate::undefined_object, fmt::format("unrecognized configuration parameter \"{}\"", name));
}

void Settings::check_context(const Definition& definition, bool at_start) const {
  const SettingFact& fact = definition.fact;
  auto refused = [&](std::string_view why) {
    fail(sqlstate::cant_change_runtime_param, fmt::format("parameter \"{}\" {}", fact.name, why));
  };
  if (fact.context == "internal") refused("cannot be changed");
  if (fact.context == "postmaster") refused("cannot be changed without restarting the server");
  if (fact.context == "sighup") refused("cannot be changed now");
  if (fact.context == "backend" && !at_start) refused("cannot be set after connection start");
  if (fact.context == "superuser-backend" && !at_start) refused("cannot be set after connection start");
  if (fact.context.starts_with("superuser"))
    fail(sqlstate::insufficient_privilege, fmt::format("permission denied to set parameter \"{}\"", fact.name));
}

std::string Settings::validate(const Definition& definition, std::string_view value) const {
  const SettingFact& fact = definition.fact;
  switch (fact.type) {
    case 'b': {
      auto parsed = types::parse_text(types::bool_oid, value, {});
      if (!parsed)
        fail(sqlstate::invalid_parameter_value, fmt::format("parameter \"{}\" requires a Boolean value", fact.name));
      return std::get<bool>(*parsed) ? "on" : "off";
    }
    case 'i':
    case 'r':
      return check_number(fact, value);
    case 'e': {
      for (const auto& choice : split(fact.choices, ","))
        if (same(choice, value)) return choice;
      auto boolean = types::parse_text(types::bool_oid, value, {});
      for (const auto& choice : split(fact.choices, ","))
        if (boolean && choice == (std::get<bool>(*boolean) ? "on" : "off")) return choice;
      std::string list;
      for (const auto& choice : split(fact.choices, ",")) list += (list.empty() ? "" : ", ") + choice;
      invalid(fact.name, value, fmt::format("Available values: {}.", list));
    }
    default:
      return validate_special(fact.name, value);
  }
}

std::string Settings::validate_special(std::string_view name, std::string_view value) const {
  if (name == "DateStyle") return date_style(value, style_);
  if (name == "client_encoding") return encoding(value);
  if (name == "TimeZone" || name == "log_timezone") {
    auto zone = types::Zone::find(value);
    if (!zone) invalid(name, value);
    return zone->name();
  }
  if (name == "application_name" || name == "cluster_name") {
    std::string clean;  // PostgreSQL 16 and later write other bytes in hexadecimal
    for (char c : value)
      clean += c >= 32 && c <= 126 ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    return clean.substr(0, 63);
  }
  if (name == "search_path" && !is_name_list(value)) invalid(name, value, {}, "List syntax is invalid.");
  if (name == "session_authorization" && value != fixed_.user)
    fail(sqlstate::insufficient_privilege, "permission denied to set session authorization");
  if (name == "role" && value != "none" && value != fixed_.user)
    fail(sqlstate::insufficient_privilege, fmt::format("permission denied to set role \"{}\"", value));
  return std::string(value);
}

void Settings::set_default(std::string_view name, std::string_view value) {
  const Definition& definition = need(name);
  check_context(definition, true);
  defaults_[std::string(definition.fact.name.empty() ? name : definition.fact.name)] = validate(definition, value);
  changed();
}

void Settings::set(std::string_view name, std::string_view value, bool local) {
  const Definition& definition = need(name);
  check_context(definition, false);
  std::string key(definition.fact.name.empty() ? name : definition.fact.name);
  std::string accepted = validate(definition, value);
  // The transaction's own characteristics live as long as it does.
  if (key.starts_with("transaction_") && key != "transaction_timeout") local = true;
  if (local) {
    local_[key] = std::move(accepted);
  } else {
    session_[key] = std::move(accepted);
    local_.erase(key);
  }
  changed();
}

void Settings::reset(std::string_view name, bool local) {
  const Definition& definition = need(name);
  check_context(definition, false);
  std::string key(definition.fact.name.empty() ? name : definition.fact.name);
  if (definition.fact.name.empty() && !session_.contains(key) && !local_.contains(key) && !defaults_.contains(key))
    return;
  if (local) {
    local_[key] = defaults_[key];
  } else {
    if (definition.fact.name.empty())
      session_[key] = defaults_[key];
    else
      session_.erase(key);
    local_.erase(key);
  }
  changed();
}

void Settings::reset_all() {
  auto keep = [](const auto& entry) {
    return entry.first == "role" || entry.first == "session_authorization" || entry.first.starts_with("transaction_");
  };
  std::erase_if(session_, [&](const auto& e) { return !keep(e); });
  std::erase_if(local_, [&](const auto& e) { return !keep(e); });
  changed();
}

std::optional<std::string> Settings::show(std::string_view name, bool missing_ok) const {
  const Definition* definition = find(name);
  if (!definition) {
    for (const Values* values : {&local_, &session_, &defaults_})
      if (auto it = values->find(name); it != values->end()) return it->second;
    if (missing_ok) return std::nullopt;
    fail(sqlstate::undefined_object, fmt::format("unrecognized configuration parameter \"{}\"", name));
  }
  if (definition->fact.name == "seed") return "unavailable";
  return show_with_unit(definition->fact, raw(name));
}

std::vector<std::pair<std::string, std::string>> Settings::all() const {
  std::vector<std::pair<std::string, std::string>> list;
  for (const auto& [name, definition] : definitions()) {
    if (name == "is_superuser" || name == "session_authorization" || name == "role" || name == "seed") continue;
    list.emplace_back(name, *show(name, false));
  }
  return list;
}

void Settings::start_transaction() {
  before_ = session_;
  set_characteristics({raw("default_transaction_isolation"), raw("default_transaction_read_only") == "on",
                       raw("default_transaction_deferrable") == "on"});
}

void Settings::commit_transaction() {
  local_.clear();
  before_.clear();
  changed();
}

void Settings::abort_transaction() {
  session_ = std::move(before_);
  before_.clear();
  local_.clear();
  changed();
}

Characteristics Settings::characteristics() const {
  return {raw("transaction_isolation"), raw("transaction_read_only") == "on", raw("transaction_deferrable") == "on"};
}

void Settings::set_characteristics(const Characteristics& c) {
  local_["transaction_isolation"] = c.isolation;
  local_["transaction_read_only"] = c.read_only ? "on" : "off";
  local_["transaction_deferrable"] = c.deferrable ? "on" : "off";
}

bool Settings::keeps_snapshot() const {
  const std::string& isolation = raw("transaction_isolation");
  return isolation == "repeatable read" || isolation == "serializable";
}

// Keep the settings that values' text forms depend on in the shape in which they are used.
void Settings::changed() {
  const std::string& dates = raw("DateStyle");
  using enum types::Style::Dates;
  using enum types::Style::Order;
  style_.dates = dates.starts_with("ISO")        ? iso
                 : dates.starts_with("SQL")      ? sql
                 : dates.starts_with("Postgres") ? postgres
                                                 : german;
  style_.order = dates.ends_with("MDY") ? mdy : dates.ends_with("DMY") ? dmy : ymd;
  if (const std::string& zone = raw("TimeZone"); !style_.zone || style_.zone->name() != zone) {
    style_.zone = types::Zone::find(zone.starts_with('<') ? zone.substr(1, 3) : zone);
  }
  style_.extra_float_digits = std::atoi(raw("extra_float_digits").c_str());
  style_.bytea_hex = raw("bytea_output") == "hex";
}

std::vector<std::pair<std::string, std::string>> Settings::take_changed() {
  std::vector<std::pair<std::string, std::string>> list;
  for (auto name : reported) {
    std::string value = raw(name);
    auto [it, first] = reported_.try_emplace(std::string(name));
    if (!first && it->second == value) continue;
    it->second = value;
    list.emplace_back(name, value);
  }
  return list;
}

std::vector<std::pair<std::string, std::string>> startup_switches(std::string_view options) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  for (std::size_t i = 0; i < options.size(); ++i) {
    bool blank = std::isspace(static_cast<unsigned char>(options[i]));
    if (blank && !in_word) continue;
    if (blank)
      words.push_back(std::exchange(word, {})), in_word = false;
    else if (options[i] == '\\' && i + 1 < options.size())
      word += options[++i], in_word = true;
    else if (options[i] != '\\')
      word += options[i], in_word = true;
  }
  if (in_word) words.push_back(word);
  std::vector<std::pair<std::string, std::string>> settings;
  auto bad = [](std::string_view argument) {
    SqlError error;
    error.report.sqlstate = sqlstate::syntax_error;
    error.report.message = fmt::format("invalid command-line argument for server process: {}", argument);
    error.report.hint = "Try \"postgres --help\" for more information.";
    throw error;
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view argument = words[i];
    bool dash_c = argument.starts_with("-c");
    if (argument.starts_with("--") && argument.size() > 2)
      argument.remove_prefix(2);
    else if (dash_c && argument.size() > 2)
      argument.remove_prefix(2);
    else if (dash_c && i + 1 < words.size())
      argument = words[++i];
    else
      bad(words[i]);
    auto equals = argument.find('=');
    std::string name(argument.substr(0, equals));
    std::ranges::replace(name, '-', '_');
    if (equals == argument.npos)
      fail(sqlstate::syntax_error,
           dash_c ? fmt::format("-c {} requires a value", argument) : fmt::format("--{} requires a value", argument));
    settings.emplace_back(std::move(name), argument.substr(equals + 1));
  }
  return settings;
}

}  // namespace pgconform::engine
