#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "session/engine.hpp"

// LISTEN and NOTIFY (async.c). What a transaction notifies of and what it begins or ends to listen for takes effect
// when it commits. A notification goes to every session that listens for anything; what it listens for is asked when it
// takes its notifications, so that LISTEN also brings those that came while its transaction was open.
namespace pgconform::engine {

class Mailbox;

// Channels: who listens. One for the engine.
struct Channels {
  std::vector<Mailbox*> listeners;
};

// Mailbox: one session's part.
class Mailbox {
 public:
  using Notification = session::Notification;
  Mailbox(Channels& channels, std::int32_t pid, std::function<void()> wake)
      : channels_(channels), pid_(pid), wake_(std::move(wake)) {}
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // notify: throws 22023 for a channel or payload that is too long.
  void notify(std::string_view channel, std::string_view payload);
  void listen(std::string_view channel);
  // unlisten: an empty name means all channels.
  void unlisten(std::string_view channel);
  const std::set<std::string>& listened() const { return listened_; }

  void start_subtransaction() { open_.emplace_back(); }
  void commit_subtransaction();
  void abort_subtransaction();
  void commit();
  void abort() { open_.assign(1, {}); }

  // take: what has come since the last time.
  std::vector<Notification> take();

 private:
  struct Action {
    bool listen;
    std::string channel;
  };
  struct Level {
    std::vector<Notification> sent;
    std::vector<Action> actions;
  };
  void send(Level& level, Notification notification);
  void act(const Action& action);

  Channels& channels_;
  std::int32_t pid_;
  std::function<void()> wake_;
  std::vector<Level> open_{1};  // of the transaction and its open subtransactions
  std::set<std::string> listened_;
  std::deque<Notification> arrived_;
};

}  // namespace pgconform::engine
