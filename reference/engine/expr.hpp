#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/functions.hpp"
#include "types/type.hpp"
#include "types/value.hpp"

// An expression after analysis: every node has its type, every call its function.
namespace pgconform::engine {

enum class ExprKind : std::uint8_t {
  constant,   // value
  parameter,  // number: which, from 0
  column,     // number: place in the input row, of the query `level` subqueries further out
  aggregate,  // number: place among the aggregates of the query `level` further out; only until the analysis of the
              // query ends
  grouping,   // args: the keys asked about; only until the analysis of the query ends
  window,     // number: place among the query's calls with OVER; only until the analysis of the query ends
  operand,    // number: the value that an `with_operand` around it has put there
  call,       // implementation(args); strict: NULL if an argument is
  input,      // args[0], a string, read as `type`
  output,     // args[0] written as a string
  modifier,   // args[0] made to fit modifier; strict tells whether the cast is explicit
  relabel,    // args[0] under another type
  both,
  either,
  negation,  // AND, OR, NOT
  is_null,
  is_not_null,
  is_true,
  is_not_true,
  is_false,
  is_not_false,
  is_unknown,
  is_not_unknown,
  distinct,
  not_distinct,  // implementation: the = operator
  with_operand,  // args[1], in which the value of args[0] is operand `number`: CASE x WHEN …
  subquery,      // quantifier, number: how many queries further out it looks
  choice,        // CASE: args are condition, result, condition, result, …, default
  coalesce,
  null_if,  // implementation: the = operator on args[1], args[2]; args[0] is the result
  greatest,
  least,
  current,         // SQLValueFunction: text names it
  column_default,  // shared, a column's DEFAULT
  array,           // ARRAY[args]; number: the args are arrays themselves
  subscript,       // args[0], an array, at the indices args[1…]
  slice,           // args[0] between bounds in pairs; number: a bit for each bound that is left out
  array_coerce,    // args[0], each element, as operand `number`, made what `shared` makes of it
  any_of,
  all_of,            // implementation: the operator on args[0] and each element of the array args[2]
  element_assigned,  // args[0], an array, with args[1] at the indices args[2…]; a slice of it if `strict` is not set
  row,               // ROW(args); number 1: NULL if all of them are, as the row of an outer join's other side
  field_assigned,    // args[0], a record or NULL, with args[1] as its field `number`
  to_domain,         // args[0] as the domain `type` allows it
  field,             // field `number` of the record args[0]
};

// RowShape: what is known of a record's fields while a statement is analysed: a value tells their types only.
struct RowShape {
  struct Column {
    std::string name;
    types::Oid type = 0;
    std::int32_t modifier = -1;
    std::shared_ptr<const RowShape> shape{};  // of a field that is a row itself
  };
  types::Oid oid = 0;  // the type of the table's rows; 0: only record
  std::string name{};  // of that type
  std::vector<Column> columns{};
};

// Quantifier: of a subquery. For any and all, args are the left side, the subquery's column (operand `level`) made to
// fit the operator, which is `implementation`. Without one they compare rows: args are the left side's columns as one
// row, operand `level`, and the condition on it and the subquery's row, operand `level` + 1.
enum class Quantifier : std::uint8_t { scalar, exists, array, any, all, any_equal };

struct Query;
struct Expr;
struct OperatorFact;
struct FunctionFact;
using ExprPtr = std::unique_ptr<Expr>;

// Collation: what COLLATE gave an expression, or something that it is made of.
struct Collation {
  std::string_view name{};
  int location = -1;
};

struct Expr {
  ExprKind kind = ExprKind::constant;
  types::Oid type = types::unknown_oid;
  std::int32_t modifier = -1;
  int location = -1;
  int number = 0;
  int level = 0;
  bool strict = true;
  bool is_volatile = false;
  bool immutable = true;
  bool returns_set = false;  // the implementation, if there is one, answers an array of the members
  Implementation implementation = nullptr;
  types::Value value;
  std::string text;
  // What a call was written as, for those who write it again; without either it is a cast.
  const OperatorFact* op = nullptr;
  const FunctionFact* function = nullptr;
  bool is_implicit = false;  // a cast that nobody wrote
  types::Oid table = 0;      // a column's origin, for RowDescription
  std::int16_t attribute = 0;
  Collation collation{};
  std::shared_ptr<const RowShape> shape;  // of a record, if it is known
  std::vector<ExprPtr> args;
  std::shared_ptr<const Expr> shared;
  std::shared_ptr<Query> subquery;
  Quantifier quantifier = Quantifier::scalar;
};

inline ExprPtr make_expr(ExprKind kind, types::Oid type, int location) {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->type = type;
  expr->location = location;
  return expr;
}

}  // namespace pgconform::engine
