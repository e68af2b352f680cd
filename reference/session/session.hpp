#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "session/accounts.hpp"
#include "session/clocks.hpp"
#include "session/engine.hpp"
#include "session/function_call.hpp"
#include "session/login.hpp"
#include "session/names.hpp"
#include "session/output.hpp"
#include "session/query.hpp"
#include "session/startup.hpp"
#include "wire/frame.hpp"

namespace pgconform::session {

class ExtendedQuery;

// Environment: what a server lends to a session.
struct Environment {
  Engine& engine;
  const Accounts& accounts;
  bool tls_available = false;  // SSLRequest is answered S
  bool tls_required = false;   // a login without TLS is refused
  bool too_many = false;       // the server is full: every login is refused, cancel requests are not
  std::string mock_secret{};   // see LoginDialogue::Secrets
  auth::Random random = auth::secure_random;
  std::int32_t pid = 0;  // for BackendKeyData
  Address client{}, server{};
  std::function<void(Severity, const std::string&)> log = [](Severity, const std::string&) {};
  SendSignal signal{};                 // see Login
  std::function<void()> wake = [] {};  // the session wants next() to be called although nothing arrived
};

// Session: the server's side of one connection, without I/O. Whoever drives it calls next() and does what it says:
//
//     for (;;) action = session.next(now)  ->  Write: write it        Read: read, then receive() or peer_closed(); at
//     that time, or
//                                                when woken, call again although nothing came
//                                              StartTls: handshake, then tls_established()
//                                              Again: call again, after others had their turn
//                                              Wait: call again at that time, or when woken; nothing is read meanwhile
//                                              Cancel: a cancel request for that pid, then go on    Close: the end
//
// The same bytes, clock and randomness give the same actions.
class Session {
 public:
  struct Read {
    std::optional<std::chrono::steady_clock::time_point> until{};
  };
  struct Write {
    std::string bytes;
  };
  struct StartTls {
    std::string early;
  };  // bytes that arrived behind SSLRequest, or instead of it: they belong to the handshake
  struct Again {};
  struct Wait {
    std::optional<std::chrono::steady_clock::time_point> until;
  };
  struct Cancel {
    std::int32_t pid;
    std::string key;
  };
  struct Close {};
  using Action = std::variant<Read, Write, StartTls, Again, Wait, Cancel, Close>;

  explicit Session(Environment environment);
  ~Session();

  Action next(QueryCycle::Now now);
  // receive: bytes arrived. peer_closed: no more will.
  void receive(wire::Bytes bytes) { input_.feed(bytes); }
  void peer_closed() { state_ = State::closing; }
  // tls_established: the handshake succeeded; `end_point` is our certificate's hash for channel binding,
  // `application_protocol` what ALPN chose, empty if nothing.
  void tls_established(std::string end_point, std::string_view application_protocol);
  // cancel: somebody presented our key. Only a running query is hurt.
  void cancel() { interrupt(Signal::cancel); }
  // interrupt: the same, or the end, asked for while the session runs: it takes effect after the row at hand.
  void interrupt(Signal signal) {
    (signal == Signal::cancel ? cancelled_ : terminated_) = true;
    out_.flush();
  }
  // terminate: the server is going down: 57P01, and the end. Before login is over nothing is said.
  void terminate();
  // cancel_key: what a cancel request must present; empty before login.
  const std::string& cancel_key() const { return cancel_key_; }
  // user: who has logged in, or tries to.
  const std::string& user() const { return request_.user; }

 private:
  enum class State : std::uint8_t { startup, handshake, login, ready, query, copy_in, closing };

  std::optional<Action> startup(QueryCycle::Now now);
  std::optional<Action> login(QueryCycle::Now now);
  std::optional<Action> ready(QueryCycle::Now now);
  std::optional<Action> query(QueryCycle::Now now);
  std::optional<Action> copy_in(QueryCycle::Now now);
  std::optional<Action> encryption_request(bool tls);
  std::optional<Action> start_login(wire::Bytes body, QueryCycle::Now now);
  void logged_in(QueryCycle::Now now);
  void message(const wire::Frame& frame, QueryCycle::Now now);
  std::optional<Action> end_query(QueryCycle::Now now, bool failed);
  void abort(const Report& report);
  // copying: the execution that the client's data is for.
  Execution* copying();
  void fail_copy(Report report, QueryCycle::Now now);
  void lose_synchronization(Report report);
  void ready_for_query(QueryCycle::Now now);
  // notify: hand out notifications, which is done only while no transaction is open.
  void notify();
  void report_settings();
  std::optional<std::string> text_for_client(const std::string& text);
  // expire: end the statement, or the session, whose time is over.
  bool expire(QueryCycle::Now now);
  std::optional<Action> wait_for_more(QueryCycle::Now now);
  void begin_running(QueryCycle::Now now);
  void refuse(Report report);
  void refuse(const auth::AuthError& error);

  Environment environment_;
  State state_ = State::startup;
  wire::FrameSplitter input_;
  Output out_;
  bool tls_ = false, direct_tls_ = false, tls_asked_ = false, gssenc_asked_ = false;
  std::string end_point_;
  StartupRequest request_;
  std::optional<LoginDialogue> dialogue_;
  Names names_;  // outlives the backend, which ends what runs in it
  std::unique_ptr<Backend> backend_;
  std::string cancel_key_;
  std::optional<QueryCycle> cycle_;
  std::optional<FunctionCycle> function_;
  Clocks clocks_;
  std::size_t timed_statement_ = 0;  // of cycle_
  bool alone_ = false;               // what runs is a request that ReadyForQuery answers
  bool unsynchronized_ = false;      // messages have come since the last ReadyForQuery
  std::unique_ptr<ExtendedQuery> extended_;
  bool skipping_ = false;  // after an error in an extended query, up to the next Sync
  bool cancelled_ = false, terminated_ = false;
};

}  // namespace pgconform::session
