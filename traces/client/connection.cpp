#include "client/connection.hpp"

#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "auth/end_point.hpp"
#include "client/state.hpp"
#include "net/connect.hpp"
#include "net/tls_session.hpp"
#include "protocol/json/json.hpp"

namespace pgconform::client {

using asio::awaitable;
using Json = nlohmann::ordered_json;

namespace {

std::unexpected<Failure> usage(std::string text) {
  return std::unexpected(Failure{Failure::Kind::usage, std::move(text)});
}

std::unexpected<Failure> network(const net::NetError& error, std::string what) {
  return std::unexpected(Failure{Failure::Kind::network, std::move(what) + error.text, ended_by(error)});
}

net::Result<net::TlsClientContext> tls_context(const Target& target, const TlsOptions& options) {
  net::TlsClientOptions tls;
  if (target.sslmode == SslMode::verify_full) tls.mode = net::SslMode::verify_full;
  if (target.sslmode == SslMode::verify_ca) tls.mode = net::SslMode::verify_ca;
  // As libpq: whoever would do without TLS does not insist on who it is with.
  if (target.sslmode != SslMode::prefer && target.sslmode != SslMode::allow) tls.ca = {target.ca, {}};
  if (options.client_certificate && !target.client_certificate.empty()) {
    tls.certificate = net::pem_file(target.client_certificate);
    tls.private_key = net::pem_file(target.client_key);
    tls.private_key_password = target.client_key_password;
  }
  tls.sni = target.sni;
  if (options.alpn) tls.alpn = *options.alpn;
  if (options.min_version) tls.min_version = *options.min_version;
  if (options.max_version) tls.max_version = *options.max_version;
  tls.key_log = options.key_log;
  return net::TlsClientContext::make(tls);
}

}  // namespace

Connection::State::State(Target t, Options o)
    : target(std::move(t)),
      options(std::move(o)),
      credentials(target.role(options.role)),
      begun(net::Clock::now()),
      conversation(options.max_log, options.on_said) {}

void Connection::State::restart() {
  log_partial();
  stream.reset();
  in = {};
  out = {};
  queued.clear();
  secrets.clear();
  queued_from = cut_from = logged = 0;
  out_broken = started = false;
  in_broken.reset();
  ready.clear();
  over.reset();
  monitor = {};
  bare_due.clear();
  login_stage = protocol::Stage::normal;
  facts = {};
  computed_.reset();
  violations.clear();
}

Computed& Connection::State::computed() {
  static const Credentials nobody;
  if (!computed_)
    computed_.emplace(credentials ? *credentials : nobody, [this]() -> std::expected<std::string, std::string> {
      if (!tls()) return std::unexpected("there is no TLS");
      return auth::tls_server_end_point(tls()->peer_certificate());
    });
  return *computed_;
}

// read_ahead: keep what comes while we write. It never ends by itself, as that would end the writing too.
awaitable<void> Connection::State::read_ahead() {
  std::vector<char> buffer(64 * 1024);
  while (!over && in.pending().size() < options.max_unread) {
    auto got = co_await stream->read_some(buffer);
    if (got)
      in.feed({buffer.data(), *got});
    else if (got.error().kind == net::ErrorKind::cancelled)
      co_return;
    else
      end(got.error());
  }
  asio::steady_timer never(co_await asio::this_coro::executor, net::no_deadline);
  co_await never.async_wait(asio::experimental::as_tuple(asio::use_awaitable));
}

awaitable<void> Connection::State::write_into(std::string_view bytes, net::Result<void>& result) {
  result = co_await stream->write(bytes);
}

awaitable<net::Result<void>> Connection::State::write(std::string_view bytes) {
  using namespace asio::experimental::awaitable_operators;
  net::Result<void> result = std::unexpected(net::NetError{net::ErrorKind::cancelled, "cancelled"});
  auto writing = write_into(bytes, result);
  auto reading = read_ahead();
  auto either = std::move(writing) || std::move(reading);
  co_await std::move(either);
  co_return result;
}

Connection::Connection(Target target, Options options)
    : state_(std::make_unique<State>(std::move(target), std::move(options))) {}
Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

awaitable<Expected<void>> Connection::connect(net::TimePoint deadline) {
  auto& s = *state_;
  if (!s.credentials) co_return usage("the target has no role \"" + s.options.role + "\"");
  if (s.conversation.said().empty()) s.begun = net::Clock::now();
  s.restart();
  auto stream = co_await net::connect(s.target.address(), deadline);
  if (!stream) {
    s.end(stream.error());
    co_return network(stream.error(), "");
  }
  s.stream = std::move(*stream);
  co_return Expected<void>{};
}

awaitable<Expected<bool>> Connection::request_tls(net::TimePoint deadline) {
  auto& s = *state_;
  auto sent = co_await send("SSLRequest", Json::object(), deadline);
  if (!sent) co_return std::unexpected(sent.error());
  auto answer = co_await receive(deadline);
  using Kind = Failure::Kind;
  if (answer.is("SSLResponse")) {
    if (answer.bytes == "S" || answer.bytes == "N") co_return answer.bytes == "S";
    // What goes on tells who it is.
    answer.bytes += s.in.pending().substr(0, 1024);
    co_return std::unexpected(Failure{Kind::protocol, "the answer to SSLRequest is neither S nor N", answer});
  }
  const bool gone = answer.ended() || answer.kind == Event::Kind::timeout;
  const auto kind = answer.is("ErrorResponse") ? Kind::server : gone ? Kind::network : Kind::protocol;
  co_return std::unexpected(Failure{kind, answer.tell("in answer to SSLRequest"), answer});
}

awaitable<Expected<void>> Connection::start_tls(net::TimePoint deadline) {
  auto& s = *state_;
  if (!is_open()) co_return usage("there is no connection to start TLS on");
  if (s.tls()) co_return usage("TLS was started before");
  auto context = tls_context(s.target, s.options.tls);
  if (!context) co_return usage(context.error().text);
  // What was cut already came before the handshake as well (CVE-2021-23222).
  auto early = s.in.take_pending();
  for (const auto& event : s.ready) early.insert(0, event.bytes);
  auto shaking = s.stream->start_tls(*context, s.target.host, std::move(early), net::EarlyBytes::refuse);
  auto shaken = co_await net::with_deadline(std::move(shaking), deadline);
  if (!shaken) {
    s.end(shaken.error());
    co_return network(shaken.error(), "the TLS handshake failed: ");
  }
  s.note("TLS: " + std::string(s.tls()->version()) + ", " + std::string(s.tls()->cipher()) +
         (s.tls()->alpn().empty() ? "" : ", ALPN " + std::string(s.tls()->alpn())));
  co_return Expected<void>{};
}

Expected<void> Connection::queue(std::string_view name, const Json& fields) {
  auto& s = *state_;
  if (name == protocol::json::raw_name) {
    const auto bytes = protocol::json::bytes_of(fields);
    if (!bytes) return usage("raw takes {\"hex\":…}");
    queue_bytes(*bytes);
    return {};
  }
  Json resolved = fields;
  bool secret = false;
  if (auto done = s.computed().resolve(resolved, s.tls() != nullptr, secret); !done) return done;
  const auto before = s.queued.size();
  auto encoded = protocol::json::from_json(s.queued, protocol::Sender::frontend, name, resolved);
  if (!encoded)
    return usage((encoded.error().message.empty() ? "" : std::string(encoded.error().message) + ": ") +
                 encoded.error().reason);
  if (secret || name == "PasswordMessage") {
    const auto length = s.queued.size() - before;
    const Json hidden{{"redacted", "password"},
                      {"length", name == "PasswordMessage" ? length - std::min<std::size_t>(6, length) : length}};
    const Json shown = name == "PasswordMessage" ? Json{{"password", hidden}} : hidden;
    s.secrets.push_back({s.queued_from + before, s.queued_from + s.queued.size(), std::string(name), shown.dump()});
  }
  return {};
}

void Connection::queue_bytes(std::string_view bytes) {
  state_->queued.append(bytes);
}

awaitable<Expected<void>> Connection::flush(net::TimePoint deadline) {
  auto& s = *state_;
  if (s.queued.empty()) co_return Expected<void>{};
  if (!s.stream) co_return usage("there is no connection to send on");
  // What has come so far came before what is sent now.
  while (!s.in_broken) {
    auto event = s.cut();
    if (!event) break;
    s.ready.push_back(*std::move(event));
  }
  const auto bytes = std::exchange(s.queued, {});
  s.queued_from += bytes.size();
  s.tell(bytes);
  std::erase_if(s.secrets, [&](const Secret& secret) { return secret.end <= s.cut_from; });
  auto writing = s.write(bytes);
  auto written = co_await net::with_deadline(std::move(writing), deadline);
  if (written) co_return Expected<void>{};
  s.note("sending failed: " + written.error().text);
  co_return network(written.error(), "sending failed: ");
}

awaitable<Expected<void>> Connection::send(std::string_view name, const Json& fields, net::TimePoint deadline) {
  if (auto queued = queue(name, fields); !queued) co_return queued;
  co_return co_await flush(deadline);
}

awaitable<Expected<void>> Connection::send_bytes(std::string_view bytes, net::TimePoint deadline) {
  queue_bytes(bytes);
  co_return co_await flush(deadline);
}

std::optional<Event> Connection::take() {
  auto& s = *state_;
  if (s.ready.empty()) return s.cut();
  auto event = std::move(s.ready.front());
  s.ready.pop_front();
  return event;
}

awaitable<Event> Connection::receive(net::TimePoint deadline) {
  auto& s = *state_;
  std::vector<char> buffer;
  for (;;) {
    if (auto event = take()) co_return *std::move(event);
    if (!s.stream && !s.over) s.end({net::ErrorKind::closed, "there is no connection"});
    if (s.over) co_return s.ended();
    buffer.resize(64 * 1024);
    auto reading = s.stream->read_some(buffer);
    auto got = co_await net::with_deadline(std::move(reading), deadline);
    if (got)
      s.in.feed({buffer.data(), *got});
    else if (got.error().kind == net::ErrorKind::timeout)
      co_return s.timed_out();
    else
      s.end(got.error());
  }
}

awaitable<Expected<void>> Connection::shutdown_write(net::TimePoint deadline) {
  auto& s = *state_;
  if (!s.stream) co_return usage("there is no connection to shut down");
  s.note("no more is sent");
  auto shutting = s.stream->shutdown_write();
  auto shut = co_await net::with_deadline(std::move(shutting), deadline);
  if (!shut) co_return network(shut.error(), "");
  co_return Expected<void>{};
}

awaitable<Event> Connection::terminate(net::TimePoint deadline) {
  const auto phase = state_->monitor.phase();
  if (is_open() && !before_login(phase) && phase != protocol::Phase::closed && !state_->monitor.frontend_broke())
    static_cast<void>(co_await send("Terminate", Json::object(), deadline));
  for (;;) {
    auto event = co_await receive(deadline);
    // What comes without a pause would never let the deadline pass.
    if (event.is("NoticeResponse") || event.is("ParameterStatus") || event.is("NotificationResponse")) {
      if (net::Clock::now() < deadline) continue;
      event = state_->timed_out();
    }
    close();
    co_return event;
  }
}

void Connection::close() {
  if (!is_open()) return;
  state_->stream->close();
  if (!state_->over) state_->note("closed");
}

void Connection::reset() {
  if (!is_open()) return;
  state_->stream->reset();
  state_->note("closed with RST");
}

bool Connection::is_open() const {
  return state_->stream && state_->stream->is_open();
}
const Target& Connection::target() const {
  return state_->target;
}
const Credentials& Connection::credentials() const {
  static const Credentials nobody;
  return state_->credentials ? *state_->credentials : nobody;
}
const Facts& Connection::facts() const {
  return state_->facts;
}
const monitor::Monitor& Connection::monitor() const {
  return state_->monitor;
}
const std::vector<std::string>& Connection::violations() const {
  return state_->violations;
}
const Conversation& Connection::conversation() const {
  return state_->conversation;
}
const net::TlsSession* Connection::tls() const {
  return state_->tls();
}
void Connection::note(std::string text) {
  state_->note(std::move(text));
}

}  // namespace pgconform::client
