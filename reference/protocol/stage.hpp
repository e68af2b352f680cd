#pragma once

#include <cstddef>
#include <cstdint>

#include "wire/frame.hpp"

namespace pgconform::protocol {

// Sender: F and B of the manual.
enum class Sender : char { frontend = 'F', backend = 'B' };

constexpr Sender other(Sender sender) {
  return sender == Sender::frontend ? Sender::backend : Sender::frontend;
}

// Stage: as much of a conversation's state as is needed to tell what a frame is. The type byte alone does not: the
// frontend's first packets have none, the answer to an encryption request is a bare byte, and `p` is four messages.
enum class Stage : std::uint8_t {
  startup,        // StartupMessage and what may come in its place
  ssl_answer,     // the byte after SSLRequest
  gssenc_answer,  // the byte after GSSENCRequest
  password,       // `p` answers AuthenticationCleartextPassword or AuthenticationMD5Password
  gss,            // `p` answers AuthenticationGSS, -SSPI or -GSSContinue
  sasl_initial,   // `p` answers AuthenticationSASL
  sasl,           // `p` answers AuthenticationSASLContinue
  normal          // everything else: the type byte tells
};
inline constexpr std::size_t stages = 8;

// frame_kind: how `sender` frames a message at this stage.
constexpr wire::FrameKind frame_kind(Sender sender, Stage stage) {
  if (sender == Sender::frontend) return stage == Stage::startup ? wire::FrameKind::untagged : wire::FrameKind::tagged;
  return stage == Stage::ssl_answer || stage == Stage::gssenc_answer ? wire::FrameKind::bare : wire::FrameKind::tagged;
}

}  // namespace pgconform::protocol
