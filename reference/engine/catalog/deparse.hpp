#pragma once

#include <string>
#include <vector>

#include "engine/expr.hpp"

namespace pgconform::engine {

class SessionState;

// Deparsing: how expressions are written again.
struct Deparsing {
  SessionState& session;
  const Table& table;   // whose columns the expression looks at
  bool pretty = false;  // as few parentheses as PostgreSQL's rules allow
};

// deparse: an expression as SQL, as pg_get_expr() writes it: ruleutils.c's get_rule_expr(). 0A000 for what it cannot
// write.
std::string deparse(const Expr& expr, const Deparsing& how);

// is_written_as_call: what stands without parentheses where only functions may: looks_like_function().
bool is_written_as_call(const Expr& expr);

}  // namespace pgconform::engine
