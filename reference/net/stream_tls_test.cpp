#include <gtest/gtest.h>

#include "net/deadline.hpp"
#include "net/test_support.hpp"

namespace pgconform::net {
namespace {

using namespace testing;
using namespace std::chrono_literals;
using asio::awaitable;

// shake_hands: both sides' handshakes over a connected pair; what each of them got.
struct Hands {
  Result<void> client, server;
};
awaitable<Hands> shake_hands(Pair& pair, TlsClientOptions client_side = client_options(),
                             TlsServerOptions server_side = server_options()) {
  Hands hands;
  auto client_context = must(TlsClientContext::make(client_side));
  auto server_context = must(TlsServerContext::make(server_side));
  auto client = [&]() -> awaitable<void> {
    hands.client = co_await pair.client.start_tls(client_context, "localhost");
  };
  auto server = [&]() -> awaitable<void> { hands.server = co_await pair.server.start_tls(server_context); };
  co_await both(client(), server());
  co_return hands;
}

awaitable<Pair> encrypted_pair(TlsVersion version = TlsVersion::tls1_3) {
  auto pair = co_await connected_pair();
  auto options = client_options();
  options.min_version = options.max_version = version;
  auto hands = co_await shake_hands(pair, options);
  must(hands.client);
  must(hands.server);
  co_return pair;
}

class TlsStream : public ::testing::TestWithParam<TlsVersion> {};
INSTANTIATE_TEST_SUITE_P(Versions, TlsStream, ::testing::Values(TlsVersion::tls1_2, TlsVersion::tls1_3),
                         [](auto& info) { return info.param == TlsVersion::tls1_2 ? "Tls12" : "Tls13"; });

TEST_P(TlsStream, CarriesBytesAndEndsInOrder) {
  run([]() -> awaitable<void> {
    auto [client, server] = co_await encrypted_pair(GetParam());
    char buffer[16];
    must(co_await client.write("ping"));
    EXPECT_EQ(co_await read_exactly(server, 4), "ping");
    must(co_await server.write("pong"));
    EXPECT_EQ(co_await read_exactly(client, 4), "pong");
    EXPECT_EQ(server.tls()->alpn(), "postgresql");
    must(co_await client.shutdown_write());
    EXPECT_EQ(kind(co_await server.read_some(buffer)), "eof");
    must(co_await server.write("late"));
    EXPECT_EQ(co_await read_exactly(client, 4), "late");
    server.close();
    EXPECT_EQ(kind(co_await client.read_some(buffer)), "eof");
    EXPECT_EQ(client.tls()->alert_received(), 0);
  });
}

TEST_P(TlsStream, CarriesFiftyMegabytesEachWayAtOnce) {
  run([]() -> awaitable<void> {
    auto pair = co_await encrypted_pair(GetParam());
    static constexpr std::size_t total = 50 << 20;
    auto send = [](Stream& stream, char seed) -> awaitable<void> {
      std::string block(1 << 20, '\0');
      for (std::size_t sent = 0; sent < total; sent += block.size()) {
        for (std::size_t i = 0; i < block.size(); i += 4096) block[i] = static_cast<char>(seed + sent / block.size());
        must(co_await stream.write(block));
      }
      must(co_await stream.shutdown_write());
    };
    auto receive = [](Stream& stream, char seed) -> awaitable<void> {
      std::string buffer(64 * 1024, '\0');
      std::size_t got = 0;
      for (;;) {
        auto n = co_await stream.read_some(buffer);
        if (!n) break;
        for (std::size_t i = 0; i < *n; ++i, ++got) {
          char expected = got % 4096 ? '\0' : static_cast<char>(seed + got / (1 << 20));
          if (buffer[i] != expected) throw std::runtime_error("damaged at " + std::to_string(got));
        }
      }
      EXPECT_EQ(got, total);
    };
    co_await both(both(send(pair.client, 'a'), receive(pair.client, 'b')),
                  both(send(pair.server, 'b'), receive(pair.server, 'a')));
  });
}

TEST_P(TlsStream, TellsATruncatedEndFromAnOrderlyOne) {
  run([]() -> awaitable<void> {
    // A man in the middle who only carries the handshake and then cuts: the TCP end without close_notify.
    auto outer = co_await connected_pair();
    auto context = must(TlsServerContext::make(server_options()));
    auto options = client_options();
    options.max_version = GetParam();
    auto client_context = must(TlsClientContext::make(options));
    auto client = [&]() -> awaitable<void> {
      must(co_await outer.client.start_tls(client_context, ""));
      char buffer[16];
      EXPECT_EQ(kind(co_await outer.client.read_some(buffer)), "truncated");
      EXPECT_EQ(kind(co_await outer.client.write("x")), "truncated");
    };
    auto server = [&]() -> awaitable<void> {
      TlsSession session(context);
      char buffer[8192];
      while (session.handshake() == TlsSession::Status::want_input) {
        must(co_await outer.server.write(session.take_output()));
        auto n = must(co_await outer.server.read_some(buffer));
        session.feed({buffer, n});
      }
      must(co_await outer.server.write(session.take_output()));
      must(co_await outer.server.shutdown_write());
    };
    co_await both(client(), server());
  });
}

TEST(StreamTls, TellsReset) {
  run([]() -> awaitable<void> {
    auto [client, server] = co_await encrypted_pair();
    char buffer[16];
    server.reset();
    EXPECT_EQ(kind(co_await client.read_some(buffer)), "reset");
  });
}

TEST(StreamTls, EndsWithAlert120WhereNoProtocolMatches) {
  run([]() -> awaitable<void> {
    auto pair = co_await connected_pair();
    auto options = client_options();
    options.alpn = {"h2"};
    auto hands = co_await shake_hands(pair, options);
    EXPECT_EQ(kind(hands.client), "tls_alert");
    EXPECT_EQ(hands.client.error().alert, 120);
    EXPECT_EQ(kind(hands.server), "tls");
    EXPECT_EQ(hands.server.error().alert, 120);
    char buffer[16];
    EXPECT_EQ(kind(co_await pair.server.read_some(buffer)), "tls");
    EXPECT_EQ(kind(co_await pair.server.write("plaintext must not leak")), "tls");
  });
}

TEST(StreamTls, TellsAClientThatItsCertificateWasRefused) {
  run([]() -> awaitable<void> {
    auto pair = co_await connected_pair();
    auto hands = co_await shake_hands(pair, client_with(certificates().foreign_client),
                                      verifying_server(VerificationMode::relaxed));
    EXPECT_EQ(kind(hands.server), "tls");
    EXPECT_EQ(
        text(hands.server),
        "TLS handshake failed: certificate verify failed (unable to get local issuer certificate); alert 48 sent");
    // TLS 1.3 lets the client go first.
    char buffer[16];
    auto got = co_await pair.client.read_some(buffer);
    EXPECT_EQ(kind(got), "tls_alert");
    EXPECT_EQ(text(got), "TLS: the peer sent alert 48 (unknown CA)");
  });
}

TEST(StreamTls, RefusesBytesThatCameBeforeTheHandshake) {
  run([]() -> awaitable<void> {
    auto context = must(TlsServerContext::make(server_options()));
    auto a = co_await connected_pair();
    EXPECT_EQ(kind(co_await a.server.start_tls(context, "read ahead", EarlyBytes::refuse)), "early_bytes");

    auto b = co_await connected_pair();
    must(co_await b.client.write("!in the kernel"));
    EXPECT_EQ(co_await read_exactly(b.server, 1), "!");
    auto refused = co_await b.server.start_tls(context, {}, EarlyBytes::refuse);
    EXPECT_EQ(text(refused), "13 unencrypted bytes arrived before the TLS handshake");
    must(co_await b.server.write("still plain"));
    EXPECT_EQ(co_await read_exactly(b.client, 11), "still plain");
  });
}

TEST(StreamTls, FeedsBytesThatWereReadAhead) {
  run([]() -> awaitable<void> {
    auto pair = co_await connected_pair();
    auto client_context = must(TlsClientContext::make(client_options()));
    auto server_context = must(TlsServerContext::make(server_options()));
    auto client = [&]() -> awaitable<void> {
      must(co_await pair.client.start_tls(client_context, "localhost"));
      EXPECT_EQ(co_await read_exactly(pair.client, 5), "hello");
    };
    auto server = [&]() -> awaitable<void> {
      auto first = co_await read_exactly(pair.server, 100);
      EXPECT_EQ(first[0], '\x16');
      must(co_await pair.server.start_tls(server_context, first));
      must(co_await pair.server.write("hello"));
    };
    co_await both(client(), server());
  });
}

TEST(StreamTls, EndsAHandshakeAtItsDeadline) {
  run([]() -> awaitable<void> {
    auto pair = co_await connected_pair();
    auto context = must(TlsServerContext::make(server_options()));
    char buffer[16];
    auto late = co_await with_deadline(pair.server.start_tls(context), Clock::now() + 20ms);
    EXPECT_EQ(kind(late), "timeout");
    EXPECT_EQ(kind(co_await pair.server.read_some(buffer)), "tls") << "no plaintext after a broken handshake";
    pair.server.close();
    EXPECT_EQ(kind(co_await pair.client.read_some(buffer)), "eof");
  });
}

TEST(StreamTls, StaysInStepAfterAWriteWasCutShort) {
  run([]() -> awaitable<void> {
    auto pair = co_await encrypted_pair();
    std::string big(64 << 20, 'x');
    auto late = co_await with_deadline(pair.client.write(big), Clock::now() + 100ms);
    EXPECT_EQ(kind(late), "timeout");
    auto reader = [&]() -> awaitable<void> {
      std::string buffer(64 * 1024, '\0'), tail;
      for (;;) {
        auto n = co_await pair.server.read_some(buffer);
        if (!n) {
          EXPECT_EQ(kind(n), "eof") << text(n);
          break;
        }
        tail = (tail + buffer.substr(0, *n)).substr(std::max<std::size_t>(tail.size() + *n, 4) - 4);
      }
      EXPECT_EQ(tail, "tail");
    };
    auto writer = [&]() -> awaitable<void> {
      must(co_await pair.client.write("tail"));
      must(co_await pair.client.shutdown_write());
    };
    co_await both(reader(), writer());
  });
}

}  // namespace
}  // namespace pgconform::net
