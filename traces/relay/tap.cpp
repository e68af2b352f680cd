#include "relay/tap.hpp"

#include <algorithm>

namespace pgconform::relay {

using protocol::Sender;
using protocol::Stage;

namespace {

std::size_t index_of(Sender sender) {
  return sender == Sender::frontend ? 0 : 1;
}

// announced: the size of the message that `pending` begins with, header included; 0 while that is not known.
std::size_t announced(wire::Bytes pending, wire::FrameKind kind) {
  if (kind == wire::FrameKind::bare) return 1;
  const std::size_t before = kind == wire::FrameKind::tagged ? 1 : 0;
  return pending.size() < before + 4 ? 0 : before + wire::load_32(pending.data() + before);
}

}  // namespace

void Tap::tell(Sender sender, Side& side, Passed passed, bool begun_before) {
  passed.sender = sender;
  passed.logging_in = stages_.logging_in();
  passed.begins_read = !begun_before && std::exchange(side.border, false);
  hook_(passed);
}

// tell_pieces: what is there of a message that is told in pieces; false where there is none under way.
bool Tap::tell_pieces(Sender sender, Side& side, bool begun_before) {
  if (!side.lost && side.piecewise == 0) return false;
  const auto pending = side.in.take_pending();
  const auto size = side.lost ? pending.size() : std::min(side.piecewise, pending.size());
  if (!side.lost) side.piecewise -= size;
  // A line of a trace holds every byte as two digits.
  for (std::size_t at = 0; at < size; at += longest_) {
    const auto piece = wire::Bytes(pending).substr(at, std::min(longest_, size - at));
    tell(sender, side, {.frame = {side.tag, {}, piece}, .whole = false}, begun_before);
  }
  side.in.feed(wire::Bytes(pending).substr(size));
  return true;
}

void Tap::read(Sender sender, wire::Bytes arrived) {
  auto& side = sides_[index_of(sender)];
  bool begun_before = !side.in.pending().empty() || side.piecewise > 0;
  side.in.feed(arrived);
  side.border = true;
  while (!side.in.pending().empty()) {
    if (tell_pieces(sender, side, begun_before)) {
      begun_before = false;
      continue;
    }
    const auto pending = side.in.pending();
    const auto stage = stages_.next(sender, pending);
    const auto kind = protocol::frame_kind(sender, stage);
    const auto size = announced(pending, kind);
    if (size == 0) return;
    if (size > longest_ && size <= 0x80000000u) {
      side.piecewise = size;
      side.tag = kind == wire::FrameKind::tagged ? pending[0] : '\0';
      continue;
    }
    const auto next = side.in.next(kind);
    if (!next) {
      side.lost = true;
      side.tag = next.error().tag;
      continue;
    }
    if (!*next) return;
    const auto& frame = **next;
    tell(sender, side, {.stage = stage, .frame = frame}, begun_before);
    stages_.passed(sender, stage, frame);
    begun_before = false;
  }
}

void Tap::end(Sender sender) {
  auto& side = sides_[index_of(sender)];
  const auto rest = side.in.take_pending();
  if (rest.empty()) return;
  const auto kind = protocol::frame_kind(sender, stages_.next(sender, rest));
  tell(sender, side, {.frame = {kind == wire::FrameKind::tagged ? rest[0] : '\0', {}, rest}, .whole = false}, true);
}

}  // namespace pgconform::relay
