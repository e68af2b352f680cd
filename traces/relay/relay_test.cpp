#include "relay/relay.hpp"

#include <gtest/gtest.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>
#include <functional>
#include <optional>
#include <string>

#include "net/connect.hpp"
#include "net/listener.hpp"

namespace pgconform::relay {
namespace {

using asio::awaitable;
using protocol::Sender;
using namespace std::string_literals;

const auto startup = "\0\0\0\x10\0\3\0\0user\0a\0\0"s;
const auto ssl_request = "\0\0\0\x08\x04\xd2\x16\x2f"s;

struct Heard : Observer {
  std::string log;  // F and B a message, `f` and `b` the ends
  void passed(const Passed& passed) override { log += static_cast<char>(passed.sender); }
  void ended(Sender sender, const net::NetError& why) override {
    log += sender == Sender::frontend ? 'f' : 'b';
    if (why.kind == net::ErrorKind::reset) log += '!';
  }
};

// Three parties in one thread: a client, the relay, and a server that is played by the test.
struct Stage {
  asio::io_context context;
  std::optional<net::Stream> client, server, near_client, near_server;
  Heard heard;
  bool relayed = false;

  void run(std::function<awaitable<void>(Stage&)> body, Options options = {}) {
    auto front = std::move(net::Listener::bind(context.get_executor(), "127.0.0.1", 0)->front());
    auto back = std::move(net::Listener::bind(context.get_executor(), "127.0.0.1", 0)->front());
    bool done = false;
    auto all = [&]() -> awaitable<void> {
      client = *co_await net::connect(net::Address::tcp("127.0.0.1", front.local().port));
      near_client = *co_await front.accept();
      near_server = *co_await net::connect(net::Address::tcp("127.0.0.1", back.local().port));
      server = *co_await back.accept();
      asio::co_spawn(
          context,
          [&]() -> awaitable<void> {
            co_await relay(*near_client, *near_server, heard, options);
            relayed = true;
            near_client.reset();
            near_server.reset();
          },
          asio::detached);
      co_await body(*this);
      done = true;
    };
    asio::co_spawn(context, all, asio::detached);
    context.run_for(std::chrono::seconds(30));
    EXPECT_TRUE(done) << "somebody waits for ever";
  }

  static awaitable<std::string> get(net::Stream& stream, std::size_t size) {
    std::string all;
    std::vector<char> buffer(4096);
    while (all.size() < size) {
      auto got = co_await stream.read_some(std::span(buffer).first(std::min(buffer.size(), size - all.size())));
      if (!got) break;
      all.append(buffer.data(), *got);
    }
    co_return all;
  }
  static awaitable<net::ErrorKind> end_of(net::Stream& stream) {
    std::vector<char> buffer(4096);
    for (;;)
      if (auto got = co_await stream.read_some(buffer); !got) co_return got.error().kind;
  }
};

TEST(Relay, PassesBothDirectionsUnchanged) {
  Stage stage;
  stage.run([](Stage& s) -> awaitable<void> {
    co_await s.client->write(startup);
    EXPECT_EQ(co_await Stage::get(*s.server, startup.size()), startup);
    co_await s.server->write("Z\0\0\0\5I"s);
    EXPECT_EQ(co_await Stage::get(*s.client, 6), "Z\0\0\0\5I"s);
    co_await s.client->write("X\0\0"s);
    EXPECT_EQ(co_await Stage::get(*s.server, 3), "X\0\0"s);  // half a message is passed on at once
    co_await s.client->write("\0\4"s);
    EXPECT_EQ(co_await Stage::get(*s.server, 2), "\0\4"s);
    s.server->close();
    EXPECT_EQ(co_await Stage::end_of(*s.client), net::ErrorKind::eof);
    s.client->close();
  });
  EXPECT_EQ(stage.heard.log, "FBFbf");
  EXPECT_TRUE(stage.relayed);
}

TEST(Relay, RefusesEncryptionItself) {
  Stage stage;
  stage.run([](Stage& s) -> awaitable<void> {
    co_await s.client->write(ssl_request);
    EXPECT_EQ(co_await Stage::get(*s.client, 1), "N");
    // Sent ahead, and cut in an unlucky place.
    co_await s.client->write(ssl_request + startup.substr(0, 2));
    EXPECT_EQ(co_await Stage::get(*s.client, 1), "N");
    co_await s.client->write(startup.substr(2));
    EXPECT_EQ(co_await Stage::get(*s.server, startup.size()), startup);
    s.client->close();
    EXPECT_EQ(co_await Stage::end_of(*s.server), net::ErrorKind::eof);
    s.server->close();
  });
  EXPECT_EQ(stage.heard.log, "FBFBFfb");
}

TEST(Relay, LetsNoHandshakeInWithoutRequest) {
  Stage stage;
  stage.run([](Stage& s) -> awaitable<void> {
    co_await s.client->write("\x16\3\1\0\5hello"s);
    EXPECT_NE(co_await Stage::end_of(*s.client), net::ErrorKind::timeout);
    EXPECT_EQ(co_await Stage::get(*s.server, 1), "");
  });
  EXPECT_TRUE(stage.relayed);
}

TEST(Relay, PassesAnEncryptionRequestOnWhereTold) {
  Stage stage;
  stage.run(
      [](Stage& s) -> awaitable<void> {
        co_await s.client->write(ssl_request);
        EXPECT_EQ(co_await Stage::get(*s.server, 8), ssl_request);
        s.client->close();
        s.server->close();
      },
      {.refuse_encryption = false});
}

TEST(Relay, PassesFinOnAndKeepsTheOtherDirectionOpen) {
  Stage stage;
  stage.run([](Stage& s) -> awaitable<void> {
    co_await s.client->write(startup);
    co_await s.client->shutdown_write();
    EXPECT_EQ(co_await Stage::end_of(*s.server), net::ErrorKind::eof);
    co_await s.server->write("Z\0\0\0\5I"s);
    EXPECT_EQ(co_await Stage::get(*s.client, 6), "Z\0\0\0\5I"s);
    s.server->close();
    EXPECT_EQ(co_await Stage::end_of(*s.client), net::ErrorKind::eof);
  });
  EXPECT_EQ(stage.heard.log, "FfBb");
}

TEST(Relay, PassesResetOnAsReset) {
  Stage stage;
  stage.run([](Stage& s) -> awaitable<void> {
    co_await s.client->write(startup);
    co_await Stage::get(*s.server, startup.size());
    s.client->reset();
    EXPECT_EQ(co_await Stage::end_of(*s.server), net::ErrorKind::reset);
  });
  EXPECT_EQ(stage.heard.log, "Ff!");
}

TEST(Relay, TellsTheClientSomethingElse) {
  Stage stage;
  stage.run(
      [](Stage& s) -> awaitable<void> {
        co_await s.client->write(ssl_request);
        EXPECT_EQ(co_await Stage::get(*s.client, 1), "N");
        co_await s.client->write(startup);
        co_await Stage::get(*s.server, startup.size());
        // Cut in two, then one that is doubled, one that is dropped, and one that has no end.
        co_await s.server->write("Z\0\0"s);
        co_await s.server->write("\0\5IC\0\0\0\4D\0\0\0\4Z\0\0"s);
        s.server->close();
        EXPECT_EQ(co_await Stage::get(*s.client, 100), "Z\0\0\0\5IZ\0\0\0\5ID\0\0\0\4Z\0\0"s);
        s.client->close();
      },
      {.alter = [](const Passed& passed) -> std::string {
        const std::string bytes(passed.frame.whole);
        if (!passed.whole || passed.frame.tag == 'D') return bytes;
        return passed.frame.tag == 'Z' ? bytes + bytes : "";
      }});
}

TEST(Relay, MakesAFastSenderWaitForASlowReader) {
  Stage stage;
  std::size_t sent = 0, received = 0;
  stage.run([&](Stage& s) -> awaitable<void> {
    co_await s.client->write(startup);
    co_await Stage::get(*s.server, startup.size());
    const std::string block(1 << 20, 'x');
    // The client reads nothing: sockets and one buffer fill up, then the server's write has to wait.
    for (;;) {
      auto writing = s.server->write(block);
      auto written =
          co_await net::with_deadline(std::move(writing), net::Clock::now() + std::chrono::milliseconds(300));
      if (!written) break;
      if ((sent += block.size()) > (256u << 20)) break;
    }
    EXPECT_LT(sent, 128u << 20);
    auto reading = [&]() -> awaitable<void> {
      std::vector<char> buffer(1 << 16);
      while (auto got = co_await s.client->read_some(buffer)) received += *got;
    };
    s.server->close();
    co_await reading();
    EXPECT_GE(received, sent);
    s.client->close();
  });
}

}  // namespace
}  // namespace pgconform::relay
