#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/aggregates/transition.hpp"
#include "engine/expr.hpp"
#include "engine/parser.hpp"
#include "engine/storage.hpp"
#include "session/engine.hpp"

// What analysis makes of a statement: enough to describe it and to run it any number of times.
namespace pgconform::engine {

struct Query;
struct Insert;
struct Change;
struct Merge;
class Command;

// Plan: one of the four.
struct Plan {
  std::unique_ptr<Query> query;
  std::unique_ptr<Insert> insert;
  std::unique_ptr<Change> change;
  std::unique_ptr<Merge> merge;
};

// TableFunction: a function in FROM. One whose rows are spread stands for as many columns as its record has.
struct TableFunction {
  ExprPtr call;
  int width = 1;
  bool spread = false;
};

// CommonTable: one statement of a WITH clause.
struct CommonTable : Plan {
  std::string name;
  std::vector<session::Column> columns;                 // of a change without RETURNING: none
  std::vector<std::shared_ptr<const RowShape>> shapes;  // of columns that are rows; may be shorter
  bool recursive = false;  // a UNION whose right side reads what the last round has brought
  int extra = 0;           // the columns of SEARCH and CYCLE, behind the others, which no * of the query itself means

  bool writes() const { return !query; }
};

// FromItem: the tree of FROM. Its columns stand side by side in the input row, from `first` on.
struct FromItem {
  enum class Kind : std::uint8_t { table, function, query, common, join } kind = Kind::table;
  enum class Join : std::uint8_t { inner, left, right, full } join_kind = Join::inner;
  int first = 0, width = 0;
  std::string alias;        // for EXPLAIN
  bool with_place = false;  // of a table: after the columns stands the row's place in it
  std::shared_ptr<Table> table;
  std::string cursor;                    // of a table that is changed: WHERE CURRENT OF
  std::vector<TableFunction> functions;  // side by side
  bool ordinality = false;               // then the row's number
  bool lateral = false;                  // looks at what stands left of it
  bool own_context = false;              // LATERAL (SELECT …)
  std::unique_ptr<Query> query;
  const CommonTable* common = nullptr;
  bool is_system = false;  // the query is a system view's
  bool working = false;    // the recursive reference: only the last round's rows
  std::unique_ptr<FromItem> left, right;
  ExprPtr condition;
  std::vector<ExprPtr> filters;  // hold for every row of it; they look at nothing else of the row
  std::vector<ExprPtr> merged;   // columns of USING that are neither side's: they follow those of `right`
};

struct SortKey {
  int target;
  bool descending, nulls_first;
};

struct Aggregate {
  enum class Kind : std::uint8_t { count_all, count, sum, average, least, greatest, every, some, join, other } kind;
  Oid type;
  std::vector<ExprPtr> args;  // then what only its ORDER BY needs
  bool distinct = false;
  ExprPtr filter{};
  std::vector<SortKey> order{};  // targets are places in args
  int location = -1;
  MakeTransition make = nullptr;  // of Kind::other
  std::string_view name{};        // pg_proc.proname
  std::size_t direct = 0;         // of an ordered-set aggregate: how many arguments stand before WITHIN GROUP
  Oid argument = 0;               // the type of the first argument, as it was written
};

// Frame: the rows around a row that a window function looks at, in the order of its window.
struct Frame {
  enum class Unit : std::uint8_t { range, rows, groups } unit = Unit::range;
  enum class Bound : std::uint8_t { unbounded_preceding, preceding, current, following, unbounded_following };
  enum class Exclude : std::uint8_t { none, current, group, ties } exclude = Exclude::none;
  struct Edge {
    Bound bound = Bound::current;
    ExprPtr offset{};
    // For RANGE: whether the row whose key is operand `operand` is within the offset, operand + 2, of the key of the
    // row at hand, operand + 1.
    ExprPtr within{};
    int operand = 0;
    bool has_offset() const { return bound == Bound::preceding || bound == Bound::following; }
  } start{Bound::unbounded_preceding}, end{};
};

// Window: how the rows are parted and ordered for the functions that share it.
struct Window {
  std::vector<ExprPtr> keys;   // those of PARTITION BY, then what only ORDER BY needs
  std::vector<SortKey> parts;  // targets are places in keys
  std::vector<SortKey> order;
  Frame frame;
};

// WindowCall: a call with OVER. What it has in common with an aggregate, which it is if there is no function.
struct WindowCall {
  std::size_t window = 0;
  const FunctionFact* function = nullptr;
  Aggregate call;
};

// LockedTable: an item of FROM whose rows FOR UPDATE and its kin lock.
struct LockedTable {
  std::shared_ptr<Table> table;
  int first = 0;  // its columns in the input row, then the row's place
  RowMode mode = RowMode::update;
  Blocked blocked = Blocked::wait;
};

// Query: SELECT, VALUES, or a set operation.
struct Query {
  enum class Operation : std::uint8_t { none, unite, intersect, except };

  std::vector<session::Column> columns;  // one for each visible target
  std::vector<std::unique_ptr<CommonTable>> with;
  std::unique_ptr<FromItem> from;
  std::vector<std::vector<ExprPtr>> values;  // VALUES: rows instead of FROM
  Operation operation = Operation::none;     // of left and right, instead of FROM
  bool all = false;
  std::unique_ptr<Query> left, right;
  std::vector<ExprPtr> left_casts, right_casts;  // what makes a side's columns fit; empty if they do
  ExprPtr where;
  std::vector<ExprPtr> keys;     // GROUP BY
  std::vector<int> key_targets;  // of each key written there: the result that it was made of, or is the same as; -1
  // Each of GROUPING SETS: which keys count in it. None: one set of all keys. Rows of a query with sets end with the
  // set's number.
  std::vector<std::vector<bool>> sets;
  bool asks_grouping = false;
  std::vector<Aggregate> aggregates;
  ExprPtr having;
  std::vector<ExprPtr> series;           // set-returning functions of the select list
  std::vector<int> series_stages;        // one of stage n runs for each row that those of stage n - 1 make
  int series_at = 0;                     // their place in the row
  std::vector<ExprPtr> targets;          // visible ones, then those that only ORDER BY and DISTINCT ON need
  std::vector<Oid> operand_types;        // of the rows that a set operation compares
  std::vector<Window> windows;           // in the order in which they are worked on
  std::vector<WindowCall> window_calls;  // their values follow the row and its series
  bool is_grouped = false;               // then rows are keys and aggregates from HAVING on
  bool distinct = false;
  std::vector<int> distinct_on;  // targets
  std::vector<SortKey> order;
  ExprPtr limit, offset;
  bool with_ties = false;
  std::vector<LockedTable> locks;
  std::size_t input_at = 0;  // with locks: where the input row begins among the targets
  int place_at = -1;         // of a cursor over one table: the target that is the row's place in it
};

// Conflict: ON CONFLICT. Its expressions see the row that is there, and after it the one that was to be inserted.
struct Conflict {
  bool update = false;
  std::vector<Oid> arbiters;  // the indexes that count; none: all
  std::vector<std::pair<int, ExprPtr>> assignments;
  ExprPtr where;
};

// Write: what INSERT, UPDATE and DELETE have in common.
struct Write {
  std::shared_ptr<Table> table;
  std::vector<std::unique_ptr<CommonTable>> with;
  std::vector<ExprPtr> returning;
};

struct Insert : Write {
  std::string alias;
  std::unique_ptr<Conflict> conflict;
  bool user_values_count = true;  // not so with OVERRIDING USER VALUE, for identity columns
  std::vector<int> places;        // which attribute each value goes to
  std::unique_ptr<Query> source;  // null: DEFAULT VALUES
};

// Change: UPDATE, and DELETE when `assignments` is empty and is_delete is set. A row of `from` begins with the table's
// columns and the row's place; then come those of FROM or USING. RETURNING sees such a row, with the new values.
struct Change : Write {
  bool is_delete = false;
  std::unique_ptr<FromItem> from;
  std::vector<std::pair<int, ExprPtr>> assignments;
  ExprPtr where;
};

// Merge: a row of `from` begins with the table's columns and the row's place, which is NULL where nothing matched; then
// come those of USING.
struct Merge : Write {
  struct When {
    enum class Action : std::uint8_t { nothing, insert, update, remove } action = Action::nothing;
    bool matched = false;
    ExprPtr condition{};
    std::vector<std::pair<int, ExprPtr>> assignments{};  // of an INSERT, the values
    bool user_values_count = true;
  };
  std::unique_ptr<FromItem> from;
  std::vector<When> whens;
};

// Prepared: the analysed statement.
class Prepared : public session::Statement, public Plan {
 public:
  const std::optional<std::vector<session::Column>>& columns() const override { return columns_; }
  std::span<const Oid> parameter_types() const override { return parameter_types_; }

  std::shared_ptr<const RawStatement> raw;
  std::optional<std::vector<session::Column>> columns_;
  std::vector<Oid> parameter_types_;
  std::vector<std::shared_ptr<Table>> tables;          // that the plan refers to
  std::vector<std::shared_ptr<Table>> written;         // those of them that it changes
  std::vector<std::shared_ptr<Table>> locked;          // those of them whose rows it locks
  std::vector<std::shared_ptr<const UserType>> types;  // that it names
  std::string locking;                                 // FOR UPDATE, as the first that asks for it
  std::string path;                                    // search_path, by which its names were found
  bool is_binary() const override { return is_binary_; }
  bool is_query() const override { return query && written.empty(); }

  // Without a plan or this it is a utility statement, which is run from its tree.
  std::shared_ptr<const Command> command;
  bool is_binary_ = false;
  std::optional<SqlError> planning_failure;  // thrown when it is to be run
};

}  // namespace pgconform::engine
