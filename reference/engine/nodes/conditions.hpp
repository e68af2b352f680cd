#pragma once

#include <functional>

#include "engine/plan.hpp"

// What conditions allow: parts of them that can be looked at early, and equalities by which rows are found.
namespace pgconform::engine {

// each_conjunct: the parts of a condition that all have to hold.
void each_conjunct(const Expr& condition, const std::function<void(const Expr&)>& visit);

// is_plain: the same for a row whenever it is evaluated, and never waits: no subquery, nothing volatile.
bool is_plain(const Expr& expr);

// Reach: the places of the row that an expression looks at.
struct Reach {
  int first = -1, end = 0;  // -1: none
  bool within(int from, int to) const { return first >= 0 && first >= from && end <= to; }
};
Reach reach_of(const Expr& expr);

// is_hashable: a = b where values are equal only if they look the same (hash_of() in catalog/cache.hpp).
bool is_hashable(const Expr& expr);

// place_conditions: brings the parts of WHERE and ON to where all that they look at is known, so that fewer rows are
// joined.
void place_conditions(Query& query);

// drop_unused: what nobody looks at of the system views that a query reads is not computed.
void drop_unused(Query& query);

// system_key: what the rows of a system table can be found by, among the filters of that item.
struct SystemKey {
  const Expr* value = nullptr;
  std::size_t column = 0;
};
SystemKey system_key(const FromItem& item);

// index_key: a unique index of the table, and the values that its columns must be equal to by the item's filters and
// `where`; null: there is none. Constants are preferred to what looks at the row of a query around.
struct IndexKey {
  const Index* index = nullptr;
  std::vector<const Expr*> values;
};
IndexKey index_key(const FromItem& item, const Expr* where);

// one_time_conditions: the parts of a condition that do not look at the row, in order.
std::vector<const Expr*> one_time_conditions(const Expr& condition);

}  // namespace pgconform::engine
