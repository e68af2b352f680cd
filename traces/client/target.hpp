#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/connect.hpp"

// What to connect to, and as whom. A target is named as libpq names it, by a URI or a conninfo string, or by `@FILE`, a
// description in JSON (docs/target.schema.json) that `ci/targets/NAME start` prints.
namespace pgconform::client {

// Credentials: who logs in. An empty password is none.
struct Credentials {
  std::string user, password;
};

// SslMode · SslNegotiation: libpq's sslmode and sslnegotiation.
enum class SslMode : std::uint8_t { disable, allow, prefer, require, verify_ca, verify_full };
enum class SslNegotiation : std::uint8_t { postgres, direct };
std::string_view to_string(SslMode mode);

// Control: commands that start, stop and reload the server of a target; empty where there is none.
struct Control {
  std::string start, stop, reload;
};

// Environment: looks a variable up. Passed in, so that tests have one of their own.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment system_environment();

struct Target {
  std::string host;      // a name, an address, or the directory of Unix sockets; never empty once parsed
  std::string hostaddr;  // if set: connected to in place of `host`, which then only names the certificate
  std::uint16_t port = 5432;
  Credentials credentials;  // of the URI
  std::string database;
  SslMode sslmode = SslMode::prefer;
  SslNegotiation sslnegotiation = SslNegotiation::postgres;
  std::string ca, client_certificate, client_key, client_key_password;  // paths; empty: none
  bool sni = true;
  std::map<std::string, std::string> startup;  // application_name, client_encoding, options: sent as they are
  std::map<std::string, Credentials> roles;    // of a description
  Control control;
  std::string profile;

  // parse: from what a user names it by. The error is a line for that user; it never shows a password. What the text
  // leaves open comes from the environment (PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLMODE, PGSSLROOTCERT,
  // PGSERVICE, …), then from libpq's defaults. An empty text is an error: it must not mean some default.
  static std::expected<Target, std::string> parse(std::string_view text,
                                                  const Environment& environment = system_environment());
  // from_environment: nothing if none of PGHOST, PGPORT and PGSERVICE is set (to something).
  static std::expected<std::optional<Target>, std::string> from_environment(
      const Environment& environment = system_environment());

  // role: the credentials of a role of the description; null if it lists none of that name. The empty name is the
  // URI's own.
  const Credentials* role(std::string_view name) const;
  // address: where to connect to. over_unix_socket: TLS is never spoken there.
  net::Address address() const;
  bool over_unix_socket() const;
  // describe: one line for reports, without secrets: `postgresql://conformance@127.0.0.1:5432/conformance`.
  std::string describe() const;
};

// conninfo_keys · description_keys: what a URI or conninfo string, and what a description may say.
std::span<const std::string_view> conninfo_keys();
std::span<const std::string_view> description_keys();

}  // namespace pgconform::client
