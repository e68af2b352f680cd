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

// minimum_length: a length word counts itself; an untagged packet also carries at least its Int32 code.
constexpr std::uint32_t minimum_length(FrameKind kind) {
  return kind == FrameKind::untagged ? 8 : 4;
}

// next_frame: the first frame of `stream`, or nothing while it is not complete. A bad length is reported as soon as the
// length word is there, before anything of that size has arrived. It is inline because every message passes here, and
// what it answers is three times as fast to make as to hand over.
inline std::expected<std::optional<Frame>, FrameError> next_frame(Bytes stream, FrameKind kind,
                                                                  MaximumLength maximum = any_length) {
  if (kind == FrameKind::bare) {
    if (stream.empty()) return std::nullopt;
    return Frame{stream[0], {}, stream.substr(0, 1)};
  }
  const std::size_t before_length = kind == FrameKind::tagged ? 1 : 0;
  const std::size_t header = before_length + 4;
  if (stream.size() < header) return std::nullopt;

  const char tag = before_length ? stream[0] : '\0';
  const std::uint32_t length = load_32(stream.data() + before_length);
  const std::uint32_t most = maximum(tag);
  if (length < minimum_length(kind) || length > most)
    return std::unexpected(FrameError{tag, length, minimum_length(kind), most});

  const std::size_t size = before_length + length;
  if (stream.size() < size) return std::nullopt;
  return Frame{tag, {stream.data() + header, size - header}, {stream.data(), size}};
}

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
  // trim: where nothing is pending, give back the memory that long messages took. Invalidates frames handed out before.
  void trim();
  // capacity: the memory that is held for what arrives, in bytes.
  std::size_t capacity() const { return buffer_.capacity(); }

 private:
  std::string buffer_;
  std::size_t taken_ = 0;
};

}  // namespace pgconform::wire
