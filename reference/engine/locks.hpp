#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/transactions.hpp"
#include "types/type.hpp"

// Who holds what, who waits for whom. A writer marks the rows it ends with its transaction's number, so most waiting is
// for a transaction to end; tables have locks of their own. explicit-locking.
namespace pgconform::engine {

using types::Oid;
struct Table;

// LockMode: the table locks, in PostgreSQL's order.
enum class LockMode : std::uint8_t {
  access_share = 1,
  row_share,
  row_exclusive,
  share_update_exclusive,
  share,
  share_row_exclusive,
  exclusive,
  access_exclusive
};

// RowMode: the row locks, weakest first.
enum class RowMode : std::uint8_t { key_share, share, no_key_update, update };

// Blocked: what to do about a row that another transaction has locked: wait, fail (NOWAIT), or go on without it (SKIP
// LOCKED). The stronger of two is the higher.
enum class Blocked : std::uint8_t { wait, skip, fail };

// LockTarget: what locks are of: a table, whose OID is `b`, or an advisory key: `a` and `b` are the halves of a bigint,
// or two integers. LOCKTAG of lock.h.
struct LockTarget {
  enum class Kind : std::uint8_t { table, bigint, integers } kind = Kind::table;
  std::uint32_t a = 0, b = 0;

  auto operator<=>(const LockTarget&) const = default;
};

// Wait: what one session waits for.
struct Wait {
  enum class For : std::uint8_t { nothing, transaction, lock } what = For::nothing;
  Xid xid = 0;
  LockTarget target{};
  LockMode mode = LockMode::access_share;
  std::string context;  // "while updating tuple (0,1) in relation \"t\""

  bool operator==(const Wait& o) const {
    return what == o.what && xid == o.xid && target == o.target && (what != For::lock || mode == o.mode);
  }
};

// Locks: of the whole engine.
class Locks {
 public:
  explicit Locks(const Transactions& transactions) : transactions_(transactions) {}

  // blockers: who keeps `session` from what it asks for: holders, and for a lock those who have waited longer.
  std::vector<SessionState*> blockers(const SessionState* session, const Wait& wait) const;
  // hold: a lock, for the subtransaction at `depth`; it lasts as long as that. At depth 0 it lasts until it is released
  // as often as it was taken, or the session ends.
  void hold(SessionState* session, int depth, const LockTarget& target, LockMode mode);
  // release: of the session, once; false if there is none.
  bool release(SessionState* session, const LockTarget& target, LockMode mode);
  // release_all: of the session: end: all that it has; otherwise all that no transaction ends.
  void release_all(SessionState* session, bool at_end);
  std::size_t held_count() const { return held_count_; }
  // undo_level · merge_level: the subtransaction at `depth` was undone, or has become part of the one below it.
  void undo_level(SessionState* session, int depth);
  void merge_level(SessionState* session, int depth);
  bool is_used_by_others(const SessionState* session, Oid table) const;

  // Row locks last as long as the transaction `xid` runs. hand_on: what is held of a row is held of its new version
  // too.
  void hold_row(const Table* table, std::size_t row, Xid xid, RowMode mode);
  void hand_on(const Table* table, std::size_t row, std::size_t fresh);
  // row_blocker: a running transaction of another session whose lock on the row excludes `mode`; 0 if there is none.
  Xid row_blocker(const SessionState* session, const Table* table, std::size_t row, RowMode mode) const;
  void forget_rows() { rows_.clear(); }

  // wait: the session begins to wait; stop: it no longer does.
  void wait(SessionState* session, Wait wait, std::function<void()> wake);
  void stop(SessionState* session);
  // cycle: the chain of waits that leads from a session back to itself; empty if there is none.
  std::vector<std::pair<SessionState*, Wait>> cycle(SessionState* session) const;
  // wake_all: something was given up: whoever waits may look again.
  void wake_all() const;

 private:
  struct Held {
    SessionState* session;
    int depth;
    LockMode mode;
    int times = 1;  // at depth 0
  };
  template <class Which>
  void give_up(SessionState* session, Which&& which);

  struct Waiting {
    SessionState* session;
    Wait wait;
    std::function<void()> wake;
  };
  struct RowLock {
    Xid xid;
    RowMode mode;
  };
  const Transactions& transactions_;
  std::map<LockTarget, std::vector<Held>> held_;
  std::map<const SessionState*, std::set<LockTarget>> held_by_;
  std::size_t held_count_ = 0;    // in held_
  std::vector<Waiting> waiting_;  // longest first
  std::map<std::pair<const Table*, std::size_t>, std::vector<RowLock>> rows_;
};

// conflict: whether a row locked in one of the modes cannot be locked in the other by somebody else.
bool conflict(RowMode a, RowMode b);
// lock_name: "AccessShareLock".
std::string_view lock_name(LockMode mode);

}  // namespace pgconform::engine
