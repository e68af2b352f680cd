#pragma once

#include <functional>
#include <string>

#include "net/deadline.hpp"
#include "record/trace_file.hpp"
#include "relay/relay.hpp"

namespace pgconform::record {

// Recorder: writes what passes on one connection down as a trace. Without `keep_secrets` passwords and proofs are
// replaced by their lengths.
class Recorder : public relay::Observer {
 public:
  // `failed` is told, once, why the trace cannot be written any further.
  Recorder(TraceFile file, notation::Recorded header, bool keep_secrets, std::function<void(std::string)> failed);

  void passed(const relay::Passed& passed) override;
  void settled() override;
  void ended(protocol::Sender sender, const net::NetError& why) override;

 private:
  void learn(const relay::Passed& passed);
  void add(notation::Item item, bool stamped);

  TraceFile file_;
  notation::Recorded header_;
  bool keep_secrets_;
  std::function<void(std::string)> failed_;
  net::TimePoint begun_;
  bool frontend_spoke_last_ = false;
  std::size_t unfinished_ = 0;  // bytes of a secret message seen so far, where it comes in pieces
};

// redact: the line of a frontend's message of a login without what it proves the password with. `whole` is the frame.
notation::Message redact(notation::Message message, wire::Bytes whole);

}  // namespace pgconform::record
