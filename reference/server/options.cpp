#include "server/options.hpp"

#include <CLI/CLI.hpp>
#include <array>

#include "auth/encoding.hpp"
#include "auth/verifier.hpp"

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

ScramVerifier scram_of(std::string_view password) {
  std::array<unsigned char, 16> salt;
  auth::secure_random(salt);
  const auto made = auth::make_verifier(password, {reinterpret_cast<const char*>(salt.data()), salt.size()});
  ScramVerifier verifier;
  verifier.iterations = made.iterations;
  verifier.salt.assign(salt.begin(), salt.end());
  std::copy(made.stored_key.begin(), made.stored_key.end(), verifier.stored_key.begin());
  std::copy(made.server_key.begin(), made.server_key.end(), verifier.server_key.begin());
  return verifier;
}

}  // namespace

std::expected<Options, Exit> parse_options(int argc, const char* const* argv) {
  std::string config_file, certificate, private_key, client_ca, server_version;
  std::vector<std::string> listen, users, scram_users, open_users;
  int port = -1;
  bool quiet = false, show_version = false;

  CLI::App app{std::string(description), "pgreference"};
  app.add_option("-C,--config-file", config_file, "ClickHouse-style XML configuration");
  app.add_option("--listen", listen, "address to listen on; may be repeated")->type_name("ADDRESS");
  app.add_option("--port", port, "TCP port; 0 takes any free one, which is printed")->check(CLI::Range(0, 65535));
  app.add_option("--user", users, "user with a cleartext password")->type_name("NAME:PASSWORD");
  app.add_option("--scram-user", scram_users, "user who logs in with SCRAM-SHA-256")->type_name("NAME:PASSWORD");
  app.add_option("--no-password-user", open_users, "user who needs no password")->type_name("NAME");
  app.add_option("--certificate", certificate, "certificate chain (PEM); switches TLS on")->type_name("FILE");
  app.add_option("--private-key", private_key, "its private key (PEM)")->type_name("FILE");
  app.add_option("--client-ca", client_ca, "authorities that client certificates are verified against")
      ->type_name("FILE");
  app.add_option("--server-version", server_version, "what ParameterStatus server_version says");
  app.add_flag("--quiet", quiet, "no log on stderr");
  app.add_flag("--version", show_version, "print the version and exit");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return std::unexpected(Exit{0, app.help()});
  } catch (const CLI::ParseError& error) {
    return std::unexpected(Exit{2, std::string("pgreference: ") + error.what() + " (see pgreference --help)\n"});
  }
  if (show_version) return std::unexpected(Exit{0, "pgreference " PGCONFORM_VERSION "\n"});

  Options options;
  options.quiet = quiet;
  auto& configuration = options.configuration;
  if (!config_file.empty()) {
    auto loaded = load_configuration(config_file);
    if (!loaded) return std::unexpected(Exit{1, loaded.error() + "\n"});
    configuration = std::move(*loaded);
  }
  if (!listen.empty()) {
    configuration.listen_hosts = listen;
    configuration.listen_try = false;
  }
  if (port >= 0) configuration.port = static_cast<std::uint16_t>(port);
  if (!server_version.empty()) configuration.server_version = server_version;

  auto split = [](const std::string& flag,
                  const std::string& value) -> std::expected<std::pair<std::string, std::string>, Exit> {
    const auto colon = value.find(':');
    if (colon == std::string::npos || colon == 0)
      return std::unexpected(Exit{2, "pgreference: " + flag + ": expected NAME:PASSWORD (see pgreference --help)\n"});
    return std::pair{value.substr(0, colon), value.substr(colon + 1)};
  };
  for (const auto& each : users) {
    auto user = split("--user", each);
    if (!user) return std::unexpected(user.error());
    add_user(configuration.users, user->first, CleartextPassword{user->second});
  }
  for (const auto& each : scram_users) {
    auto user = split("--scram-user", each);
    if (!user) return std::unexpected(user.error());
    add_user(configuration.users, user->first, scram_of(user->second));
  }
  for (const auto& each : open_users) add_user(configuration.users, each, NoPassword{});
  // Somebody who only wants to look has to be able to log in; without files that is on loopback unless said otherwise.
  if (config_file.empty() && configuration.users.empty()) add_user(configuration.users, "default", NoPassword{});

  if (certificate.empty() != private_key.empty())
    return std::unexpected(Exit{2, "pgreference: --certificate and --private-key go together\n"});
  if (!client_ca.empty() && certificate.empty())
    return std::unexpected(Exit{2, "pgreference: --client-ca needs --certificate and --private-key\n"});
  if (!certificate.empty()) {
    configuration.tls.certificate_file = certificate;
    configuration.tls.private_key_file = private_key;
    configuration.tls.ca_config = client_ca;
    configuration.tls.load_default_ca_file = false;
    configuration.tls.verification_mode = client_ca.empty() ? VerificationMode::none : VerificationMode::relaxed;
  }
  return options;
}

}  // namespace pgconform::server
