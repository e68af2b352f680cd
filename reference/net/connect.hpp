#pragma once

#include <asio/awaitable.hpp>
#include <cstdint>
#include <string>

#include "net/deadline.hpp"
#include "net/stream.hpp"

namespace pgconform::net {

// Address: where to connect to: a host name or address with a port, or a Unix socket.
struct Address {
  std::string host;
  std::uint16_t port = 0;
  std::string path;  // if not empty: a Unix socket; `@` at its start is Linux's abstract namespace

  // tcp · unix_socket · of: the last one is libpq's reading of `host`, where a `/` or `@` at the start means the
  // directory of Unix sockets.
  static Address tcp(std::string host, std::uint16_t port) { return {std::move(host), port, {}}; }
  static Address unix_socket(std::string path) { return {{}, 0, std::move(path)}; }
  static Address of(std::string host, std::uint16_t port);

  std::string text() const;
};

// connect: a stream to the first of the host's addresses that answers, all of them within the deadline. The error is
// that of the last address tried and names the target.
asio::awaitable<Result<Stream>> connect(Address address, TimePoint deadline = no_deadline);

}  // namespace pgconform::net
