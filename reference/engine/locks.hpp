#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
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

// Wait: what one session waits for.
struct Wait {
  enum class For : std::uint8_t { nothing, transaction, table } what = For::nothing;
  Xid xid = 0;
  Oid table = 0;
  LockMode mode = LockMode::access_share;
  std::string context;  // "while updating tuple (0,1) in relation \"t\""

  bool operator==(const Wait& o) const {
    return what == o.what && xid == o.xid && table == o.table && (what != For::table || mode == o.mode);
  }
};

// Locks: of the whole engine.
class Locks {
 public:
  explicit Locks(const Transactions& transactions) : transactions_(transactions) {}

  // blockers: who keeps `session` from what it asks for: holders, and for a table those who have waited longer.
  std::vector<SessionState*> blockers(const SessionState* session, const Wait& wait) const;
  // hold: a table lock, for the subtransaction at `depth`; it lasts as long as that.
  void hold(SessionState* session, int depth, Oid table, LockMode mode);
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
  };
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
  std::map<Oid, std::vector<Held>> tables_;
  std::vector<Waiting> waiting_;  // longest first
  std::map<std::pair<const Table*, std::size_t>, std::vector<RowLock>> rows_;
};

// conflict: whether a row locked in one of the modes cannot be locked in the other by somebody else.
bool conflict(RowMode a, RowMode b);
// lock_name: "AccessShareLock".
std::string_view lock_name(LockMode mode);

}  // namespace pgconform::engine
