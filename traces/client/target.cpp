#include "client/target.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "client/conninfo.hpp"
#include "client/description.hpp"

namespace pgconform::client {

namespace {

template <class T>
using Parsed = std::expected<T, std::string>;

constexpr std::string_view modes[] = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"};
constexpr std::string_view negotiations[] = {"postgres", "direct"};

// variables: what stands in for a keyword that is not given.
constexpr struct {
  const char *variable, *key;
} variables[] = {{"PGHOST", "host"},
                 {"PGHOSTADDR", "hostaddr"},
                 {"PGPORT", "port"},
                 {"PGDATABASE", "dbname"},
                 {"PGUSER", "user"},
                 {"PGPASSWORD", "password"},
                 {"PGSSLMODE", "sslmode"},
                 {"PGSSLNEGOTIATION", "sslnegotiation"},
                 {"PGSSLROOTCERT", "sslrootcert"},
                 {"PGSSLCERT", "sslcert"},
                 {"PGSSLKEY", "sslkey"},
                 {"PGSSLSNI", "sslsni"},
                 {"PGSERVICE", "service"},
                 {"PGCLIENTENCODING", "client_encoding"},
                 {"PGOPTIONS", "options"},
                 {"PGAPPNAME", "application_name"}};

// read_file: the error is the system's word for why not.
Parsed<std::string> read_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return std::unexpected(std::strerror(EISDIR));
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::unexpected(errno == 0 ? "it cannot be read" : std::strerror(errno));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Parsed<Settings> service_of(const std::string& service, const Environment& environment) {
  std::vector<std::string> files;
  if (auto file = environment("PGSERVICEFILE"); file && !file->empty()) {
    files = {*file};
  } else {
    if (auto home = environment("HOME")) files.push_back(*home + "/.pg_service.conf");
    if (auto directory = environment("PGSYSCONFDIR")) files.push_back(*directory + "/pg_service.conf");
  }
  std::string complaint = "there is no service \"" + service + "\": no service file was found";
  for (const auto& file : files) {
    const auto text = read_file(file);
    if (!text) continue;
    auto settings = parse_service(*text, service);
    if (settings) return settings;
    complaint = file + ": " + settings.error();
  }
  return std::unexpected(complaint);
}

template <class T>
Parsed<T> one_of(std::span<const std::string_view> values, std::string_view key, const std::string& value) {
  const auto found = std::ranges::find(values, value);
  if (found != values.end()) return static_cast<T>(found - values.begin());
  std::string text = std::string(key) + " is \"" + value + "\"; it can be";
  for (const auto one : values) text.append(one == values[0] ? " " : ", ").append(one);
  return std::unexpected(text);
}

Parsed<std::uint16_t> port_of(const std::string& text) {
  std::uint16_t port = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (wrong == std::errc{} && end == text.data() + text.size() && port != 0) return port;
  return std::unexpected("port is \"" + text + "\"; it must be a number from 1 to 65535");
}

std::string os_user() {
  const auto* entry = getpwuid(geteuid());
  return entry ? entry->pw_name : "";
}

std::string default_host() {
  // Where Debian's libpq looks; without it the network is the better guess.
  constexpr const char* sockets = "/var/run/postgresql";
  return std::filesystem::is_directory(sockets) ? sockets : "localhost";
}

// complete: fill what was left open, and give everything its type.
Parsed<Target> complete(Settings settings, const Environment& environment) {
  const auto fill = [&](const Settings& others) { settings.insert(others.begin(), others.end()); };
  Settings from_environment;
  for (const auto& [variable, key] : variables)
    if (auto value = environment(variable); value && !value->empty()) from_environment.emplace(key, *value);
  const auto given = settings.contains("service") ? settings["service"] : from_environment["service"];
  if (!given.empty()) {
    auto found = service_of(given, environment);
    if (!found) return std::unexpected(found.error());
    fill(*found);
  }
  fill(from_environment);

  const auto value = [&](const char* key) {
    const auto found = settings.find(key);
    return found == settings.end() ? std::string() : found->second;
  };
  Target target;
  for (const char* key : {"host", "hostaddr", "port"})
    if (value(key).contains(',')) return std::unexpected(std::string(key) + " names several; a target is one server");
  target.host = value("host");
  target.hostaddr = value("hostaddr");
  if (target.host.empty()) target.host = target.hostaddr.empty() ? default_host() : target.hostaddr;
  if (auto text = value("port"); !text.empty()) {
    const auto port = port_of(text);
    if (!port) return std::unexpected(port.error());
    target.port = *port;
  }
  target.credentials = {value("user"), value("password")};
  if (target.credentials.user.empty()) target.credentials.user = os_user();
  target.database = value("dbname");
  if (target.database.empty()) target.database = target.credentials.user;
  if (auto text = value("sslmode"); !text.empty()) {
    const auto mode = one_of<SslMode>(modes, "sslmode", text);
    if (!mode) return std::unexpected(mode.error());
    target.sslmode = *mode;
  }
  if (auto text = value("sslnegotiation"); !text.empty()) {
    const auto negotiation = one_of<SslNegotiation>(negotiations, "sslnegotiation", text);
    if (!negotiation) return std::unexpected(negotiation.error());
    target.sslnegotiation = *negotiation;
    if (*negotiation == SslNegotiation::direct && target.sslmode < SslMode::require)
      return std::unexpected("sslnegotiation is \"direct\", which takes sslmode require, verify-ca or verify-full");
  }
  target.ca = value("sslrootcert");
  target.client_certificate = value("sslcert");
  target.client_key = value("sslkey");
  target.client_key_password = value("sslpassword");
  if (auto text = value("sslsni"); !text.empty()) {
    if (text != "0" && text != "1") return std::unexpected("sslsni is \"" + text + "\"; it can be 0, 1");
    target.sni = text == "1";
  }
  for (const char* key : {"application_name", "client_encoding", "options"})
    if (auto text = value(key); !text.empty()) target.startup.emplace(key, text);
  return target;
}

Parsed<Target> described(const std::string& path, const Environment& environment) {
  if (path.empty()) return std::unexpected("the target is @ without a file name");
  const auto fail = [&](const std::string& why) { return std::unexpected("@" + path + ": " + why); };
  const auto text = read_file(path);
  if (!text) return fail(text.error());
  auto description = parse_description(*text, std::filesystem::path(path).parent_path().string());
  if (!description) return fail(description.error());
  if (!is_uri(description->uri)) return fail("\"uri\" does not begin with postgresql:// or postgres://");
  auto settings = parse_uri(description->uri);
  if (!settings) return fail(settings.error());
  // Told once and now, not by every connection that needs it.
  const std::pair<const char*, const std::string*> files[] = {{"ca", &description->ca},
                                                              {"client_certificate", &description->client_certificate},
                                                              {"client_key", &description->client_key}};
  for (const auto& [key, file] : files) {
    if (file->empty()) continue;
    if (const auto content = read_file(*file); !content)
      return fail("\"" + std::string(key) + "\": " + *file + ": " + content.error());
  }
  // What the description says stands before what the environment says, and a URI's own word before both.
  const auto prefer = [&](const char* key, const std::string& said) {
    if (!said.empty()) settings->emplace(key, said);
  };
  prefer("sslrootcert", description->ca);
  prefer("sslcert", description->client_certificate);
  prefer("sslkey", description->client_key);
  auto target = complete(*std::move(settings), environment);
  if (!target) return fail(target.error());
  target->roles = std::move(description->roles);
  target->control = std::move(description->control);
  target->profile = std::move(description->profile);
  return target;
}

}  // namespace

std::string_view to_string(SslMode mode) {
  return modes[static_cast<std::size_t>(mode)];
}

Environment system_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
}

Parsed<Target> Target::parse(std::string_view text, const Environment& environment) {
  if (text.find_first_not_of(" \t\r\n") == text.npos)
    return std::unexpected("the target is empty; give a URI, a conninfo string or @FILE");
  if (text.contains('\0')) return std::unexpected("the target contains a NUL byte");
  if (text.starts_with('@')) return described(std::string(text.substr(1)), environment);
  if (!is_uri(text)) {
    // The text is not quoted: it may hold a password.
    if (text.starts_with("jdbc:"))
      return std::unexpected("the target is a JDBC URL; leave out its jdbc: and give user and password as libpq does");
    if (const auto scheme = text.find("://"); scheme != text.npos && text.find_first_of(" ='") > scheme)
      return std::unexpected("the target is a URI, but not one of postgresql:// or postgres://");
    if (!text.contains('='))
      return std::unexpected(
          "the target is neither a URI (postgresql://…) nor a conninfo string (host=… port=…) nor @FILE");
  }
  auto settings = is_uri(text) ? parse_uri(text) : parse_conninfo(text);
  if (!settings) return std::unexpected(settings.error());
  return complete(*std::move(settings), environment);
}

Parsed<std::optional<Target>> Target::from_environment(const Environment& environment) {
  const auto set = [&](const char* name) { return environment(name).value_or("") != ""; };
  if (!set("PGHOST") && !set("PGPORT") && !set("PGSERVICE")) return std::nullopt;
  auto target = complete({}, environment);
  if (!target) return std::unexpected("from the environment: " + target.error());
  return *std::move(target);
}

const Credentials* Target::role(std::string_view name) const {
  if (name.empty()) return &credentials;
  const auto found = roles.find(std::string(name));
  return found == roles.end() ? nullptr : &found->second;
}

net::Address Target::address() const {
  if (!hostaddr.empty()) return net::Address::tcp(hostaddr, port);
  return net::Address::of(host, port);
}

bool Target::over_unix_socket() const {
  return !address().path.empty();
}

std::string Target::describe() const {
  const auto encode = [](std::string_view text) {
    std::string safe;
    constexpr char digits[] = "0123456789ABCDEF";
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
          std::string_view("-._~").contains(c))
        safe += c;
      else
        safe.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
    return safe;
  };
  const bool v6 = host.contains(':');
  auto line = "postgresql://" + encode(credentials.user) + "@" + (v6 ? "[" + host + "]" : encode(host)) + ":" +
              std::to_string(port) + "/" + encode(database) + "?sslmode=" + std::string(to_string(sslmode));
  if (sslnegotiation == SslNegotiation::direct) line += "&sslnegotiation=direct";
  if (!hostaddr.empty() && hostaddr != host) line += "&hostaddr=" + hostaddr;
  return line;
}

}  // namespace pgconform::client
