#pragma once

#include <gtest/gtest.h>

#include <asio/awaitable.hpp>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "client/connection.hpp"
#include "net/stream.hpp"

// A server of a few lines for the tests of this folder.
namespace pgconform::client::testing {

// Peer: the server's end of a connection, which says what a test tells it to.
class Peer {
 public:
  explicit Peer(net::Stream stream) : stream_(std::move(stream)) {}
  // read: exactly so many bytes; fewer where the client closes.
  asio::awaitable<std::string> read(std::size_t size);
  // body: the next frame with a type byte, without its header; of the first packet without one.
  asio::awaitable<std::string> frame();
  asio::awaitable<std::string> packet();
  // say: bytes as they are. said: does not wait for what the client thinks of it.
  asio::awaitable<void> say(std::string bytes);
  asio::awaitable<void> start_tls(std::string already_read = {});
  // wait: until the client closes.
  asio::awaitable<void> wait();
  net::Stream& stream() { return stream_; }

 private:
  net::Stream stream_;
};

using Serve = std::function<asio::awaitable<void>(Peer&)>;
using Use = std::function<asio::awaitable<void>(Target)>;

// with_server: run `use` against a server on loopback that gives every connection to `serve`. The target names it by
// `postgresql://alice:secret@127.0.0.1:PORT/db?` and `parameters`.
void with_server(const std::string& parameters, Serve serve, Use use);

// soon: a deadline that is not met only where something hangs. short_wait: one that a test wants to pass.
net::TimePoint soon();
net::TimePoint short_wait();

// Backend messages in bytes.
std::string authentication(std::uint32_t code, std::string_view data = {});
std::string message(char tag, std::string_view body = {});
std::string error(std::string_view code, std::string_view text);
// greeting: what follows a login: AuthenticationOk, ParameterStatus, BackendKeyData, ReadyForQuery.
std::string greeting();

// certificate: of the server, DER, which channel binding is computed from.
std::string server_certificate();

// text: of the failure, empty if there was none.
template <class T>
std::string text(const Expected<T>& result) {
  return result ? "" : result.error().text;
}
// log: the conversation's lines, one below the other.
std::string log(const Connection& connection);

// query: the fields of a Query. (g++ 12 takes no initializer list inside a co_await expression.)
nlohmann::ordered_json query(std::string sql);

// no_environment: with nothing in it.
Environment no_environment();

}  // namespace pgconform::client::testing
