#include "engine/fold.hpp"

#include <algorithm>
#include <optional>

#include "engine/facts.hpp"
#include "engine/stack.hpp"
#include "types/made.hpp"
#include "types/money.hpp"

namespace pgconform::engine {
namespace {

// Whether forms of a type depend on settings or on the catalogue: pg_proc.provolatile of typinput and typoutput.
bool has_settled_forms(Oid oid) {
  const auto* type = types::find_type(oid);
  if (types::is_made(oid) || !type || types::is_array(oid) || type->kind == 'r' || type->kind == 'm') return false;
  const auto& name = type->name;
  return oid != types::record_oid && oid != types::date_oid && oid != types::money_oid && oid != types::interval_oid &&
         !name.starts_with("time") && !name.starts_with("reg");
}

// Whether it is the same whenever it is asked, of the same arguments.
bool is_settled(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::call:
    case ExprKind::to_domain:
      return expr.immutable && (!expr.op || is_immutable(expr.op->source));
    case ExprKind::input:
      return has_settled_forms(expr.type);
    case ExprKind::output:
      return has_settled_forms(expr.args[0]->type);
    default:
      return true;
  }
}

class Folder {
 public:
  explicit Folder(Context& context) : context_(context) {}

  // Folded: whether the whole expression is constant, and may be evaluated; or what its value is though a part of it
  // is not, as in `a > 1 AND false`.
  struct Folded {
    bool constant = false;
    std::optional<bool> decided{};
  };

  // fold: constant parts of an expression that is not constant are evaluated here; one that is, by the caller.
  Folded fold(const Expr& expr) {
    StackBase::check();
    switch (expr.kind) {
      case ExprKind::constant:
      case ExprKind::parameter:
        return {true};
      case ExprKind::operand:
        return {std::ranges::find(known_, expr.number) != known_.end()};
      case ExprKind::column_default:
        if (expr.shared) check(*expr.shared);
        return {};
      case ExprKind::column:
      case ExprKind::aggregate:
      case ExprKind::grouping:
      case ExprKind::window:
      case ExprKind::current:
        return {};
      case ExprKind::subquery:
        if (!expr.args.empty()) check(*expr.args[0]);
        query(*expr.subquery);
        return {};
      case ExprKind::with_operand:
        return with_operand(expr);
      case ExprKind::choice:
        return choice(expr);
      default:
        return other(expr);
    }
  }

  // check: an expression that stands by itself.
  void check(const Expr& expr) {
    if (fold(expr).constant) evaluate(expr, context_);
  }

  void plan(const Plan& plan) {
    if (plan.query) query(*plan.query);
    if (plan.insert) insert(*plan.insert);
    if (plan.change) change(*plan.change);
    if (plan.merge) merge(*plan.merge);
  }

  void query(const Query& q) {
    StackBase::check();
    with(q.with);
    if (q.left) query(*q.left);
    if (q.right) query(*q.right);
    if (q.from) from(*q.from, is_false(q.where.get()));
    for (const auto& row : q.values) each(row);
    each(q.targets);
    for (const auto& call : q.series) each(call->args);
    for (const auto& aggregate : q.aggregates) {
      each(aggregate.args);
      if (aggregate.filter) check(*aggregate.filter);
    }
    for (const auto& window : q.windows) {
      each(window.keys);
      for (const auto* edge : {&window.frame.start, &window.frame.end})
        if (edge->offset) check(*edge->offset);
    }
    for (const auto& each_call : q.window_calls) {
      each(each_call.call.args);
      if (each_call.call.filter) check(*each_call.call.filter);
    }
    if (!q.from && q.where) check(*q.where);
    for (const auto* one : {&q.having, &q.offset, &q.limit})
      if (*one) check(**one);
    each(q.keys);
  }

 private:
  // A query of WITH that nobody reads is not planned either; a change is made all the same.
  void with(const std::vector<std::unique_ptr<CommonTable>>& tables) {
    for (const auto& table : tables)
      if (table->writes()) plan(*table);
  }

  void merge(const Merge& merge) {
    with(merge.with);
    from(*merge.from, false);
    for (const auto& when : merge.whens) {
      if (when.condition) check(*when.condition);
      for (const auto& [place, value] : when.assignments) check(*value);
    }
  }

  void insert(const Insert& insert) {
    with(insert.with);
    if (insert.source) query(*insert.source);
    for (std::size_t i = 0; i < insert.table->columns.size(); ++i)
      if (const auto& value = insert.table->columns[i].default_value;
          value && std::ranges::find(insert.places, static_cast<int>(i)) == insert.places.end())
        check(*value);
    if (insert.conflict) {
      if (insert.conflict->where) check(*insert.conflict->where);
      for (const auto& [place, value] : insert.conflict->assignments) check(*value);
    }
    each(insert.returning);
  }

  void change(const Change& change) {
    with(change.with);
    const bool none = is_false(change.where.get());
    if (change.from) from(*change.from, none);
    for (const auto& [place, value] : change.assignments) check(*value);
    each(change.returning);
  }

  void each(const std::vector<ExprPtr>& list) {
    for (const auto& expr : list) check(*expr);
  }

  // is_false: checks a condition, and says whether it never holds.
  bool is_false(const Expr* condition) {
    if (!condition) return false;
    const auto value = value_of(fold(*condition), *condition);
    return value && !types::is_null(*value) && !std::get<bool>(*value);
  }

  // none: no row of it will be looked at, so that its filters may say what they like.
  void from(const FromItem& item, bool none) {
    StackBase::check();
    if (item.query) query(*item.query);
    if (item.common && !item.working && std::ranges::find(planned_, item.common) == planned_.end()) {
      planned_.push_back(item.common);
      if (item.common->query) query(*item.common->query);
    }
    for (const auto& function : item.functions) each(function.call->args);
    const bool is_unmet = is_false(item.condition.get());
    none = none || (is_unmet && item.join_kind == FromItem::Join::inner);
    if (item.left) from(*item.left, none);
    if (item.right) from(*item.right, none);
    if (!none) each(item.filters);
  }

  // value_of: what is known of an expression's value.
  std::optional<Value> value_of(const Folded& folded, const Expr& expr) {
    if (folded.decided) return Value(*folded.decided);
    if (folded.constant) return evaluate(expr, context_);
    return std::nullopt;
  }

  Folded with_operand(const Expr& expr) {
    if (!fold(*expr.args[0]).constant) {
      check(*expr.args[1]);
      return {};
    }
    set_operand(context_, expr.number, evaluate(*expr.args[0], context_));
    known_.push_back(expr.number);
    auto folded = fold(*expr.args[1]);
    known_.pop_back();
    return folded;
  }

  // An arm whose condition is known is either the answer or gone.
  Folded choice(const Expr& expr) {
    bool all = true;
    std::size_t i = 0;
    for (; i + 1 < expr.args.size(); i += 2) {
      auto condition = fold(*expr.args[i]);
      auto value = value_of(condition, *expr.args[i]);
      bool taken = value && is_true(*value);
      all = all && condition.constant;
      if (value && !taken) continue;
      auto result = fold(*expr.args[i + 1]);
      if (taken && all) return result;
      if (result.constant) evaluate(*expr.args[i + 1], context_);
      if (taken) return {};
    }
    auto last = fold(*expr.args[i]);
    if (all) return last;
    if (last.constant) evaluate(*expr.args[i], context_);
    return {};
  }

  Folded other(const Expr& expr) {
    std::vector<bool> constant;
    bool all = is_settled(expr);
    const bool logic = expr.kind == ExprKind::both || expr.kind == ExprKind::either;
    for (const auto& arg : expr.args) {
      auto folded = fold(*arg);
      constant.push_back(folded.constant);
      all = all && folded.constant;
      if (!logic && expr.kind != ExprKind::coalesce) continue;
      // What decides the outcome hides what follows.
      auto value = value_of(folded, *arg);
      if (!value || types::is_null(*value)) continue;
      if (expr.kind == ExprKind::coalesce) return {all};
      if (std::get<bool>(*value) == (expr.kind == ExprKind::either)) return {all, std::get<bool>(*value)};
    }
    if (all) return {true};
    for (std::size_t i = 0; i < constant.size(); ++i)
      if (constant[i]) evaluate(*expr.args[i], context_);
    return {};
  }

  Context& context_;
  std::vector<const CommonTable*> planned_;
  std::vector<int> known_;  // operands whose value is constant
};

}  // namespace

void check_constants(const Plan& plan, Context& context) {
  try {
    Folder(context).plan(plan);
  } catch (const Pause&) {
    // What takes so long is worked out in the slices of the run.
  }
}

}  // namespace pgconform::engine
