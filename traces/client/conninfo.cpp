#include "client/conninfo.hpp"

#include <algorithm>
#include <optional>

#include "client/target.hpp"

namespace pgconform::client {

namespace {

using Parsed = std::expected<Settings, std::string>;

constexpr std::string_view keys[] = {"host",     "hostaddr",        "port",           "dbname",      "user",
                                     "password", "sslmode",         "sslnegotiation", "sslrootcert", "sslcert",
                                     "sslkey",   "sslpassword",     "sslsni",         "service",     "client_encoding",
                                     "options",  "application_name"};

std::unexpected<std::string> error(std::string text) {
  return std::unexpected(std::move(text));
}

constexpr std::string_view white = " \t\n\r\v\f";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(white);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(white) - first + 1);
}

std::optional<std::string> set(Settings& settings, std::string_view key, std::string value) {
  if (std::ranges::find(keys, key) == std::end(keys)) return unknown_key(key);
  settings.insert_or_assign(std::string(key), std::move(value));
  return std::nullopt;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::expected<std::string, std::string> percent_decode(std::string_view text, std::string_view part) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return error("the URI's " + std::string(part) + " has a % without two hexadecimal digits");
    if (high == 0 && low == 0) return error("the URI's " + std::string(part) + " contains %00");
    plain += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return plain;
}

// UriParser: cuts the text from the left; the first complaint sticks.
class UriParser {
 public:
  explicit UriParser(std::string_view text) : rest_(text) {}

  Parsed parse() {
    rest_.remove_prefix(rest_.find("://") + 3);
    // As libpq: credentials end at the first @ that comes before any slash.
    const auto at = rest_.find_first_of("@/");
    if (at != rest_.npos && rest_[at] == '@') {
      const auto credentials = rest_.substr(0, at);
      rest_.remove_prefix(at + 1);
      const auto colon = credentials.find(':');
      put("user", "user", credentials.substr(0, colon));
      if (colon != credentials.npos) put("password", "password", credentials.substr(colon + 1));
    }
    host_and_port();
    if (!rest_.empty() && rest_[0] == '/') {
      const auto end = rest_.find('?');
      if (const auto name = rest_.substr(1, end == rest_.npos ? end : end - 1); !name.empty())
        put("dbname", "database", name);
      rest_.remove_prefix(std::min(end, rest_.size()));
    }
    if (!rest_.empty()) parameters(rest_.substr(1));
    if (!complaint_.empty()) return std::unexpected(complaint_);
    return settings_;
  }

 private:
  void fail(std::string text) {
    if (complaint_.empty()) complaint_ = std::move(text);
  }
  void put(std::string_view key, std::string_view part, std::string_view encoded) {
    auto value = percent_decode(encoded, part);
    if (!value) return fail(value.error());
    if (auto wrong = set(settings_, key, *std::move(value))) fail(*wrong);
  }
  void host_and_port() {
    const auto end = std::min(rest_.find_first_of("/?"), rest_.size());
    auto spec = rest_.substr(0, end);
    rest_.remove_prefix(end);
    std::string_view host, port;
    bool has_port = false;
    if (spec.starts_with('[')) {
      const auto close = spec.find(']');
      if (close == spec.npos) return fail("the URI's host begins with [ but has no ]");
      host = spec.substr(1, close - 1);
      if (host.empty()) return fail("the URI's host is an empty IPv6 address, []");
      spec.remove_prefix(close + 1);
      if (spec.starts_with(',')) return fail("the URI names several hosts; a target is one server");
      if (!spec.empty() && spec[0] != ':') return fail("the URI's host has something other than :PORT after the ]");
      has_port = !spec.empty();
      port = spec.substr(has_port ? 1 : 0);
    } else {
      const auto colon = spec.find(':');
      host = spec.substr(0, colon);
      has_port = colon != spec.npos;
      if (has_port) port = spec.substr(colon + 1);
    }
    if (!host.empty()) put("host", "host", host);
    if (has_port && !port.empty()) put("port", "port", port);
  }
  void parameters(std::string_view text) {
    while (!text.empty()) {
      const auto end = std::min(text.find('&'), text.size());
      const auto pair = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      const auto equals = pair.find('=');
      if (equals == pair.npos) return fail("a parameter of the URI has no =");
      if (pair.find('=', equals + 1) != pair.npos) return fail("a parameter of the URI has more than one =");
      auto key = percent_decode(pair.substr(0, equals), "parameter");
      if (!key) return fail(key.error());
      // JDBC's spelling, which libpq takes too.
      if (*key == "ssl" && pair.substr(equals + 1) == "true")
        put("sslmode", "parameter", "require");
      else
        put(*key, "parameter " + *key, pair.substr(equals + 1));
    }
  }

  std::string_view rest_;
  Settings settings_;
  std::string complaint_;
};

}  // namespace

std::span<const std::string_view> conninfo_keys() {
  return keys;
}

std::string unknown_key(std::string_view key) {
  std::string text = "unknown key \"" + std::string(key) + "\"; known are";
  for (const auto known : keys) text.append(known == keys[0] ? " " : ", ").append(known);
  return text;
}

bool is_uri(std::string_view text) {
  return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

Parsed parse_uri(std::string_view text) {
  return UriParser(text).parse();
}

Parsed parse_conninfo(std::string_view text) {
  Settings settings;
  auto skip_white = [&] { text.remove_prefix(std::min(text.find_first_not_of(white), text.size())); };
  for (skip_white(); !text.empty(); skip_white()) {
    const auto key_end = std::min(text.find_first_of("= \t\n\r\v\f"), text.size());
    const auto key = text.substr(0, key_end);
    text.remove_prefix(key_end);
    skip_white();
    if (key.empty()) return error("the conninfo string has a value without a key");
    if (text.empty() || text[0] != '=') return error("the conninfo string has no = after \"" + std::string(key) + "\"");
    text.remove_prefix(1);
    skip_white();
    const bool quoted = text.starts_with('\'');
    if (quoted) text.remove_prefix(1);
    std::string value;
    bool closed = false;
    while (!text.empty() && !closed) {
      const char c = text[0];
      if (!quoted && white.contains(c)) break;
      text.remove_prefix(1);
      if (quoted && c == '\'') {
        closed = true;
      } else if (c == '\\') {
        if (text.empty()) break;
        value += text[0];
        text.remove_prefix(1);
      } else {
        value += c;
      }
    }
    if (quoted && !closed) return error("the conninfo string has no closing ' for \"" + std::string(key) + "\"");
    if (auto wrong = set(settings, key, std::move(value))) return error(*wrong);
  }
  return settings;
}

Parsed parse_service(std::string_view text, std::string_view service) {
  Settings settings;
  bool ours = false, found = false;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '[') {
      if (found) break;
      ours = found = line == "[" + std::string(service) + "]";
      continue;
    }
    if (!ours) continue;
    const auto equals = line.find('=');
    if (equals == line.npos) return error("service \"" + std::string(service) + "\" has a line without =");
    const auto key = trim(line.substr(0, equals));
    if (key == "service") return error("service \"" + std::string(service) + "\" names another service");
    if (auto wrong = set(settings, key, std::string(trim(line.substr(equals + 1))))) return error(*wrong);
  }
  if (!found) return error("there is no service \"" + std::string(service) + "\"");
  return settings;
}

}  // namespace pgconform::client
