#include "engine/analyze/walk.hpp"

#include "engine/stack.hpp"

namespace pgconform::engine {
namespace {

using Visit = std::function<void(ExprPtr&, int)>;

void each_in(std::vector<ExprPtr>& list, int depth, const Visit& visit) {
  for (auto& expr : list) visit(expr, depth);
}

void each_in_from(FromItem& item, int depth, const Visit& visit) {
  StackBase::check();
  for (auto& function : item.functions) visit(function.call, depth);
  if (item.query) each_expression(*item.query, depth + (item.own_context ? 1 : 0), visit);
  if (item.left) each_in_from(*item.left, depth, visit);
  if (item.right) each_in_from(*item.right, depth, visit);
  if (item.condition) visit(item.condition, depth);
  each_in(item.filters, depth, visit);
  each_in(item.merged, depth, visit);
}

}  // namespace

void each_expression(Query& query, int depth, const Visit& visit) {
  StackBase::check();
  // A change in WITH, which stands in a whole statement only, sees nothing around it.
  for (auto& common : query.with)
    if (common->query) each_expression(*common->query, depth, visit);
  if (query.left) each_expression(*query.left, depth, visit);
  if (query.right) each_expression(*query.right, depth, visit);
  if (query.from) each_in_from(*query.from, depth, visit);
  for (auto& row : query.values) each_in(row, depth, visit);
  if (query.where) visit(query.where, depth);
  each_in(query.keys, depth, visit);
  for (auto& aggregate : query.aggregates) {
    each_in(aggregate.args, depth, visit);
    if (aggregate.filter) visit(aggregate.filter, depth);
  }
  for (auto& window : query.windows) {
    each_in(window.keys, depth, visit);
    for (auto* edge : {&window.frame.start, &window.frame.end})
      if (edge->offset) visit(edge->offset, depth);
  }
  for (auto& each : query.window_calls) {
    each_in(each.call.args, depth, visit);
    if (each.call.filter) visit(each.call.filter, depth);
  }
  if (query.having) visit(query.having, depth);
  each_in(query.series, depth, visit);
  each_in(query.targets, depth, visit);
  if (query.limit) visit(query.limit, depth);
  if (query.offset) visit(query.offset, depth);
}

void each_column(const Expr& expr, int depth, const std::function<void(const Expr&, int)>& visit) {
  StackBase::check();
  if (expr.kind == ExprKind::column) visit(expr, expr.level - depth);
  for (const auto& arg : expr.args) each_column(*arg, depth, visit);
  if (expr.subquery)
    each_expression(*expr.subquery, depth + 1, [&](ExprPtr& inner, int d) { each_column(*inner, d, visit); });
}

bool refers_to_level(const Expr& expr, int level) {
  bool refers = false;
  each_column(expr, 0, [&](const Expr&, int l) { refers = refers || l == level; });
  return refers;
}

int lowest_level(const Expr& expr) {
  int lowest = -1;
  each_column(expr, 0, [&](const Expr&, int l) {
    if (l >= 0 && (lowest < 0 || l < lowest)) lowest = l;
  });
  return lowest;
}

}  // namespace pgconform::engine
