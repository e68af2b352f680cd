#include "engine/locks.hpp"

#include <algorithm>

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
  if (auto it = held_.find(wait.target); it != held_.end())
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
      if (other.wait.what == Wait::For::lock && other.wait.target == wait.target &&
          conflict(other.wait.mode, wait.mode) && std::ranges::find(found, other.session) == found.end())
        found.push_back(other.session);
    }
  return found;
}

void Locks::hold(SessionState* session, int depth, const LockTarget& target, LockMode mode) {
  auto& list = held_[target];
  // What lasts longer will do, but not what the session may release before.
  auto same = std::ranges::find_if(list, [&](const Held& h) {
    return h.session == session && h.mode == mode && h.depth <= depth && (h.depth == 0) == (depth == 0);
  });
  if (same != list.end()) {
    if (depth == 0) ++same->times;
    return;
  }
  list.push_back({session, depth, mode});
  held_by_[session].insert(target);
  ++held_count_;
}

// Of what the session holds, all that `which` says.
template <class Which>
void Locks::give_up(SessionState* session, Which&& which) {
  auto own = held_by_.find(session);
  if (own == held_by_.end()) return;
  std::erase_if(own->second, [&](const LockTarget& target) {
    auto it = held_.find(target);
    held_count_ -= std::erase_if(it->second, [&](const Held& held) { return held.session == session && which(held); });
    const bool has_more = std::ranges::find(it->second, session, &Held::session) != it->second.end();
    if (it->second.empty()) held_.erase(it);
    return !has_more;
  });
  if (own->second.empty()) held_by_.erase(own);
}

bool Locks::release(SessionState* session, const LockTarget& target, LockMode mode) {
  auto it = held_.find(target);
  if (it == held_.end()) return false;
  auto held = std::ranges::find_if(
      it->second, [&](const Held& h) { return h.session == session && h.depth == 0 && h.mode == mode; });
  if (held == it->second.end()) return false;
  if (--held->times > 0) return true;
  it->second.erase(held);
  --held_count_;
  if (std::ranges::find(it->second, session, &Held::session) == it->second.end()) {
    auto own = held_by_.find(session);
    own->second.erase(target);
    if (own->second.empty()) held_by_.erase(own);
  }
  if (it->second.empty()) held_.erase(it);
  return true;
}

void Locks::release_all(SessionState* session, bool at_end) {
  give_up(session, [&](const Held& held) { return at_end || held.depth == 0; });
}

void Locks::undo_level(SessionState* session, int depth) {
  give_up(session, [&](const Held& held) { return held.depth >= depth; });
}

void Locks::merge_level(SessionState* session, int depth) {
  auto own = held_by_.find(session);
  if (own == held_by_.end()) return;
  for (const auto& target : own->second)
    for (auto& held : held_.at(target))
      if (held.session == session && held.depth == depth) held.depth = depth - 1;
}

bool Locks::is_used_by_others(const SessionState* session, Oid table) const {
  auto it = held_.find({LockTarget::Kind::table, 0, table});
  return it != held_.end() &&
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
