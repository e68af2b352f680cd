#include "net/listener.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>
#include <filesystem>

#include "net/connect.hpp"
#include "net/test_support.hpp"

namespace pgconform::net {
namespace {

using namespace testing;
using asio::awaitable;

TEST(Listener, TellsThePortItGot) {
  asio::io_context context;
  auto listeners = must(Listener::bind(context.get_executor(), "127.0.0.1", 0));
  ASSERT_EQ(listeners.size(), 1u);
  EXPECT_GT(listeners[0].local().port, 0);
  EXPECT_EQ(listeners[0].local().text(), "127.0.0.1:" + std::to_string(listeners[0].local().port));
}

TEST(Listener, HoldsBothFamiliesSideBySide) {
  asio::io_context context;
  auto v4 = must(Listener::bind(context.get_executor(), "0.0.0.0", 0));
  auto port = v4[0].local().port;
  auto v6 = Listener::bind(context.get_executor(), "::", port);
  if (!v6 && v6.error().kind != ErrorKind::address_in_use) GTEST_SKIP() << "no IPv6 here: " << v6.error().text;
  ASSERT_TRUE(v6) << v6.error().text;
  EXPECT_EQ((*v6)[0].local().text(), "[::]:" + std::to_string(port));
}

TEST(Listener, GivesAllAddressesOfANameOnePort) {
  asio::io_context context;
  auto listeners = must(Listener::bind(context.get_executor(), "localhost", 0));
  for (auto& listener : listeners) EXPECT_EQ(listener.local().port, listeners[0].local().port);
}

TEST(Listener, SaysWhyItCannotListen) {
  asio::io_context context;
  auto first = must(Listener::bind(context.get_executor(), "127.0.0.1", 0));
  auto port = first[0].local().port;
  auto second = Listener::bind(context.get_executor(), "127.0.0.1", port);
  EXPECT_EQ(kind(second), "address_in_use");
  EXPECT_EQ(text(second), "Listen [127.0.0.1]:" + std::to_string(port) + " failed: Address already in use");
  auto elsewhere = Listener::bind(context.get_executor(), "192.0.2.1", 5432);
  EXPECT_EQ(text(elsewhere), "Listen [192.0.2.1]:5432 failed: Cannot assign requested address");
  auto nowhere = Listener::bind(context.get_executor(), "no such name", 5432);
  EXPECT_EQ(kind(nowhere), "name");
  EXPECT_EQ(text(nowhere).substr(0, 35), "Listen [no such name]:5432 failed: ");
}

TEST(Listener, SharesAPortWhereAsked) {
  asio::io_context context;
  ListenOptions options;
  options.reuse_port = true;
  auto first = must(Listener::bind(context.get_executor(), "127.0.0.1", 0, options));
  EXPECT_EQ(text(Listener::bind(context.get_executor(), "127.0.0.1", first[0].local().port, options)), "");
}

TEST(Listener, ServesUntilItIsClosed) {
  run([]() -> awaitable<void> {
    auto executor = co_await asio::this_coro::executor;
    auto listeners = must(Listener::bind(executor, "127.0.0.1", 0));
    auto address = Address::tcp("127.0.0.1", listeners[0].local().port);
    auto greet = [](Stream stream) -> awaitable<void> {
      must(co_await stream.write("hello"));
      must(co_await stream.close_gently());
    };
    auto server =
        listeners[0].serve([&](Stream stream) { asio::co_spawn(executor, greet(std::move(stream)), asio::detached); });
    auto clients = [&]() -> awaitable<void> {
      for (int i = 0; i < 3; ++i) {
        auto client = must(co_await connect(address));
        EXPECT_EQ(co_await read_exactly(client, 100), "hello");
      }
      listeners[0].close();
    };
    co_await both(std::move(server), clients());
  });
}

TEST(Listener, TakesAUnixSocketAndRemovesIt) {
  run([]() -> awaitable<void> {
    std::string directory = ::testing::TempDir() + "pgconform-net-XXXXXX";
    mkdtemp(directory.data());
    auto address = Address::of(directory, 5432);
    {
      auto executor = co_await asio::this_coro::executor;
      auto listener = must(Listener::bind_unix(executor, address.path));
      EXPECT_EQ(kind(Listener::bind_unix(executor, address.path)), "address_in_use");
      auto client = must(co_await connect(address));
      auto server = must(co_await listener.accept());
      must(co_await client.write("over a file"));
      EXPECT_EQ(co_await read_exactly(server, 11), "over a file");
      EXPECT_TRUE(server.peer().local);
      EXPECT_EQ(server.local().text(), address.path);
      EXPECT_EQ(client.peer().text(), address.path);
    }
    EXPECT_FALSE(std::filesystem::exists(address.path));
    std::filesystem::remove_all(directory);
  });
}

}  // namespace
}  // namespace pgconform::net
