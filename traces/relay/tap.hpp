#pragma once

#include <array>
#include <functional>

#include "relay/stages.hpp"

namespace pgconform::relay {

// Passed: one message that went by, or bytes that are none.
struct Passed {
  protocol::Sender sender = protocol::Sender::frontend;
  protocol::Stage stage = protocol::Stage::normal;
  wire::Frame frame;  // views that end with the call; of bytes that are no message only `whole`, and `tag` if known
  bool whole = true;  // false: bytes that are no message: a piece of one that is too long to hold, one that was
                      // never finished, or whatever comes after an impossible length word
  bool begins_read = true;  // the first that begins in what one read brought
  bool logging_in = true;   // no ReadyForQuery has passed yet
};

// Tap: cuts what passes on a connection, in both directions and in the order in which it was read, into messages. It
// holds at most one unfinished message a side; what is longer than `longest` is told in pieces, so that memory stays
// bounded and every piece fits into one line of a trace.
class Tap {
 public:
  using Hook = std::function<void(const Passed&)>;
  static constexpr std::size_t default_longest = std::size_t{4} << 20;
  explicit Tap(Hook hook, std::size_t longest = default_longest) : hook_(std::move(hook)), longest_(longest) {}

  // read: what one read from `sender` has brought.
  void read(protocol::Sender sender, wire::Bytes arrived);
  // end: nothing more comes from `sender`; an unfinished message is told as bytes.
  void end(protocol::Sender sender);

  const Stages& stages() const { return stages_; }

 private:
  struct Side {
    wire::FrameSplitter in;
    std::size_t piecewise = 0;  // bytes left of a message that is too long to hold
    char tag = 0;               // of that message
    bool lost = false;          // after an impossible length word
    bool border = false;        // nothing has begun yet in what the last read brought
  };
  void tell(protocol::Sender sender, Side& side, Passed passed, bool begun_before);
  bool tell_pieces(protocol::Sender sender, Side& side, bool begun_before);

  Hook hook_;
  std::size_t longest_;
  Stages stages_;
  std::array<Side, 2> sides_;
};

}  // namespace pgconform::relay
