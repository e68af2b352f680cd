#include "server/configuration/configuration.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "server/configuration/merge.hpp"
#include "server/configuration/read_xml.hpp"
#include "server/configuration/values.hpp"

namespace pgconform::server {
namespace {

namespace fs = std::filesystem;

// load_merged gives the root that a main file and its overlays make together, substitutions resolved.
Element load_merged(const fs::path& main_file, fs::path& include_from, const Environment& environment,
                    Warnings& warnings) {
  const Element main = with_root_checked(read_xml_file(main_file));
  Element root{main.name, {}, {}, {}, main.place};
  merge_into(root, main);
  for (const fs::path& file : overlay_files(main_file)) merge_into(root, with_root_checked(read_xml_file(file)));
  substitute(root, main_file.parent_path(), include_from, environment, warnings);
  return root;
}

void check_host(const Element& element, std::string_view host) {
  constexpr std::string_view expected = "an IPv4 or IPv6 address or a host name, without brackets and port";
  const std::string_view address = host.substr(0, host.find('%'));  // an IPv6 zone may follow
  const auto wrong = [&] {
    throw ConfigurationError(element, fmt::format("\"{}\" is wrong, expected {}", host, expected));
  };
  if (host.find(':') != std::string_view::npos) {
    if (!parse_ip(address) || host.ends_with('%')) wrong();
  } else if (host.find_first_not_of("0123456789.") == std::string_view::npos) {
    if (!parse_ip(host)) wrong();
  } else if (host.size() > 253 || std::ranges::any_of(host, [](char c) {
               return !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-' &&
                      c != '.' && c != '_';
             })) {
    wrong();
  }
}

void read_listening(const Element& root, Configuration& configuration, Warnings& warnings) {
  std::vector<std::string> hosts;
  for (const Element& child : root.children) {
    if (child.name != "listen_host") continue;
    const std::string host(word_of(child, "an address or a host name"));
    check_host(child, host);
    if (std::ranges::find(hosts, host) != hosts.end()) {
      warnings.add(child, fmt::format("{} is given twice", host));
    } else {
      hosts.push_back(host);
    }
  }
  if (!hosts.empty()) {
    configuration.listen_hosts = std::move(hosts);
    configuration.listen_try = false;
  }
  if (const Element* e = only_child(root, "listen_try")) configuration.listen_try = boolean_of(*e);
  if (const Element* e = only_child(root, "listen_backlog"))
    configuration.listen_backlog = static_cast<int>(integer_of(*e, 1, 65535));
  if (const Element* e = only_child(root, "listen_reuse_port")) configuration.listen_reuse_port = boolean_of(*e);
  if (const Element* e = only_child(root, "max_connections")) {
    configuration.max_connections = static_cast<int>(integer_of(*e, 1, 1'000'000));
  }

  constexpr std::string_view off = "so nothing listens; expected <postgresql_port>9005</postgresql_port>";
  const Element* port = only_child(root, "postgresql_port");
  if (port == nullptr) throw ConfigurationError(root, fmt::format("has no <postgresql_port>, {}", off));
  if (is_blank(text_of(*port))) throw ConfigurationError(*port, fmt::format("is empty, {}", off));
  configuration.port = static_cast<std::uint16_t>(integer_of(*port, 0, 65535));
}

LogLevel read_level(const Element& element) {
  constexpr std::string_view names[] = {"none",   "fatal",       "critical", "error", "warning",
                                        "notice", "information", "debug",    "trace"};
  constexpr std::string_view expected = "none, fatal, critical, error, warning, notice, information, debug or trace";
  const std::string_view word = word_of(element, expected);
  if (word == "test") return LogLevel::trace;  // ClickHouse's most talkative level
  const auto found = std::ranges::find(names, word);
  if (found == std::end(names))
    throw ConfigurationError(element, fmt::format("\"{}\" is wrong, expected {}", word, expected));
  return static_cast<LogLevel>(found - std::begin(names));
}

void read_logger(const Element& logger, const fs::path& directory, Configuration& configuration, Warnings& warnings) {
  constexpr std::string_view known[] = {"level", "log"};
  check_section(logger, known, warnings);
  if (const Element* e = only_child(logger, "level")) configuration.log_level = read_level(*e);
  if (const Element* e = only_child(logger, "log"); e != nullptr && !is_blank(text_of(*e))) {
    configuration.log_file = directory / word_of(*e, "a file name");
  }
}

void read_interface(const Element& root, Configuration& configuration, Warnings& warnings) {
  if (const Element* e = only_child(root, "postgresql_require_secure_transport")) {
    configuration.require_secure_transport = boolean_of(*e);
  }
  if (const Element* e = only_child(root, "postgresql_authentication_timeout")) {
    configuration.authentication_timeout = std::chrono::seconds(integer_of(*e, 1, 600));
  }
  if (const Element* e = only_child(root, "postgresql_server_version")) {
    // Clients read a number from its beginning; beyond that it is only shown.
    constexpr std::string_view expected = "a version of up to 63 printable ASCII characters that begins with a digit";
    const std::string_view version = word_of(*e, expected);
    if (version.size() > 63 || version[0] < '0' || version[0] > '9' ||
        std::ranges::any_of(version, [](char c) { return c < ' ' || c > '~'; })) {
      throw ConfigurationError(*e, fmt::format("is wrong, expected {}", expected));
    }
    configuration.server_version = version;
  }
  constexpr std::string_view known[] = {"listen_host",
                                        "listen_try",
                                        "listen_backlog",
                                        "listen_reuse_port",
                                        "postgresql_authentication_timeout",
                                        "postgresql_port",
                                        "postgresql_require_secure_transport",
                                        "postgresql_server_version"};
  for (const Element& child : root.children) {
    if ((child.name.starts_with("listen_") || child.name.starts_with("postgresql_")) &&
        std::ranges::find(known, child.name) == std::end(known)) {
      warnings.add(child, "is unknown here and is ignored");
    }
  }
}

// users_file_of gives the element that names the users file, in its old or its new form, or null.
const Element* users_file_of(const Element& root) {
  const Element* file = only_child(root, "users_config");
  if (const Element* directories = only_child(root, "user_directories")) {
    if (const Element* xml = only_child(*directories, "users_xml")) {
      if (const Element* path = only_child(*xml, "path")) {
        if (file != nullptr) {
          throw ConfigurationError(
              *path, fmt::format("names a users file, and so does <users_config> at {}, expected one of them",
                                 to_string(file->place)));
        }
        file = path;
      }
    }
  }
  return file;
}

// load_users reads the users: from the users file if one is named, else from inside the configuration, else from
// users.xml beside it.
std::vector<User> load_users(const Element& root, const fs::path& main_file, fs::path include_from,
                             const Environment& environment, Warnings& warnings) {
  const fs::path directory = main_file.parent_path();
  const Element* named = users_file_of(root);
  const Element* inside = only_child(root, "users");
  const fs::path file =
      named != nullptr ? directory / word_of(*named, "the name of the users file") : directory / "users.xml";
  std::error_code error;
  const bool there = fs::exists(file, error);
  // conf.d is merged over the configuration and over the users file, so users in it are no users inside.
  if (there && inside != nullptr && fs::path(*inside->place.file).parent_path() == directory / "conf.d")
    inside = nullptr;

  if (inside != nullptr) {
    if (named == nullptr || fs::equivalent(file, main_file, error)) return read_users(*inside, warnings);
    throw ConfigurationError(*inside,
                             fmt::format("stands inside although {} names a users file, expected users in one place",
                                         to_string(named->place)));
  }
  if (!there) {
    const std::string missing = fmt::format("there is no users file {}", file.string());
    if (named != nullptr) throw ConfigurationError(*named, missing + ", expected an XML file with <users>");
    throw ConfigurationError(root, missing + ", expected it, <users_config> naming another, or <users> inside");
  }
  const Element users_root = load_merged(file, include_from, environment, warnings);
  const Element* users = only_child(users_root, "users");
  if (users == nullptr)
    throw ConfigurationError(users_root, "has no <users>, expected it with an element for each user");
  return read_users(*users, warnings);
}

Configuration load(const fs::path& file, const Environment& environment, Warnings& warnings) {
  Configuration configuration;
  fs::path include_from = default_include_file;
  const Element root = load_merged(file, include_from, environment, warnings);
  const fs::path directory = file.parent_path();

  if (const Element* logger = only_child(root, "logger")) read_logger(*logger, directory, configuration, warnings);
  read_interface(root, configuration, warnings);
  if (const Element* ssl = only_child(root, "openSSL")) {
    if (const Element* server = only_child(*ssl, "server")) configuration.tls = read_tls(*server, directory, warnings);
  }
  read_listening(root, configuration, warnings);
  if (configuration.require_secure_transport && !configuration.tls.has_certificate()) {
    // No error: a flag may still give the certificate.
    warnings.add(*root.child("postgresql_require_secure_transport"),
                 "is on without a certificate in <openSSL><server>: nobody can connect");
  }
  configuration.users = load_users(root, file, include_from, environment, warnings);
  configuration.warnings = warnings.lines();
  return configuration;
}

// with_causes: the error's line with what was odd before about the same element, such as a variable that is not set.
std::string with_causes(std::string line, const Warnings& warnings) {
  for (const std::string_view oddity : warnings.lines()) {
    const auto element = oddity.substr(0, oddity.find(">: ") + 3);
    if (line.starts_with(element)) line.append("; ").append(oddity.substr(element.size()));
  }
  return line;
}

}  // namespace

std::expected<Configuration, std::string> load_configuration(const fs::path& file, const Environment& environment) {
  Warnings warnings;
  try {
    return load(file, environment, warnings);
  } catch (const ConfigurationError& error) {
    return std::unexpected(with_causes(error.line(), warnings));
  } catch (const fs::filesystem_error& error) {
    return std::unexpected(one_line(error.what()));
  }
}

}  // namespace pgconform::server
