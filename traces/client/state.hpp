#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/computed.hpp"
#include "client/connection.hpp"
#include "wire/frame.hpp"

namespace pgconform::client {

// Secret: a stretch of what we send, by its place in all that we have sent, and how the log shows it.
struct Secret {
  std::size_t begin, end;
  std::string name, shown;
};

// Connection::State: what is behind a Connection. The bytes are in framing.cpp, the network in connection.cpp.
struct Connection::State {
  State(Target target, Options options);

  // restart: forget the connection, keep its log.
  void restart();

  // tell: show what is about to be sent to monitor and log.
  void tell(std::string_view bytes);
  // log_partial: what was sent of an unfinished message, because something else is about to be logged.
  void log_partial();
  // cut: the next event from what has been read, if it is complete.
  std::optional<Event> cut();
  // ended: why nothing comes any more, with what is left of an unfinished message.
  Event ended();
  Event timed_out();
  void end(const net::NetError& error);
  void note(std::string text);
  Computed& computed();

  std::chrono::microseconds now() const;
  protocol::Stage frontend_stage() const;
  protocol::Stage backend_stage() const;
  void log_sent(std::size_t from, wire::Bytes bytes, Said::What what, protocol::Stage stage);
  std::optional<Event> cut_protocol_2();
  Event cut_alert(int alert);
  const net::TlsSession* tls() const { return stream ? stream->tls() : nullptr; }
  // write: all of it, reading meanwhile.
  asio::awaitable<net::Result<void>> write(std::string_view bytes);
  asio::awaitable<void> write_into(std::string_view bytes, net::Result<void>& result);
  asio::awaitable<void> read_ahead();
  // log_in: from StartupMessage on.
  asio::awaitable<Expected<void>> log_in(Connection& connection, LoginOptions login, net::TimePoint deadline);
  Event message(const wire::Frame& frame, protocol::Stage stage);
  void remember(const wire::Frame& frame, protocol::Stage stage, Event& event);

  Target target;
  Options options;
  const Credentials* credentials;  // null: no such role
  std::optional<net::Stream> stream;
  net::TimePoint begun;

  wire::FrameSplitter in, out;
  std::string queued;
  std::vector<Secret> secrets;
  std::size_t queued_from = 0;  // place of the first queued byte in all that is sent
  std::size_t cut_from = 0;     // place of the first byte that `out` still holds
  std::size_t logged = 0;       // how many of those are in the log already
  bool out_broken = false;
  std::optional<Event> in_broken;
  std::deque<Event> ready;
  std::optional<Event> over;

  monitor::Monitor monitor;
  // What the monitor no longer knows once the frontend has broken the rules.
  std::deque<protocol::Stage> bare_due;
  bool started = false;
  protocol::Stage login_stage = protocol::Stage::normal;

  Facts facts;
  std::optional<Computed> computed_;
  std::vector<std::string> violations;
  Conversation conversation;
};

}  // namespace pgconform::client
