#include "net/connect.hpp"

#include <asio/experimental/as_tuple.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <memory>
#include <vector>

#include "net/asio_error.hpp"

namespace pgconform::net {
namespace {

using Tcp = asio::ip::tcp;
constexpr auto tuple = asio::experimental::as_tuple(asio::use_awaitable);

struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : resolver(executor), done(executor, no_deadline) {}
  Tcp::resolver resolver;
  asio::steady_timer done;
  std::error_code code = asio::error::operation_aborted;
  Tcp::resolver::results_type found;
};

// resolve: getaddrinfo cannot be interrupted, and Asio's resolver waits for it even when cancelled. So the lookup runs
// by itself, and what is awaited, and can be cancelled, is a timer that it ends.
asio::awaitable<Result<std::vector<Tcp::endpoint>>> resolve(Address address) {
  auto executor = co_await asio::this_coro::executor;
  auto what = "connect to " + address.text();
  std::error_code code;
  auto literal = asio::ip::make_address(address.host, code);
  if (!code) co_return std::vector<Tcp::endpoint>{{literal, address.port}};
  auto lookup = std::make_shared<Lookup>(executor);
  lookup->resolver.async_resolve(address.host, std::to_string(address.port), Tcp::resolver::numeric_service,
                                 [lookup](std::error_code error, Tcp::resolver::results_type results) {
                                   lookup->code = error;
                                   lookup->found = std::move(results);
                                   lookup->done.cancel();
                                 });
  co_await lookup->done.async_wait(tuple);
  if (lookup->code) co_return std::unexpected(from_code(lookup->code, what));
  std::vector<Tcp::endpoint> endpoints;
  for (auto& entry : lookup->found) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

template <class Protocol>
asio::awaitable<Result<Stream>> connect_to(typename Protocol::endpoint endpoint, std::string what) {
  typename Protocol::socket socket(co_await asio::this_coro::executor);
  auto [code] = co_await socket.async_connect(endpoint, tuple);
  if (code) co_return std::unexpected(from_code(code, what));
  co_return Stream(asio::generic::stream_protocol::socket(std::move(socket)));
}

asio::awaitable<Result<Stream>> connect_now(Address address) {
  auto what = "connect to " + address.text();
  if (!address.path.empty()) {
    auto path = address.path;
    if (path.front() == '@') path.front() = '\0';
    if (path.size() > 107) co_return std::unexpected(NetError{ErrorKind::name, what + ": the path is too long"});
    asio::local::stream_protocol::endpoint endpoint(path);
    co_return co_await connect_to<asio::local::stream_protocol>(endpoint, what);
  }
  auto endpoints = co_await resolve(address);
  if (!endpoints) co_return std::unexpected(endpoints.error());
  Result<Stream> stream = std::unexpected(NetError{ErrorKind::name, what + ": the name has no address"});
  for (auto& endpoint : *endpoints) {
    auto attempt = co_await connect_to<Tcp>(endpoint, what);
    stream = std::move(attempt);
    if (stream || stream.error().kind == ErrorKind::cancelled) break;
  }
  co_return stream;
}

}  // namespace

Address Address::of(std::string host, std::uint16_t port) {
  if (host.empty() || (host.front() != '/' && host.front() != '@')) return tcp(std::move(host), port);
  return unix_socket(host + "/.s.PGSQL." + std::to_string(port));
}

std::string Address::text() const {
  if (!path.empty()) return path;
  return Endpoint{host, port, false}.text();
}

asio::awaitable<Result<Stream>> connect(Address address, TimePoint deadline) {
  auto what = address.text();
  auto stream = co_await with_deadline(connect_now(std::move(address)), deadline);
  if (!stream && stream.error().kind == ErrorKind::timeout) {
    stream = std::unexpected(NetError{ErrorKind::timeout, "connect to " + what + " failed: no answer in time"});
  }
  co_return stream;
}

}  // namespace pgconform::net
