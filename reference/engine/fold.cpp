#include "engine/fold.hpp"

#include "engine/stack.hpp"

namespace pgconform::engine {
namespace {

// True if the whole expression is constant, which the caller then evaluates; constant parts of one that is not are
// evaluated here.
bool fold(const Expr& expr, Context& context) {
  StackBase::check();
  switch (expr.kind) {
    case ExprKind::constant:
    case ExprKind::parameter:
      return true;
    case ExprKind::column:
    case ExprKind::aggregate:
    case ExprKind::current:
    case ExprKind::column_default:
      return false;
    case ExprKind::choice: {
      // An arm whose condition is constant is either the answer or gone.
      bool all = true;
      std::size_t i = 0;
      for (; i + 1 < expr.args.size(); i += 2) {
        bool constant = fold(*expr.args[i], context);
        bool taken = constant && is_true(evaluate(*expr.args[i], context));
        all = all && constant;
        if (constant && !taken) continue;
        bool result = fold(*expr.args[i + 1], context);
        if (taken && all) return result;
        if (result) evaluate(*expr.args[i + 1], context);
        if (taken) return false;
      }
      bool last = fold(*expr.args[i], context);
      if (all) return last;
      if (last) evaluate(*expr.args[i], context);
      return false;
    }
    default:
      break;
  }
  std::vector<bool> constant;
  bool all = expr.kind != ExprKind::call || expr.immutable;
  for (const auto& arg : expr.args) {
    constant.push_back(fold(*arg, context));
    all = all && constant.back();
    if (!constant.back() ||
        (expr.kind != ExprKind::both && expr.kind != ExprKind::either && expr.kind != ExprKind::coalesce))
      continue;
    // What decides the outcome hides what follows.
    Value value = evaluate(*arg, context);
    if (types::is_null(value)) continue;
    if (expr.kind == ExprKind::coalesce) return all;
    if (std::get<bool>(value) == (expr.kind == ExprKind::either)) return true;
  }
  if (all) return true;
  for (std::size_t i = 0; i < constant.size(); ++i)
    if (constant[i]) evaluate(*expr.args[i], context);
  return false;
}

}  // namespace

void check_constants(const Query& query, Context& context) {
  for (const auto& item : query.from)
    if (item.query) check_constants(*item.query, context);
  for (const auto& target : query.targets)
    if (fold(*target, context)) evaluate(*target, context);
  if (query.where && fold(*query.where, context)) evaluate(*query.where, context);
}

}  // namespace pgconform::engine
