#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "engine/settings.hpp"
#include "engine/storage.hpp"
#include "session/engine.hpp"

namespace pgconform::engine {

class SessionState;

// TransactionMachine: xact.c's state machine of a session's transaction and its savepoints: the states and the moves
// between them are PostgreSQL's, under its names without TBLOCK_.
class TransactionMachine {
 public:
  enum class State : std::uint8_t {
    none,
    started,
    begin,
    in_progress,
    implicit_in_progress,
    end,
    abort,
    abort_end,
    abort_pending,
    sub_begin,
    sub_in_progress,
    sub_release,
    sub_commit,
    sub_abort,
    sub_abort_end,
    sub_abort_pending,
    sub_restart,
    sub_abort_restart
  };

  explicit TransactionMachine(SessionState& session) : session_(session) {}

  // What the session calls around each command. commit_command throws what a commit can fail with.
  void start_command(std::int64_t now);
  void commit_command();
  void abort_command();
  void begin_implicit_block();
  void end_implicit_block();
  session::TransactionStatus status() const;

  // What the transaction statements do; the command's end completes it. Some return their command tag.
  void begin_block();
  std::string commit_block(bool chain);
  // before_commit: after commit_block(): what is to be done before the end: deferred checks, cursors that hold their
  // rows. To be repeated until it is Complete. Throws Pause, Suspend, and what a commit can fail with.
  session::Execution::Progress before_commit(std::chrono::steady_clock::time_point now);
  // will_commit: a block whose COMMIT has come, and that has not failed.
  bool will_commit() const { return levels_[0].state == State::end; }
  std::string rollback_block(bool chain);
  void savepoint(std::string_view name);
  void release(std::string_view name);
  void rollback_to(std::string_view name);

  bool is_failed() const { return state() == State::abort || state() == State::sub_abort; }
  bool in_block() const { return state() != State::started && state() != State::none; }
  // in_explicit_block: one that BEGIN has opened.
  bool in_explicit_block() const { return in_block() && state() != State::implicit_in_progress; }
  // depth: 1, and 1 more for each savepoint that is open.
  int depth() const { return static_cast<int>(levels_.size()); }

  // xid: the number of the (sub)transaction at hand, taken when it first writes.
  Xid xid();
  // row_made: counts the versions of rows that are of no use to anybody if this comes to nothing.
  void row_made() { ++levels_.back().made; }
  // is_own: the number of this transaction or of a subtransaction of it that was not undone.
  bool is_own(Xid xid) const;
  // abort_all: the session ends.
  void abort_all();
  // snapshot: for the next statement.
  Snapshot snapshot();
  // newest: everything that has committed by now, and all that this transaction has done, whatever its isolation.
  Snapshot newest() const;
  // referred: what a foreign key's check sees of the table that it refers to: as newest(), but only what the
  // transaction's own snapshot sees if it keeps one.
  Snapshot referred() const;
  // keeps_from: a transaction that keeps its snapshot does not see what has made this.
  bool keeps_from(const Stamp& stamp) const;
  std::uint32_t command() const { return command_; }
  // advance_command: what has been written so far becomes visible to the same transaction.
  void advance_command() { ++command_; }
  std::int64_t started_at() const { return started_at_; }
  bool has_read() const { return has_read_; }
  // undo_command: what the command at hand has made of tables, schemas, types and comments is as if it had not been.
  void undo_command();

 private:
  // Level: the transaction itself, or a subtransaction of the level below it.
  struct Level {
    State state = State::none;
    std::string name;  // of the savepoint
    Xid xid = 0;
    std::vector<Xid> released;  // of subtransactions that have become part of this level
    std::size_t made = 0;       // versions of rows, theirs too
  };
  State state() const { return levels_.back().state; }
  void set_state(State state) { levels_.back().state = state; }

  void start();
  void finish_work();
  void commit();
  void abort();
  void finish_with_chain(bool commit);
  void push(std::string name);
  void start_sub();
  void commit_sub();
  void abort_sub();
  void pop();
  void restart_sub();
  void close_all(State running, State failed);
  std::size_t find_savepoint(std::string_view name) const;
  void clean_up();
  Xid xid_of(std::size_t level);

  SessionState& session_;
  std::vector<Level> levels_{1};
  bool open_ = false, chain_ = false, has_read_ = false;
  std::uint32_t command_ = 0;
  std::int64_t command_time_ = 0, started_at_ = 0;
  Characteristics failed_with_;     // of a failed block, for AND CHAIN
  std::unique_ptr<Snapshot> kept_;  // repeatable read: the transaction's only snapshot
};

}  // namespace pgconform::engine
