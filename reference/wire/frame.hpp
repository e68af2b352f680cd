#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>

#include "wire/bytes.hpp"

// How the protocol cuts its byte stream (protocol-message-concepts): almost always a type byte and a length word that
// counts itself; without the type byte for a connection's first packets; and one bare byte as the answer to an
// encryption request.
namespace pgconform::wire {

enum class FrameKind : std::uint8_t {
  tagged,    // Byte1 type, Int32 length, body
  untagged,  // Int32 length, body: StartupMessage and the requests sent in its place
  bare       // one byte and nothing else: the answer to SSLRequest or GSSENCRequest
};

// Frame: one message as it stands in the stream.
struct Frame {
  char tag = 0;  // 0 when untagged
  Bytes body;    // without type byte and length word
  Bytes whole;   // everything
};

// FrameError: a length word that no message can have. The stream cannot be read any further.
struct FrameError {
  char tag = 0;
  std::uint32_t length = 0;   // as received
  std::uint32_t minimum = 0;  // what would have been accepted
  std::uint32_t maximum = 0;
};

// MaximumLength: the largest length word accepted for a type byte (0 for untagged).
using MaximumLength = std::uint32_t (*)(char tag);

// any_length: what a length word can hold at all.
constexpr std::uint32_t any_length(char) {
  return 0x7fffffff;
}

// next_frame: the first frame of `stream`, or nothing while it is not complete. A bad length is reported as soon as the
// length word is there, before anything of that size has arrived.
std::expected<std::optional<Frame>, FrameError> next_frame(Bytes stream, FrameKind kind,
                                                           MaximumLength maximum = any_length);

// FrameSplitter: next_frame over a stream that arrives in pieces of any size. It holds what has arrived and not been
// taken, never more.
class FrameSplitter {
 public:
  // feed: append what arrived. Invalidates frames handed out before.
  void feed(Bytes arrived);
  // next: take the next frame; its views stay valid until the next feed.
  std::expected<std::optional<Frame>, FrameError> next(FrameKind kind, MaximumLength maximum = any_length);
  // pending: what has arrived and was not taken.
  Bytes pending() const { return Bytes(buffer_).substr(taken_); }
  // take_pending: the same, and forget it: what follows is for somebody else, such as a TLS layer.
  std::string take_pending();

 private:
  std::string buffer_;
  std::size_t taken_ = 0;
};

}  // namespace pgconform::wire
