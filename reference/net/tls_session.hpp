#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/tls_context.hpp"

namespace pgconform::net {

// TlsSession: one TLS connection without I/O. Ciphertext from the peer goes in by prepare/commit or feed, ciphertext
// for the peer comes out by take_output; plaintext goes through read and write. It never blocks, never throws, and
// holds at most one input buffer and a little over `output_limit` bytes of output.
//
// After any call, output may be waiting: also after a failure, for the alert should reach the peer. Once the handshake
// is done, reading and writing do not wait for each other.
class TlsSession {
 public:
  enum class Status {
    ok,
    want_input,  // feed more ciphertext, then call again
    closed,      // the peer sent close_notify; writing is still allowed
    failed,      // see error(); final
  };
  struct ReadResult {
    Status status;
    std::size_t size;
  };
  static constexpr std::size_t output_limit = 64 * 1024;

  // The session of a server, or of a client that wants to reach `host` (for SNI and verify_full; may be empty, and is
  // then an error with verify_full).
  explicit TlsSession(const TlsServerContext& context);
  TlsSession(const TlsClientContext& context, std::string_view host);
  ~TlsSession();
  TlsSession(TlsSession&&) noexcept;
  TlsSession& operator=(TlsSession&&) noexcept;

  // prepare · commit: room for ciphertext, never empty after want_input, and how much of it was filled.
  std::span<char> prepare();
  void commit(std::size_t size);
  // feed: the same for bytes that lie elsewhere; gives the number that found room.
  std::size_t feed(std::string_view ciphertext);
  // end_of_input: the transport has ended. What was fed before can still be read.
  void end_of_input();

  bool has_output() const;
  std::string take_output();

  // handshake: advance it; `ok` when it is done. A client's verify_full is part of it.
  Status handshake();
  bool handshake_done() const;
  // read: plaintext of at most one record into `buffer`, which must not be empty.
  ReadResult read(std::span<char> buffer);
  // write: encrypt as much of `plaintext` as the output limit allows; gives how much was taken. Take the output and go
  // on. 0 with an empty output means it cannot be written any more.
  std::size_t write(std::string_view plaintext);
  // shutdown: end this direction with close_notify. Without a finished handshake it does nothing.
  void shutdown();

  bool failed() const;
  // error: what went wrong, ready to be handed on. Meaningful when failed().
  const NetError& error() const;
  // alert_received · alert_sent: the last alert's description, or -1. close_notify is 0.
  int alert_received() const;
  int alert_sent() const;

  std::string_view version() const;      // "TLSv1.3"
  std::string_view cipher() const;       // its name in the RFCs
  std::string_view alpn() const;         // empty: none
  std::string_view server_name() const;  // the SNI that a server received; empty: none
  std::string peer_certificate() const;  // the leaf in DER; empty: none
  std::string own_certificate() const;   // the leaf in DER; empty: none

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pgconform::net
