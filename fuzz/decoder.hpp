#pragma once

#include <string>

#include "protocol/decode.hpp"
#include "protocol/encode.hpp"
#include "protocol/json/json.hpp"
#include "target.hpp"

// What decodes is encoded to the same bytes again, by its struct and by its JSON form; what does not names the message
// and a place inside it; the tag alone tells the same message as decoding does.
namespace pgconform::fuzz {

inline void check_frame(protocol::Sender sender, protocol::Stage stage, const wire::Frame& frame) {
  using namespace protocol;
  bool visited = false;
  const auto type = classify(sender, stage, frame);
  const auto decoded = decode(sender, stage, frame, [&]<class M>(MessageType told, const M& message) {
    visited = true;
    claim(type && *type == told, "classify and decode tell the same message");
    std::string again;
    claim(encode(again, message).has_value(), "what was decoded can be encoded");
    claim(again == frame.whole, "a message is encoded to the bytes it was decoded from");
  });
  claim(visited == decoded.has_value(), "the visitor sees a message exactly when there is one");
  if (!decoded) {
    const DecodeError& error = decoded.error();
    claim((error.code == DecodeCode::unknown_type) == !type, "only unknown types have no name");
    claim(!type || error.message == name_of(*type), "an error names the message");
    claim(error.offset <= frame.body.size(), "an error's offset is inside the body");
    claim(!describe(error).empty(), "an error can be described");
  }
  const auto spoken = json::speak(sender, stage, frame);
  claim(decoded || spoken.name == json::raw_name, "only messages have a name");
  std::string again;
  claim(json::from_json(again, sender, spoken.name, spoken.fields).has_value(), "what is spoken is understood");
  claim(again == frame.whole, "speaking loses no byte");
}

// check_stream: every frame of `input` at that stage; of bare answers the first one, as nothing like it can follow.
inline void check_stream(protocol::Sender sender, protocol::Stage stage, std::string_view input) {
  for (;;) {
    const auto frame = wire::next_frame(input, protocol::frame_kind(sender, stage));
    if (!frame || !*frame) return;
    check_frame(sender, stage, **frame);
    if (protocol::frame_kind(sender, stage) == wire::FrameKind::bare) return;
    input.remove_prefix((*frame)->whole.size());
  }
}

}  // namespace pgconform::fuzz
