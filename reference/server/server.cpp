#include "server/server.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include "server/connection.hpp"

namespace pgconform::server {

namespace {

std::string new_mock_secret() {
  std::string secret(32, '\0');
  auth::secure_random({reinterpret_cast<unsigned char*>(secret.data()), secret.size()});
  return secret;
}

// keep_fixed: put back what takes other sockets or another process to change; the names of the elements concerned.
std::vector<std::string> keep_fixed(const Configuration& running, Configuration& next) {
  std::vector<std::string> changed;
  const auto keep = [&](const char* name, auto setting) {
    if (next.*setting == running.*setting) return;
    next.*setting = running.*setting;
    changed.push_back(name);
  };
  keep("listen_host", &Configuration::listen_hosts);
  keep("listen_backlog", &Configuration::listen_backlog);
  keep("listen_reuse_port", &Configuration::listen_reuse_port);
  keep("postgresql_port", &Configuration::port);
  keep("postgresql_server_version", &Configuration::server_version);
  keep("log", &Configuration::log_file);
  return changed;
}

}  // namespace

Server::Server(asio::io_context& io, Configuration configuration, session::Engine& engine, Log& log)
    : io_(io),
      configuration_(std::move(configuration)),
      mock_secret_(new_mock_secret()),
      directory_(std::make_shared<Directory>(configuration_.users, mock_secret_)),
      certificates_(configuration_.tls),
      engine_(engine),
      log_(log) {}

std::expected<void, std::string> Server::start() {
  if (auto usable = certificates_.refresh(); !usable) {
    if (configuration_.tls.must_work) return usable;
    // A server without a usable certificate still serves plaintext; it answers SSLRequest with N.
    log_.write(LogLevel::error, "Application", "TLS is off: " + usable.error());
  }
  for (const auto& host : configuration_.listen_hosts) {
    if (auto listening = listen(host); !listening) {
      if (!configuration_.listen_try) return listening;
      log_.write(LogLevel::warning, "Application", listening.error());
    }
  }
  if (listeners_.empty()) return std::unexpected("No address to listen on: every one of them failed");
  for (auto& listener : listeners_) {
    const auto& local = listener.local();
    log_.write(LogLevel::information, "Application", listening_text(local.host, local.port));
    asio::co_spawn(io_, listener.serve([this](net::Stream stream) {
      if (stopping_) return;  // accepted in the moment of stop()
      auto connection = std::make_shared<Connection>(*this, std::move(stream));
      // The function lives as long as the coroutine it makes, and the connection with it.
      asio::co_spawn(io_, [connection] { return connection->run(); }, asio::detached);
    }),
                   asio::detached);
  }
  return {};
}

std::expected<void, std::string> Server::listen(const std::string& host) {
  // With port 0 all addresses get the port that the first one was given.
  const std::uint16_t port =
      configuration_.port == 0 && !listeners_.empty() ? listeners_.front().local().port : configuration_.port;
  auto bound =
      net::Listener::bind(executor(), host, port,
                          {.backlog = configuration_.listen_backlog, .reuse_port = configuration_.listen_reuse_port});
  if (!bound) return std::unexpected(bound.error().text);
  for (auto& listener : *bound) listeners_.push_back(std::move(listener));
  return {};
}

std::optional<net::TlsServerContext> Server::tls() {
  if (auto usable = certificates_.refresh(); !usable) {
    log_.write(LogLevel::error, "Application",
               (certificates_.context() ? "The old certificate stays in force: " : "TLS stays off: ") + usable.error());
  }
  return certificates_.context();
}

void Server::reload(std::expected<Configuration, std::string> reread) {
  if (stopping_) return;
  auto taken = reread ? take_up(std::move(*reread)) : std::unexpected(std::move(reread.error()));
  if (taken)
    log_.write(LogLevel::information, "Application", "The configuration was reread");
  else
    log_.write(LogLevel::error, "Application", "The old configuration stays in force: " + taken.error());
}

std::expected<void, std::string> Server::take_up(Configuration next) {
  Certificates certificates(next.tls);
  if (auto usable = certificates.refresh(); !usable) return usable;
  log_.set_level(next.log_level);
  for (const auto& warning : next.warnings) log_.write(LogLevel::warning, "Application", warning);
  for (const auto& name : keep_fixed(configuration_, next))
    log_.write(LogLevel::warning, "Application",
               "<" + name + "> has changed, which takes a restart to come into force");
  configuration_ = std::move(next);
  directory_ = std::make_shared<Directory>(configuration_.users, mock_secret_);
  certificates_ = std::move(certificates);
  return {};
}

void Server::stop() {
  stopping_ = true;
  for (auto& listener : listeners_) listener.close();
  registry_.each([](Connection& connection) { connection.terminate(); });
}

std::vector<net::Endpoint> Server::addresses() const {
  std::vector<net::Endpoint> endpoints;
  for (const auto& listener : listeners_) endpoints.push_back(listener.local());
  return endpoints;
}

}  // namespace pgconform::server
