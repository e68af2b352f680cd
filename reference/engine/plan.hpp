#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/expr.hpp"
#include "engine/parser.hpp"
#include "engine/storage.hpp"
#include "session/engine.hpp"

// What analysis makes of a statement: enough to describe it and to run it any number of times.
namespace pgconform::engine {

struct Query;
class Command;

// Source: one item of FROM. Its columns stand side by side in the input row.
struct FromItem {
  enum class Kind : std::uint8_t { table, function, query } kind = Kind::table;
  std::string alias;
  std::vector<TableColumn> columns;
  std::vector<Oid> origins;  // each column's table, for RowDescription
  std::vector<std::int16_t> attributes;
  std::shared_ptr<Table> table;
  ExprPtr function;  // a call; `series` if it is generate_series
  bool series = false, hidden_if_unqualified = false;
  std::unique_ptr<Query> query;
};

struct SortKey {
  int target;
  bool descending, nulls_first;
};

struct Aggregate {
  enum class Kind : std::uint8_t { count_all, count, sum, average, least, greatest, every, some, join } kind;
  Oid type;
  std::vector<ExprPtr> args;
  bool distinct = false;
};

// Query: SELECT or VALUES.
struct Query {
  std::vector<session::Column> columns;  // one for each visible target
  std::vector<FromItem> from;
  std::vector<std::vector<ExprPtr>> values;  // VALUES: rows instead of FROM
  ExprPtr where;
  std::vector<ExprPtr> targets;  // visible ones, then those that only ORDER BY needs
  std::vector<Aggregate> aggregates;
  bool is_aggregated = false, distinct = false;
  std::vector<SortKey> order;
  ExprPtr limit, offset;
};

// Conflict: ON CONFLICT. Its expressions see the row that is there, and after it the one that was to be inserted.
struct Conflict {
  bool update = false;
  std::vector<Oid> arbiters;  // the indexes that count; none: all
  std::vector<std::pair<int, ExprPtr>> assignments;
  ExprPtr where;
};

struct Insert {
  std::shared_ptr<Table> table;
  std::string alias;
  std::unique_ptr<Conflict> conflict;
  bool user_values_count = true;  // not so with OVERRIDING USER VALUE, for identity columns
  std::vector<int> places;        // which attribute each value goes to
  std::unique_ptr<Query> source;  // null: DEFAULT VALUES
  std::vector<ExprPtr> returning;
};

// Change: UPDATE, and DELETE when `assignments` is empty and is_delete is set.
struct Change {
  std::shared_ptr<Table> table;
  bool is_delete = false;
  std::vector<std::pair<int, ExprPtr>> assignments;
  ExprPtr where;
  std::vector<ExprPtr> returning;
};

// Prepared: the analysed statement.
class Prepared : public session::Statement {
 public:
  const std::optional<std::vector<session::Column>>& columns() const override { return columns_; }
  std::span<const Oid> parameter_types() const override { return parameter_types_; }

  std::shared_ptr<const RawStatement> raw;
  std::optional<std::vector<session::Column>> columns_;
  std::vector<Oid> parameter_types_;
  std::vector<std::shared_ptr<Table>> tables;  // that the plan refers to
  bool is_binary() const override { return is_binary_; }
  bool is_query() const override { return query != nullptr; }

  // One of these, or none for a utility statement, which is run from its tree.
  std::unique_ptr<Query> query;
  std::unique_ptr<Insert> insert;
  std::unique_ptr<Change> change;
  std::shared_ptr<const Command> command;
  bool is_binary_ = false;
};

}  // namespace pgconform::engine
