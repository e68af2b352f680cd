#include <algorithm>

#include "engine/analyze/parts.hpp"
#include "engine/analyze/walk.hpp"
#include "engine/analyzer.hpp"
#include "engine/stack.hpp"

// GROUP BY: transformGroupClause(), and parseCheckAggregates(), which finds what is neither a key nor inside an
// aggregate.
namespace pgconform::engine {
namespace {

// Places of the row whose column is grouped by itself.
bool is_key(const Query& query, int place) {
  return std::ranges::any_of(query.keys, [&](const ExprPtr& key) {
    return key->kind == ExprKind::column && key->level == 0 && key->number == place;
  });
}

// Every column of the table's primary key is one of the keys: check_functional_grouping().
bool has_primary_key(const ScopeItem& item, const Query& query) {
  if (!item.table) return false;
  const auto index = std::ranges::find_if(item.table->indexes, &Index::primary);
  if (index == item.table->indexes.end()) return false;
  return std::ranges::all_of(index->columns, [&](std::size_t column) {
    const auto number = item.table->columns[column].number;
    return std::ranges::any_of(item.columns, [&](const ScopeColumn& each) {
      return each.attribute == number && each.table == item.table->oid && is_key(query, each.place);
    });
  });
}

// Columns that depend on a primary key among the keys become keys too, which makes no more groups.
void add_dependent(Query& query, const Scope& scope) {
  std::vector<const ScopeColumn*> dependent;
  for (const auto& item : scope.items)
    if (has_primary_key(item, query))
      for (const auto& column : item.columns) dependent.push_back(&column);
  if (dependent.empty()) return;
  auto look = [&](const Expr& expr) {
    each_column(expr, 0, [&](const Expr& column, int level) {
      if (level != 0 || is_key(query, column.number)) return;
      const auto it = std::ranges::find(dependent, column.number, &ScopeColumn::place);
      if (it == dependent.end() || !has_order(column.type)) return;
      auto key = clone(column);
      key->level = 0;
      query.keys.push_back(std::move(key));
    });
  };
  for (const auto& target : query.targets) look(*target);
  if (query.having) look(*query.having);
  for (const auto& window : query.windows)
    for (const auto& key : window.keys) look(*key);
  for (const auto& each : query.window_calls) {
    for (const auto& arg : each.call.args) look(*arg);
    if (each.call.filter) look(*each.call.filter);
  }
}

}  // namespace

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
        if (expr.kind == ExprKind::window) forbid_window(expr.location);
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
  add_dependent(query, *scope_);
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
      for (const auto& item : scope_->items)
        if (has_primary_key(item, query) &&
            std::ranges::find(item.columns, expr->number, &ScopeColumn::place) != item.columns.end())
          refuse("a column without an order that depends on a grouped primary key", expr->location);
      fail(sqlstate::grouping_error,
           fmt::format("column \"{}\" must appear in the GROUP BY clause or be used in an aggregate function",
                       expr->text),
           expr->location);
    }
    for (auto& arg : expr->args) visit(arg, depth);
    if (expr->subquery) each_expression(*expr->subquery, depth + 1, visit);
  };
  for (auto& target : query.targets) visit(target, 0);
  for (auto& window : query.windows) {
    for (auto& key : window.keys) visit(key, 0);
    for (auto* edge : {&window.frame.start, &window.frame.end})
      if (edge->offset) visit(edge->offset, 0);
  }
  for (auto& each : query.window_calls) {
    for (auto& arg : each.call.args) visit(arg, 0);
    if (each.call.filter) visit(each.call.filter, 0);
  }
  if (query.having) visit(query.having, 0);
}

}  // namespace pgconform::engine
