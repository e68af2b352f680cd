#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/io_context.hpp>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/listener.hpp"
#include "net/tls_context.hpp"
#include "server/certificates.hpp"
#include "server/configuration/configuration.hpp"
#include "server/directory.hpp"
#include "server/log.hpp"
#include "server/registry.hpp"
#include "session/engine.hpp"

namespace pgconform::server {

// Server: one process's listeners, and what all its connections share. Everything runs in the thread that runs the
// io_context.
class Server {
 public:
  Server(asio::io_context& io, Configuration configuration, session::Engine& engine, Log& log);

  // start: listen on every configured address and log each; the error is one line.
  std::expected<void, std::string> start();
  // reload: take up a configuration that was reread, for new connections and logins; an error, or certificates that
  // cannot be used, leave everything as it is. Which of the two it was is logged.
  void reload(std::expected<Configuration, std::string> reread);
  // stop: stop listening and tell every client that it is over; run() of the io_context then ends.
  void stop();

  // addresses: what is really listened on.
  std::vector<net::Endpoint> addresses() const;

  const Configuration& configuration() const { return configuration_; }
  const Directory& directory() const { return *directory_; }
  session::Engine& engine() { return engine_; }
  Log& log() { return log_; }
  Registry& registry() { return registry_; }
  asio::any_io_executor executor() { return io_.get_executor(); }
  // tls: for a new connection, from the files as they are now; nothing where there is no usable certificate.
  std::optional<net::TlsServerContext> tls();

 private:
  std::expected<void, std::string> listen(const std::string& host);
  std::expected<void, std::string> take_up(Configuration next);

  asio::io_context& io_;
  Configuration configuration_;
  std::string mock_secret_;
  std::shared_ptr<const Directory> directory_;
  Certificates certificates_;
  session::Engine& engine_;
  Log& log_;
  Registry registry_;
  std::vector<net::Listener> listeners_;
  bool stopping_ = false;
};

}  // namespace pgconform::server
