#include "server/connection.hpp"

#include <algorithm>
#include <array>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <utility>

#include "auth/end_point.hpp"
#include "net/deadline.hpp"
#include "net/tls_session.hpp"
#include "server/by_name.hpp"
#include "server/server.hpp"

namespace pgconform::server {

namespace {

constexpr auto quietly = asio::experimental::as_tuple(asio::use_awaitable);
constexpr auto lookup_timeout = std::chrono::seconds(10);
constexpr auto goodbye_timeout = std::chrono::milliseconds(700);  // the whole server is to be gone within a second

LogLevel level_of(session::Severity severity) {
  return severity >= session::Severity::error     ? LogLevel::error
         : severity == session::Severity::warning ? LogLevel::warning
                                                  : LogLevel::information;
}

session::QueryCycle::Now now() {
  return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()};
}

}  // namespace

Connection::Connection(Server& server, net::Stream stream)
    : server_(server),
      stream_(std::move(stream)),
      accounts_(server.directory().from(stream_.peer().local ? "" : stream_.peer().host)),
      tls_(stream_.peer().local ? std::nullopt : server.tls()),
      pid_(server.registry().enter(*this)),
      timer_(server.executor()),
      login_deadline_(std::chrono::steady_clock::now() + server.configuration().authentication_timeout),
      goodbye_timer_(server.executor()),
      aside_(server.executor()) {
  session::Environment environment{.engine = server.engine(), .accounts = accounts_};
  environment.tls_available = tls_.has_value();
  environment.tls_required = server.configuration().require_secure_transport;
  environment.too_many = server.registry().size() > static_cast<std::size_t>(server.configuration().max_connections);
  environment.pid = pid_;
  auto end = [](const net::Endpoint& e) { return e.local ? session::Address() : session::Address{e.host, e.port}; };
  environment.client = end(stream_.peer());
  environment.server = end(stream_.local());
  environment.log = [this](session::Severity severity, const std::string& message) {
    server_.log().write(level_of(severity), "PostgreSQLHandler", message);
  };
  environment.signal = [this](std::int32_t pid, session::Signal wanted) { return signal(pid, wanted); };
  environment.wake = [this] { wake(); };
  session_ = std::make_unique<session::Session>(std::move(environment));
}

Connection::~Connection() {
  server_.registry().leave(pid_);
}

asio::awaitable<void> Connection::run() {
  for (bool open = true; open;) {
    auto action = session_->next(now());
    using session::Session;
    if (auto* reading = std::get_if<Session::Read>(&action)) {
      // Whoever has not logged in is to cost little.
      if (logged_in())
        open = co_await read<16384>(reading->until);
      else
        open = co_await read<1024>(reading->until);
    } else if (auto* output = std::get_if<Session::Write>(&action)) {
      open = co_await write(output->bytes);
    } else if (auto* tls = std::get_if<Session::StartTls>(&action)) {
      open = co_await start_tls(std::move(tls->early));
    } else if (std::holds_alternative<Session::Again>(action)) {
      open = co_await again();
    } else if (auto* waiting = std::get_if<Session::Wait>(&action)) {
      open = co_await wait(waiting->until);
    } else if (auto* cancel = std::get_if<Session::Cancel>(&action)) {
      if (auto* other = server_.registry().find(cancel->pid)) other->cancel(cancel->key);
    } else {
      // Bytes that the client still sends must not turn our last words into a reset.
      co_await net::with_deadline(stream_.close_gently(), std::chrono::steady_clock::now() + goodbye_timeout);
      open = false;
    }
  }
  ended_ = true;
  goodbye_timer_.cancel();
}

template <std::size_t size>
asio::awaitable<bool> Connection::read(std::optional<net::TimePoint> until) {
  std::array<char, size> buffer;
  reading_ = true;
  const auto deadline = !logged_in() ? login_deadline_ : until.value_or(net::no_deadline);
  auto arrived = co_await net::with_deadline(stream_.read_some(buffer), deadline);
  while (speaking_) {
    aside_.expires_at(net::no_deadline);
    co_await aside_.async_wait(quietly);
  }
  // Once say_goodbye() has spoken, all that is left is to take what the client has on its way: unread, it would turn
  // those last words into a reset.
  while (said_goodbye_ && arrived) arrived = co_await stream_.read_some(buffer);
  reading_ = false;
  if (!arrived && logged_in() && arrived.error().kind == net::ErrorKind::timeout && !said_goodbye_) co_return true;
  if (!arrived) {
    // Nothing is said to the client, as PostgreSQL says nothing then.
    if (!logged_in() && arrived.error().kind == net::ErrorKind::timeout) {
      server_.log().write(LogLevel::information, "PostgreSQLHandler", "canceling authentication due to timeout");
    }
    session_->peer_closed();
    co_return false;
  }
  if (!logged_in()) co_await look_up({buffer.data(), *arrived});
  session_->receive({buffer.data(), *arrived});
  co_return true;
}

asio::awaitable<void> Connection::look_up(std::string_view bytes) {
  const auto user = login_name_.feed(bytes);
  const auto* networks = user ? accounts_.barring(*user) : nullptr;
  if (networks == nullptr) co_return;
  net::Result<bool> admitted = false;
  if (networks->has_names()) {
    const auto until = std::min(login_deadline_, std::chrono::steady_clock::now() + lookup_timeout);
    admitted = co_await net::with_deadline(admitted_by_name(*networks, stream_.peer().host), until);
  }
  if (admitted.value_or(false)) {
    accounts_.admit(*user);
  } else {
    server_.log().write(LogLevel::information, "PostgreSQLHandler",
                        "user \"" + *user + "\" may not log in from " + stream_.peer().text() +
                            (admitted ? "" : ", whose name could not be looked up"));
  }
}

asio::awaitable<bool> Connection::write(std::string_view bytes) {
  co_return (co_await stream_.write(bytes)).has_value();
}

asio::awaitable<bool> Connection::start_tls(std::string early) {
  const auto context = *std::exchange(tls_, std::nullopt);
  auto established = co_await net::with_deadline(stream_.start_tls(context, std::move(early)), login_deadline_);
  if (!established) {
    server_.log().write(LogLevel::error, "PostgreSQLHandler", "TLS was not established: " + established.error().text);
    co_return false;
  }
  login_name_.encrypted();
  session_->tls_established(auth::tls_server_end_point(context.certificate()).value_or(""), stream_.tls()->alpn());
  co_return true;
}

asio::awaitable<bool> Connection::again() {
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  co_return true;
}

asio::awaitable<bool> Connection::wait(std::optional<std::chrono::steady_clock::time_point> until) {
  timer_.expires_at(until.value_or(std::chrono::steady_clock::time_point::max()));
  co_await timer_.async_wait(quietly);
  co_return true;
}

void Connection::wake() {
  timer_.cancel();
  if (!reading_ || speaking_ || !logged_in()) return;
  speaking_ = true;
  asio::co_spawn(server_.executor(), [self = shared_from_this()] { return self->say_aside(); }, asio::detached);
}

// While run() reads, it does not look at its session: what the session says now, such as a notification, is written
// here, and the reader goes on only when that is done.
asio::awaitable<void> Connection::say_aside() {
  while (reading_ && !said_goodbye_) {
    auto action = session_->next(now());
    auto* output = std::get_if<session::Session::Write>(&action);
    if (!output || !co_await write(output->bytes)) break;
  }
  speaking_ = false;
  aside_.cancel();
}

void Connection::cancel(std::string_view key) {
  if (!logged_in() || !auth::constant_time_equal(key, session_->cancel_key())) return;
  session_->cancel();
  timer_.cancel();
}

session::Signalled Connection::signal(std::int32_t pid, session::Signal signal) {
  auto* other = server_.registry().find(pid);
  if (!other || !other->logged_in()) return session::Signalled::not_there;
  if (other->session_->user() != session_->user()) return session::Signalled::not_allowed;
  if (other == this || signal == session::Signal::cancel) {
    other->session_->interrupt(signal);
    other->timer_.cancel();
  } else {
    // Not from inside this session: its query may be in the other one's way.
    asio::post(server_.executor(), [connection = other->shared_from_this()] { connection->terminate(); });
  }
  return session::Signalled::sent;
}

void Connection::terminate() {
  session_->terminate();
  timer_.cancel();
  asio::co_spawn(server_.executor(), [self = shared_from_this()] { return self->say_goodbye(); }, asio::detached);
}

asio::awaitable<void> Connection::say_goodbye() {
  goodbye_timer_.expires_after(goodbye_timeout);
  // While run() reads, it does not look at its session and nobody writes. Anywhere else it comes to the end by itself.
  if (reading_ && !speaking_) {
    said_goodbye_ = true;
    auto action = session_->next(now());
    if (auto* output = std::get_if<session::Session::Write>(&action))
      co_await net::with_deadline(stream_.write(output->bytes), goodbye_timer_.expiry());
    co_await net::with_deadline(stream_.shutdown_write(), goodbye_timer_.expiry());
  }
  // Whatever run() still waits for, it waits for the client.
  if (!ended_) co_await goodbye_timer_.async_wait(quietly);
  stream_.close();
}

}  // namespace pgconform::server
