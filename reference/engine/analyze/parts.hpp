#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "engine/error.hpp"
#include "engine/expr.hpp"
#include "engine/parse_tree.hpp"
#include "session/engine.hpp"

// Small things that several parts of the analysis need.
namespace pgconform::engine {

// leftmost: the smaller of two locations, of which -1 is none.
inline int leftmost(int a, int b) {
  return a < 0 ? b : b < 0 ? a : std::min(a, b);
}

// dotted: a qualified name as it was written.
std::string dotted(const std::vector<const Node*>& names);

// inherit_collation: what COLLATE gave an expression's arguments is its own; 42P21 if that are two.
void inherit_collation(Expr& expr);

// in_catalog: a last name, in pg_catalog or without a schema; another schema cannot hold what is looked for.
bool in_catalog(const std::vector<const Node*>& names);

// into_clause: INTO of SELECT, which in a set operation stands in the first of its parts; an empty node if there is
// none.
const Node& into_clause(const Node& select);

// literal: a constant.
ExprPtr literal(Oid type, Value value, int location);

// column_at: a place of the input row.
ExprPtr column_at(int place, Oid type, std::int32_t modifier, int location);

// is_number: a type whose values arithmetic here can take.
bool is_number(Oid type);

// need_equality · need_order: 42883 for values of a type that cannot be compared, or only for equality.
void need_equality(Oid type, int location);
void need_order(Oid type, int location);
// has_order: the type has a default order.
bool has_order(Oid type);

// describe: a result column as RowDescription has it.
session::Column describe(const Expr& expr, std::string name);

// same: two expressions that say the same: equal(). Columns of `b` are `depth` subqueries further in.
bool same(const Expr& a, const Expr& b, int depth = 0);

// clone: a copy; subqueries in it are shared.
ExprPtr clone(const Expr& expr);

}  // namespace pgconform::engine
