#pragma once

#include <asio/awaitable.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/error.hpp"
#include "net/tls_context.hpp"

namespace pgconform::net {

class TlsSession;

// Endpoint: one end of a connection.
struct Endpoint {
  std::string host;        // an address; for a Unix socket its path, which is empty at the end that did not bind
  std::uint16_t port = 0;  // 0 for a Unix socket
  bool local = false;      // a Unix socket

  // text: `127.0.0.1:5432`, `[::1]:5432`, or the path.
  std::string text() const;
};

// EarlyBytes: what start_tls does about bytes that came before the handshake.
enum class EarlyBytes {
  feed,    // they are the peer's first handshake bytes (direct TLS; a ClientHello sent ahead)
  refuse,  // ErrorKind::early_bytes if there are any: unencrypted text must never pass for encrypted (CVE-2021-23214)
};

// Stream: one connection, TCP or Unix, plain at first, under TLS after start_tls. One coroutine may read while another
// writes; no two may read, and no two may write, at once. Everything runs in the one thread of its io_context.
//
// An operation in flight keeps what it needs alive, but not the caller's buffer. Destroying the Stream closes it.
// When an operation is cancelled (see with_deadline) a read loses nothing; a write may have sent a part, and under TLS
// its unsent rest goes out before whatever is written next.
class Stream {
 public:
  // Takes a connected socket; sets TCP_NODELAY on it, without which small messages wait for each other, and keepalive.
  explicit Stream(asio::generic::stream_protocol::socket socket);
  ~Stream();
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;

  // read_some: at least one byte into `buffer`, which must not be empty; under TLS of at most one record.
  asio::awaitable<Result<std::size_t>> read_some(std::span<char> buffer);
  // write: all of `bytes`.
  asio::awaitable<Result<void>> write(std::string_view bytes);

  // start_tls: the handshake, as server or as client that wants to reach `host`. `already_read` are bytes that the
  // caller has read and not consumed; what the kernel holds counts as early too where early bytes are refused.
  asio::awaitable<Result<void>> start_tls(const TlsServerContext& context, std::string already_read = {},
                                          EarlyBytes early = EarlyBytes::feed);
  asio::awaitable<Result<void>> start_tls(const TlsClientContext& context, std::string_view host,
                                          std::string already_read = {}, EarlyBytes early = EarlyBytes::feed);

  // shutdown_write: no more from us: close_notify under TLS, then FIN. Reading goes on.
  asio::awaitable<Result<void>> shutdown_write();
  // close: close_notify if that is possible without waiting, then close. Operations in flight end with `closed`. If
  // unread bytes are left the kernel sends RST, which may overtake what was written last: see close_gently.
  void close();
  // close_gently: shutdown_write, then read and drop what still comes until the peer closes, then close. Meant to be
  // given a deadline; the stream is closed afterwards in any case.
  asio::awaitable<Result<void>> close_gently();
  // reset: close with RST.
  void reset();

  bool is_open() const;
  // pending: bytes that have arrived and were not read yet, as far as the kernel knows now.
  std::size_t pending() const;
  // tls: the TLS session's facts; null while the stream is plain.
  const TlsSession* tls() const;
  const Endpoint& local() const;
  const Endpoint& peer() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pgconform::net
