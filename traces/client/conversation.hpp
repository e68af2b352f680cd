#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "protocol/stage.hpp"

namespace pgconform::client {

// Said: one message, or bytes that are none, as it went over a connection; or a note of what befell the connection.
struct Said {
  enum class What : std::uint8_t { frame, raw, note };
  What what = What::frame;
  protocol::Sender sender = protocol::Sender::frontend;
  protocol::Stage stage = protocol::Stage::normal;
  std::chrono::microseconds at{};        // since the connection was begun
  std::string bytes = {};                // of a note its text; empty where it held a secret
  std::string name = {}, redacted = {};  // where it held a secret: the message's name and its fields, JSON, without it

  // spoken_name · spoken_fields: as a line of a trace says it. Notes have neither.
  std::string spoken_name() const;
  nlohmann::ordered_json spoken_fields() const;
  // line: `F Query {"query":"SELECT 1"}`; of a note `# …`.
  std::string line() const;
};

// Conversation: the log of one connection, without secrets. Of a long one the oldest part is dropped.
class Conversation {
 public:
  using Hook = std::function<void(const Said&)>;
  explicit Conversation(std::size_t limit, Hook hook = {}) : limit_(limit), hook_(std::move(hook)) {}

  void add(Said said);
  const std::deque<Said>& said() const { return said_; }
  // dropped: how many entries are no longer there.
  std::size_t dropped() const { return dropped_; }

 private:
  std::size_t limit_;  // in bytes
  Hook hook_;
  std::deque<Said> said_;
  std::size_t size_ = 0, dropped_ = 0;
};

}  // namespace pgconform::client
