#include "relay/relay.hpp"

#include <asio/experimental/awaitable_operators.hpp>
#include <vector>

namespace pgconform::relay {

using asio::awaitable;
using net::ErrorKind;
using protocol::Sender;

namespace {

constexpr char tls_handshake = 0x16;  // the first byte of a ClientHello

class Relay {
 public:
  Relay(net::Stream& client, net::Stream& server, Observer& observer, Options options)
      : client_(client),
        server_(server),
        observer_(observer),
        options_(options),
        tap_([this](const Passed& passed) { observe(passed); }, options.longest_message) {}

  awaitable<void> run() {
    using namespace asio::experimental::awaitable_operators;
    if (options_.refuse_encryption && !co_await begin()) co_return;
    auto up = pump(Sender::frontend, client_, server_);
    auto down = pump(Sender::backend, server_, client_);
    auto both = std::move(up) && std::move(down);
    co_await std::move(both);
  }

 private:
  void observe(const Passed& passed) {
    observer_.passed(passed);
    if (passed.sender == Sender::backend && options_.alter) altered_ += options_.alter(passed);
    if (passed.sender != Sender::frontend) return;
    const auto type = protocol::classify(Sender::frontend, passed.stage, passed.frame);
    const auto name = passed.whole && type ? name_of(*type) : std::string_view();
    if (name == protocol::SSLRequest::name || name == protocol::GSSENCRequest::name)
      ++refusals_;
    else
      greeted_ = true;
  }

  void read(Sender sender, std::string_view bytes) {
    tap_.read(sender, bytes);
    observer_.settled();
  }

  void ended(Sender sender, const net::NetError& why) {
    (sender == Sender::frontend ? client_ended_ : server_ended_) = true;
    tap_.end(sender);
    if (why.kind != ErrorKind::closed && why.kind != ErrorKind::cancelled) observer_.ended(sender, why);
    observer_.settled();
  }

  // begin: the client's first packets, up to the first that the server is to see. Nothing else is under way, so the
  // answers cannot get between those of the server. False where there is nothing to be relayed.
  awaitable<bool> begin() {
    std::vector<char> buffer(options_.buffer);
    std::string held;  // what a request is made of is not passed on
    while (!greeted_) {
      auto got = co_await client_.read_some(buffer);
      if (!got) {
        ended(Sender::frontend, got.error());
        co_return false;
      }
      const std::string_view bytes(buffer.data(), *got);
      held += bytes;
      const bool direct_tls = held[0] == tls_handshake;
      read(Sender::frontend, bytes);
      if (direct_tls) {
        client_.close();
        co_return false;
      }
      for (; refusals_ > 0; --refusals_) {
        held.erase(0, 8);
        read(Sender::backend, "N");
        if (!co_await client_.write("N")) co_return false;
      }
      // A packet of that length is no request; the server is to see it as it comes.
      if (held.size() >= 4 && wire::load_32(held.data()) != 8) greeted_ = true;
    }
    altered_.clear();  // said above already
    if (auto written = co_await server_.write(held); !written) writing_failed_ = true;
    co_return true;
  }

  awaitable<void> pump(Sender sender, net::Stream& from, net::Stream& to) {
    std::vector<char> buffer(options_.buffer);
    const bool& other_ended = sender == Sender::frontend ? server_ended_ : client_ended_;
    const bool alters = sender == Sender::backend && options_.alter;
    bool failed = sender == Sender::frontend && writing_failed_;
    while (!failed) {
      auto got = co_await from.read_some(buffer);
      if (!got) {
        ended(sender, got.error());
        // What was left of an unfinished message.
        if (alters && !altered_.empty()) static_cast<void>(co_await to.write(std::exchange(altered_, {})));
        if (got.error().kind == ErrorKind::eof)
          static_cast<void>(co_await to.shutdown_write());
        else
          to.reset();
        co_return;
      }
      const std::string_view bytes(buffer.data(), *got);
      read(sender, bytes);
      const std::string other = alters ? std::exchange(altered_, {}) : "";
      failed = !co_await to.write(alters ? other : bytes);
    }
    // `to` takes no more. Its last words may still be on their way to `from`; if they are not, `from` learns it now.
    if (other_ended) from.reset();
  }

  net::Stream &client_, &server_;
  Observer& observer_;
  Options options_;
  Tap tap_;
  std::string altered_;       // what the server's messages have become, and is not written yet
  std::size_t refusals_ = 0;  // owed
  bool greeted_ = false, writing_failed_ = false, client_ended_ = false, server_ended_ = false;
};

}  // namespace

awaitable<void> relay(net::Stream& client, net::Stream& server, Observer& observer, Options options) {
  Relay one(client, server, observer, options);
  co_await one.run();
}

}  // namespace pgconform::relay
