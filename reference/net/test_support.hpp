#pragma once

#include <gtest/gtest.h>

#include <asio/awaitable.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include "net/certificates.hpp"
#include "net/stream.hpp"
#include "net/tls_session.hpp"

// For the tests of this folder.
namespace pgconform::net::testing {

// run: run a coroutine in an io_context of its own; what it throws fails the test, and so does a minute without end.
void run(std::function<asio::awaitable<void>()> body);

// both: run two coroutines side by side until both are done.
asio::awaitable<void> both(asio::awaitable<void> a, asio::awaitable<void> b);

// must: the value, or an exception that run() reports.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(std::string(to_string(result.error().kind)) + ": " + result.error().text);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// kind · text: of the error; of a success `none` and an empty text.
template <class T>
std::string kind(const Result<T>& result) {
  return result ? "none" : std::string(to_string(result.error().kind));
}
template <class T>
std::string text(const Result<T>& result) {
  return result ? "" : result.error().text;
}

// Pair: the two ends of a TCP connection on loopback.
struct Pair {
  Stream client, server;
};
asio::awaitable<Pair> connected_pair();

// read_exactly: `size` bytes; fewer where the stream ends before.
asio::awaitable<std::string> read_exactly(Stream& stream, std::size_t size);

// Authorities and certificates, made once: `good` signs, `foreign` is not trusted by anyone.
struct TestCertificates {
  Credentials good_authority, foreign_authority;
  Credentials server;  // for localhost, 127.0.0.1 and *.example.org
  Credentials client, foreign_client, expired_client;
};
const TestCertificates& certificates();

// The options of a server with a good certificate, and of a client that takes any.
TlsServerOptions server_options();
TlsClientOptions client_options();
// The same with an authority: clients' for the server, the server's for the client.
TlsServerOptions verifying_server(VerificationMode mode);
TlsClientOptions verifying_client(SslMode mode);
// A client that shows these credentials.
TlsClientOptions client_with(const Credentials& credentials);

// shake: carry ciphertext between two sessions until both are done, one has failed, or nothing moves any more; in
// pieces of `chunk` bytes.
struct Shaken {
  TlsSession::Status client, server;
};
Shaken shake(TlsSession& client, TlsSession& server, std::size_t chunk = 1 << 20);
// deliver: everything that `from` has to say.
void deliver(TlsSession& from, TlsSession& to);
// read_all: the plaintext that is there now.
std::string read_all(TlsSession& session);

}  // namespace pgconform::net::testing
