#include "replay/profile.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace pgconform::replay {

namespace {

using Json = nlohmann::ordered_json;

// wrong: what is the matter with an entry; empty if nothing is.
std::string wrong(const Json& entry) {
  if (!entry.is_object()) return "expected an object";
  for (const auto& [key, value] : entry.items()) {
    if (key != "traces" && key != "verdict" && key != "reason")
      return fmt::format("unknown key {}, expected traces, verdict or reason", key);
    if (!value.is_string() || value.get_ref<const std::string&>().empty())
      return fmt::format("{}: expected a text", key);
  }
  for (const char* key : {"traces", "verdict", "reason"})
    if (!entry.contains(key)) return fmt::format("the key {} is missing", key);
  if (entry["verdict"] != "fail" && entry["verdict"] != "varies") return "verdict: expected fail or varies";
  return {};
}

}  // namespace

const Exception* Profile::exception(const std::string& id) const {
  for (const auto& one : expect)
    if (::fnmatch(one.traces.c_str(), id.c_str(), FNM_PATHNAME) == 0) return &one;
  return nullptr;
}

std::expected<Profile, std::string> load_profile(const std::string& name, const std::string& directory) {
  const bool file = name.contains('/') || name.ends_with(".json");
  const auto path = file ? name : directory + "/" + name + ".json";
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path)) return std::unexpected(fmt::format("{}: cannot be read", path));
  const auto json = Json::parse(in, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return std::unexpected(fmt::format("{}: not JSON", path));
  if (!json.is_object() || json.value("format", Json()) != 1)
    return std::unexpected(fmt::format("{}: expected an object with \"format\": 1", path));
  Profile profile;
  for (const auto& [key, value] : json.items()) {
    if (key == "name" && value.is_string()) profile.name = value.get<std::string>();
    if (key != "$schema" && key != "format" && key != "name" && key != "expect")
      return std::unexpected(fmt::format("{}: unknown key {}, expected format, name or expect", path, key));
  }
  const auto expect = json.find("expect");
  if (expect == json.end()) return profile;
  if (!expect->is_array()) return std::unexpected(fmt::format("{}: /expect: expected an array", path));
  for (std::size_t i = 0; i < expect->size(); ++i) {
    const auto& entry = (*expect)[i];
    if (const auto what = wrong(entry); !what.empty())
      return std::unexpected(fmt::format("{}: /expect/{}: {}", path, i, what));
    profile.expect.push_back({entry["traces"], entry["verdict"] == "varies", entry["reason"]});
  }
  return profile;
}

}  // namespace pgconform::replay
