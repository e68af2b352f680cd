#include "engine/transaction.hpp"

#include "engine/error.hpp"
#include "engine/session_state.hpp"

namespace pgconform::engine {

void TransactionMachine::start() {
  open_ = true;
  ++session_.database().open_transactions;
  command_ = 1;
  has_read_ = false;
  started_at_ = command_time_;
  session_.settings().start_transaction();
}

void TransactionMachine::commit() {
  if (!open_) return;
  open_ = false;
  auto& database = session_.database();
  if (xid_ != 0) database.transactions.commit(xid_);
  if (xid_ != 0) database.has_garbage = true;
  xid_ = 0;
  kept_.reset();
  session_.settings().commit_transaction();
  if (--database.open_transactions == 0 && database.has_garbage) database.sweep();
}

void TransactionMachine::abort() {
  if (!open_) return;
  open_ = false;
  auto& database = session_.database();
  if (xid_ != 0) {
    database.transactions.abort(xid_);
    database.has_garbage = true;
  }
  xid_ = 0;
  kept_.reset();
  session_.settings().abort_transaction();
  if (--database.open_transactions == 0 && database.has_garbage) database.sweep();
}

void TransactionMachine::start_command(std::int64_t now) {
  command_time_ = now;
  if (state_ != State::none) return;
  start();
  state_ = State::started;
}

// AND CHAIN: the next transaction begins at once, with the same characteristics.
void TransactionMachine::finish_with_chain(bool commit) {
  auto characteristics = state_ == State::abort_end ? failed_with_ : session_.settings().characteristics();
  commit ? this->commit() : abort();
  state_ = State::none;
  if (!chain_) return;
  chain_ = false;
  start();
  session_.settings().set_characteristics(characteristics);
  state_ = State::in_progress;
}

void TransactionMachine::commit_command() {
  switch (state_) {
    case State::none:
    case State::abort:
      break;
    case State::started:
      commit();
      state_ = State::none;
      break;
    case State::begin:
      state_ = State::in_progress;
      advance_command();
      break;
    case State::in_progress:
    case State::implicit_in_progress:
      advance_command();
      break;
    case State::end:
      finish_with_chain(true);
      break;
    case State::abort_end:
    case State::abort_pending:
      finish_with_chain(false);
      break;
  }
}

void TransactionMachine::abort_command() {
  switch (state_) {
    case State::none:
    case State::abort:
      break;
    case State::in_progress:
      // The block stays open, failed, until the client ends it; its effects are gone at once.
      failed_with_ = session_.settings().characteristics();
      abort();
      state_ = State::abort;
      break;
    default:
      abort();
      chain_ = false;
      state_ = State::none;
  }
}

void TransactionMachine::begin_implicit_block() {
  if (state_ == State::started) state_ = State::implicit_in_progress;
}

void TransactionMachine::end_implicit_block() {
  if (state_ == State::implicit_in_progress) state_ = State::started;
}

session::TransactionStatus TransactionMachine::status() const {
  switch (state_) {
    case State::none:
    case State::started:
      return session::TransactionStatus::idle;
    case State::abort:
    case State::abort_end:
    case State::abort_pending:
      return session::TransactionStatus::failed;
    default:
      return session::TransactionStatus::in_block;
  }
}

void TransactionMachine::begin_block() {
  switch (state_) {
    case State::started:
    case State::implicit_in_progress:
      state_ = State::begin;
      break;
    default:
      session_.warn(sqlstate::active_sql_transaction, "there is already a transaction in progress");
  }
}

std::string TransactionMachine::commit_block(bool chain) {
  switch (state_) {
    case State::in_progress:
      state_ = State::end;
      break;
    case State::abort:
      state_ = State::abort_end;
      break;
    case State::implicit_in_progress:
    case State::started:
      if (chain) fail(sqlstate::no_active_sql_transaction, "COMMIT AND CHAIN can only be used in transaction blocks");
      session_.warn(sqlstate::no_active_sql_transaction, "there is no transaction in progress");
      if (state_ == State::implicit_in_progress) state_ = State::end;
      break;
    default:
      break;
  }
  chain_ = chain;
  return state_ == State::abort_end ? "ROLLBACK" : "COMMIT";
}

std::string TransactionMachine::rollback_block(bool chain) {
  switch (state_) {
    case State::in_progress:
      state_ = State::abort_pending;
      break;
    case State::abort:
      state_ = State::abort_end;
      break;
    case State::implicit_in_progress:
    case State::started:
      if (chain) fail(sqlstate::no_active_sql_transaction, "ROLLBACK AND CHAIN can only be used in transaction blocks");
      session_.warn(sqlstate::no_active_sql_transaction, "there is no transaction in progress");
      state_ = State::abort_pending;
      break;
    default:
      break;
  }
  chain_ = chain;
  return "ROLLBACK";
}

Xid TransactionMachine::xid() {
  if (xid_ == 0) {
    xid_ = session_.database().transactions.begin();
    if (kept_) kept_->own = xid_;
  }
  return xid_;
}

Snapshot TransactionMachine::snapshot() {
  has_read_ = true;
  if (kept_) {
    Snapshot again = *kept_;
    again.own = xid_;
    again.command = command_;
    return again;
  }
  auto& transactions = session_.database().transactions;
  Snapshot taken{&transactions,
                 xid_,
                 command_,
                 transactions.next(),
                 {transactions.running().begin(), transactions.running().end()}};
  if (session_.settings().keeps_snapshot()) kept_ = std::make_unique<Snapshot>(taken);
  return taken;
}

}  // namespace pgconform::engine
