#include "engine/locks.hpp"

#include <algorithm>
#include <set>

namespace pgconform::engine {
namespace {

// Which modes exclude which: LockConflicts[] of lock.c.
bool conflict(LockMode a, LockMode b) {
  auto bit = [](LockMode mode) { return 1U << static_cast<unsigned>(mode); };
  using enum LockMode;
  static const unsigned conflicts[] = {
      0,
      bit(access_exclusive),
      bit(exclusive) | bit(access_exclusive),
      bit(share) | bit(share_row_exclusive) | bit(exclusive) | bit(access_exclusive),
      bit(share_update_exclusive) | bit(share) | bit(share_row_exclusive) | bit(exclusive) | bit(access_exclusive),
      bit(row_exclusive) | bit(share_update_exclusive) | bit(share_row_exclusive) | bit(exclusive) |
          bit(access_exclusive),
      bit(row_exclusive) | bit(share_update_exclusive) | bit(share) | bit(share_row_exclusive) | bit(exclusive) |
          bit(access_exclusive),
      bit(row_share) | bit(row_exclusive) | bit(share_update_exclusive) | bit(share) | bit(share_row_exclusive) |
          bit(exclusive) | bit(access_exclusive),
      0x1fe};
  return (conflicts[static_cast<unsigned>(a)] & bit(b)) != 0;
}

}  // namespace

bool conflict(RowMode a, RowMode b) {
  using enum RowMode;
  if (a > b) std::swap(a, b);
  if (a == key_share) return b == update;
  if (a == share) return b >= no_key_update;
  return true;
}

std::string_view lock_name(LockMode mode) {
  static constexpr std::string_view names[] = {
      "",          "AccessShareLock",       "RowShareLock",  "RowExclusiveLock",   "ShareUpdateExclusiveLock",
      "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"};
  return names[static_cast<std::size_t>(mode)];
}

std::vector<SessionState*> Locks::blockers(const SessionState* session, const Wait& wait) const {
  std::vector<SessionState*> found;
  if (wait.what == Wait::For::transaction) {
    SessionState* holder = transactions_.holder(wait.xid);
    if (holder && holder != session) found.push_back(holder);
    return found;
  }
  if (wait.what == Wait::For::nothing) return found;
  bool holds_some = false;
  if (auto it = tables_.find(wait.table); it != tables_.end())
    for (const auto& held : it->second) {
      if (held.session == session)
        holds_some = true;
      else if (conflict(held.mode, wait.mode) && std::ranges::find(found, held.session) == found.end())
        found.push_back(held.session);
    }
  // First come, first served; but who already holds a lock goes ahead of those who wait for just that one.
  if (!holds_some)
    for (const auto& other : waiting_) {
      if (other.session == session) break;
      if (other.wait.what == Wait::For::table && other.wait.table == wait.table &&
          conflict(other.wait.mode, wait.mode) && std::ranges::find(found, other.session) == found.end())
        found.push_back(other.session);
    }
  return found;
}

void Locks::hold(SessionState* session, int depth, Oid table, LockMode mode) {
  auto& list = tables_[table];
  bool held = std::ranges::any_of(
      list, [&](const Held& h) { return h.session == session && h.mode == mode && h.depth <= depth; });
  if (!held) list.push_back({session, depth, mode});
}

void Locks::undo_level(SessionState* session, int depth) {
  for (auto it = tables_.begin(); it != tables_.end();) {
    std::erase_if(it->second, [&](const Held& held) { return held.session == session && held.depth >= depth; });
    it = it->second.empty() ? tables_.erase(it) : std::next(it);
  }
}

void Locks::merge_level(SessionState* session, int depth) {
  for (auto& [table, list] : tables_)
    for (auto& held : list)
      if (held.session == session && held.depth == depth) held.depth = depth - 1;
}

bool Locks::is_used_by_others(const SessionState* session, Oid table) const {
  auto it = tables_.find(table);
  return it != tables_.end() &&
         std::ranges::any_of(it->second, [&](const Held& held) { return held.session != session; });
}

void Locks::hold_row(const Table* table, std::size_t row, Xid xid, RowMode mode) {
  auto& list = rows_[{table, row}];
  std::erase_if(list, [&](const RowLock& lock) { return !transactions_.is_running(lock.xid); });
  if (std::ranges::none_of(list, [&](const RowLock& lock) { return lock.xid == xid && lock.mode == mode; }))
    list.push_back({xid, mode});
}

void Locks::hand_on(const Table* table, std::size_t row, std::size_t fresh) {
  if (auto it = rows_.find({table, row}); it != rows_.end())
    for (const auto& lock : std::vector<RowLock>(it->second))
      if (transactions_.is_running(lock.xid)) hold_row(table, fresh, lock.xid, lock.mode);
}

Xid Locks::row_blocker(const SessionState* session, const Table* table, std::size_t row, RowMode mode) const {
  if (rows_.empty()) return 0;
  auto it = rows_.find({table, row});
  if (it == rows_.end()) return 0;
  for (const auto& lock : it->second) {
    SessionState* holder = transactions_.holder(lock.xid);
    if (holder && holder != session && conflict(lock.mode, mode)) return lock.xid;
  }
  return 0;
}

void Locks::wait(SessionState* session, Wait wait, std::function<void()> wake) {
  stop(session);
  waiting_.push_back({session, std::move(wait), std::move(wake)});
}

void Locks::stop(SessionState* session) {
  std::erase_if(waiting_, [&](const Waiting& w) { return w.session == session; });
}

std::vector<std::pair<SessionState*, Wait>> Locks::cycle(SessionState* session) const {
  std::vector<std::pair<SessionState*, Wait>> path;
  std::set<SessionState*> seen;
  auto search = [&](auto& self, SessionState* from) -> bool {
    auto it = std::ranges::find(waiting_, from, &Waiting::session);
    if (it == waiting_.end() || !seen.insert(from).second) return false;
    path.emplace_back(from, it->wait);
    for (SessionState* next : blockers(from, it->wait))
      if (next == session || self(self, next)) return true;
    path.pop_back();
    return false;
  };
  search(search, session);
  return path;
}

void Locks::wake_all() const {
  for (const auto& waiting : waiting_)
    if (waiting.wake) waiting.wake();
}

}  // namespace pgconform::engine
