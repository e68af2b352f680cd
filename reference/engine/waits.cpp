#include "engine/waits.hpp"

#include "engine/error.hpp"
#include "engine/session_state.hpp"

namespace pgconform::engine {
namespace {

constexpr Oid database_oid = 5;  // as messages about locks name it

std::string described(const Wait& wait) {
  if (wait.what == Wait::For::transaction) return fmt::format("ShareLock on transaction {}", wait.xid);
  if (wait.target.kind != LockTarget::Kind::table)
    return fmt::format("{} on advisory lock [{},{},{},{}]", lock_name(wait.mode), database_oid, wait.target.a,
                       wait.target.b, wait.target.kind == LockTarget::Kind::bigint ? 1 : 2);
  return fmt::format("{} on relation {} of database {}", lock_name(wait.mode), wait.target.b, database_oid);
}

Wait lock_on(const LockTarget& target, LockMode mode) {
  return {Wait::For::lock, 0, target, mode, {}};
}

LockTarget target_of(const Table& table) {
  return {LockTarget::Kind::table, 0, table.oid};
}

}  // namespace

void Waits::for_transaction(Xid xid, const std::string& context) {
  const SessionState* holder = session_.database().transactions.holder(xid);
  if (!holder || holder == &session_) return;
  block({Wait::For::transaction, xid, {}, {}, context});
}

bool Waits::can_lock(const Table& table, LockMode mode) const {
  return table.temporary || session_.database().locks.blockers(&session_, lock_on(target_of(table), mode)).empty();
}

void Waits::lock(const Table& table, LockMode mode, bool nowait) {
  if (table.temporary) return;
  if (nowait && !can_lock(table, mode))
    fail(sqlstate::lock_not_available, fmt::format("could not obtain lock on relation \"{}\"", table.name));
  hold(target_of(table), mode, session_.transaction().depth());
}

void Waits::lock_object(Oid oid, LockMode mode) {
  hold({LockTarget::Kind::table, 0, oid}, mode, session_.transaction().depth());
}

bool Waits::advisory(const LockTarget& target, LockMode mode, bool of_session, bool may_wait) {
  constexpr std::size_t most = 100'000;  // of all sessions
  auto& locks = session_.database().locks;
  if (!may_wait && !locks.blockers(&session_, lock_on(target, mode)).empty()) return false;
  if (locks.held_count() >= most)
    fail(sqlstate::out_of_memory, "out of shared memory", -1, "You might need to increase max_locks_per_transaction.");
  hold(target, mode, of_session ? 0 : session_.transaction().depth());
  return true;
}

void Waits::hold(const LockTarget& target, LockMode mode, int depth) {
  const Wait wanted = lock_on(target, mode);
  auto& locks = session_.database().locks;
  if (!locks.blockers(&session_, wanted).empty()) block(wanted);
  // What is waited for behind this goes on: its time is counted from its beginning.
  if (wait_ == wanted) stop();
  locks.hold(&session_, depth, target, mode);
}

void Waits::wait_for(std::chrono::milliseconds patience) {
  if (!patient_until_) patient_until_ = now_ + patience;
  if (now_ < *patient_until_) throw Suspend{std::min(now_ + std::chrono::milliseconds(100), *patient_until_)};
}

void Waits::stop() {
  patient_until_.reset();
  if (wait_.what == Wait::For::nothing) return;
  wait_ = {};
  session_.database().locks.stop(&session_);
}

void Waits::block(Wait wait) {
  if (!(wait == wait_)) {
    using std::chrono::milliseconds;
    wait_ = wait;
    looked_for_cycle_ = false;
    deadlock_at_ = now_ + milliseconds(session_.settings().number("deadlock_timeout"));
    give_up_at_.reset();
    if (auto limit = session_.settings().number("lock_timeout"); limit > 0) give_up_at_ = now_ + milliseconds(limit);
    session_.database().locks.wait(&session_, std::move(wait), session_.login().wake);
  }
  if (!looked_for_cycle_ && now_ >= deadlock_at_) {
    looked_for_cycle_ = true;
    check_cycle();
  }
  if (give_up_at_ && now_ >= *give_up_at_) {
    stop();
    fail(sqlstate::lock_not_available, "canceling statement due to lock timeout");
  }
  auto until = give_up_at_;
  if (!looked_for_cycle_ && (!until || deadlock_at_ < *until)) until = deadlock_at_;
  throw Suspend{until};
}

// DeadLockReport()
void Waits::check_cycle() const {
  auto cycle = session_.database().locks.cycle(&session_);
  if (cycle.empty()) return;
  SqlError error;
  error.report.sqlstate = sqlstate::t_r_deadlock_detected;
  error.report.message = "deadlock detected";
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    const auto& [session, wait] = cycle[i];
    error.report.detail +=
        fmt::format("{}Process {} waits for {}; blocked by process {}.", i == 0 ? "" : "\n", session->login().pid,
                    described(wait), cycle[(i + 1) % cycle.size()].first->login().pid);
  }
  error.report.hint = "See server log for query details.";
  error.report.where = cycle[0].second.context;
  throw error;
}

}  // namespace pgconform::engine
