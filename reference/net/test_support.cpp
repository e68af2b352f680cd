#include "net/test_support.hpp"

#include <asio/co_spawn.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>
#include <chrono>

#include "net/connect.hpp"
#include "net/listener.hpp"

namespace pgconform::net::testing {

void run(std::function<asio::awaitable<void>()> body) {
  asio::io_context context;
  bool done = false;
  asio::co_spawn(context, body(), [&](std::exception_ptr exception) {
    done = true;
    context.stop();
    try {
      if (exception) std::rethrow_exception(exception);
    } catch (const std::exception& e) {
      ADD_FAILURE() << e.what();
    }
  });
  context.run_for(std::chrono::minutes(1));
  EXPECT_TRUE(done) << "the coroutine did not end";
}

asio::awaitable<void> both(asio::awaitable<void> a, asio::awaitable<void> b) {
  using namespace asio::experimental::awaitable_operators;
  auto joined = std::move(a) && std::move(b);
  co_await std::move(joined);
}

asio::awaitable<Pair> connected_pair() {
  auto listeners = must(Listener::bind(co_await asio::this_coro::executor, "127.0.0.1", 0));
  auto address = Address::tcp("127.0.0.1", listeners[0].local().port);
  auto client = must(co_await connect(address));
  auto server = must(co_await listeners[0].accept());
  co_return Pair{std::move(client), std::move(server)};
}

asio::awaitable<std::string> read_exactly(Stream& stream, std::size_t size) {
  std::string bytes;
  char buffer[4096];
  while (bytes.size() < size) {
    auto room = std::span(buffer, std::min(sizeof buffer, size - bytes.size()));
    auto got = co_await stream.read_some(room);
    if (!got) break;
    bytes.append(buffer, *got);
  }
  co_return bytes;
}

const TestCertificates& certificates() {
  static const TestCertificates made = [] {
    TestCertificates c;
    c.good_authority = must(make_self_signed({"Good Authority", {}, true}));
    c.foreign_authority = must(make_self_signed({"Foreign Authority", {}, true}));
    c.server = must(issue(c.good_authority, {"localhost", {"localhost", "127.0.0.1", "*.example.org"}}));
    c.client = must(issue(c.good_authority, {"alice", {}}));
    c.foreign_client = must(issue(c.foreign_authority, {"alice", {}}));
    c.expired_client = must(issue(c.good_authority, {"alice", {}, false, -2}));
    return c;
  }();
  return made;
}

TlsServerOptions server_options() {
  TlsServerOptions options;
  options.certificate = pem_text(certificates().server.certificate);
  options.private_key = pem_text(certificates().server.private_key);
  return options;
}

TlsClientOptions client_options() {
  return {};
}

TlsServerOptions verifying_server(VerificationMode mode) {
  auto options = server_options();
  options.verification = mode;
  options.client_ca_pem = pem_text(certificates().good_authority.certificate);
  return options;
}

TlsClientOptions verifying_client(SslMode mode) {
  TlsClientOptions options;
  options.mode = mode;
  options.ca = pem_text(certificates().good_authority.certificate);
  return options;
}

TlsClientOptions client_with(const Credentials& credentials) {
  TlsClientOptions options;
  options.certificate = pem_text(credentials.certificate);
  options.private_key = pem_text(credentials.private_key);
  return options;
}

Shaken shake(TlsSession& client, TlsSession& server, std::size_t chunk) {
  Shaken result{client.handshake(), server.handshake()};
  auto carry = [chunk](TlsSession& from, TlsSession& to, TlsSession::Status& status) {
    bool moved = false;
    auto bytes = from.take_output();
    for (std::size_t at = 0; at < bytes.size();) {
      at += to.feed(std::string_view(bytes).substr(at, chunk));
      if (status == TlsSession::Status::want_input) status = to.handshake();
      moved = true;
    }
    return moved;
  };
  for (bool moved = true; moved;) {
    moved = carry(client, server, result.server);
    moved |= carry(server, client, result.client);
  }
  return result;
}

void deliver(TlsSession& from, TlsSession& to) {
  auto bytes = from.take_output();
  ASSERT_EQ(to.feed(bytes), bytes.size());
}

std::string read_all(TlsSession& session) {
  std::string all;
  char buffer[1000];
  for (;;) {
    auto [status, size] = session.read(buffer);
    if (status != TlsSession::Status::ok) return all;
    all.append(buffer, size);
  }
}

}  // namespace pgconform::net::testing
