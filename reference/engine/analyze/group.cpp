#include <algorithm>

#include "engine/analyze/parts.hpp"
#include "engine/analyze/walk.hpp"
#include "engine/analyzer.hpp"
#include "engine/stack.hpp"
#include "types/array.hpp"

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

// A key, or the one that it is the same as.
std::size_t Analyzer::group_key(const Node& node, Query& query) {
  clause_ = Clause::group_by;
  int target = listed_target(node, query, "GROUP BY");
  ExprPtr key;
  if (target >= 0) {
    auto& chosen = query.targets[static_cast<std::size_t>(target)];
    resolve_unknown(chosen);
    auto find_aggregate = [&](auto& self, const Expr& expr) -> void {
      StackBase::check();
      if (expr.kind == ExprKind::aggregate && expr.level == 0) forbid_aggregate(expr.location);
      if (expr.kind == ExprKind::window) forbid_window(expr.location);
      for (const auto& arg : expr.args) self(self, *arg);
    };
    find_aggregate(find_aggregate, *chosen);
    key = clone(*chosen);
  } else {
    key = expression(node);
    resolve_unknown(key);
  }
  need_equality(key->type, target < 0 ? key->location : node.body().location());
  each_column(*key, 0, [&](const Expr& column, int level) {
    if (level == 0 && column.number >= query.series_at) refuse("GROUP BY a set-returning function", key->location);
  });
  for (std::size_t i = 0; i < query.keys.size(); ++i)
    if (same(*query.keys[i], *key)) return i;
  if (target < 0) {
    const auto equal = std::ranges::find_if(query.targets, [&](const auto& each) { return same(*each, *key); });
    if (equal != query.targets.end()) target = static_cast<int>(equal - query.targets.begin());
  }
  query.key_targets.push_back(target);
  query.keys.push_back(std::move(key));
  return query.keys.size() - 1;
}

namespace {

// GROUPING(…) as the member of a list, in which each set has its number.
ExprPtr grouping_number(const Expr& expr, const Query& query, int set_at) {
  std::vector<std::size_t> asked;
  for (const auto& arg : expr.args) {
    const auto key = std::ranges::find_if(query.keys, [&](const auto& each) { return same(*each, *arg); });
    if (key == query.keys.end())
      fail(sqlstate::grouping_error, "arguments to GROUPING must be grouping expressions of the associated query level",
           arg->location);
    asked.push_back(static_cast<std::size_t>(key - query.keys.begin()));
  }
  if (query.sets.empty()) return literal(types::int4_oid, std::int64_t{0}, expr.location);
  std::vector<Value> numbers;
  for (const auto& set : query.sets) {
    std::int64_t number = 0;
    for (auto key : asked) number = number * 2 + (set[key] ? 0 : 1);
    numbers.emplace_back(number);
  }
  auto chosen = make_expr(ExprKind::subscript, types::int4_oid, expr.location);
  chosen->args.push_back(literal(types::array_of(types::int4_oid),
                                 types::pack(types::one_dimensional(types::int4_oid, std::move(numbers))), -1));
  chosen->args.push_back(column_at(set_at, types::int4_oid, -1, -1));
  return chosen;
}

}  // namespace

// From here on the results are made of keys and aggregates, which stand side by side in a row of their own.
void Analyzer::regroup(Query& query) {
  if (query.sets.empty()) add_dependent(query, *scope_);
  auto width = static_cast<int>(query.keys.size());
  const int set_at = width + static_cast<int>(query.aggregates.size());
  const int old_series_at = std::exchange(query.series_at, set_at + (query.sets.empty() ? 0 : 1));
  std::function<void(ExprPtr&, int)> visit = [&](ExprPtr& expr, int depth) {
    StackBase::check();
    if (expr->kind == ExprKind::aggregate) {
      if (depth != expr->level) return;
      expr = column_at(width + expr->number, expr->type, expr->modifier, expr->location);
      expr->level = depth;
      return;
    }
    if (expr->kind == ExprKind::grouping) {
      if (depth > 0) refuse("GROUPING of an outer query", expr->location);
      expr = grouping_number(*expr, query, set_at);
      return;
    }
    if (expr->kind == ExprKind::column && expr->level == depth && expr->number >= old_series_at &&
        !query.series.empty()) {
      expr->number += query.series_at - old_series_at;
      return;
    }
    if (expr->kind == ExprKind::constant || expr->kind == ExprKind::parameter) return;
    for (int i = 0; i < width; ++i) {
      const Expr& key = *query.keys[static_cast<std::size_t>(i)];
      if (!same(key, *expr, depth)) continue;
      auto column = column_at(i, expr->type, expr->modifier, expr->location);
      column->level = depth;
      column->shape = expr->shape;
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
  for (std::size_t t = 0; t < query.targets.size(); ++t) {
    // A constant is a key only where it is what the key was made of.
    const auto key = std::ranges::find(query.key_targets, static_cast<int>(t));
    auto& target = query.targets[t];
    if (key != query.key_targets.end() && (target->kind == ExprKind::constant || target->kind == ExprKind::parameter))
      target = column_at(static_cast<int>(key - query.key_targets.begin()), target->type, target->modifier,
                         target->location);
    else
      visit(target, 0);
  }
  for (auto& call : query.series) visit(call, 0);
  for (auto& each : query.window_calls) {
    for (auto& arg : each.call.args) visit(arg, 0);
    if (each.call.filter) visit(each.call.filter, 0);
  }
  // What a window is ordered by is looked at before what it is divided by, as by transformWindowDefinitions().
  for (auto& window : query.windows) {
    std::vector<bool> is_seen(window.keys.size());
    const auto visit_once = [&](std::size_t key) {
      if (!is_seen[key]) visit(window.keys[key], 0);
      is_seen[key] = true;
    };
    for (const auto& by : window.order) visit_once(static_cast<std::size_t>(by.target));
    for (std::size_t key = 0; key < window.keys.size(); ++key) visit_once(key);
    for (auto* edge : {&window.frame.start, &window.frame.end})
      if (edge->offset) visit(edge->offset, 0);
  }
  if (query.having) visit(query.having, 0);
}

}  // namespace pgconform::engine
