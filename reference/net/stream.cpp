#include "net/stream.hpp"

#include <asio/buffer.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/socket_base.hpp>
#include <asio/use_awaitable.hpp>
#include <cassert>
#include <cstring>
#include <optional>
#include <utility>

#include "net/asio_error.hpp"
#include "net/tls_session.hpp"

namespace pgconform::net {
namespace {

using Socket = asio::generic::stream_protocol::socket;
constexpr auto tuple = asio::experimental::as_tuple(asio::use_awaitable);

// Flag: true while in scope, also when a coroutine is destroyed in mid-operation.
class Flag {
 public:
  explicit Flag(bool& flag) : flag_(flag) {
    assert(!flag_);
    flag_ = true;
  }
  ~Flag() { flag_ = false; }
  Flag(const Flag&) = delete;

 private:
  bool& flag_;
};

Endpoint describe(const asio::generic::stream_protocol::endpoint& endpoint) {
  Endpoint result;
  auto family = endpoint.protocol().family();
  if (family == AF_UNIX) {
    asio::local::stream_protocol::endpoint local;
    local.resize(endpoint.size());
    std::memcpy(local.data(), endpoint.data(), endpoint.size());
    return {local.path(), 0, true};
  }
  if (family != AF_INET && family != AF_INET6) return result;
  asio::ip::tcp::endpoint tcp;
  std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
  return {tcp.address().to_string(), tcp.port(), false};
}

}  // namespace

// The operations are static and hold the state, so that a Stream may be moved or destroyed in their midst.
struct Stream::State {
  using Shared = std::shared_ptr<State>;

  Socket socket;
  std::optional<TlsSession> tls;
  std::string early;    // bytes read before the handshake and not fed yet
  std::string sending;  // ciphertext on its way, of which `sent` bytes are out
  std::size_t sent = 0;
  bool reading = false, writing = false;
  Endpoint local, peer;

  explicit State(Socket s) : socket(std::move(s)) {}
  ~State() { close(); }

  std::unexpected<NetError> failure(std::error_code code, const char* what) const;
  Result<void> usable() const;
  bool next_output();
  void flush_now();
  void close();
  std::size_t pending() const;
  void take_pending(std::string& bytes);

  static asio::awaitable<Result<std::size_t>> receive(Shared s, std::span<char> buffer);
  static asio::awaitable<Result<void>> send(Shared s, std::string_view bytes);
  static asio::awaitable<Result<void>> flush(Shared s);
  static asio::awaitable<Result<void>> fill(Shared s);
  static asio::awaitable<Result<std::size_t>> read(Shared s, std::span<char> buffer);
  static asio::awaitable<Result<void>> write(Shared s, std::string_view bytes);
  static asio::awaitable<Result<void>> handshake(Shared s, TlsSession session, std::string early, EarlyBytes policy);
  static asio::awaitable<Result<void>> shutdown_write(Shared s);
  static asio::awaitable<Result<void>> close_gently(Shared s);
};

std::unexpected<NetError> Stream::State::failure(std::error_code code, const char* what) const {
  if (!socket.is_open()) return std::unexpected(NetError{ErrorKind::closed, "the stream is closed"});
  return std::unexpected(from_code(code, what));
}

// usable: not closed, and under TLS past a handshake that succeeded.
Result<void> Stream::State::usable() const {
  if (!socket.is_open()) return failure({}, "");
  if (!tls || tls->handshake_done()) return {};
  if (tls->failed()) return std::unexpected(tls->error());
  return std::unexpected(NetError{ErrorKind::tls, "the TLS handshake was not finished"});
}

bool Stream::State::next_output() {
  if (sent < sending.size()) return true;
  sending = tls->take_output();
  sent = 0;
  return !sending.empty();
}

// flush_now: what can be sent without waiting. The reader uses it for the alert that tells why it gives up: it must not
// wait for a peer that itself waits to be read.
void Stream::State::flush_now() {
  if (writing) return;  // the writer takes all output with it
  while (next_output()) {
    std::error_code code;
    auto n = socket.write_some(asio::buffer(sending.data() + sent, sending.size() - sent), code);
    if (code) return;
    sent += n;
  }
}

void Stream::State::close() {
  if (!socket.is_open()) return;
  if (tls && !writing) {
    tls->shutdown();
    flush_now();
  }
  std::error_code ignored;
  socket.close(ignored);
}

std::size_t Stream::State::pending() const {
  std::error_code ignored;
  return socket.available(ignored);
}

// take_pending: what the kernel holds, behind `bytes`.
void Stream::State::take_pending(std::string& bytes) {
  const auto before = bytes.size(), more = pending();
  bytes.resize(before + more);
  std::error_code code;
  bytes.resize(before + (more > 0 ? socket.read_some(asio::buffer(bytes.data() + before, more), code) : 0));
}

asio::awaitable<Result<std::size_t>> Stream::State::receive(Shared s, std::span<char> buffer) {
  auto [code, n] = co_await s->socket.async_read_some(asio::buffer(buffer.data(), buffer.size()), tuple);
  if (code) co_return s->failure(code, "read");
  co_return n;
}

asio::awaitable<Result<void>> Stream::State::send(Shared s, std::string_view bytes) {
  while (!bytes.empty()) {
    auto [code, n] = co_await s->socket.async_write_some(asio::buffer(bytes), tuple);
    bytes.remove_prefix(n);
    if (code) co_return s->failure(code, "write");
  }
  co_return Result<void>{};
}

asio::awaitable<Result<void>> Stream::State::flush(Shared s) {
  // The rest of a write that was cancelled goes first, else the peer would see a broken record.
  while (s->next_output()) {
    auto rest = asio::buffer(s->sending.data() + s->sent, s->sending.size() - s->sent);
    auto [code, n] = co_await s->socket.async_write_some(rest, tuple);
    s->sent += n;
    if (code) co_return s->failure(code, "write");
  }
  co_return Result<void>{};
}

// fill: more ciphertext for the TLS session, or the news that there is no more.
asio::awaitable<Result<void>> Stream::State::fill(Shared s) {
  if (!s->early.empty()) {
    s->early.erase(0, s->tls->feed(s->early));
    co_return Result<void>{};
  }
  auto got = co_await receive(s, s->tls->prepare());
  if (got) {
    s->tls->commit(*got);
  } else if (got.error().kind == ErrorKind::eof) {
    s->tls->end_of_input();
  } else {
    co_return std::unexpected(got.error());
  }
  co_return Result<void>{};
}

asio::awaitable<Result<std::size_t>> Stream::State::read(Shared s, std::span<char> buffer) {
  Flag flag(s->reading);
  if (auto ready = s->usable(); !ready) co_return std::unexpected(ready.error());
  if (!s->tls) co_return co_await receive(s, buffer);
  for (;;) {
    auto [status, size] = s->tls->read(buffer);
    s->flush_now();
    if (status == TlsSession::Status::ok) co_return size;
    if (status == TlsSession::Status::failed) co_return std::unexpected(s->tls->error());
    if (status == TlsSession::Status::closed) {
      co_return std::unexpected(NetError{ErrorKind::eof, "the peer ended the TLS session"});
    }
    auto filled = co_await fill(s);
    if (!filled) co_return std::unexpected(filled.error());
    if (!s->socket.is_open()) co_return s->failure({}, "");
  }
}

asio::awaitable<Result<void>> Stream::State::write(Shared s, std::string_view bytes) {
  Flag flag(s->writing);
  if (auto ready = s->usable(); !ready) co_return ready;
  if (!s->tls) co_return co_await send(s, bytes);
  for (;;) {
    auto flushed = co_await flush(s);
    if (!flushed || bytes.empty()) co_return flushed;
    auto n = s->tls->write(bytes);
    bytes.remove_prefix(n);
    if (n > 0 || s->tls->has_output()) continue;
    if (s->tls->failed()) co_return std::unexpected(s->tls->error());
    co_return std::unexpected(NetError{ErrorKind::closed, "this direction was shut down"});
  }
}

asio::awaitable<Result<void>> Stream::State::handshake(Shared s, TlsSession session, std::string early,
                                                       EarlyBytes policy) {
  assert(!s->tls);
  Flag reading(s->reading), writing(s->writing);
  if (auto ready = s->usable(); !ready) co_return ready;
  if (policy == EarlyBytes::refuse) s->take_pending(early);
  if (policy == EarlyBytes::refuse && !early.empty()) {
    auto text = std::to_string(early.size()) + " unencrypted bytes arrived before the TLS handshake";
    co_return std::unexpected(NetError{ErrorKind::early_bytes, text, -1, std::move(early)});
  }
  s->early = std::move(early);
  s->tls.emplace(std::move(session));
  for (;;) {
    auto status = s->tls->handshake();
    auto flushed = co_await flush(s);
    if (status == TlsSession::Status::failed) co_return std::unexpected(s->tls->error());
    if (!flushed || status == TlsSession::Status::ok) co_return flushed;
    auto filled = co_await fill(s);
    if (!filled) co_return filled;
  }
}

asio::awaitable<Result<void>> Stream::State::shutdown_write(Shared s) {
  Flag flag(s->writing);
  if (!s->socket.is_open()) co_return s->failure({}, "");
  if (s->tls) {
    s->tls->shutdown();
    auto flushed = co_await flush(s);
    if (!flushed) co_return flushed;
  }
  std::error_code code;
  s->socket.shutdown(asio::socket_base::shutdown_send, code);
  if (code) co_return s->failure(code, "shutdown");
  co_return Result<void>{};
}

asio::awaitable<Result<void>> Stream::State::close_gently(Shared s) {
  struct Closer {
    State& state;
    ~Closer() { state.close(); }
  } closer{*s};
  auto ended = co_await shutdown_write(s);
  char dropped[4096];
  while (ended) {
    auto got = co_await receive(s, dropped);
    if (got) continue;
    // A peer that closes with our close_notify unread sends RST; it has still closed.
    auto kind = got.error().kind;
    if (kind != ErrorKind::eof && kind != ErrorKind::reset) ended = std::unexpected(got.error());
    break;
  }
  co_return ended;
}

Stream::Stream(Socket socket) : state_(std::make_shared<State>(std::move(socket))) {
  auto& s = *state_;
  std::error_code code;
  auto local = s.socket.local_endpoint(code);
  if (!code) s.local = describe(local);
  auto peer = s.socket.remote_endpoint(code);
  s.peer = code ? Endpoint{} : describe(peer);
  s.peer.local = s.local.local;
  if (!s.local.local) {
    s.socket.set_option(asio::ip::tcp::no_delay(true), code);
    s.socket.set_option(asio::socket_base::keep_alive(true), code);
  }
  s.socket.non_blocking(true, code);  // for flush_now
}

Stream::~Stream() {
  close();
}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&& other) noexcept {
  close();
  state_ = std::move(other.state_);
  return *this;
}

asio::awaitable<Result<std::size_t>> Stream::read_some(std::span<char> buffer) {
  return State::read(state_, buffer);
}
asio::awaitable<Result<void>> Stream::write(std::string_view bytes) {
  return State::write(state_, bytes);
}
asio::awaitable<Result<void>> Stream::start_tls(const TlsServerContext& context, std::string already_read,
                                                EarlyBytes early) {
  return State::handshake(state_, TlsSession(context), std::move(already_read), early);
}
asio::awaitable<Result<void>> Stream::start_tls(const TlsClientContext& context, std::string_view host,
                                                std::string already_read, EarlyBytes early) {
  return State::handshake(state_, TlsSession(context, host), std::move(already_read), early);
}
asio::awaitable<Result<void>> Stream::shutdown_write() {
  return State::shutdown_write(state_);
}
asio::awaitable<Result<void>> Stream::close_gently() {
  return State::close_gently(state_);
}

void Stream::close() {
  if (state_) state_->close();
}

void Stream::reset() {
  std::error_code ignored;
  state_->socket.set_option(asio::socket_base::linger(true, 0), ignored);
  state_->socket.close(ignored);
}

bool Stream::is_open() const {
  return state_->socket.is_open();
}
std::size_t Stream::pending() const {
  return state_->pending();
}
const TlsSession* Stream::tls() const {
  return state_->tls ? &*state_->tls : nullptr;
}
const Endpoint& Stream::local() const {
  return state_->local;
}
const Endpoint& Stream::peer() const {
  return state_->peer;
}

std::string Endpoint::text() const {
  if (local) return host.empty() ? "[local]" : host;
  bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace pgconform::net
