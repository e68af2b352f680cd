#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
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

// Transactions: which are running and how the others ended. One for the engine.
class Transactions {
 public:
  Xid begin() {
    running_.insert(next_);
    return next_++;
  }
  void commit(Xid xid) { running_.erase(xid); }
  void abort(Xid xid) {
    running_.erase(xid);
    aborted_.insert(xid);
  }
  bool is_aborted(Xid xid) const { return aborted_.contains(xid); }
  bool is_running(Xid xid) const { return running_.contains(xid); }
  const std::set<Xid>& running() const { return running_; }
  Xid next() const { return next_; }
  // forget_aborted: once no row carries them any more.
  void forget_aborted() { aborted_.clear(); }

 private:
  Xid next_ = 1;
  std::set<Xid> running_, aborted_;
};

// Snapshot: what one statement sees: its own transaction's earlier commands, and what had committed by then.
struct Snapshot {
  const Transactions* transactions = nullptr;
  Xid own = 0;
  std::uint32_t command = 0;
  Xid next = 0;
  std::vector<Xid> running;

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
    bool there = made == s.own && made != 0 ? made_in < s.command : s.includes(made);
    if (!there) return false;
    if (ended == 0) return true;
    return !(ended == s.own ? ended_in < s.command : s.includes(ended));
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
