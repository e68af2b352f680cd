#pragma once

#include <deque>

#include "protocol/decode.hpp"

namespace pgconform::relay {

// Stages: how the next frame of each side is to be cut, whatever the two say to each other. The monitor knows it as
// long as the frontend keeps to the rules; whoever passes on what others say must know it after that as well, and
// little decides about frames: was there a StartupMessage, is a bare byte due, what does `p` answer.
class Stages {
 public:
  // next: of `sender`, of whom `pending` has arrived.
  protocol::Stage next(protocol::Sender sender, wire::Bytes pending) const;
  // passed: a frame that was cut as next() said.
  void passed(protocol::Sender sender, protocol::Stage stage, const wire::Frame& frame);

  // logging_in: no ReadyForQuery has passed: what is sent may be a secret.
  bool logging_in() const { return !ready_; }

 private:
  std::deque<protocol::Stage> bare_due_;
  protocol::Stage asked_ = protocol::Stage::normal;  // what `p` answers
  bool started_ = false, ready_ = false;
};

}  // namespace pgconform::relay
