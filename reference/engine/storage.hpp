#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "types/type.hpp"
#include "types/value.hpp"

// Storage with versions: every row and every table carries the transactions that made and ended it, so that undoing is
// only marking a transaction as aborted, and others never see what is not committed. mvcc-intro.
namespace pgconform::engine {

using types::Oid;
using types::Value;
using Xid = std::uint64_t;  // 0: none
using Row = std::vector<Value>;
struct Expr;
class SessionState;

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

// Snapshot: what one statement sees: its own transaction's earlier commands, and what had committed by then.
struct Snapshot {
  const Transactions* transactions = nullptr;
  std::vector<Xid> own;  // the transaction's number and those of its subtransactions that were not undone
  std::uint32_t command = 0;
  Xid next = 0;
  std::vector<Xid> running;

  bool is_own(Xid xid) const { return std::ranges::find(own, xid) != own.end(); }
  // includes: the work of `xid` was committed when the snapshot was taken.
  bool includes(Xid xid) const {
    return xid < next && !std::ranges::binary_search(running, xid) && !transactions->is_aborted(xid);
  }
};

// Stamp: who made a version and who ended it, and in which command.
struct Stamp {
  Xid made = 0, ended = 0;
  std::uint32_t made_in = 0, ended_in = 0;

  bool visible(const Snapshot& s) const {
    bool there = s.is_own(made) ? made_in < s.command : s.includes(made);
    if (!there) return false;
    if (ended == 0) return true;
    return !(s.is_own(ended) ? ended_in < s.command : s.includes(ended));
  }
};

struct Version {
  Stamp stamp;
  Row values;
};

// TableColumn: one attribute.
struct TableColumn {
  std::string name;
  Oid type = 0;
  std::int32_t modifier = -1;
  bool not_null = false;
  std::shared_ptr<const Expr> default_value{};  // null: NULL
};

// Table: a relation's description and its rows, oldest version first.
struct Table {
  Oid oid = 0;
  std::string name;
  bool temporary = false;
  const void* owner = nullptr;  // a temporary table's session
  std::vector<TableColumn> columns;
  Stamp stamp;
  std::vector<Version> rows;
};

// Database: all that sessions share.
struct Database {
  Transactions transactions;
  std::vector<std::shared_ptr<Table>> tables;
  Oid next_oid = 16384;
  int open_transactions = 0;  // of all sessions, with an xid or without
  bool has_garbage = false;

  // sweep: drop dead versions; only while no transaction is open.
  void sweep() {
    auto dead = [&](const Stamp& s) {
      return transactions.is_aborted(s.made) || (s.ended != 0 && !transactions.is_aborted(s.ended));
    };
    auto revive = [&](Stamp& s) {
      if (s.ended != 0) s.ended = 0;
    };
    std::erase_if(tables, [&](const auto& table) { return dead(table->stamp); });
    for (auto& table : tables) {
      std::erase_if(table->rows, [&](const Version& row) { return dead(row.stamp); });
      revive(table->stamp);
      for (auto& row : table->rows) revive(row.stamp);
    }
    transactions.forget_aborted();
    has_garbage = false;
  }
};

}  // namespace pgconform::engine
