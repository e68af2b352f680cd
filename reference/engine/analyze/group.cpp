#include "engine/analyze/parts.hpp"
#include "engine/analyze/walk.hpp"
#include "engine/analyzer.hpp"
#include "engine/stack.hpp"

// GROUP BY: transformGroupClause(), and parseCheckAggregates(), which finds what is neither a key nor inside an
// aggregate.
namespace pgconform::engine {

void Analyzer::group_by(const Node& s, Query& query) {
  if (s.flag("groupDistinct")) refuse("GROUP BY DISTINCT");
  for (const auto* node : s.list("groupClause")) {
    if (node->is("GroupingSet")) refuse("GROUPING SETS, ROLLUP, CUBE or GROUP BY ()", node->body().location());
    if (node->is("RowExpr")) refuse("a row constructor in GROUP BY", node->body().location());
    clause_ = Clause::group_by;
    int target = listed_target(*node, query, "GROUP BY");
    ExprPtr key;
    if (target >= 0) {
      auto& chosen = query.targets[static_cast<std::size_t>(target)];
      resolve_unknown(chosen);
      auto find_aggregate = [&](auto& self, const Expr& expr) -> void {
        StackBase::check();
        if (expr.kind == ExprKind::aggregate) forbid_aggregate(expr.location);
        for (const auto& arg : expr.args) self(self, *arg);
      };
      find_aggregate(find_aggregate, *chosen);
      key = clone(*chosen);
    } else {
      key = expression(*node);
      resolve_unknown(key);
    }
    need_equality(key->type, target < 0 ? key->location : node->body().location());
    bool known = false;
    for (const auto& other : query.keys) known = known || same(*other, *key);
    if (!known) query.keys.push_back(std::move(key));
  }
}

// From here on the results are made of keys and aggregates, which stand side by side in a row of their own.
void Analyzer::regroup(Query& query) {
  auto width = static_cast<int>(query.keys.size());
  std::function<void(ExprPtr&, int)> visit = [&](ExprPtr& expr, int depth) {
    StackBase::check();
    if (expr->kind == ExprKind::aggregate) {
      if (depth == 0) expr = column_at(width + expr->number, expr->type, expr->modifier, expr->location);
      return;
    }
    if (expr->kind == ExprKind::constant || expr->kind == ExprKind::parameter) return;
    for (int i = 0; i < width; ++i) {
      const Expr& key = *query.keys[static_cast<std::size_t>(i)];
      if (!same(key, *expr, depth)) continue;
      auto column = column_at(i, expr->type, expr->modifier, expr->location);
      column->level = depth;
      if (depth == 0) {
        column->table = expr->table;
        column->attribute = expr->attribute;
      }
      expr = std::move(column);
      return;
    }
    if (expr->kind == ExprKind::column && expr->level == depth) {
      if (depth > 0)
        fail(sqlstate::grouping_error,
             fmt::format("subquery uses ungrouped column \"{}\" from outer query", expr->text), expr->location);
      for (const auto& table : tables_)
        if (table->oid == expr->table && std::ranges::any_of(table->indexes, &Index::primary))
          refuse("a column that may depend on a grouped primary key", expr->location);
      fail(sqlstate::grouping_error,
           fmt::format("column \"{}\" must appear in the GROUP BY clause or be used in an aggregate function",
                       expr->text),
           expr->location);
    }
    for (auto& arg : expr->args) visit(arg, depth);
    if (expr->subquery) each_expression(*expr->subquery, depth + 1, visit);
  };
  for (auto& target : query.targets) visit(target, 0);
  if (query.having) visit(query.having, 0);
}

}  // namespace pgconform::engine
