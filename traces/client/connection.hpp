#pragma once

#include <asio/awaitable.hpp>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/conversation.hpp"
#include "client/event.hpp"
#include "client/failure.hpp"
#include "client/target.hpp"
#include "monitor/monitor.hpp"
#include "net/stream.hpp"

// One connection to a target, from the client's side. It plays by the rules (login) or says whatever it is told to
// (queue, flush, receive), and a monitor watches both sides. Every operation has a deadline; none throws.
namespace pgconform::client {

// Encryption: how a connection comes to TLS.
enum class Encryption : std::uint8_t {
  as_target,  // as the target's sslmode and sslnegotiation say
  none,
  negotiated,  // SSLRequest; a refusal is a failure
  direct       // the handshake first, with ALPN
};

// TlsOptions: what differs from the usual handshake.
struct TlsOptions {
  // alpn: what to offer; unset: `postgresql`, which a negotiated handshake offers as well.
  std::optional<std::vector<std::string>> alpn = {};
  bool client_certificate = true;  // present the target's, if it has one
  std::optional<net::TlsVersion> min_version = {}, max_version = {};
  net::KeyLog key_log = {};
};

struct Options {
  std::string role = {};  // of the target's description; empty: the URI's own user
  TlsOptions tls = {};
  std::size_t max_message = 256u << 20;  // a longer one is a bad frame
  std::size_t max_unread = 64u << 20;    // what is read ahead while writing
  std::size_t max_log = 4u << 20;        // of the conversation kept
  Conversation::Hook on_said = {};       // sees every entry of the log as it is made
};

struct LoginOptions {
  Encryption encryption = Encryption::as_target;
  std::uint32_t version = 0x00030000;
  // parameters: further ones of StartupMessage, or other values; nullopt leaves one out.
  std::map<std::string, std::optional<std::string>> parameters = {};
  // until: stop before answering this message of the backend, which stays to be received: `AuthenticationSASL`. Empty:
  // the first ReadyForQuery, which is consumed.
  std::string until = {};
  bool channel_binding = true;  // take SCRAM-SHA-256-PLUS where it is offered over TLS
};

// Facts: what the backend has told about itself.
struct Facts {
  std::map<std::string, std::string> parameters;  // ParameterStatus
  std::int32_t pid = 0;
  std::string key;                                       // bytes; empty if there was no BackendKeyData
  std::uint32_t version = 0;                             // asked for, or negotiated down to
  std::optional<std::vector<std::string>> unrecognized;  // options of NegotiateProtocolVersion, if it came
  std::optional<std::vector<std::string>> mechanisms;    // of AuthenticationSASL
  // scram: whether the server's signature was right; unset while there was no AuthenticationSASLFinal.
  std::optional<std::expected<void, std::string>> scram;
};

class Connection {
 public:
  explicit Connection(Target target, Options options = {});
  ~Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;

  // login: connect (unless that was done), TLS, authentication, up to the first ReadyForQuery or `until`.
  // g++ 12 destroys an aggregate twice that is made inside a co_await expression: give `options` a name of its own.
  asio::awaitable<Expected<void>> login(LoginOptions options, net::TimePoint deadline);
  asio::awaitable<Expected<void>> login(net::TimePoint deadline) { return login(LoginOptions{}, deadline); }

  // connect: the network connection, nothing said.
  asio::awaitable<Expected<void>> connect(net::TimePoint deadline);
  // open: connect, and TLS as told; no StartupMessage.
  asio::awaitable<Expected<void>> open(Encryption encryption, net::TimePoint deadline);
  // request_tls: SSLRequest and its answer: whether TLS is to follow.
  asio::awaitable<Expected<bool>> request_tls(net::TimePoint deadline);
  // start_tls: the handshake, now. Bytes that the server sent before it are a failure.
  asio::awaitable<Expected<void>> start_tls(net::TimePoint deadline);

  // queue: put a message, fields as in protocol/json, behind what is to be sent next. Computed values
  // (client/computed.hpp) are made of what has been received so far. `raw {"hex":…}` are bytes that are no message.
  Expected<void> queue(std::string_view name, const nlohmann::ordered_json& fields);
  void queue_bytes(std::string_view bytes);
  // flush: one write of all that was queued. Meanwhile what the peer sends is read, up to max_unread, so that a peer
  // that floods us goes on reading.
  asio::awaitable<Expected<void>> flush(net::TimePoint deadline);
  // send: queue and flush.
  asio::awaitable<Expected<void>> send(std::string_view name, const nlohmann::ordered_json& fields,
                                       net::TimePoint deadline);
  asio::awaitable<Expected<void>> send_bytes(std::string_view bytes, net::TimePoint deadline);

  // receive: the next message, or why there is none. After the end it tells the end again.
  asio::awaitable<Event> receive(net::TimePoint deadline);
  // take: the next message if it is here already.
  std::optional<Event> take();

  // shutdown_write: no more from us (close_notify, FIN); reading goes on.
  asio::awaitable<Expected<void>> shutdown_write(net::TimePoint deadline);
  // terminate: say Terminate if the protocol allows it now, and read to the end: eof, or the message that came instead.
  asio::awaitable<Event> terminate(net::TimePoint deadline);
  void close();
  // reset: close with RST.
  void reset();
  bool is_open() const;

  const Target& target() const;
  const Credentials& credentials() const;
  const Facts& facts() const;
  const monitor::Monitor& monitor() const;
  // violations: what the backend did against the rules, in order, as lines for people.
  const std::vector<std::string>& violations() const;
  const Conversation& conversation() const;
  // tls: facts of the TLS session; null while there is none.
  const net::TlsSession* tls() const;
  // note: a line of the caller's own in the log of the conversation.
  void note(std::string text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// send_cancel: CancelRequest on a connection of its own. Gives what came in answer: eof as a rule.
asio::awaitable<Expected<Event>> send_cancel(Target target, std::int32_t pid, std::string key, Encryption encryption,
                                             net::TimePoint deadline);

}  // namespace pgconform::client
