#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "session/engine.hpp"

// LISTEN and NOTIFY (async.c). What a transaction notifies of and what it begins or ends to listen for takes effect
// when it commits. There is one queue, as in PostgreSQL: each session that listens for anything has its place in it,
// and what it listens for is asked when it takes its notifications, so that LISTEN also brings those that came while
// its transaction was open. A session that takes none keeps all that come after; the queue has an end, though.
namespace pgconform::engine {

class Mailbox;

// Channels: who listens, and what not all of them have taken. One for the engine.
struct Channels {
  using Notification = session::Notification;
  static constexpr std::size_t room = 32 << 20;  // bytes in the queue

  std::vector<Mailbox*> listeners;
  std::deque<Notification> queue;
  std::uint64_t first = 0;  // the number of the queue's first
  std::size_t size = 0;     // in bytes

  std::uint64_t end() const { return first + queue.size(); }
  // forget_taken: what every listener has taken.
  void forget_taken();
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

  // notify: throws 22023 for a channel or payload that is too long, 54000 for more than the queue ever takes.
  void notify(std::string_view channel, std::string_view payload);
  void listen(std::string_view channel);
  // unlisten: an empty name means all channels.
  void unlisten(std::string_view channel);
  const std::set<std::string>& listened() const { return listened_; }

  void start_subtransaction() { open_.emplace_back(); }
  void commit_subtransaction();
  void abort_subtransaction();
  // before_commit: throws 54000 while the queue has no room for what was sent.
  void before_commit() const;
  void commit();
  void abort() {
    open_.clear();
    open_.emplace_back();
  }

  // take: what has come since the last time.
  std::vector<Notification> take();
  // place: the number of the next one in the queue to look at.
  std::uint64_t place() const { return place_; }

 private:
  struct Action {
    bool listen;
    std::string channel;
  };
  struct Level {
    std::list<Notification> sent;
    std::set<std::pair<std::string_view, std::string_view>> known;  // of what was sent
    std::size_t size = 0;
    std::vector<Action> actions;
  };
  void send(Level& level, Notification notification);
  void act(const Action& action);
  void stop_listening();

  Channels& channels_;
  std::int32_t pid_;
  std::function<void()> wake_;
  std::vector<Level> open_{1};  // of the transaction and its open subtransactions
  std::set<std::string> listened_;
  std::uint64_t place_ = 0;
};

}  // namespace pgconform::engine
