#pragma once

#include <functional>

#include "engine/plan.hpp"

// Walks over all expressions of a query, those of the queries in it too.
namespace pgconform::engine {

// each_expression: calls visit(expression, depth) for every expression that stands in the query by itself; depth counts
// the queries between, as Expr::level does. Subqueries inside expressions are left to the visitor.
void each_expression(Query& query, int depth, const std::function<void(ExprPtr&, int)>& visit);

// levels: calls visit(column, levels out of here) for every column in an expression, in its subqueries too.
void each_column(const Expr& expr, int depth, const std::function<void(const Expr&, int)>& visit);

// refers_to_level: it has a column of the query `level` further out.
bool refers_to_level(const Expr& expr, int level);

// lowest_level: of its columns; -1 if it has none.
int lowest_level(const Expr& expr);

}  // namespace pgconform::engine
