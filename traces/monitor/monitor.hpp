#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <optional>
#include <string>

#include "protocol/phases.hpp"
#include "wire/frame.hpp"

// The phase table applied to one connection's conversation, seen from outside: who breaks the protocol first, and how.
namespace pgconform::monitor {

// ProtocolViolation: a message that the table does not allow where it was said.
struct ProtocolViolation {
  protocol::Phase phase;
  std::string got;       // the message's name, or what was wrong with its bytes
  std::string expected;  // the names of what was due
};

// describe: one line for people.
std::string describe(const ProtocolViolation& violation);

// Monitor: told every frame of a conversation, in the order in which they passed. A frontend that breaks the rules
// gives its backend a free hand, be it by a message out of place or by one that is not what its counts and lengths say:
// from then on whatever the backend says is taken. A backend that breaks them is
// reported, and the monitor goes on as well as it can.
class Monitor {
 public:
  // frontend · backend: a frame passed, cut as `stage` says.
  std::expected<void, ProtocolViolation> frontend(const wire::Frame& frame);
  std::expected<void, ProtocolViolation> backend(const wire::Frame& frame);

  // stage: how the next frame of `sender` is to be cut and told.
  protocol::Stage stage(protocol::Sender sender) const;
  protocol::Phase phase() const { return phase_; }
  // idle: logged in, and every request answered.
  bool idle() const { return phase_ == protocol::Phase::ready && requests_.empty(); }
  // status: the byte of the last ReadyForQuery.
  char status() const { return status_; }
  // frontend_broke: the frontend has broken the rules; the monitor no longer judges.
  bool frontend_broke() const { return frontend_broke_; }

 private:
  struct Request {
    protocol::MessageType message{};
    char kind = '\0';         // of Describe and Close
    std::string name{};       // of the statement or portal that it is about
    std::string statement{};  // of Bind
  };
  // Columns: how many the rows of a statement or portal have, as far as the backend has said. DataRow itself does not
  // say whose row it is.
  using Columns = std::map<std::string, std::int32_t, std::less<>>;
  static constexpr std::int32_t unknown = -1, no_rows = -2;

  void enter(protocol::Phase next);
  void begin_next();
  void feed_copy();
  void announced(std::int32_t columns);
  void completed(protocol::MessageType type, const wire::Frame& frame);
  std::expected<void, ProtocolViolation> check_body(protocol::MessageType type, const wire::Frame& frame);

  protocol::Phase phase_ = protocol::Phase::startup;
  std::deque<Request> requests_;      // sent and not yet being answered
  std::uint32_t doubtful_syncs_ = 0;  // Syncs of which only the backend knows whether a copy had swallowed them
  Request answered_;                  // the request that is being answered
  Columns statements_, portals_;
  std::int32_t columns_ = unknown;  // announced for the rows that follow
  char status_ = 'I';
  bool frontend_broke_ = false;
};

}  // namespace pgconform::monitor
