#pragma once

#include <memory>
#include <vector>

#include "engine/executor.hpp"

// The nodes of a query, by what they do. Every call of next() that may work for long spends the budget; every node can
// be called again after an exception and goes on where it was.
namespace pgconform::engine {

using NodePtr = std::unique_ptr<RowSource>;

// compare_rows: two rows by some of their columns; NULLs are equal.
struct RowOrder {
  struct Key {
    std::size_t place;
    Oid type;
    bool descending = false, nulls_first = false;
  };
  std::vector<Key> keys;
  int compare(const Row& a, const Row& b) const;
  bool operator()(const Row& a, const Row& b) const { return compare(a, b) < 0; }
};

// order_of: all columns of those types.
RowOrder order_of(const std::vector<Oid>& types);

// order_of_keys: ORDER BY.
RowOrder order_of_keys(const Query& query);

// scan.cpp
// make_table_scan: with `where`, rows for which it does not hold may be left out.
NodePtr make_table_scan(const FromItem& item, const Expr* where = nullptr);
// make_system_scan: with a key, only the rows that may have its value in that column.
NodePtr make_system_scan(const Table& table, const Expr* key, std::size_t column);
// current_of.cpp
NodePtr make_current_of(const FromItem& item);
NodePtr make_function_scan(const FromItem& item);
NodePtr make_set(const Expr& call);
NodePtr make_values(const std::vector<std::vector<ExprPtr>>& rows);
NodePtr make_single_row();
// join.cpp
// make_from: with `where`, the rows for which it holds.
NodePtr make_from(const FromItem& item, const Expr* where = nullptr);
NodePtr make_join(const FromItem& item);
NodePtr make_lateral(const Query& query);
// filter.cpp
NodePtr make_filter(NodePtr input, const Expr& condition);
// make_one_time_filter: what of the condition does not look at the row.
NodePtr make_one_time_filter(NodePtr input, const Expr& condition);
NodePtr make_projection(NodePtr input, const std::vector<ExprPtr>& exprs);
NodePtr make_series_projection(NodePtr input, const Query& query);
NodePtr make_limit(NodePtr input, const Query& query);
// aggregation.cpp
NodePtr make_aggregation(NodePtr input, const Query& query);
// window.cpp
NodePtr make_windows(NodePtr input, const Query& query);
// lock_rows.cpp
NodePtr make_lock_rows(NodePtr input, const Query& query);
// sort.cpp
NodePtr make_sort(NodePtr input, RowOrder order);
NodePtr make_distinct(NodePtr input, RowOrder order);
NodePtr make_unique(NodePtr input, RowOrder order);
// set_operation.cpp
NodePtr make_set_operation(const Query& query);
// common_table.cpp
NodePtr make_with(NodePtr input, const std::vector<std::unique_ptr<CommonTable>>& tables);
NodePtr make_common_scan(const FromItem& item);

}  // namespace pgconform::engine
