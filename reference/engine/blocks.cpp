#include "engine/error.hpp"
#include "engine/session_state.hpp"
#include "engine/transaction.hpp"

// BEGIN, COMMIT, ROLLBACK, SAVEPOINT and their like only move the states; the end of the command does the rest.
namespace pgconform::engine {
namespace {

[[noreturn]] void need_block(std::string_view statement) {
  fail(sqlstate::no_active_sql_transaction, fmt::format("{} can only be used in transaction blocks", statement));
}

[[noreturn]] void no_savepoint(std::string_view name) {
  fail(sqlstate::s_e_invalid_specification, fmt::format("savepoint \"{}\" does not exist", name));
}

}  // namespace

void TransactionMachine::begin_implicit_block() {
  if (state() == State::started) set_state(State::implicit_in_progress);
}

void TransactionMachine::end_implicit_block() {
  if (state() == State::implicit_in_progress) set_state(State::started);
}

// BeginTransactionBlock()
void TransactionMachine::begin_block() {
  switch (state()) {
    case State::started:
    case State::implicit_in_progress:
      set_state(State::begin);
      break;
    default:
      session_.warn(sqlstate::active_sql_transaction, "there is already a transaction in progress");
  }
}

// A block ends with all its subtransactions, the failed ones and the others each in their way.
void TransactionMachine::close_all(State running, State failed) {
  for (auto level = levels_.size() - 1; level > 0; --level) {
    State& state = levels_[level].state;
    state = state == State::sub_in_progress ? running : failed;
  }
}

// EndTransactionBlock()
std::string TransactionMachine::commit_block(bool chain) {
  switch (state()) {
    case State::in_progress:
      set_state(State::end);
      break;
    case State::abort:
      set_state(State::abort_end);
      break;
    case State::sub_in_progress:
      close_all(State::sub_commit, State::sub_abort_end);
      levels_[0].state = State::end;
      break;
    case State::sub_abort:
      close_all(State::sub_abort_pending, State::sub_abort_end);
      levels_[0].state = levels_[0].state == State::abort ? State::abort_end : State::abort_pending;
      break;
    case State::implicit_in_progress:
    case State::started:
      if (chain) need_block("COMMIT AND CHAIN");
      session_.warn(sqlstate::no_active_sql_transaction, "there is no transaction in progress");
      if (state() == State::implicit_in_progress) set_state(State::end);
      break;
    default:
      break;
  }
  chain_ = chain;
  bool undone = levels_[0].state == State::abort_end || levels_[0].state == State::abort_pending;
  return undone ? "ROLLBACK" : "COMMIT";
}

// UserAbortTransactionBlock()
std::string TransactionMachine::rollback_block(bool chain) {
  switch (state()) {
    case State::in_progress:
      set_state(State::abort_pending);
      break;
    case State::abort:
      set_state(State::abort_end);
      break;
    case State::sub_in_progress:
    case State::sub_abort:
      close_all(State::sub_abort_pending, State::sub_abort_end);
      levels_[0].state = State::abort_pending;
      break;
    case State::implicit_in_progress:
    case State::started:
      if (chain) need_block("ROLLBACK AND CHAIN");
      session_.warn(sqlstate::no_active_sql_transaction, "there is no transaction in progress");
      set_state(State::abort_pending);
      break;
    default:
      break;
  }
  chain_ = chain;
  return "ROLLBACK";
}

// DefineSavepoint()
void TransactionMachine::savepoint(std::string_view name) {
  if (!in_explicit_block()) need_block("SAVEPOINT");
  push(std::string(name));
}

std::size_t TransactionMachine::find_savepoint(std::string_view name) const {
  for (auto level = levels_.size() - 1; level > 0; --level)
    if (levels_[level].name == name) return level;
  no_savepoint(name);
}

// ReleaseSavepoint(): with all that were set after it.
void TransactionMachine::release(std::string_view name) {
  if (!in_explicit_block()) need_block("RELEASE SAVEPOINT");
  for (auto level = find_savepoint(name); level < levels_.size(); ++level) levels_[level].state = State::sub_release;
}

// RollbackToSavepoint()
void TransactionMachine::rollback_to(std::string_view name) {
  if (!in_explicit_block()) need_block("ROLLBACK TO SAVEPOINT");
  auto target = find_savepoint(name);
  for (auto level = target; level < levels_.size(); ++level) {
    State& state = levels_[level].state;
    bool running = state == State::sub_in_progress;
    if (level == target)
      state = running ? State::sub_restart : State::sub_abort_restart;
    else
      state = running ? State::sub_abort_pending : State::sub_abort_end;
  }
}

}  // namespace pgconform::engine
