#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <charconv>
#include <cstring>
#include <iostream>

#include "faults/faults.hpp"
#include "net/connect.hpp"
#include "net/listener.hpp"

// faulty FAULT PORT: a server on loopback that answers as the one on PORT does, but for one lie. It says where it
// listens, and runs until it is ended. faulty --list: the lies.
namespace pgconform::faults {
namespace {

asio::awaitable<void> serve(net::Stream client, net::Address upstream, const Fault* fault) {
  struct Nobody : relay::Observer {
    void passed(const relay::Passed&) override {}
    void ended(protocol::Sender, const net::NetError&) override {}
  } nobody;
  auto server = co_await net::connect(upstream);
  if (!server) co_return;
  relay::Options options;
  options.alter = [fault](const relay::Passed& passed) {
    return passed.whole && !passed.logging_in ? fault->alter(passed) : std::string(passed.frame.whole);
  };
  co_await relay::relay(client, *server, nobody, options);
}

int run(const Fault& fault, std::uint16_t port) {
  asio::io_context context(1);
  auto listeners = net::Listener::bind(context.get_executor(), "127.0.0.1", 0);
  if (!listeners) {
    std::cerr << "faulty: " << listeners.error().text << '\n';
    return 1;
  }
  std::cout << "listening on " << listeners->front().local().text() << std::endl;
  const auto upstream = net::Address::tcp("127.0.0.1", port);
  // Named: g++ 12 frees such a temporary twice in a co_await.
  const std::function<void(net::Stream)> serve_one = [&](net::Stream client) {
    asio::co_spawn(context, serve(std::move(client), upstream, &fault), asio::detached);
  };
  asio::co_spawn(
      context, [&]() -> asio::awaitable<void> { co_await listeners->front().serve(serve_one); }, asio::detached);
  context.run();
  return 0;
}

}  // namespace
}  // namespace pgconform::faults

int main(int argc, char** argv) {
  using namespace pgconform;
  if (argc == 2 && std::strcmp(argv[1], "--list") == 0) {
    for (const auto& fault : faults::faults()) std::cout << fault.name << '\t' << fault.what << '\n';
    return 0;
  }
  const auto* fault = argc == 3 ? faults::find(argv[1]) : nullptr;
  std::uint16_t port = 0;
  if (fault) std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), port);
  if (port != 0) return faults::run(*fault, port);
  std::cerr << "usage: faulty FAULT PORT | faulty --list\n";
  return 2;
}
