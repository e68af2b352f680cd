#include "server/by_name.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <asio/experimental/as_tuple.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <memory>

namespace pgconform::server {

namespace {

using Tcp = asio::ip::tcp;

int running_lookups = 0;

struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor)
      : resolver(executor), done(executor, std::chrono::steady_clock::time_point::max()) {
    ++running_lookups;
  }
  ~Lookup() { --running_lookups; }
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;
  Tcp::resolver resolver;
  asio::steady_timer done;
  Tcp::resolver::results_type found;
};

// look_up: what the resolver finds when `ask` asks it; nothing if it fails. The system's lookup cannot be interrupted,
// so what is awaited, and can be cancelled, is a timer that it ends.
template <class Ask>
asio::awaitable<Tcp::resolver::results_type> look_up(Ask ask) {
  auto lookup = std::make_shared<Lookup>(co_await asio::this_coro::executor);
  ask(lookup->resolver, [lookup](std::error_code error, Tcp::resolver::results_type found) {
    if (!error) lookup->found = std::move(found);
    lookup->done.cancel();
  });
  co_await lookup->done.async_wait(asio::experimental::as_tuple(asio::use_awaitable));
  lookup->resolver.cancel();  // one that nobody waits for any more does not stand in the way of the next
  co_return lookup->found;
}

asio::awaitable<bool> has_address(std::string host, asio::ip::address peer) {
  const auto found = co_await look_up([&](Tcp::resolver& resolver, auto handler) {
    resolver.async_resolve(host, "", Tcp::resolver::flags(), std::move(handler));
  });
  const auto wanted = parse_ip(peer.to_string());
  co_return std::ranges::any_of(
      found, [&](const auto& entry) { return wanted && parse_ip(entry.endpoint().address().to_string()) == wanted; });
}

// name_of: the peer's own name, empty if it has none.
asio::awaitable<std::string> name_of(asio::ip::address peer) {
  const auto found = co_await look_up([&](Tcp::resolver& resolver, auto handler) {
    resolver.async_resolve(Tcp::endpoint(peer, 0), std::move(handler));
  });
  const auto name = found.empty() ? std::string() : found.begin()->host_name();
  // Where an address has no name, the system's lookup gives the address itself.
  std::error_code no_address;
  asio::ip::make_address(name, no_address);
  co_return no_address ? name : std::string();
}

}  // namespace

bool is_looking_up() {
  return running_lookups != 0;
}

asio::awaitable<net::Result<bool>> admitted_by_name(const Networks& networks, std::string peer) {
  std::error_code error;
  const auto address = asio::ip::make_address(peer, error);
  if (error) co_return false;  // a Unix socket
  for (const auto& host : networks.hosts)
    if (co_await has_address(host, address)) co_return true;
  if (networks.host_regexps.empty()) co_return false;
  const auto name = co_await name_of(address);
  const auto matches = [&](const std::string& pattern) { return RE2::FullMatch(name, RE2(pattern, RE2::Quiet)); };
  if (name.empty() || std::ranges::none_of(networks.host_regexps, matches)) co_return false;
  co_return co_await has_address(name, address);
}

}  // namespace pgconform::server
