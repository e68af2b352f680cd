#include "net/listener.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <asio/basic_socket_acceptor.hpp>
#include <asio/detail/socket_option.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>

#include "net/asio_error.hpp"

namespace pgconform::net {
namespace {

using Tcp = asio::ip::tcp;
using Generic = asio::generic::stream_protocol;
using Acceptor = asio::basic_socket_acceptor<Generic>;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
constexpr auto tuple = asio::experimental::as_tuple(asio::use_awaitable);

// With port 0 the system picks a port for the first address of a name; the next address may have lost it already.
constexpr int port_attempts = 16;

std::error_code listen(Acceptor& acceptor, const Generic::endpoint& endpoint, const ListenOptions& options) {
  std::error_code code;
  acceptor.open(endpoint.protocol(), code);
  // A server that is started again must not wait for the old connections' TIME_WAIT.
  if (!code) acceptor.set_option(asio::socket_base::reuse_address(true), code);
  if (!code && endpoint.protocol().family() == AF_INET6) acceptor.set_option(asio::ip::v6_only(true), code);
  if (!code && options.reuse_port) acceptor.set_option(ReusePort(true), code);
  if (!code) acceptor.bind(endpoint, code);
  if (!code) acceptor.listen(options.backlog, code);
  return code;
}

}  // namespace

struct Listener::State {
  Acceptor acceptor;
  Endpoint local;

  explicit State(const asio::any_io_executor& executor) : acceptor(executor) {}
  ~State() { close(); }
  void close() {
    if (!acceptor.is_open()) return;
    std::error_code ignored;
    acceptor.close(ignored);
    if (local.local) ::unlink(local.host.c_str());
  }
  static asio::awaitable<Result<Stream>> accept(std::shared_ptr<State> s);
  static asio::awaitable<void> serve(std::shared_ptr<State> s, std::function<void(Stream)> serve_one);
};

asio::awaitable<Result<Stream>> Listener::State::accept(std::shared_ptr<State> s) {
  Generic::socket socket(s->acceptor.get_executor());
  auto [code] = co_await s->acceptor.async_accept(socket, tuple);
  if (code && !s->acceptor.is_open()) {
    co_return std::unexpected(NetError{ErrorKind::closed, "the listener is closed"});
  }
  if (code) co_return std::unexpected(from_code(code, "accept"));
  co_return Stream(std::move(socket));
}

asio::awaitable<void> Listener::State::serve(std::shared_ptr<State> s, std::function<void(Stream)> serve_one) {
  asio::steady_timer pause(s->acceptor.get_executor());
  for (;;) {
    auto stream = co_await accept(s);
    if (stream) {
      serve_one(std::move(*stream));
      continue;
    }
    auto kind = stream.error().kind;
    if (kind == ErrorKind::closed || kind == ErrorKind::cancelled) co_return;
    // Out of descriptors, most likely: the connection stays in the queue, so trying at once would only burn time.
    pause.expires_after(std::chrono::milliseconds(100));
    co_await pause.async_wait(tuple);
  }
}

Listener::Listener(std::shared_ptr<State> state) : state_(std::move(state)) {}
Listener::~Listener() {
  close();
}
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&& other) noexcept {
  close();
  state_ = std::move(other.state_);
  return *this;
}

Result<std::vector<Listener>> Listener::bind(asio::any_io_executor executor, const std::string& host,
                                             std::uint16_t port, const ListenOptions& options) {
  auto failure = [&](const std::error_code& code) {
    auto error = from_code(code, "Listen [" + host + "]:" + std::to_string(port));
    return std::unexpected(std::move(error));
  };
  std::error_code code;
  Tcp::resolver resolver(executor);
  auto flags = Tcp::resolver::passive | Tcp::resolver::numeric_service;
  auto found = resolver.resolve(host, std::to_string(port), flags, code);
  if (code) return failure(code);
  for (int attempt = 1;; ++attempt) {
    std::vector<Listener> listeners;
    for (auto& entry : found) {
      auto endpoint = entry.endpoint();
      if (port == 0 && !listeners.empty()) endpoint.port(listeners.front().local().port);
      auto state = std::make_shared<State>(executor);
      code = listen(state->acceptor, Generic::endpoint(endpoint), options);
      if (code) break;
      Tcp::endpoint bound;
      auto generic = state->acceptor.local_endpoint(code);
      std::copy_n(reinterpret_cast<const char*>(generic.data()), generic.size(), reinterpret_cast<char*>(bound.data()));
      state->local = {bound.address().to_string(), bound.port(), false};
      listeners.push_back(Listener(std::move(state)));
    }
    if (!code) return listeners;
    bool lost_port = port == 0 && !listeners.empty() && code == asio::error::address_in_use;
    if (!lost_port || attempt == port_attempts) return failure(code);
  }
}

Result<Listener> Listener::bind_unix(asio::any_io_executor executor, const std::string& path,
                                     const ListenOptions& options) {
  auto what = "Listen " + path;
  if (path.size() > 107) return std::unexpected(NetError{ErrorKind::name, what + " failed: the path is too long"});
  auto state = std::make_shared<State>(executor);
  asio::local::stream_protocol::endpoint endpoint(path);
  auto code = listen(state->acceptor, Generic::endpoint(endpoint), options);
  if (code) return std::unexpected(from_code(code, what));
  state->local = {path, 0, true};
  return Listener(std::move(state));
}

const Endpoint& Listener::local() const {
  return state_->local;
}
asio::awaitable<Result<Stream>> Listener::accept() {
  return State::accept(state_);
}
asio::awaitable<void> Listener::serve(std::function<void(Stream)> serve_one) {
  return State::serve(state_, std::move(serve_one));
}
void Listener::close() {
  if (state_) state_->close();
}

}  // namespace pgconform::net
