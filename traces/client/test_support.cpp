#include "client/test_support.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>
#include <nlohmann/json.hpp>

#include "net/certificates.hpp"
#include "net/listener.hpp"
#include "net/tls_session.hpp"
#include "wire/writer.hpp"

namespace pgconform::client::testing {

using asio::awaitable;
using namespace std::chrono_literals;

namespace {

const net::TlsServerContext& tls_context() {
  static const auto made = [] {
    const auto credentials = net::make_self_signed({"localhost", {"localhost", "127.0.0.1"}});
    net::TlsServerOptions options;
    options.certificate = net::pem_text(credentials->certificate);
    options.private_key = net::pem_text(credentials->private_key);
    return *net::TlsServerContext::make(options);
  }();
  return made;
}

}  // namespace

awaitable<std::string> Peer::read(std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    auto got = co_await stream_.read_some(std::span(bytes).subspan(have));
    if (!got) break;
    have += *got;
  }
  bytes.resize(have);
  co_return bytes;
}

awaitable<std::string> Peer::frame() {
  const auto header = co_await read(5);
  if (header.size() < 5) co_return "";
  auto body = co_await read(wire::load_32(header.data() + 1) - 4);
  co_return body;
}

awaitable<std::string> Peer::packet() {
  const auto header = co_await read(4);
  if (header.size() < 4) co_return "";
  auto body = co_await read(wire::load_32(header.data()) - 4);
  co_return body;
}

awaitable<void> Peer::say(std::string bytes) {
  static_cast<void>(co_await stream_.write(bytes));
}

awaitable<void> Peer::start_tls(std::string already_read) {
  static_cast<void>(co_await stream_.start_tls(tls_context(), std::move(already_read)));
}

awaitable<void> Peer::wait() {
  char buffer[4096];
  while (co_await stream_.read_some(buffer)) {
  }
}

void with_server(const std::string& parameters, Serve serve, Use use) {
  asio::io_context context;
  auto listeners = net::Listener::bind(context.get_executor(), "127.0.0.1", 0);
  ASSERT_TRUE(listeners) << listeners.error().text;
  auto& listener = listeners->front();
  auto serving = [&serve](net::Stream stream) -> awaitable<void> {
    Peer peer(std::move(stream));
    co_await serve(peer);
  };
  auto accept = [&](net::Stream stream) { asio::co_spawn(context, serving(std::move(stream)), asio::detached); };
  asio::co_spawn(context, listener.serve(accept), asio::detached);
  const auto uri = "postgresql://alice:secret@127.0.0.1:" + std::to_string(listener.local().port) + "/db?" + parameters;
  auto target = Target::parse(uri, no_environment());
  ASSERT_TRUE(target) << target.error();
  bool done = false;
  asio::co_spawn(context, use(*target), [&](std::exception_ptr exception) {
    done = true;
    context.stop();
    try {
      if (exception) std::rethrow_exception(exception);
    } catch (const std::exception& e) {
      ADD_FAILURE() << e.what();
    }
  });
  context.run_for(1min);
  EXPECT_TRUE(done) << "it hangs";
}

net::TimePoint soon() {
  return net::Clock::now() + 20s;
}
net::TimePoint short_wait() {
  return net::Clock::now() + 50ms;
}

std::string message(char tag, std::string_view body) {
  std::string bytes;
  wire::Writer writer(bytes);
  writer.u8(static_cast<std::uint8_t>(tag));
  writer.u32(static_cast<std::uint32_t>(body.size() + 4));
  writer.bytes(body);
  return bytes;
}

std::string authentication(std::uint32_t code, std::string_view data) {
  std::string body;
  wire::Writer(body).u32(code);
  return message('R', body.append(data));
}

std::string error(std::string_view code, std::string_view text) {
  std::string body("SFATAL\0VFATAL\0C", 15);
  body.append(code).push_back('\0');
  body.append("M").append(text).append(std::string(2, '\0'));
  return message('E', body);
}

std::string greeting() {
  return authentication(0) +
         message('S', std::string_view("server_version\0"
                                       "15.1\0",
                                       20)) +
         message('K', std::string_view("\0\0\0\7\1\2\3\4", 8)) + message('Z', "I");
}

std::string server_certificate() {
  return tls_context().certificate();
}

std::string log(const Connection& connection) {
  std::string lines;
  for (const auto& said : connection.conversation().said()) lines += said.line() + "\n";
  return lines;
}

nlohmann::ordered_json query(std::string sql) {
  nlohmann::ordered_json fields;
  fields["query"] = std::move(sql);
  return fields;
}

Environment no_environment() {
  return [](const std::string&) { return std::optional<std::string>(); };
}

}  // namespace pgconform::client::testing
