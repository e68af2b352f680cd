#include "engine/settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "engine/error.hpp"
#include "engine/setting_values.hpp"
#include "types/form.hpp"

namespace pgconform::engine {
namespace {

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

}  // namespace

bool NoCase::operator()(std::string_view a, std::string_view b) const {
  return std::ranges::lexicographical_compare(a, b, {}, lower, lower);
}

struct Settings::Definition {
  SettingFact fact;
  std::string initial;  // before startup and any SET
};

const std::map<std::string, Settings::Definition, NoCase>& Settings::definitions() {
  static const auto all = [] {
    std::map<std::string, Definition, NoCase> map;
    for (const auto& fact : all_settings()) map.emplace(fact.name, Definition{fact, {}});
    // What pg_settings does not list, or 15 does not have yet.
    for (const SettingFact& fact : {SettingFact{"is_superuser", "internal", 'b', "", "off", "", "", ""},
                                    SettingFact{"session_authorization", "user", 's', "", "", "", "", ""},
                                    SettingFact{"role", "user", 's', "", "none", "", "", ""},
                                    SettingFact{"scram_iterations", "user", 'i', "", "4096", "1", "2147483647", ""},
                                    SettingFact{"seed", "user", 'r', "", "0", "-1", "1", ""},
                                    SettingFact{"transaction_timeout", "user", 'i', "ms", "0", "0", "2147483647", ""}})
      map.insert_or_assign(std::string(fact.name), Definition{fact, {}});
    for (auto& [name, definition] : map) {
      definition.initial = definition.fact.boot_value;
      if (definition.initial.empty() && definition.fact.type == 'b') definition.initial = "off";
    }
    map.at("TimeZone").initial = "UTC";
    for (const char* name : {"client_encoding", "server_encoding"}) map.at(name).initial = "UTF8";
    for (const char* name : {"lc_collate", "lc_ctype", "lc_messages", "lc_monetary", "lc_numeric", "lc_time"})
      map.at(name).initial = "C";
    return map;
  }();
  return all;
}

Settings::Settings(Fixed fixed) : fixed_(std::move(fixed)) {
  defaults_["server_version"] = fixed_.server_version;
  int major = std::atoi(fixed_.server_version.c_str());
  auto dot = fixed_.server_version.find('.');
  int minor = dot == std::string::npos ? 0 : std::atoi(fixed_.server_version.c_str() + dot + 1);
  defaults_["server_version_num"] = std::to_string(major * 10000 + minor);
  defaults_["session_authorization"] = fixed_.user;
  changed();
}

const Settings::Definition* Settings::find(std::string_view name) const {
  auto it = definitions().find(name);
  return it == definitions().end() ? nullptr : &it->second;
}

const std::string& Settings::raw(std::string_view name) const {
  static const std::string on = "on", off = "off";
  if (same(name, "transaction_isolation")) return now_.isolation;
  if (same(name, "transaction_read_only")) return now_.read_only ? on : off;
  if (same(name, "transaction_deferrable")) return now_.deferrable ? on : off;
  for (const Values* values : {&local_, &session_})
    if (auto it = values->find(name); it != values->end()) return it->second;
  return default_of(name);
}

const std::string& Settings::default_of(std::string_view name) const {
  if (auto it = defaults_.find(name); it != defaults_.end()) return it->second;
  static const std::string none;
  const Definition* definition = find(name);
  return definition ? definition->initial : none;
}

// The transaction's own characteristics live as long as it does, however they are set.
bool Settings::set_characteristic(std::string_view name, const std::string& value) {
  if (name == "transaction_isolation")
    now_.isolation = value;
  else if (name == "transaction_read_only")
    now_.read_only = value == "on";
  else if (name == "transaction_deferrable")
    now_.deferrable = value == "on";
  else
    return false;
  return true;
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
    static const Definition custom{{"", "user", 's', "", "", "", "", ""}, {}};
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
  if (name == "search_path" && !name_list(value)) invalid(name, value, {}, "List syntax is invalid.");
  // There is no other role than the user's own.
  if ((name == "session_authorization" || (name == "role" && value != "none")) && value != fixed_.user)
    fail(sqlstate::invalid_parameter_value, fmt::format("role \"{}\" does not exist", value));
  return std::string(value);
}

void Settings::set_default(std::string_view name, std::string_view value) {
  const Definition& definition = need(name);
  check_context(definition, true);
  put_default(definition, name, value);
}

void Settings::set_for_server(std::string_view name, std::string_view value) {
  const Definition& definition = need(name);
  if (definition.fact.context == "internal") check_context(definition, true);
  put_default(definition, name, value);
}

void Settings::put_default(const Definition& definition, std::string_view name, std::string_view value) {
  defaults_[std::string(definition.fact.name.empty() ? name : definition.fact.name)] = validate(definition, value);
  changed();
}

void Settings::set(std::string_view name, std::string_view value, bool local) {
  const Definition& definition = need(name);
  check_context(definition, false);
  std::string key(definition.fact.name.empty() ? name : definition.fact.name);
  std::string accepted = validate(definition, value);
  if (set_characteristic(key, accepted)) return;
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
  if (set_characteristic(key, default_of(key))) return;
  if (local) {
    local_[key] = default_of(key);
  } else {
    if (definition.fact.name.empty())
      session_[key] = default_of(key);
    else
      session_.erase(key);
    local_.erase(key);
  }
  changed();
}

void Settings::reset_all() {
  auto keep = [](const auto& entry) { return entry.first == "role" || entry.first == "session_authorization"; };
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
  now_ = next_;
  before_.assign(1, {session_, {}, now_});
}

void Settings::commit_transaction() {
  before_.clear();
  if (local_.empty()) return;
  local_.clear();
  changed();
}

void Settings::abort_transaction() {
  before_.resize(1);
  abort_subtransaction();
}

void Settings::start_subtransaction() {
  before_.push_back({session_, local_, now_});
}

// What became of the settings stays, but not that the subtransaction made itself read-only.
void Settings::commit_subtransaction() {
  now_.read_only = before_.back().now.read_only;
  before_.pop_back();
}

void Settings::abort_subtransaction() {
  session_ = std::move(before_.back().session);
  local_ = std::move(before_.back().local);
  now_ = std::move(before_.back().now);
  before_.pop_back();
  changed();
}

Characteristics Settings::characteristics() const {
  return now_;
}

void Settings::set_characteristics(const Characteristics& c) {
  now_ = c;
}

bool Settings::keeps_snapshot() const {
  return now_.isolation == "repeatable read" || now_.isolation == "serializable";
}

std::int64_t Settings::number(std::string_view name) const {
  return std::strtoll(raw(name).c_str(), nullptr, 10);
}

// Keep the settings that are often asked for in the shape in which they are used.
void Settings::changed() {
  ++version_;
  touched_ = true;
  next_ = {raw("default_transaction_isolation"), raw("default_transaction_read_only") == "on",
           raw("default_transaction_deferrable") == "on"};
  const std::string& dates = raw("DateStyle");
  using enum types::Style::Dates;
  using enum types::Style::Order;
  style_.dates = dates.starts_with("ISO")        ? iso
                 : dates.starts_with("SQL")      ? sql
                 : dates.starts_with("Postgres") ? postgres
                                                 : german;
  style_.order = dates.ends_with("MDY") ? mdy : dates.ends_with("DMY") ? dmy : ymd;
  if (const std::string& zone = raw("TimeZone"); !style_.zone || style_.zone->name() != zone) {
    style_.zone = types::Zone::find(zone);
  }
  style_.extra_float_digits = std::atoi(raw("extra_float_digits").c_str());
  const std::string& intervals = raw("IntervalStyle");
  style_.intervals = intervals == "iso_8601"           ? types::Style::Intervals::iso_8601
                     : intervals == "sql_standard"     ? types::Style::Intervals::sql_standard
                     : intervals == "postgres_verbose" ? types::Style::Intervals::postgres_verbose
                                                       : types::Style::Intervals::postgres;
  style_.bytea_hex = raw("bytea_output") == "hex";
  encoding_ = types::ClientEncoding::find(raw("client_encoding"));
  if (!encoding_->needs_conversion()) encoding_ = nullptr;
}

std::vector<std::pair<std::string, std::string>> Settings::take_changed() {
  if (!std::exchange(touched_, false)) return {};
  std::vector<std::pair<std::string, std::string>> list;
  for (auto name : reported) {
    const std::string& value = raw(name);
    auto [it, first] = reported_.try_emplace(std::string(name));
    if (!first && it->second == value) continue;
    it->second = value;
    list.emplace_back(name, value);
  }
  return list;
}

}  // namespace pgconform::engine
