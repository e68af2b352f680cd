#include "server/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "auth/md5.hpp"
#include "auth/verifier.hpp"
#include "server/scram_line.hpp"

namespace pgconform::server {

namespace {

constexpr std::string_view description =
    "The reference server of pgconform: speaks the PostgreSQL wire protocol over an in-memory engine.\n"
    "Without --config-file it listens on port 9005 of the loopback addresses; the database is called `default`.";

// add_user: a user named on the command line takes the place of one of the same name in the files.
void add_user(std::vector<User>& users, std::string name, Authentication authentication) {
  std::erase_if(users, [&](const User& user) { return user.name == name; });
  users.push_back({std::move(name), std::move(authentication), std::nullopt, ""});
}

// Flags: what the command line says, read once.
struct Flags {
  std::string config_file, certificate, private_key, client_ca, server_version;
  std::vector<std::string> listen;
  int port = -1;
  std::vector<User> users;
};

// add_users: users written NAME:PASSWORD; false for one that is not.
bool add_users(const std::vector<std::string>& written,
               Authentication (*authentication)(const std::string& name, const std::string& password),
               std::vector<User>& users) {
  for (const auto& each : written) {
    const auto colon = each.find(':');
    if (colon == std::string::npos || colon == 0) return false;
    const auto name = each.substr(0, colon);
    users.push_back({name, authentication(name, each.substr(colon + 1)), std::nullopt, ""});
  }
  return true;
}

Authentication cleartext(const std::string&, const std::string& password) {
  return CleartextPassword{password};
}

Authentication scram(const std::string&, const std::string& password) {
  return *parse_scram_verifier(auth::print_verifier(fresh_verifier(password)));
}

Authentication md5(const std::string& name, const std::string& password) {
  return Md5Password{auth::md5_secret(name, password)};
}

// named_twice: a user that flags give more than one password.
std::optional<std::string> named_twice(const std::vector<User>& users) {
  for (auto user = users.begin(); user != users.end(); ++user)
    if (std::find_if(users.begin(), user, [&](const User& other) { return other.name == user->name; }) != user)
      return user->name;
  return std::nullopt;
}

// configure: the configuration of the files, with the flags laid over it. The error is one line.
std::expected<Configuration, std::string> configure(const Flags& flags) {
  Configuration configuration;
  if (!flags.config_file.empty()) {
    auto loaded = load_configuration(flags.config_file);
    if (!loaded) return loaded;
    configuration = std::move(*loaded);
  }
  if (!flags.listen.empty()) {
    configuration.listen_hosts = flags.listen;
    configuration.listen_try = false;
  }
  if (flags.port >= 0) configuration.port = static_cast<std::uint16_t>(flags.port);
  if (!flags.server_version.empty()) configuration.server_version = flags.server_version;
  for (const auto& user : flags.users) add_user(configuration.users, user.name, user.authentication);
  // Somebody who only wants to look has to be able to log in; without files that is on loopback unless said otherwise.
  if (flags.config_file.empty() && configuration.users.empty()) add_user(configuration.users, "default", NoPassword{});
  if (!flags.certificate.empty()) {
    auto& tls = configuration.tls;
    tls.must_work = true;
    tls.certificate_file = flags.certificate;
    tls.private_key_file = flags.private_key;
    tls.ca_config = flags.client_ca;
    tls.load_default_ca_file = false;
    tls.verification_mode = flags.client_ca.empty() ? VerificationMode::none : VerificationMode::relaxed;
  }
  return configuration;
}

std::unexpected<Exit> wrong_usage(const std::string& what) {
  return std::unexpected(Exit{2, "pgreference: " + what + "\n"});
}

}  // namespace

std::expected<Options, Exit> parse_options(int argc, const char* const* argv) {
  Flags flags;
  std::vector<std::string> users, scram_users, md5_users, open_users, settings;
  bool quiet = false, show_version = false, make_scram_line = false;

  CLI::App app{std::string(description), "pgreference"};
  app.add_option("-C,--config-file", flags.config_file, "ClickHouse-style XML configuration")
      ->type_name("FILE")
      ->check([](const std::string& file) { return file.empty() ? "expected a file, got nothing" : ""; });
  app.add_option("--listen", flags.listen, "address to listen on; may be repeated")->type_name("ADDRESS");
  app.add_option("--port", flags.port, "TCP port; 0 takes any free one, which is printed")->check(CLI::Range(0, 65535));
  app.add_option("--user", users, "user with a cleartext password")->type_name("NAME:PASSWORD");
  app.add_option("--scram-user", scram_users, "user who logs in with SCRAM-SHA-256")->type_name("NAME:PASSWORD");
  app.add_option("--md5-user", md5_users, "user who logs in with MD5, for old clients")->type_name("NAME:PASSWORD");
  app.add_option("--no-password-user", open_users, "user who needs no password")->type_name("NAME");
  app.add_option("--certificate", flags.certificate, "certificate chain (PEM); switches TLS on")->type_name("FILE");
  app.add_option("--private-key", flags.private_key, "its private key (PEM)")->type_name("FILE");
  app.add_option("--client-ca", flags.client_ca, "authorities that client certificates are verified against")
      ->type_name("FILE");
  app.add_option("--server-version", flags.server_version, "what ParameterStatus server_version says");
  app.add_option("--set", settings, "setting that sessions start with, as postgres -c; may be repeated")
      ->type_name("NAME=VALUE");
  app.add_flag("--quiet", quiet, "no log on stderr");
  app.add_flag("--scram-line", make_scram_line,
               "ask for a password, print the line that users.xml needs for it, and exit");
  app.add_flag("--version", show_version, "print the version and exit");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return std::unexpected(Exit{0, app.help()});
  } catch (const CLI::ParseError& error) {
    return wrong_usage(std::string(error.what()) + " (see pgreference --help)");
  }
  if (show_version) return std::unexpected(Exit{0, "pgreference " PGCONFORM_VERSION "\n"});
  if (make_scram_line) {
    const auto password = ask_password();
    if (!password) return std::unexpected(Exit{1, "pgreference: " + password.error() + "\n"});
    return std::unexpected(Exit{0, scram_line(*password) + "\n"});
  }

  constexpr std::string_view name_and_password = ": expected NAME:PASSWORD (see pgreference --help)";
  if (!add_users(users, cleartext, flags.users)) return wrong_usage("--user" + std::string(name_and_password));
  if (!add_users(scram_users, scram, flags.users)) return wrong_usage("--scram-user" + std::string(name_and_password));
  if (!add_users(md5_users, md5, flags.users)) return wrong_usage("--md5-user" + std::string(name_and_password));
  for (const auto& each : open_users) flags.users.push_back({each, NoPassword{}, std::nullopt, ""});
  if (auto name = named_twice(flags.users)) return wrong_usage("user " + *name + " is given twice");
  if (flags.certificate.empty() != flags.private_key.empty())
    return wrong_usage("--certificate and --private-key go together");
  if (!flags.client_ca.empty() && flags.certificate.empty())
    return wrong_usage("--client-ca needs --certificate and --private-key");

  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& each : settings) {
    const auto equals = each.find('=');
    if (equals == std::string::npos || equals == 0)
      return wrong_usage("--set: expected NAME=VALUE (see pgreference --help)");
    pairs.emplace_back(each.substr(0, equals), each.substr(equals + 1));
  }

  auto configuration = configure(flags);
  if (!configuration) return std::unexpected(Exit{1, configuration.error() + "\n"});
  return Options{std::move(*configuration), quiet, std::move(pairs), [flags] { return configure(flags); }};
}

}  // namespace pgconform::server
