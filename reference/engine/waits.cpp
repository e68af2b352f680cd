#include "engine/waits.hpp"

#include "engine/error.hpp"
#include "engine/session_state.hpp"

namespace pgconform::engine {
namespace {

constexpr Oid database_oid = 5;  // as messages about locks name it

std::string described(const Wait& wait) {
  if (wait.what == Wait::For::transaction) return fmt::format("ShareLock on transaction {}", wait.xid);
  return fmt::format("{} on relation {} of database {}", lock_name(wait.mode), wait.table, database_oid);
}

}  // namespace

void Waits::for_transaction(Xid xid, const std::string& context) {
  const SessionState* holder = session_.database().transactions.holder(xid);
  if (!holder || holder == &session_) return;
  block({Wait::For::transaction, xid, 0, {}, context});
}

bool Waits::can_lock(const Table& table, LockMode mode) const {
  return table.temporary ||
         session_.database().locks.blockers(&session_, {Wait::For::table, 0, table.oid, mode, {}}).empty();
}

void Waits::lock(const Table& table, LockMode mode, bool nowait) {
  if (table.temporary) return;
  const Wait wanted{Wait::For::table, 0, table.oid, mode, {}};
  if (!can_lock(table, mode)) {
    if (nowait) fail(sqlstate::lock_not_available, fmt::format("could not obtain lock on relation \"{}\"", table.name));
    block(wanted);
  }
  // What is waited for behind this goes on: its time is counted from its beginning.
  if (wait_ == wanted) stop();
  session_.database().locks.hold(&session_, session_.transaction().depth(), table.oid, mode);
}

void Waits::stop() {
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
