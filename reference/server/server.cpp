#include "server/server.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include "server/connection.hpp"

namespace pgconform::server {

Server::Server(asio::io_context& io, Configuration configuration, session::Engine& engine, Log& log)
    : io_(io), configuration_(std::move(configuration)), directory_(configuration_.users), engine_(engine), log_(log) {
  mock_secret_.resize(32);
  auth::secure_random({reinterpret_cast<unsigned char*>(mock_secret_.data()), mock_secret_.size()});
}

std::expected<void, std::string> Server::start() {
  if (auto loaded = load_tls(); !loaded) return loaded;
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

std::expected<void, std::string> Server::load_tls() {
  const auto& wanted = configuration_.tls;
  if (!wanted.has_certificate()) return {};
  net::TlsServerOptions options;
  options.certificate = net::pem_file(wanted.certificate_file);
  options.private_key = net::pem_file(wanted.private_key_file);
  options.client_ca = wanted.ca_config;
  options.default_client_ca = wanted.load_default_ca_file;
  switch (wanted.verification_mode) {
    case VerificationMode::none:
      options.verification = net::VerificationMode::none;
      break;
    case VerificationMode::relaxed:
      options.verification = net::VerificationMode::relaxed;
      break;
    case VerificationMode::strict:
      options.verification = net::VerificationMode::strict;
      break;
    case VerificationMode::once:
      options.verification = net::VerificationMode::once;
      break;
  }
  options.verification_depth = wanted.verification_depth;
  options.cipher_list = wanted.cipher_list;
  options.prefer_server_ciphers = wanted.prefer_server_ciphers;
  if (!wanted.tls_1_2) options.min_version = net::TlsVersion::tls1_3;
  if (!wanted.tls_1_3) options.max_version = net::TlsVersion::tls1_2;
  auto context = net::TlsServerContext::make(options);
  if (!context) {
    // A server without a usable certificate still serves plaintext; it answers SSLRequest with N.
    log_.write(LogLevel::error, "Application", "TLS is off: " + context.error().text);
    return {};
  }
  tls_ = std::move(*context);
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
