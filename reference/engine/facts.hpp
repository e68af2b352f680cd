#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "types/value.hpp"

// What PostgreSQL's system catalogue says of operators, functions, casts and settings. The *.inc files are written by
// facts/generate, so that names are resolved among exactly the candidates that PostgreSQL has; which of them can be
// run is another question (functions.hpp).
namespace pgconform::engine {

using types::Oid;

// FunctionFact: a row of pg_proc. `source` is the name of PostgreSQL's implementation, ours carries the same.
struct FunctionFact {
  Oid oid;
  std::string_view name;
  std::vector<Oid> arguments;
  Oid result;
  std::string_view source;
  bool strict, returns_set;
  char kind;        // f function, a aggregate, w window function
  char volatility;  // i, s, v
  int defaults;
  bool variadic;
};

// OperatorFact: a row of pg_operator; left is 0 for a prefix operator.
struct OperatorFact {
  std::string_view name;
  Oid left, right, result;
  std::string_view source;
  bool strict;
};

// CastFact: a row of pg_cast.
struct CastFact {
  Oid source, target;
  std::string_view function;
  char context;  // i implicit, a assignment, e explicit
  char method;   // f function, b binary coercible, i by input and output
};

// SettingFact: a row of pg_settings.
struct SettingFact {
  std::string_view name, context;
  char type;  // b, i, r, s, e
  std::string_view unit, boot_value, lowest, highest, choices;
};

// find_function: null for an OID that is no function's.
const FunctionFact* find_function(Oid oid);
// is_immutable: what the functions with that implementation answer depends on their arguments alone.
bool is_immutable(std::string_view source);
std::span<const FunctionFact> functions_named(std::string_view name);
std::span<const OperatorFact> operators_named(std::string_view name);
const CastFact* find_cast(Oid source, Oid target);
std::span<const SettingFact> all_settings();

}  // namespace pgconform::engine
