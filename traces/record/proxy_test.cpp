#include "record/proxy.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

namespace pgconform::record {
namespace {

using asio::awaitable;
namespace fs = std::filesystem;
using namespace std::string_literals;

const auto startup = "\0\0\0\x10\0\3\0\0user\0a\0\0"s;

// House: a server that answers every read with ReadyForQuery, and a recorder before it.
struct House {
  asio::io_context context;
  fs::path directory;
  std::vector<std::string> complaints;
  std::optional<net::Listener> server;
  std::optional<Proxy> proxy;
  bool ended = false;

  House() {
    char name[] = "/tmp/pgconform-proxy.XXXXXX";
    directory = ::mkdtemp(name);
    server = std::move(net::Listener::bind(context.get_executor(), "127.0.0.1", 0)->front());
    serve();
    auto made = Proxy::listen(context.get_executor(), "127.0.0.1", 0,
                              {.upstream = net::Address::tcp("127.0.0.1", server->local().port),
                               .out = directory / "out",
                               .complain = [this](std::string why) { complaints.push_back(std::move(why)); }});
    proxy.emplace(std::move(*made));
  }
  ~House() { fs::remove_all(directory); }

  void serve() {
    static const auto answer = [](net::Stream stream) -> awaitable<void> {
      std::vector<char> buffer(4096);
      while (auto got = co_await stream.read_some(buffer))
        if (!co_await stream.write("Z\0\0\0\5I"s)) break;
    };
    asio::co_spawn(
        context,
        [](House& house) -> awaitable<void> {
          const std::function<void(net::Stream)> take = [&house](net::Stream stream) {
            asio::co_spawn(house.context, answer(std::move(stream)), asio::detached);
          };
          co_await house.server->serve(take);
        }(*this),
        asio::detached);
  }

  void run(std::function<awaitable<void>(House&)> body) {
    asio::co_spawn(
        context,
        [](House& house) -> awaitable<void> {
          co_await house.proxy->run();
          house.ended = true;
          house.server->close();
        }(*this),
        asio::detached);
    asio::co_spawn(context, body(*this), asio::detached);
    context.run_for(std::chrono::seconds(30));
    EXPECT_TRUE(ended) << "the proxy does not end";
  }

  awaitable<net::Stream> connected() {
    const auto address = net::Address::tcp("127.0.0.1", proxy->listening().front().port);
    auto stream = co_await net::connect(address);
    std::vector<char> buffer(64);
    EXPECT_TRUE(co_await stream->write(startup));
    EXPECT_TRUE(co_await stream->read_some(buffer));
    co_return std::move(*stream);
  }

  std::size_t traces() const {
    const auto all = fs::directory_iterator(directory / "out");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
};

TEST(Proxy, LeavesOneTraceAConnection) {
  House house;
  house.run([](House& h) -> awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      auto stream = co_await h.connected();
      stream.close();
    }
    h.proxy->stop();
  });
  EXPECT_EQ(house.traces(), 3u);
  EXPECT_EQ(house.proxy->connections(), 3u);
  EXPECT_EQ(house.proxy->failures(), 0u);
}

TEST(Proxy, EndsWithConnectionsOpen) {
  House house;
  house.run([](House& h) -> awaitable<void> {
    auto one = co_await h.connected();
    auto two = co_await h.connected();
    h.proxy->stop();
    std::vector<char> buffer(64);
    EXPECT_FALSE(co_await one.read_some(buffer));
  });
  EXPECT_EQ(house.traces(), 2u);
  EXPECT_EQ(house.proxy->failures(), 0u);
}

TEST(Proxy, SaysThatTheServerIsNotThere) {
  House house;
  house.run([](House& h) -> awaitable<void> {
    h.server->close();
    const auto address = net::Address::tcp("127.0.0.1", h.proxy->listening().front().port);
    auto stream = co_await net::connect(address);
    std::vector<char> buffer(64);
    EXPECT_FALSE(co_await stream->read_some(buffer));
    h.proxy->stop();
  });
  ASSERT_EQ(house.complaints.size(), 1u);
  EXPECT_NE(house.complaints[0].find("refused"), std::string::npos);
  EXPECT_EQ(house.traces(), 0u);
  EXPECT_EQ(house.proxy->failures(), 1u);
}

}  // namespace
}  // namespace pgconform::record
