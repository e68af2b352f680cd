#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "session/engine.hpp"

namespace pgconform::session {

// Clocks: when the timeouts of one session run out. Which of them run is PostgreSQL's (postgres.c): that of a statement
// from its beginning to its end, those of idleness from a ReadyForQuery to the next whole message, that of a
// transaction as long as it is open.
class Clocks {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Expired : std::uint8_t { nothing, statement, transaction, idle_in_transaction, idle_session };

  void begin_statement(Time now, const Timeouts& timeouts) { set(statement_, now, timeouts.statement); }
  void end_statement() { statement_.reset(); }
  // begin_work: a message is being worked on.
  void begin_work(Time now, const Timeouts& timeouts) {
    idle_.reset();
    if (!working_since_) working_since_ = now;
    set(transaction_, *working_since_, timeouts.transaction);
  }
  // begin_idle: ReadyForQuery is said.
  void begin_idle(Time now, const Timeouts& timeouts, TransactionStatus status) {
    statement_.reset();
    idle_in_transaction_ = status != TransactionStatus::idle;
    set(idle_, now, idle_in_transaction_ ? timeouts.idle_in_transaction : timeouts.idle_session);
    if (!idle_in_transaction_) working_since_.reset();
    if (!working_since_)
      transaction_.reset();
    else
      set(transaction_, *working_since_, timeouts.transaction);
  }

  // next: when the first of those that run will run out.
  std::optional<Time> next() const {
    std::optional<Time> first;
    for (const auto& each : {statement_, transaction_, idle_})
      if (each && (!first || *each < *first)) first = each;
    return first;
  }
  Expired expired(Time now) const {
    auto over = [&](const std::optional<Time>& time) { return time && *time <= now; };
    if (over(transaction_)) return Expired::transaction;
    if (over(statement_)) return Expired::statement;
    if (over(idle_)) return idle_in_transaction_ ? Expired::idle_in_transaction : Expired::idle_session;
    return Expired::nothing;
  }

 private:
  static void set(std::optional<Time>& time, Time from, std::chrono::milliseconds after) {
    time.reset();
    if (after.count() > 0) time = from + after;
  }

  std::optional<Time> statement_, transaction_, idle_, working_since_;
  bool idle_in_transaction_ = false;
};

}  // namespace pgconform::session
