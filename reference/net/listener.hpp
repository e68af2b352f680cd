#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/stream.hpp"

namespace pgconform::net {

struct ListenOptions {
  int backlog = 4096;
  bool reuse_port = false;
};

// Listener: one bound and listening socket. Destroying it closes it; a Unix socket's file is removed then.
class Listener {
 public:
  // bind: listen on `host` (an address or a name) and `port` (0: any that is free; several addresses of one name get
  // the same). One listener for each address; all of them, or the error `Listen [host]:port failed: …`. An IPv6
  // address is IPv6 only, so that `::1` and `127.0.0.1`, or `::` and `0.0.0.0`, may be listened to side by side.
  static Result<std::vector<Listener>> bind(asio::any_io_executor executor, const std::string& host, std::uint16_t port,
                                            const ListenOptions& options = {});
  // bind_unix: listen on a Unix socket. A file that is there already is an error: it may be somebody's.
  static Result<Listener> bind_unix(asio::any_io_executor executor, const std::string& path,
                                    const ListenOptions& options = {});
  ~Listener();
  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) noexcept;

  // local: the address with the port really bound.
  const Endpoint& local() const;

  // accept: the next connection.
  asio::awaitable<Result<Stream>> accept();
  // serve: give every connection to `serve_one` until the listener is closed. What goes wrong with single connections,
  // or for want of file descriptors, does not end it.
  asio::awaitable<void> serve(std::function<void(Stream)> serve_one);
  void close();

 private:
  struct State;
  explicit Listener(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace pgconform::net
