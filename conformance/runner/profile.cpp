#include "runner/profile.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

namespace pgconform::runner {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

// Bad: thrown while one file is read, caught in load().
struct Bad {
  std::string text;
};

// Value: a place in a profile, known by its path.
struct Value {
  const Json& json;
  const std::string& file;
  std::string path;

  [[noreturn]] void bad(std::string_view expected) const {
    throw Bad{fmt::format("{}: {}: expected {}, got {}", file, path.empty() ? "/" : path, expected,
                          json.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 60))};
  }
  std::string text() const {
    if (!json.is_string() || json.get_ref<const std::string&>().empty()) bad("a text");
    return json.get<std::string>();
  }
  std::string one_of(std::span<const std::string_view> words) const {
    if (!json.is_string() || std::ranges::find(words, json.get_ref<const std::string&>()) == words.end())
      bad(fmt::format("one of {}", fmt::join(words, ", ")));
    return json.get<std::string>();
  }
  Value at(const std::string& key) const { return {json.at(key), file, path + "/" + key}; }
  bool has(const std::string& key) const { return json.contains(key); }

  template <class Each>
  void each(std::string_view expected, std::span<const std::string_view> known, Each each) const {
    if (!json.is_object()) bad(expected);
    for (const auto& [key, value] : json.items()) {
      if (!known.empty() && std::ranges::find(known, key) == known.end())
        throw Bad{fmt::format("{}: {}/{}: unknown key, expected one of {}", file, path, key, fmt::join(known, ", "))};
      each(key, Value{value, file, path + "/" + key});
    }
  }
};

constexpr auto level_words = std::to_array<std::string_view>({"must", "should", "postgresql"});
constexpr auto verdict_words = std::to_array<std::string_view>({"pass", "fail", "unsupported", "varies"});
constexpr auto facet_words = std::to_array<std::string_view>({"sqlstate", "severity", "tag"});
constexpr auto missing_words = std::to_array<std::string_view>({"refused", "ignored"});
constexpr auto delivery_words = std::to_array<std::string_view>({"whole", "bytewise", "coalesced"});
constexpr auto profile_keys = std::to_array<std::string_view>(
    {"$schema", "format", "name", "extends", "catalogue", "gate", "postgresql", "capabilities", "sql", "expect"});
constexpr auto expect_keys =
    std::to_array<std::string_view>({"cases", "facet", "verdict", "actual", "reason", "expires", "when"});
constexpr auto when_keys = std::to_array<std::string_view>({"delivery"});

bool is_month(std::string_view text) {
  const auto digits = [](std::string_view part) { return part.find_first_not_of("0123456789") == part.npos; };
  return text.size() == 7 && text[4] == '-' && digits(text.substr(0, 4)) && digits(text.substr(5)) &&
         text.substr(5) >= "01" && text.substr(5) <= "12";
}

Expectation read_expectation(const Value& value) {
  Expectation entry;
  value.each("an object", expect_keys, [](const std::string&, const Value&) {});
  for (const auto* required : {"cases", "verdict", "reason"})
    if (!value.has(required)) value.bad(fmt::format("the key {}", required));
  entry.cases = value.at("cases").text();
  entry.reason = value.at("reason").text();
  const auto verdict = value.at("verdict").one_of(verdict_words);
  entry.verdict = static_cast<Expectation::Verdict>(std::ranges::find(verdict_words, verdict) - verdict_words.begin());
  if (value.has("facet")) entry.facet = value.at("facet").one_of(facet_words);
  if (value.has("actual")) entry.actual = value.at("actual").text();
  if (value.has("expires")) {
    entry.expires = value.at("expires").text();
    if (!is_month(entry.expires)) value.at("expires").bad("a month such as 2027-06");
  }
  if (value.has("when"))
    value.at("when").each("an object", when_keys, [&](const std::string& key, const Value& of) {
      entry.when[key] = of.one_of(delivery_words);
    });
  entry.origin = fmt::format("{}: {}", value.file, value.path);
  return entry;
}

Profile read(const Value& value) {
  Profile profile;
  value.each("a profile, an object", profile_keys, [](const std::string&, const Value&) {});
  if (!value.has("format") || value.json["format"] != 1) value.bad("the key format with the value 1");
  if (!value.has("name")) value.bad("the key name");
  profile.name = value.at("name").text();
  if (value.has("catalogue")) profile.catalogue = value.at("catalogue").text();
  if (value.has("gate")) {
    Level gate{};
    parse_level(value.at("gate").one_of(level_words), gate);
    profile.gate = gate;
  }
  if (value.has("postgresql")) {
    profile.postgresql = value.at("postgresql").text();
    if (!version_is_well_formed(profile.postgresql)) value.at("postgresql").bad("a version such as 15 or 14.7");
  }
  if (value.has("capabilities"))
    value.at("capabilities").each("an object", {}, [&](const std::string& key, const Value& of) {
      if (!is_capability(key))
        throw Bad{fmt::format("{}: {}: unknown key, expected one of {}, sql-…", of.file, of.path,
                              fmt::join(capabilities(), ", "))};
      if (!of.json.is_boolean() && !of.json.is_string()) of.bad("true, false, \"refused\" or \"ignored\"");
      profile.capabilities[key] = of.json.is_boolean() ? of.json.dump() : of.one_of(missing_words);
    });
  if (value.has("sql"))
    value.at("sql").each("an object", {},
                         [&](const std::string& key, const Value& of) { profile.sql[key] = of.text(); });
  if (value.has("expect")) {
    const auto list = value.at("expect");
    if (!list.json.is_array()) list.bad("an array");
    for (std::size_t i = 0; i < list.json.size(); ++i)
      profile.expect.push_back(read_expectation({list.json[i], list.file, fmt::format("{}/{}", list.path, i)}));
  }
  return profile;
}

// extend: what `profile` leaves open is as in `base`.
void extend(Profile& profile, Profile base) {
  if (!profile.gate) profile.gate = base.gate;
  if (profile.postgresql.empty()) profile.postgresql = base.postgresql;
  if (profile.catalogue.empty()) profile.catalogue = base.catalogue;
  profile.capabilities.merge(base.capabilities);
  profile.sql.merge(base.sql);
  std::ranges::move(base.expect, std::back_inserter(profile.expect));
}

Profile load_file(const fs::path& file, const Profiles& profiles, const fs::path& directory,
                  std::set<std::string> above) {
  const auto shown = file.string();
  if (!above.insert(shown).second) throw Bad{fmt::format("{}: /extends: it extends itself", shown)};
  std::ifstream in(file, std::ios::binary);
  if (!in) throw Bad{fmt::format("{}: cannot be read", shown)};
  Json json;
  try {
    json = Json::parse(in);
  } catch (const Json::parse_error& error) {
    throw Bad{fmt::format("{}: byte {}: not JSON", shown, error.byte)};
  }
  const Value value{json, shown, ""};
  auto profile = read(value);
  if (value.has("extends")) {
    const auto base = value.at("extends").text();
    auto beside = file.parent_path() / (base + ".json");
    if (!fs::exists(beside)) beside = directory / (base + ".json");
    if (!fs::exists(beside)) value.at("extends").bad(fmt::format("one of {}", fmt::join(profiles.names(), ", ")));
    extend(profile, load_file(beside, profiles, directory, std::move(above)));
  }
  return profile;
}

}  // namespace

std::expected<Profile, std::string> Profiles::load(std::string_view name) const {
  try {
    if (name.contains('/') || name.ends_with(".json")) return load_file(name, *this, directory_, {});
    const auto file = directory_ / fmt::format("{}.json", name);
    if (name.empty() || !fs::exists(file))
      return std::unexpected(
          fmt::format("there is no profile {}; known are {}", name.empty() ? "\"\"" : name, fmt::join(names(), ", ")));
    return load_file(file, *this, directory_, {});
  } catch (const Bad& bad) {
    return std::unexpected(bad.text);
  }
}

std::vector<std::string> Profiles::names() const {
  std::vector<std::string> list;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(directory_, error))
    if (file.path().extension() == ".json") list.push_back(file.path().stem().string());
  std::ranges::sort(list);
  return list;
}

}  // namespace pgconform::runner
