#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "engine/locks.hpp"

namespace pgconform::engine {

// Waits: one session's waiting. What has to wait throws Suspend and is tried again, from where it can be repeated,
// until the wait is over, or ends in 40P01 (a cycle, looked for once after deadlock_timeout) or 55P03 (lock_timeout).
class Waits {
 public:
  explicit Waits(SessionState& session) : session_(session) {}

  // set_now: the time of the slice that begins.
  void set_now(std::chrono::steady_clock::time_point now) { now_ = now; }
  // for_transaction: go on only when `xid` has ended, or if it is this session's own.
  void for_transaction(Xid xid, const std::string& context);
  // lock: take a table lock, until the (sub)transaction ends. `nowait`: 55P03 instead of waiting.
  void lock(const Table& table, LockMode mode, bool nowait = false);
  // lock_object: the same for a schema or a type, by its OID.
  void lock_object(Oid oid, LockMode mode);
  // advisory: a lock that means what its users make of it; false where it would have to wait and `may_wait` is not set.
  // It lasts until the (sub)transaction ends, or, `of_session`, until it is released.
  bool advisory(const LockTarget& target, LockMode mode, bool of_session, bool may_wait);
  // can_lock: lock() would not have to wait.
  bool can_lock(const Table& table, LockMode mode) const;
  // wait_for: try again, from time to time, what others may make possible outside of transactions; returns when that
  // has been done for so long.
  void wait_for(std::chrono::milliseconds patience);
  // is_waiting: what runs now has waited before, for a transaction, and is being tried again.
  bool is_waiting() const { return wait_.what == Wait::For::transaction; }
  // is_under_way: there is something that is waited for, other than a time.
  bool is_under_way() const { return wait_.what != Wait::For::nothing || patient_until_; }
  // what: what is waited for now.
  const Wait& what() const { return wait_; }
  // stop: nothing is waited for any more.
  void stop();

 private:
  void hold(const LockTarget& target, LockMode mode, int depth);
  void block(Wait wait);
  void check_cycle() const;

  SessionState& session_;
  Wait wait_;
  bool looked_for_cycle_ = false;
  std::chrono::steady_clock::time_point now_{}, deadlock_at_{};
  std::optional<std::chrono::steady_clock::time_point> give_up_at_, patient_until_;
};

}  // namespace pgconform::engine
