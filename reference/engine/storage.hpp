#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/channels.hpp"
#include "engine/locks.hpp"
#include "types/type.hpp"
#include "types/value.hpp"

// Storage with versions: every row and every table carries the transactions that made and ended it, so that undoing is
// only marking a transaction as aborted, and others never see what is not committed. mvcc-intro.
namespace pgconform::engine {

using types::Value;
using Row = std::vector<Value>;
struct Expr;
class RawStatement;

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

// Version: one state of a row.
struct Version {
  Stamp stamp;
  Row values;
  std::size_t next = 0;   // 1 + the place of the version that took this one's place, if it was updated
  bool key_kept = false;  // by an update that left all keys as they were
};

// TableColumn: one attribute.
struct TableColumn {
  std::string name;
  Oid type = 0;
  std::int32_t modifier = -1;
  bool not_null = false;
  std::shared_ptr<const Expr> default_value{};  // null: NULL
  std::shared_ptr<const Expr> generated{};      // GENERATED ALWAYS AS (…) STORED: of the other columns of the row
  std::int16_t number = 0;                      // pg_attribute.attnum: stays when a column before it is dropped
  char identity = 0;                            // a: GENERATED ALWAYS AS IDENTITY, d: BY DEFAULT
};

// compare_values: order of two values of comparable types that are not NULL; `type` is that of the first.
int compare_values(Oid type, const Value& a, const Value& b);

// KeyLess: order of keys of an index; NULLs are equal here, and last.
struct KeyLess {
  std::vector<Oid> types;
  bool operator()(const Row& a, const Row& b) const {
    for (std::size_t i = 0; i < types.size(); ++i) {
      bool no_a = types::is_null(a[i]), no_b = types::is_null(b[i]);
      if (no_a || no_b) {
        if (no_a != no_b) return no_b;
        continue;
      }
      if (int order = compare_values(types[i], a[i], b[i]); order != 0) return order < 0;
    }
    return false;
  }
};

// Index: a key of a table. Only unique ones have entries: for every version of a row, dead ones too, its place.
struct Index {
  static constexpr std::size_t no_place = static_cast<std::size_t>(-1);

  Oid oid = 0;
  std::string name;
  std::vector<std::size_t> columns;                      // places; no_place where an expression is
  std::vector<std::shared_ptr<const Expr>> expressions;  // none, or one for each of the columns, null where a place is
  std::vector<std::string> names;                        // of those, in pg_attribute; "" where a place is
  std::shared_ptr<const Expr> predicate;                 // WHERE of a partial index: which rows it has
  std::string method = "btree";
  std::vector<std::int16_t> options;  // pg_index.indoption of each: 1 descending, 2 NULLS FIRST; none: all 0
  std::vector<std::string> classes;   // operator classes that are not the default ones; "" for those that are
  bool unique = false, primary = false, is_constraint = false;
  bool nulls_equal = false;  // NULLS NOT DISTINCT
  bool deferrable = false, initially_deferred = false;
  std::multimap<Row, std::size_t, KeyLess> entries{};

  // is_plain: of columns alone, and of all rows; key_of() (index_keys.hpp) makes the others' keys too.
  bool is_plain() const { return !predicate && expressions.empty(); }
};

// Check: a CHECK constraint.
struct Check {
  Oid oid = 0;
  std::string name;
  std::shared_ptr<const Expr> condition;
  bool validated = true;  // of all rows; not of those that were there before NOT VALID
};

// ForeignKey: columns of this table, by their numbers, whose values are a key of another. Actions as in pg_constraint:
// a no action, r restrict, c cascade, n set null, d set default.
struct ForeignKey {
  Oid oid = 0;
  std::string name;
  std::vector<std::int16_t> columns, referenced_columns;
  Oid referenced = 0;
  char on_update = 'a', on_delete = 'a';
  bool full = false, deferrable = false, initially_deferred = false;
  bool validated = true;  // as Check's
};

// Sequence: its numbers are taken for good, whatever becomes of the transaction. sql-createsequence.
struct Sequence {
  Oid type = types::int8_oid;
  std::int64_t start = 1, increment = 1, lowest = 1, highest = INT64_MAX, cache = 1;
  bool cycle = false;
  std::int64_t last = 1;
  bool called = false;
  std::int64_t logged = 0;  // numbers that nextval() may give before PostgreSQL writes to its log again: log_cnt
};

struct SystemTable;

enum class OnCommit : std::uint8_t { preserve_rows, delete_rows, drop };

// Table: a relation's description and its rows, oldest version first. A change of the description makes a new Table
// with the old one's OID, so that undoing it is the same as for rows.
struct Table {
  Oid oid = 0;
  std::string schema = "public", name;
  char kind = 'r';  // pg_class.relkind: r table, v view, S sequence
  bool temporary = false;
  bool unlogged = false;
  const void* owner = nullptr;                   // a temporary table's session
  OnCommit on_commit = OnCommit::preserve_rows;  // of a temporary table
  std::vector<TableColumn> columns;
  std::vector<Check> checks;
  std::vector<Index> indexes;
  std::vector<ForeignKey> foreign_keys;
  Stamp stamp;
  std::vector<Version> rows;
  std::shared_ptr<Sequence> sequence;        // of kind S; shared by its descriptions
  Oid owned_by = 0;                          // a sequence's table, with which it is dropped
  std::int16_t owned_by_column = 0;          // its number
  std::shared_ptr<const RawStatement> view;  // of kind v: CREATE VIEW
  std::vector<Oid> uses;                     // of kind v: the relations that it reads
  std::int16_t last_number = 0;              // the highest attnum ever given
  const SystemTable* system = nullptr;       // of the catalogue: where its rows come from (catalog/system_tables.hpp)
};

// Comment: of COMMENT ON. `of_class` is the system table that the object stands in, `part` a column's number or 0.
struct Comment {
  Oid of_class = 0, object = 0;
  std::int16_t part = 0;
  std::string text;
  Stamp stamp;
};

// Schema: a namespace for relations.
struct Schema {
  Oid oid = 0;
  std::string name;
  Stamp stamp;
};

struct UserType;

// Database: all that sessions share.
struct Database {
  Transactions transactions;
  Locks locks{transactions};
  Channels channels;
  std::vector<std::shared_ptr<Table>> tables;
  std::vector<Schema> schemas{{2200, "public", {}}};
  static constexpr Oid first_oid = 16384;
  Oid next_oid = first_oid;
  std::set<SessionState*> sessions;
  std::vector<Comment> comments;
  std::unordered_map<Oid, std::vector<std::shared_ptr<UserType>>> types;  // user_types.hpp: versions, the newest last
  std::unordered_map<Oid, float> label_order;                             // of every label of every enum
  int open_transactions = 0;                                              // of all sessions, with an xid or without
  std::size_t garbage = 0;        // versions that are dead, or will be when their transaction ends as it may
  bool has_foreign_keys = false;  // some table has had one
  bool has_dropped = false;       // tables or schemas that may be gone for good

  // relation_oid: for a new relation, whose row type and its array type have the next two.
  Oid relation_oid() { return std::exchange(next_oid, next_oid + 3); }

  // tidy: drop dead versions, now and then; only while no transaction is open.
  void tidy();

 private:
  void tidy_types(bool labels);
  void tidy_comments();

  std::size_t tolerated_ = 1000;
};

}  // namespace pgconform::engine
