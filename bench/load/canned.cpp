#include <array>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/signal_set.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

// A server that answers `SELECT 1` by heart: what any server on Asio spends on sockets and on telling messages apart,
// and nothing else. It is the floor that bench/load/compare holds pgreference against. It trusts everything it reads.
namespace {

using namespace std::string_view_literals;
using asio::ip::tcp;
constexpr auto quietly = asio::experimental::as_tuple(asio::use_awaitable);

constexpr auto welcome =
    "R\0\0\0\x08\0\0\0\0"
    "S\0\0\0\x18server_version\0"
    "18.0\0"
    "S\0\0\0\x19"
    "client_encoding\0"
    "UTF8\0"
    "K\0\0\0\x0c\0\0\0\x01\0\0\0\x02"
    "Z\0\0\0\x05I"sv;
constexpr auto columns = "T\0\0\0\x21\0\x01?column?\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0"sv;
constexpr auto row_and_tag =
    "D\0\0\0\x0b\0\x01\0\0\0\x01"
    "1"
    "C\0\0\0\x0dSELECT 1\0"sv;
constexpr auto ready = "Z\0\0\0\x05I"sv;

std::size_t number(std::string_view bytes) {
  std::size_t result = 0;
  for (char c : bytes.substr(0, 4)) result = result << 8 | static_cast<unsigned char>(c);
  return result;
}

void answer(std::string_view message, std::string& out) {
  switch (message[0]) {
    case 'P':
      out += "1\0\0\0\x04"sv;
      break;
    case 'B':
      out += "2\0\0\0\x04"sv;
      break;
    case 'D':
      if (message[5] == 'S') out += "t\0\0\0\x06\0\0"sv;
      out += columns;
      break;
    case 'E':
      out += row_and_tag;
      break;
    case 'C':
      out += "3\0\0\0\x04"sv;
      break;
    case 'S':
      out += ready;
      break;
    case 'Q':
      out.append(columns).append(row_and_tag).append(ready);
      break;
    default:
      break;
  }
}

asio::awaitable<void> serve(tcp::socket socket) {
  socket.set_option(tcp::no_delay(true));
  std::array<char, 16384> buffer;
  std::string input, out;
  for (bool started = false;;) {
    auto [error, size] = co_await socket.async_read_some(asio::buffer(buffer), quietly);
    if (error) co_return;
    input.append(buffer.data(), size);
    std::string_view rest = input;
    if (!started && rest.size() >= 4 && rest.size() >= number(rest)) {
      rest.remove_prefix(number(rest));
      out += welcome;
      started = true;
    }
    while (started && rest.size() >= 5 && rest.size() > number(rest.substr(1))) {
      if (rest[0] == 'X') co_return;
      answer(rest, out);
      rest.remove_prefix(1 + number(rest.substr(1)));
    }
    input.erase(0, input.size() - rest.size());
    if (out.empty()) continue;
    auto [failed, written] = co_await asio::async_write(socket, asio::buffer(out), quietly);
    if (failed) co_return;
    out.clear();
  }
}

asio::awaitable<void> accept(tcp::acceptor acceptor) {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(quietly);
    if (!error) asio::co_spawn(acceptor.get_executor(), serve(std::move(socket)), asio::detached);
  }
}

}  // namespace

int main() {
  asio::io_context context(1);
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  std::printf("listening on 127.0.0.1:%u\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  asio::signal_set signals(context, SIGTERM, SIGINT);
  signals.async_wait([&](auto, auto) { context.stop(); });
  asio::co_spawn(context, accept(std::move(acceptor)), asio::detached);
  context.run();
}
