#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "server/configuration/log_level.hpp"
#include "server/configuration/substitute.hpp"
#include "server/configuration/tls.hpp"
#include "server/configuration/user.hpp"

// What pgreference is told by its configuration files, read whole and checked before anything is started.
namespace pgconform::server {

// Configuration: a default-constructed one is what holds without any file: port 9005 on loopback, no TLS, no users.
struct Configuration {
  std::vector<std::string> listen_hosts = {"::1", "127.0.0.1"};  // addresses or names, without brackets
  bool listen_try = true;  // true: an address that cannot be bound is a warning, not an error
  int listen_backlog = 4096;
  bool listen_reuse_port = false;
  std::uint16_t port = 9005;  // 0: any free one
  int max_connections = 1024;
  bool require_secure_transport = false;
  // authentication_timeout: how long a client may take to log in, from <postgresql_authentication_timeout> (ours).
  std::chrono::seconds authentication_timeout{60};

  std::filesystem::path log_file;  // empty: stderr only
  LogLevel log_level = LogLevel::trace;

  TlsConfiguration tls;

  // server_version: what ParameterStatus server_version says, from <postgresql_server_version> (ours). Absent: the
  // server's own default.
  std::optional<std::string> server_version;

  std::vector<User> users;
  std::vector<std::string> warnings;  // one line each, to be logged at start
};

// load_configuration reads `file`, the files merged over it, and the users, and checks everything. The error is one
// line, `FILE:LINE: <element>: what is wrong, what was expected`, and means that the server must not start.
//
// Elements that another part of ClickHouse owns are passed over in silence. Unknown ones inside a section that is read
// here (logger, openSSL/server, a user), and unknown ones beginning with `listen_` or `postgresql_`, are warned about.
// Relative file names inside the configuration count from the directory of the main file.
std::expected<Configuration, std::string> load_configuration(const std::filesystem::path& file,
                                                             const Environment& environment = process_environment);

}  // namespace pgconform::server
