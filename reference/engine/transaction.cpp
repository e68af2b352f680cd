#include "engine/transaction.hpp"

#include <utility>

#include "engine/ddl/relations.hpp"
#include "engine/error.hpp"
#include "engine/session_state.hpp"
#include "engine/user_types.hpp"

// What happens when transactions begin and end; blocks.cpp has the statements that move the states.
namespace pgconform::engine {

void TransactionMachine::start() {
  open_ = true;
  ++session_.database().open_transactions;
  command_ = 1;
  has_read_ = false;
  started_at_ = command_time_;
  session_.settings().start_transaction();
}

void TransactionMachine::clean_up() {
  open_ = false;
  levels_[0].xid = 0;
  levels_[0].released.clear();
  levels_[0].made = 0;
  kept_.reset();
  auto& database = session_.database();
  session_.waits().stop();
  session_.checks().forget();
  database.locks.undo_level(&session_, 1);
  database.locks.wake_all();
  --database.open_transactions;
  database.tidy();
}

session::Execution::Progress TransactionMachine::before_commit(std::chrono::steady_clock::time_point now) {
  session_.checks().end_transaction();
  auto kept = session_.names().before_commit(now);
  if (!kept) throw SqlError{std::move(kept.error())};
  return std::move(*kept);
}

// COMMIT has done beforehand what may take time; here is what is left where nobody has said COMMIT.
void TransactionMachine::finish_work() {
  using session::Execution;
  for (;;) {
    try {
      const auto progress = before_commit({});
      if (std::holds_alternative<Execution::Complete>(progress)) return;
      if (std::holds_alternative<Execution::Wait>(progress))
        refuse("a WITH HOLD cursor whose query waits, where its transaction ends without COMMIT,");
    } catch (const Pause&) {
    } catch (const Suspend&) {
      refuse("waiting for another transaction's key at the end of a transaction without COMMIT");
    }
  }
}

void TransactionMachine::commit() {
  if (!open_) return;
  finish_work();
  if (session_.has_on_commit && levels_[0].xid != 0) end_temporary(session_);
  session_.mailbox().before_commit();
  auto& database = session_.database();
  for (Xid released : levels_[0].released) database.transactions.commit(released);
  if (levels_[0].xid != 0) database.transactions.commit(levels_[0].xid);
  session_.settings().commit_transaction();
  session_.mailbox().commit();
  clean_up();
}

void TransactionMachine::abort() {
  if (!open_) return;
  session_.names().abort();
  auto& database = session_.database();
  for (Xid released : levels_[0].released) database.transactions.abort(released);
  if (levels_[0].xid != 0) database.transactions.abort(levels_[0].xid);
  database.garbage += levels_[0].made;
  session_.settings().abort_transaction();
  session_.mailbox().abort();
  clean_up();
}

void TransactionMachine::abort_all() {
  while (levels_.size() > 1) {
    abort_sub();
    pop();
  }
  abort();
}

void TransactionMachine::push(std::string name) {
  levels_.push_back({State::sub_begin, std::move(name), 0, {}});
  session_.names().subtransaction = static_cast<std::uint32_t>(levels_.size());
}

// What a level has made and not handed to its parent goes with it.
void TransactionMachine::pop() {
  session_.names().drop_subtransaction(static_cast<std::uint32_t>(levels_.size()));
  levels_.pop_back();
  session_.names().subtransaction = static_cast<std::uint32_t>(levels_.size());
}

void TransactionMachine::start_sub() {
  session_.settings().start_subtransaction();
  session_.mailbox().start_subtransaction();
  session_.checks().start_subtransaction();
}

// Its work becomes the parent's.
void TransactionMachine::commit_sub() {
  Level& sub = levels_.back();
  Level& parent = levels_[levels_.size() - 2];
  parent.released.insert(parent.released.end(), sub.released.begin(), sub.released.end());
  if (sub.xid != 0) parent.released.push_back(sub.xid);
  parent.made += sub.made;
  session_.settings().commit_subtransaction();
  session_.mailbox().commit_subtransaction();
  session_.checks().commit_subtransaction(depth());
  const auto depth = static_cast<std::uint32_t>(levels_.size());
  session_.names().release_subtransaction(depth, depth - 1);
  session_.database().locks.merge_level(&session_, static_cast<int>(depth));
  advance_command();
  pop();
}

void TransactionMachine::abort_sub() {
  Level& sub = levels_.back();
  // A savepoint that has only been asked for, or has failed before, has nothing left to undo.
  if (sub.state == State::sub_begin || sub.state == State::sub_abort || sub.state == State::sub_abort_end ||
      sub.state == State::sub_abort_restart)
    return;
  session_.names().abort_subtransaction(static_cast<std::uint32_t>(levels_.size()));
  auto& transactions = session_.database().transactions;
  session_.database().garbage += std::exchange(sub.made, 0);
  for (Xid released : sub.released) transactions.abort(released);
  if (sub.xid != 0) transactions.abort(sub.xid);
  sub.released.clear();
  sub.xid = 0;
  session_.settings().abort_subtransaction();
  session_.mailbox().abort_subtransaction();
  session_.checks().abort_subtransaction(depth());
  session_.waits().stop();
  session_.database().locks.undo_level(&session_, depth());
  session_.database().locks.wake_all();
}

void TransactionMachine::undo_command() {
  auto& database = session_.database();
  const Xid nobody = database.transactions.begin(&session_);
  database.transactions.abort(nobody);
  auto undo = [&](Stamp& stamp) {
    if (stamp.made_in == command_ && is_own(stamp.made)) stamp.made = nobody;
    if (stamp.ended_in == command_ && is_own(stamp.ended)) stamp.ended = 0;
  };
  for (auto& table : database.tables) undo(table->stamp);
  for (auto& schema : database.schemas) undo(schema.stamp);
  for (auto& comment : database.comments) undo(comment.stamp);
  for (auto& [oid, versions] : database.types)
    for (auto& type : versions) undo(type->stamp);
}

// ROLLBACK TO: the savepoint stays, as if it had just been set.
void TransactionMachine::restart_sub() {
  abort_sub();
  std::string name = std::move(levels_.back().name);
  pop();
  push(std::move(name));
  start_sub();
  set_state(State::sub_in_progress);
}

void TransactionMachine::start_command(std::int64_t now) {
  command_time_ = now;
  if (state() != State::none) return;
  start();
  set_state(State::started);
}

// AND CHAIN: the next transaction begins at once, with the same characteristics.
void TransactionMachine::finish_with_chain(bool commit) {
  auto characteristics = state() == State::abort_end ? failed_with_ : session_.settings().characteristics();
  commit ? this->commit() : abort();
  session_.names().end_transaction();
  set_state(State::none);
  if (!chain_) return;
  chain_ = false;
  start();
  session_.settings().set_characteristics(characteristics);
  set_state(State::in_progress);
}

// CommitTransactionCommand()
void TransactionMachine::commit_command() {
  switch (state()) {
    case State::none:
    case State::abort:
    case State::sub_abort:
      break;
    case State::started:
      commit();
      session_.names().end_transaction();
      set_state(State::none);
      break;
    case State::begin:
      set_state(State::in_progress);
      advance_command();
      break;
    case State::in_progress:
    case State::implicit_in_progress:
    case State::sub_in_progress:
      advance_command();
      break;
    case State::end:
      finish_with_chain(true);
      break;
    case State::abort_end:
    case State::abort_pending:
      finish_with_chain(false);
      break;
    case State::sub_begin:
      start_sub();
      set_state(State::sub_in_progress);
      break;
    case State::sub_release:
      while (state() == State::sub_release) commit_sub();
      break;
    case State::sub_commit:
      while (state() == State::sub_commit) commit_sub();
      commit_command();
      break;
    case State::sub_abort_end:
    case State::sub_abort_pending:
      abort_sub();
      pop();
      commit_command();
      break;
    case State::sub_restart:
    case State::sub_abort_restart:
      restart_sub();
      break;
  }
}

// AbortCurrentTransaction()
void TransactionMachine::abort_command() {
  switch (state()) {
    case State::none:
    case State::abort:
    case State::sub_abort:
      break;
    case State::in_progress:
      // The block stays open, failed, until the client ends it; its effects are gone at once.
      failed_with_ = session_.settings().characteristics();
      abort();
      set_state(State::abort);
      break;
    case State::sub_in_progress:
      abort_sub();
      set_state(State::sub_abort);
      break;
    case State::sub_begin:
    case State::sub_release:
    case State::sub_commit:
    case State::sub_abort_end:
    case State::sub_abort_pending:
    case State::sub_restart:
    case State::sub_abort_restart:
      abort_sub();
      pop();
      abort_command();
      break;
    default:
      abort();
      session_.names().end_transaction();
      chain_ = false;
      set_state(State::none);
  }
}

session::TransactionStatus TransactionMachine::status() const {
  switch (state()) {
    case State::none:
    case State::started:
      return session::TransactionStatus::idle;
    case State::abort:
    case State::abort_end:
    case State::abort_pending:
    case State::sub_abort:
    case State::sub_abort_end:
    case State::sub_abort_pending:
    case State::sub_restart:
    case State::sub_abort_restart:
      return session::TransactionStatus::failed;
    default:
      return session::TransactionStatus::in_block;
  }
}

// A subtransaction's number is higher than its parent's, so the parents get theirs first.
Xid TransactionMachine::xid_of(std::size_t level) {
  if (levels_[level].xid == 0) {
    if (level > 0) xid_of(level - 1);
    levels_[level].xid = session_.database().transactions.begin(&session_);
  }
  return levels_[level].xid;
}

Xid TransactionMachine::xid() {
  return xid_of(levels_.size() - 1);
}

bool TransactionMachine::is_own(Xid xid) const {
  return xid != 0 && session_.database().transactions.holder(xid) == &session_;
}

Snapshot TransactionMachine::newest() const {
  const auto& transactions = session_.database().transactions;
  Snapshot taken{&transactions, {}, command_ + 1, transactions.next(), transactions.running()};
  for (const auto& level : levels_) {
    if (level.xid != 0) taken.own.push_back(level.xid);
    taken.own.insert(taken.own.end(), level.released.begin(), level.released.end());
  }
  return taken;
}

Snapshot TransactionMachine::referred() const {
  Snapshot taken = newest();
  if (kept_) taken.next = kept_->next, taken.running = kept_->running;
  return taken;
}

bool TransactionMachine::keeps_from(const Stamp& stamp) const {
  return kept_ && !stamp.visible(referred());
}

Snapshot TransactionMachine::snapshot() {
  has_read_ = true;
  Snapshot taken = newest();
  taken.command = command_;
  if (kept_) {
    taken.next = kept_->next;
    taken.running = kept_->running;
  } else if (session_.settings().keeps_snapshot()) {
    kept_ = std::make_unique<Snapshot>(taken);
  }
  return taken;
}

}  // namespace pgconform::engine
