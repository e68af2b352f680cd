#pragma once

#include <asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <string>

#include "net/stream.hpp"
#include "relay/tap.hpp"

// One connection between a client and a server, with somebody who listens. What is read on one side is written to the
// other unchanged and before anything more is read there, so that whoever is slow slows its peer and nobody else, and
// no more than one buffer a direction is ever held. Messages are cut on a copy.
namespace pgconform::relay {

// Observer: is told what passes, before it is passed on: no answer can come ahead of what it answers.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void passed(const Passed& passed) = 0;
  // settled: all that one read has brought was told.
  virtual void settled() {}
  // ended: nothing more comes from this side, and why; not told where the relay itself has closed it.
  virtual void ended(protocol::Sender sender, const net::NetError& why) = 0;
};

struct Options {
  // refuse_encryption: answer SSLRequest and GSSENCRequest with N here, so that what follows can be read; a TLS
  // handshake without request is not let in.
  bool refuse_encryption = true;
  std::size_t buffer = 64 * 1024;
  std::size_t longest_message = Tap::default_longest;
  // alter: what the client is told in place of each message of the server; unset: the bytes as they come.
  std::function<std::string(const Passed&)> alter = {};
};

// relay: until both sides have ended. FIN is passed on as FIN, RST as RST. Closing the streams ends it.
asio::awaitable<void> relay(net::Stream& client, net::Stream& server, Observer& observer, Options options = {});

}  // namespace pgconform::relay
