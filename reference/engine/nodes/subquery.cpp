#include <set>

#include "engine/aggregates/transition.hpp"
#include "engine/evaluate.hpp"
#include "engine/nodes/nodes.hpp"
#include "types/array.hpp"

// Subqueries inside expressions. Each is a run of its own, with a context whose `outer` is the one of the expression.
// When the slice ends in the middle of one, Pause leaves the expression; its next evaluation finds the run where it
// was.
namespace pgconform::engine {

struct SubqueryRun {
  explicit SubqueryRun(Context& context) : work{Context{context.session}, context.work->snapshot, 0} {
    work.context.parameters = context.parameters;
    work.context.work = &work;
    work.context.outer = &context;
  }

  // restart: from the first row, for a new row outside; what does not look there is kept.
  void restart(const Query& query) {
    source = make_source(query);
    work.context.remembered.clear();
    std::erase_if(work.context.subqueries, [](const auto& entry) { return entry.first->number >= 2; });
    rows.clear();
    read_all = any_null = seen_row = false;
    place = 0;
    answer.reset();
    array.reset();
  }

  // next: the next row's column; false after the last.
  bool next(Work& outer, Value& value) {
    Row row;
    outer.lend(work);
    Step step = source->next(work, row);
    outer.take_back(work);
    if (step == Step::pause) throw Pause{};
    if (step == Step::done) return false;
    value = row.empty() ? Value() : std::move(row[0]);
    return true;
  }

  Work work;
  std::unique_ptr<RowSource> source;
  std::optional<Value> answer;  // of a scalar or EXISTS
  std::vector<Value> rows;      // of ANY and ALL, if it looks nowhere outside
  struct Less {
    Oid type;
    bool operator()(const Value& a, const Value& b) const { return compare_values(type, a, b) < 0; }
  };
  std::optional<std::set<Value, Less>> set;
  bool read_all = false, any_null = false, seen_row = false;
  std::size_t place = 0;
  std::unique_ptr<Transition> array;  // of ARRAY
};

namespace {

using types::is_null;

// ARRAY: of no rows an empty one.
Value collected(const Expr& expr, SubqueryRun& run, Work& outer) {
  Oid type = expr.subquery->targets[0]->type;
  if (!run.array) run.array = collect_array(type);
  Row row(1);
  while (run.next(outer, row[0])) run.array->add(row);
  Value array = run.array->result();
  return is_null(array) ? Value(types::pack(types::Array{types::element_of(expr.type)})) : array;
}

Value scalar(const Expr& expr, SubqueryRun& run, Work& outer) {
  Value value;
  while (run.next(outer, value)) {
    if (expr.quantifier == Quantifier::exists) return true;
    if (run.seen_row)
      fail(sqlstate::cardinality_violation, "more than one row returned by a subquery used as an expression");
    run.seen_row = true;
    run.rows.push_back(std::move(value));
  }
  if (expr.quantifier == Quantifier::exists) return false;
  return run.rows.empty() ? Value() : run.rows[0];
}

// The row's column as the operator takes it.
Value right_side(const Expr& expr, Context& context, Value value) {
  if (!expr.implementation) return value;
  set_operand(context, expr.level, std::move(value));
  return evaluate(*expr.args[1], context);
}

// One comparison; NULL where the operator is strict and a side is NULL.
Value compare(const Expr& expr, Context& context, const Value& left, const Value& right) {
  if (!expr.implementation) {
    set_operand(context, expr.level, left);
    set_operand(context, expr.level + 1, right);
    return evaluate(*expr.args[1], context);
  }
  if (expr.strict && (is_null(left) || is_null(right))) return {};
  Value pair[] = {left, right};
  Call frame{pair, expr, context};
  return expr.implementation(frame);
}

// IN over rows that stay the same: they are put in order once.
Value in_set(const Expr& expr, SubqueryRun& run, Context& context, const Value& left) {
  if (!run.set) run.set.emplace(SubqueryRun::Less{expr.args[1]->type});
  while (!run.read_all) {
    Value value;
    if (!run.next(*context.work, value)) {
      run.read_all = true;
      break;
    }
    value = right_side(expr, context, std::move(value));
    if (is_null(value))
      run.any_null = true;
    else
      run.set->insert(std::move(value));
  }
  if (run.set->empty() && !run.any_null) return false;
  if (is_null(left)) return {};
  if (run.set->contains(left)) return true;
  return run.any_null ? Value() : Value(false);
}

// ANY and ALL: true or false as soon as one comparison decides, else NULL if one was.
Value quantified(const Expr& expr, SubqueryRun& run, Context& context, const Value& left, bool keep) {
  bool decisive = expr.quantifier != Quantifier::all;
  for (;;) {
    Value right;
    if (run.place < run.rows.size()) {
      if (!context.work->spend()) throw Pause{};
      right = run.rows[run.place];
    } else if (run.read_all) {
      break;
    } else {
      if (!run.next(*context.work, right)) {
        run.read_all = true;
        break;
      }
      right = right_side(expr, context, std::move(right));
      if (keep) run.rows.push_back(right);
    }
    if (keep) ++run.place;
    Value outcome = compare(expr, context, left, right);
    if (is_null(outcome)) {
      run.any_null = true;
    } else if (std::get<bool>(outcome) == decisive) {
      return decisive;
    }
  }
  if (run.any_null) return {};
  return !decisive;
}

}  // namespace

Value evaluate_subquery(const Expr& expr, Context& context) {
  bool correlated = expr.number > 0;
  if (auto known = context.remembered.find(&expr); known != context.remembered.end()) return known->second;
  auto& run = context.subqueries[&expr];
  if (!run) {
    run = std::make_shared<SubqueryRun>(context);
    run->restart(*expr.subquery);
  }
  // Held here: what is evaluated below may add to the map.
  auto held = run;
  held->work.context.outer = &context;
  bool is_array = expr.quantifier == Quantifier::array;
  bool plain = is_array || expr.quantifier == Quantifier::scalar || expr.quantifier == Quantifier::exists;
  Value result;
  if (plain) {
    if (!held->answer)
      held->answer = is_array ? collected(expr, *held, *context.work) : scalar(expr, *held, *context.work);
    result = *held->answer;
  } else {
    Value left = evaluate(*expr.args[0], context);
    if (expr.quantifier == Quantifier::any_equal && !correlated) {
      result = in_set(expr, *held, context, left);
    } else {
      result = quantified(expr, *held, context, left, !correlated);
      held->place = 0;
      held->any_null = false;
    }
  }
  if (correlated) {
    held->restart(*expr.subquery);
    context.remembered[&expr] = result;
  }
  return result;
}

}  // namespace pgconform::engine
