#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>

// The two spellings of a libpq connection string (libpq-connstring). Not for users of this folder: see target.hpp.
namespace pgconform::client {

// Settings: keyword and value, each keyword known. Later ones replace earlier ones, as in libpq.
using Settings = std::map<std::string, std::string, std::less<>>;

// is_uri: begins with postgresql:// or postgres://.
bool is_uri(std::string_view text);

// parse_uri · parse_conninfo: errors are one line, without values, as any of them may be a password.
std::expected<Settings, std::string> parse_uri(std::string_view text);
std::expected<Settings, std::string> parse_conninfo(std::string_view text);

// parse_service: the section of `service` in the text of a service file (libpq-pgservice).
std::expected<Settings, std::string> parse_service(std::string_view text, std::string_view service);

// unknown_key: the complaint about one, naming those that are known.
std::string unknown_key(std::string_view key);

}  // namespace pgconform::client
