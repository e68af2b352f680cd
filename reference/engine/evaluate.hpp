#pragma once

#include "engine/expr.hpp"
#include "engine/functions.hpp"

namespace pgconform::engine {

// evaluate: the value of an expression; throws SqlError, or Suspend when a function has to wait.
Value evaluate(const Expr& expr, Context& context);
// evaluate_array: of the kinds that are about arrays.
Value evaluate_array(const Expr& expr, Context& context);

// set_operand: what ExprKind::operand of that number stands for from now on.
void set_operand(Context& context, int number, Value value);

// evaluate_subquery: the value of an ExprKind::subquery; throws Pause when the slice is used up.
Value evaluate_subquery(const Expr& expr, Context& context);

// is_true: a condition's value, NULL counting as false.
inline bool is_true(const Value& value) {
  return !types::is_null(value) && std::get<bool>(value);
}

}  // namespace pgconform::engine
