#include <cstdint>
#include <string>
#include <vector>

#include "target.hpp"
#include "wire/frame.hpp"

// However a stream is cut into pieces, the same frames come out of it, or the same error in the same place; and the
// splitter never holds more than it was given and has not handed out.
namespace pgconform::fuzz {

namespace {

struct Outcome {
  std::vector<std::string> frames;
  bool broken = false;
  std::uint32_t length = 0;  // of the broken frame
  std::string left;
  bool operator==(const Outcome&) const = default;
};

// A connection's first frames are framed another way than the rest, so the kind may change with each frame.
wire::FrameKind kind_of(wire::FrameKind first, std::size_t frame) {
  return frame == 0 ? first : wire::FrameKind::tagged;
}

// split: feed `input` in pieces whose sizes `next_size` tells.
Outcome split(std::string_view input, wire::FrameKind first, auto&& next_size) {
  Outcome outcome;
  wire::FrameSplitter splitter;
  std::size_t fed = 0, taken = 0;
  while (fed < input.size() && !outcome.broken) {
    const auto piece = input.substr(fed, next_size());
    splitter.feed(piece);
    fed += piece.size();
    for (;;) {
      auto frame = splitter.next(kind_of(first, outcome.frames.size()));
      if (!frame) {
        outcome.broken = true;
        outcome.length = frame.error().length;
        break;
      }
      if (!*frame) break;
      claim((*frame)->whole.size() >= (*frame)->body.size(), "a body lies in its frame");
      taken += (*frame)->whole.size();
      outcome.frames.emplace_back((*frame)->whole);
    }
    claim(splitter.pending().size() == fed - taken, "it holds what was fed and not taken");
  }
  // What is behind an error depends on the pieces only in how much of it had arrived.
  if (!outcome.broken) outcome.left = splitter.pending();
  return outcome;
}

}  // namespace

void check(std::string_view input) {
  using enum wire::FrameKind;
  for (const auto first : {tagged, untagged, bare}) {
    const Outcome whole = split(input, first, [&] { return input.size(); });
    claim(whole == split(input, first, [] { return std::size_t{1}; }), "byte by byte gives the same frames");
    std::uint32_t state = 1;
    for (const char c : input) state = state * 31 + static_cast<unsigned char>(c);
    claim(whole == split(input, first,
                         [&] {
                           state = state * 1664525 + 1013904223;
                           return std::size_t{1 + (state >> 24) % 37};
                         }),
          "pieces of any size give the same frames");

    std::string together;
    for (const auto& frame : whole.frames) together += frame;
    claim(input.starts_with(together), "the frames are the stream");
    if (!whole.broken) claim(input == together + whole.left, "and what is left is the rest of it");
  }
}

}  // namespace pgconform::fuzz
