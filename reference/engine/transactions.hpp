#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace pgconform::engine {

class SessionState;
using Xid = std::uint64_t;  // 0: none

// Transactions: how each transaction and subtransaction stands. One for the engine. A released subtransaction goes on
// running until its top-level transaction ends.
class Transactions {
 public:
  // begin: a new number, held by `holder` until it ends.
  Xid begin(SessionState* holder) {
    Xid xid = first_ + ended_.size();
    ended_.push_back(Status::running);
    running_.emplace_hint(running_.end(), xid, holder);
    return xid;
  }
  void commit(Xid xid) { end(xid, Status::committed); }
  void abort(Xid xid) { end(xid, Status::aborted); }
  bool is_aborted(Xid xid) const { return status(xid) == Status::aborted; }
  bool is_running(Xid xid) const { return status(xid) == Status::running; }
  // holder: whose running transaction it is; null if it has ended.
  SessionState* holder(Xid xid) const {
    auto it = running_.find(xid);
    return it == running_.end() ? nullptr : it->second;
  }
  std::vector<Xid> running() const {
    std::vector<Xid> list;
    list.reserve(running_.size());
    for (const auto& [xid, holder] : running_) list.push_back(xid);
    return list;
  }
  Xid next() const { return first_ + ended_.size(); }
  // forget_aborted: once no row carries them any more, and none is running.
  void forget_aborted() {
    first_ = next();
    ended_.clear();
  }

 private:
  enum class Status : std::uint8_t { committed, running, aborted };
  Status status(Xid xid) const {
    return xid < first_ || xid >= next() ? Status::committed : ended_[static_cast<std::size_t>(xid - first_)];
  }
  void end(Xid xid, Status status) {
    running_.erase(xid);
    ended_[static_cast<std::size_t>(xid - first_)] = status;
  }

  Xid first_ = 1;  // older ones have committed, or left nothing behind
  std::vector<Status> ended_;
  std::map<Xid, SessionState*> running_;
};

}  // namespace pgconform::engine
