#pragma once

#include <string>

#include "engine/settings.hpp"
#include "engine/storage.hpp"
#include "session/engine.hpp"

namespace pgconform::engine {

class SessionState;

// TransactionMachine: xact.c's state machine of a session's transaction, without savepoints: the states and the moves
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
    abort_pending
  };

  explicit TransactionMachine(SessionState& session) : session_(session) {}

  // What the session calls around each command.
  void start_command(std::int64_t now);
  void commit_command();
  void abort_command();
  void begin_implicit_block();
  void end_implicit_block();
  session::TransactionStatus status() const;

  // What the transaction statements do; the command's end completes it. Each returns its command tag.
  void begin_block();
  std::string commit_block(bool chain);
  std::string rollback_block(bool chain);
  bool is_failed() const { return state_ == State::abort; }
  bool in_block() const { return state_ != State::started && state_ != State::none; }
  // in_explicit_block: one that BEGIN has opened.
  bool in_explicit_block() const { return in_block() && state_ != State::implicit_in_progress; }

  // xid: this transaction's number, taken when it first writes.
  Xid xid();
  Xid known_xid() const { return xid_; }
  // abort_all: the session ends.
  void abort_all() { abort(); }
  // snapshot: for the next statement.
  Snapshot snapshot();
  std::uint32_t command() const { return command_; }
  // advance_command: what has been written so far becomes visible to the same transaction.
  void advance_command() { ++command_; }
  std::int64_t started_at() const { return started_at_; }
  bool has_read() const { return has_read_; }

 private:
  void start();
  void commit();
  void abort();
  void finish_with_chain(bool commit);

  SessionState& session_;
  State state_ = State::none;
  bool open_ = false, chain_ = false, has_read_ = false;
  Xid xid_ = 0;
  std::uint32_t command_ = 0;
  std::int64_t command_time_ = 0, started_at_ = 0;
  Characteristics failed_with_;     // of a failed block, for AND CHAIN
  std::unique_ptr<Snapshot> kept_;  // repeatable read: the transaction's only snapshot
};

}  // namespace pgconform::engine
