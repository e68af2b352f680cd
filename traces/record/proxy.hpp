#pragma once

#include <asio/awaitable.hpp>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/connect.hpp"
#include "net/listener.hpp"

namespace pgconform::record {

struct ProxyOptions {
  net::Address upstream;
  std::filesystem::path out;  // a directory, made if it is not there
  bool keep_secrets = false;
  std::function<void(std::string)> complain;  // one line about a connection that could not be relayed or written down
};

// Proxy: clients connect to it as they would to the server behind it, and each connection leaves a trace.
class Proxy {
 public:
  // listen: on `host` and `port` (0: any that is free).
  static std::expected<Proxy, std::string> listen(asio::any_io_executor executor, const std::string& host,
                                                  std::uint16_t port, ProxyOptions options);
  ~Proxy();
  Proxy(Proxy&&) noexcept;

  const std::vector<net::Endpoint>& listening() const;
  // run: take connections until stop(), then wait for the traces of those that were open.
  asio::awaitable<void> run();
  // stop: take no more connections and close those that are open.
  void stop();
  // connections · failures: so many were taken; so many of them left no whole trace.
  std::size_t connections() const;
  std::size_t failures() const;

 private:
  struct State;
  explicit Proxy(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace pgconform::record
