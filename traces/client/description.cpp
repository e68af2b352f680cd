#include "client/description.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace pgconform::client {

namespace {

using Json = nlohmann::json;

constexpr std::string_view keys[] = {"uri", "ca", "client_certificate", "client_key", "roles", "control", "profile"};
constexpr std::string_view role_keys[] = {"user", "password"};
constexpr std::string_view control_keys[] = {"start", "stop", "reload"};

// Complaint: thrown inside this file only.
struct Complaint {
  std::string text;
};

const Json& object(const Json& value, const std::string& name, std::span<const std::string_view> known) {
  if (!value.is_object()) throw Complaint{name + " is not an object"};
  for (const auto& [key, ignored] : value.items()) {
    if (known.empty() || std::ranges::find(known, key) != known.end()) continue;
    std::string list;
    for (const auto one : known) list.append(list.empty() ? "" : ", ").append(one);
    throw Complaint{"unknown key \"" + key + "\" in " + name + "; known are " + list};
  }
  return value;
}

std::string text_of(const Json& object, const char* key, const std::string& name) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (!found->is_string()) throw Complaint{"\"" + std::string(key) + "\" of " + name + " is not a string"};
  return found->get<std::string>();
}

Description read(const Json& root, const std::string& directory) {
  const std::string name = "the target description";
  object(root, name, keys);
  auto path = [&](const char* key) {
    auto text = text_of(root, key, name);
    return text.empty() ? text : (std::filesystem::path(directory) / text).string();
  };
  Description description{.uri = text_of(root, "uri", name),
                          .ca = path("ca"),
                          .client_certificate = path("client_certificate"),
                          .client_key = path("client_key"),
                          .profile = text_of(root, "profile", name),
                          .roles = {},
                          .control = {}};
  if (description.uri.empty()) throw Complaint{name + " has no \"uri\""};
  if (const auto roles = root.find("roles"); roles != root.end()) {
    for (const auto& [role, value] : object(*roles, "\"roles\"", {}).items()) {
      const auto whose = "role \"" + role + "\"";
      object(value, whose, role_keys);
      Credentials credentials{text_of(value, "user", whose), text_of(value, "password", whose)};
      if (role.empty()) throw Complaint{"a role has no name"};
      if (credentials.user.empty()) throw Complaint{whose + " has no \"user\""};
      description.roles.emplace(role, std::move(credentials));
    }
  }
  if (const auto control = root.find("control"); control != root.end()) {
    const std::string whose = "\"control\"";
    object(*control, whose, control_keys);
    description.control = {text_of(*control, "start", whose), text_of(*control, "stop", whose),
                           text_of(*control, "reload", whose)};
  }
  return description;
}

}  // namespace

std::span<const std::string_view> description_keys() {
  return keys;
}

std::expected<Description, std::string> parse_description(std::string_view text, const std::string& directory) {
  try {
    return read(Json::parse(text), directory);
  } catch (const Json::parse_error& error) {
    // No text of nlohmann's: it quotes what it could not read, which may be a password.
    return std::unexpected("byte " + std::to_string(error.byte) + ": not JSON");
  } catch (const Complaint& complaint) {
    return std::unexpected(complaint.text);
  }
}

}  // namespace pgconform::client
