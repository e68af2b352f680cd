#include "net/stream.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/this_coro.hpp>

#include "net/connect.hpp"
#include "net/listener.hpp"
#include "net/test_support.hpp"

namespace pgconform::net {
namespace {

using namespace testing;
using namespace std::chrono_literals;
using asio::awaitable;

TEST(Stream, CarriesBytesBothWays) {
  run([]() -> awaitable<void> {
    auto [client, server] = co_await connected_pair();
    must(co_await client.write("ping"));
    EXPECT_EQ(co_await read_exactly(server, 4), "ping");
    must(co_await server.write("pong"));
    EXPECT_EQ(co_await read_exactly(client, 4), "pong");
    EXPECT_EQ(client.peer().text(), server.local().text());
    EXPECT_EQ(client.local().text(), server.peer().text());
    EXPECT_EQ(server.tls(), nullptr);
  });
}

TEST(Stream, StillReadsAfterItsHalfClose) {
  run([]() -> awaitable<void> {
    auto [client, server] = co_await connected_pair();
    char buffer[16];
    must(co_await client.shutdown_write());
    EXPECT_EQ(kind(co_await server.read_some(buffer)), "eof");
    must(co_await server.write("late"));
    EXPECT_EQ(co_await read_exactly(client, 4), "late");
  });
}

TEST(Stream, TellsResetFromClose) {
  run([]() -> awaitable<void> {
    auto a = co_await connected_pair();
    char buffer[16];
    a.server.reset();
    EXPECT_EQ(kind(co_await a.client.read_some(buffer)), "reset");
    auto b = co_await connected_pair();
    b.server.close();
    EXPECT_EQ(kind(co_await b.client.read_some(buffer)), "eof");
    EXPECT_FALSE(b.server.is_open());
    EXPECT_EQ(kind(co_await b.server.read_some(buffer)), "closed");
    EXPECT_EQ(kind(co_await b.server.write("x")), "closed");
  });
}

TEST(Stream, ReportsWhatHasArrivedUnread) {
  run([]() -> awaitable<void> {
    auto [client, server] = co_await connected_pair();
    EXPECT_EQ(server.pending(), 0u);
    must(co_await client.write("SSLRequest and more"));
    EXPECT_EQ(co_await read_exactly(server, 10), "SSLRequest");
    EXPECT_EQ(server.pending(), 9u);
  });
}

TEST(Stream, EndsAReadInFlightWhenItIsClosed) {
  run([]() -> awaitable<void> {
    auto [client, server] = co_await connected_pair();
    Result<std::size_t> got = 0;
    auto reader = [](Stream& stream, Result<std::size_t>& into) -> awaitable<void> {
      char buffer[16];
      into = co_await stream.read_some(buffer);
    };
    auto closer = [](Stream& stream) -> awaitable<void> {
      stream.close();
      co_return;
    };
    co_await both(reader(server, got), closer(server));
    EXPECT_EQ(kind(got), "closed");
  });
}

TEST(Stream, SurvivesItsDestructionWithAReadInFlight) {
  run([]() -> awaitable<void> {
    auto pair = co_await connected_pair();
    auto server = std::make_unique<Stream>(std::move(pair.server));
    char buffer[16];
    Result<std::size_t> got = 0;
    auto reader = [&]() -> awaitable<void> { got = co_await server->read_some(buffer); };
    auto destroyer = [&]() -> awaitable<void> {
      server.reset();
      co_return;
    };
    co_await both(reader(), destroyer());
    EXPECT_EQ(kind(got), "closed");
  });
}

TEST(Stream, ClosesGentlyWhileThePeerStillSends) {
  run([]() -> awaitable<void> {
    auto [client, server] = co_await connected_pair();
    must(co_await client.write("bytes that nobody reads"));
    must(co_await server.write("an error message"));
    auto server_side = [&]() -> awaitable<void> { must(co_await server.close_gently()); };
    auto client_side = [&]() -> awaitable<void> {
      EXPECT_EQ(co_await read_exactly(client, 100), "an error message");
      client.close();
    };
    co_await both(server_side(), client_side());
    EXPECT_FALSE(server.is_open());
  });
}

TEST(Deadline, EndsAReadAndLosesNothing) {
  run([]() -> awaitable<void> {
    auto [client, server] = co_await connected_pair();
    char buffer[16];
    auto late = co_await with_deadline(server.read_some(buffer), Clock::now() + 20ms);
    EXPECT_EQ(kind(late), "timeout");
    must(co_await client.write("after all"));
    EXPECT_EQ(co_await read_exactly(server, 9), "after all");
  });
}

TEST(Deadline, ThatHasPassedLetsThroughWhatIsThere) {
  run([]() -> awaitable<void> {
    auto [client, server] = co_await connected_pair();
    must(co_await client.write("here"));
    char buffer[16];
    std::string got;
    for (int i = 0; i < 100 && got.size() < 4; ++i) {
      auto read = co_await with_deadline(server.read_some(buffer), Clock::now());
      if (read) got.append(buffer, *read);
    }
    EXPECT_EQ(got, "here");
  });
}

TEST(Deadline, LeavesAQuickOperationAlone) {
  run([]() -> awaitable<void> {
    auto [client, server] = co_await connected_pair();
    must(co_await client.write("x"));
    char buffer[16];
    EXPECT_EQ(must(co_await with_deadline(server.read_some(buffer), Clock::now() + 30s)), 1u);
  });
}

TEST(Deadline, EndsAWriteThatNobodyReads) {
  run([]() -> awaitable<void> {
    auto [client, server] = co_await connected_pair();
    std::string big(64 << 20, 'x');
    auto late = co_await with_deadline(client.write(big), Clock::now() + 50ms);
    EXPECT_EQ(kind(late), "timeout");
    client.close();
  });
}

TEST(Deadline, MayBeNested) {
  run([]() -> awaitable<void> {
    auto [client, server] = co_await connected_pair();
    auto inner = [](Stream& stream) -> awaitable<Result<std::size_t>> {
      char buffer[16];
      co_return co_await with_deadline(stream.read_some(buffer), Clock::now() + 30s);
    };
    EXPECT_EQ(kind(co_await with_deadline(inner(server), Clock::now() + 20ms)), "timeout");
    EXPECT_EQ(kind(co_await with_deadline(server.shutdown_write(), Clock::now() + 30s)), "none");
  });
}

TEST(Deadline, PassesExceptionsOn) {
  run([]() -> awaitable<void> {
    auto thrower = []() -> awaitable<Result<void>> {
      throw std::logic_error("a bug");
      co_return Result<void>{};
    };
    bool caught = false;
    try {
      (void)co_await with_deadline(thrower(), Clock::now() + 30s);
    } catch (const std::logic_error&) {
      caught = true;
    }
    EXPECT_TRUE(caught);
  });
}

TEST(Connect, SaysWhoRefuses) {
  run([]() -> awaitable<void> {
    std::uint16_t port;
    {
      auto listeners = must(Listener::bind(co_await asio::this_coro::executor, "127.0.0.1", 0));
      port = listeners[0].local().port;
    }
    auto refused = co_await connect(Address::tcp("127.0.0.1", port), Clock::now() + 30s);
    EXPECT_EQ(kind(refused), "refused");
    EXPECT_EQ(text(refused), "connect to 127.0.0.1:" + std::to_string(port) + " failed: Connection refused");
    auto absent = co_await connect(Address::of("/nonexistent", 5432));
    EXPECT_EQ(kind(absent), "refused");
    EXPECT_EQ(text(absent), "connect to /nonexistent/.s.PGSQL.5432 failed: No such file or directory");
    EXPECT_EQ(kind(co_await connect(Address::tcp("no such name", 1))), "name");
  });
}

TEST(Connect, TriesEveryAddressOfAName) {
  run([]() -> awaitable<void> {
    // localhost is ::1 first on most machines, where nobody listens here.
    auto listeners = must(Listener::bind(co_await asio::this_coro::executor, "127.0.0.1", 0));
    auto stream = co_await connect(Address::tcp("localhost", listeners[0].local().port), Clock::now() + 30s);
    EXPECT_EQ(text(stream), "");
  });
}

TEST(Connect, KeepsItsDeadline) {
  // A full accept queue: the kernel drops the SYN of whoever comes next.
  run([]() -> awaitable<void> {
    ListenOptions options;
    options.backlog = 0;
    auto listeners = must(Listener::bind(co_await asio::this_coro::executor, "127.0.0.1", 0, options));
    auto address = Address::tcp("127.0.0.1", listeners[0].local().port);
    std::vector<Stream> queued;
    for (int i = 0; i < 8; ++i) {
      auto stream = co_await connect(address, Clock::now() + 50ms);
      if (!stream) {
        EXPECT_EQ(kind(stream), "timeout");
        EXPECT_EQ(text(stream), "connect to " + address.text() + " failed: no answer in time");
        co_return;
      }
      queued.push_back(std::move(*stream));
    }
    ADD_FAILURE() << "the queue never filled";
  });
}

}  // namespace
}  // namespace pgconform::net
