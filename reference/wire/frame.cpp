#include "wire/frame.hpp"

namespace pgconform::wire {

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

void FrameSplitter::trim() {
  constexpr std::size_t worth_keeping = 64 << 10;
  if (taken_ < buffer_.size() || buffer_.capacity() <= worth_keeping) return;
  buffer_ = {};
  buffer_.shrink_to_fit();
  taken_ = 0;
}

}  // namespace pgconform::wire
