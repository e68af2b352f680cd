#pragma once

#include <asio/awaitable.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "net/deadline.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"
#include "server/directory.hpp"
#include "server/login_name.hpp"
#include "session/session.hpp"

namespace pgconform::server {

class Server;

// Connection: one session and the stream it is spoken over: it does what the session says.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Server& server, net::Stream stream);
  ~Connection();

  // run: to the end of the session.
  asio::awaitable<void> run();
  // cancel: somebody presented `key`; a wrong one has no effect.
  void cancel(std::string_view key);
  // signal: what a session asks for by SQL to be done to the one of that pid; only to one of the same user.
  session::Signalled signal(std::int32_t pid, session::Signal signal);
  // terminate: tell the client that the server goes down, and end, soon even if the client does not listen.
  void terminate();

 private:
  // Each carries out one action; false ends the connection.
  template <std::size_t size>  // of the buffer, which each connection has while it waits
  asio::awaitable<bool> read(std::optional<net::TimePoint> until);
  asio::awaitable<bool> write(std::string_view bytes);
  asio::awaitable<bool> start_tls(std::string early);
  asio::awaitable<bool> again();
  asio::awaitable<bool> wait(std::optional<std::chrono::steady_clock::time_point> until);
  asio::awaitable<void> say_goodbye();
  // wake: the session has something to say although nothing has come.
  void wake();
  asio::awaitable<void> say_aside();

  // look_up: find out what the user whose name these bytes complete may need to be let in.
  asio::awaitable<void> look_up(std::string_view bytes);

  bool logged_in() const { return !session_->cancel_key().empty(); }

  Server& server_;
  net::Stream stream_;
  Directory::View accounts_;
  LoginName login_name_;
  std::optional<net::TlsServerContext> tls_;  // until the handshake is over
  std::int32_t pid_;
  std::unique_ptr<session::Session> session_;
  asio::steady_timer timer_;  // of a session that waits
  std::chrono::steady_clock::time_point login_deadline_;
  asio::steady_timer goodbye_timer_;
  asio::steady_timer aside_;  // of a reader whom say_aside() keeps
  bool reading_ = false, said_goodbye_ = false, ended_ = false, speaking_ = false;
};

}  // namespace pgconform::server
