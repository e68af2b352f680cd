#include "record/proxy.hpp"

#include <fmt/format.h>

#include <array>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <ctime>
#include <list>

#include "record/recorder.hpp"
#include "relay/relay.hpp"

namespace pgconform::record {

using asio::awaitable;

namespace {

constexpr auto patience = std::chrono::seconds(10);  // for the server behind to take a connection

std::string now() {
  const auto seconds = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 32> buffer{};
  return {buffer.data(), std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

}  // namespace

struct Proxy::State : std::enable_shared_from_this<Proxy::State> {
  State(asio::any_io_executor e, ProxyOptions o) : executor(e), options(std::move(o)), idle(e) {}

  struct Open {
    net::Stream client;
    std::optional<net::Stream> server;
  };

  void complain(const std::string& text) {
    ++failures;
    if (options.complain) options.complain(text);
  }

  void take(net::Stream client) {
    ++connections;
    if (stopping) return;
    const auto one = open.insert(open.end(), Open{std::move(client), {}});
    asio::co_spawn(
        executor,
        [](std::shared_ptr<State> self, std::list<Open>::iterator it) -> awaitable<void> {
          co_await self->serve(*it);
          self->open.erase(it);
          if (self->open.empty()) self->idle.cancel();
        }(shared_from_this(), one),
        asio::detached);
  }

  awaitable<void> serve(Open& one) {
    auto server = co_await net::connect(options.upstream, net::Clock::now() + patience);
    if (!server) {
      // Nobody is there to be recorded, and the client is told as it would be without us: by a closed connection.
      complain(server.error().text);
      co_return;
    }
    if (stopping) co_return;
    one.server = std::move(*server);
    notation::Recorded header{.format = "1", .tls = "none", .when = now()};
    auto file = TraceFile::create(options.out, header);
    if (!file) {
      complain(file.error());
      co_return;
    }
    Recorder recorder(std::move(*file), header, options.keep_secrets,
                      [this](const std::string& why) { complain(why); });
    co_await relay::relay(one.client, *one.server, recorder);
  }

  asio::any_io_executor executor;
  ProxyOptions options;
  std::vector<net::Listener> listeners;
  std::vector<net::Endpoint> endpoints;
  std::list<Open> open;
  asio::steady_timer idle;
  bool stopping = false;
  std::size_t connections = 0, failures = 0;
};

Proxy::Proxy(std::shared_ptr<State> state) : state_(std::move(state)) {}
Proxy::~Proxy() = default;
Proxy::Proxy(Proxy&&) noexcept = default;

std::expected<Proxy, std::string> Proxy::listen(asio::any_io_executor executor, const std::string& host,
                                                std::uint16_t port, ProxyOptions options) {
  std::error_code error;
  std::filesystem::create_directories(options.out, error);
  if (error) return std::unexpected(fmt::format("{}: {}", options.out.string(), error.message()));
  auto listeners = net::Listener::bind(executor, host, port);
  if (!listeners) return std::unexpected(listeners.error().text);
  auto state = std::make_shared<State>(executor, std::move(options));
  state->listeners = std::move(*listeners);
  for (const auto& one : state->listeners) state->endpoints.push_back(one.local());
  return Proxy(std::move(state));
}

const std::vector<net::Endpoint>& Proxy::listening() const {
  return state_->endpoints;
}
std::size_t Proxy::connections() const {
  return state_->connections;
}
std::size_t Proxy::failures() const {
  return state_->failures;
}

awaitable<void> Proxy::run() {
  const auto state = state_;
  for (auto& listener : state->listeners)
    asio::co_spawn(
        state->executor,
        [](std::shared_ptr<State> self, net::Listener& each) -> awaitable<void> {
          // Named: g++ 12 frees such a temporary twice in a co_await.
          const std::function<void(net::Stream)> serve_one = [self](net::Stream client) {
            self->take(std::move(client));
          };
          co_await each.serve(serve_one);
        }(state, listener),
        asio::detached);
  // The timer is cancelled whenever the last connection has ended, and by stop().
  while (!state->stopping || !state->open.empty()) {
    state->idle.expires_at(net::no_deadline);
    co_await state->idle.async_wait(asio::experimental::as_tuple(asio::use_awaitable));
  }
}

void Proxy::stop() {
  auto& state = *state_;
  state.stopping = true;
  for (auto& listener : state.listeners) listener.close();
  for (auto& one : state.open) {
    one.client.close();
    if (one.server) one.server->close();
  }
  state.idle.cancel();
}

}  // namespace pgconform::record
