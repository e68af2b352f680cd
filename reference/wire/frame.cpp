#include "wire/frame.hpp"

namespace pgconform::wire {

namespace {

// A length word counts itself; an untagged packet also carries at least its Int32 code.
constexpr std::uint32_t minimum_length(FrameKind kind) {
  return kind == FrameKind::untagged ? 8 : 4;
}

}  // namespace

std::expected<std::optional<Frame>, FrameError> next_frame(Bytes stream, FrameKind kind, MaximumLength maximum) {
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
  return Frame{tag, stream.substr(header, size - header), stream.substr(0, size)};
}

void FrameSplitter::feed(Bytes arrived) {
  // Drop what was taken once it is the larger half, so that every byte is moved at most once on average.
  if (taken_ > buffer_.size() - taken_) {
    buffer_.erase(0, taken_);
    taken_ = 0;
  }
  buffer_.append(arrived);
}

std::expected<std::optional<Frame>, FrameError> FrameSplitter::next(FrameKind kind, MaximumLength maximum) {
  auto frame = next_frame(pending(), kind, maximum);
  if (frame && *frame) taken_ += (*frame)->whole.size();
  return frame;
}

std::string FrameSplitter::take_pending() {
  std::string rest(pending());
  buffer_.clear();
  taken_ = 0;
  return rest;
}

}  // namespace pgconform::wire
