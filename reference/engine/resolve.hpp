#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/expr.hpp"
#include "engine/facts.hpp"

// The rules by which PostgreSQL picks an operator or a function for the types at hand, and converts one type into
// another. typeconv; parse_coerce.c, parse_func.c, parse_oper.c.
namespace pgconform::engine {

enum class CastContext : std::uint8_t { implicit, assignment, explicit_cast };

struct Pathway {
  enum class Kind : std::uint8_t { none, relabel, function, input, output, elements } kind = Kind::none;
  std::string_view function{};
};

// find_pathway: how a value of `source` becomes one of `target`.
Pathway find_pathway(Oid source, Oid target, CastContext context);

// can_coerce: a call with these argument types could take these parameter types.
bool can_coerce(std::span<const Oid> arguments, std::span<const Oid> parameters, CastContext context);

// is_polymorphic: any, anyelement and their kin.
bool is_polymorphic(Oid type);

// Polymorphic: a call's parameter and result types, with what anyelement, anyarray and their kin stand for.
struct Polymorphic {
  std::vector<Oid> parameters;
  Oid result = 0;
};
// resolve_polymorphic: nothing if the arguments contradict each other. What no argument tells stays as it is.
std::optional<Polymorphic> resolve_polymorphic(std::span<const Oid> arguments, std::span<const Oid> parameters,
                                               Oid result);

// find_operator: left is 0 for a prefix operator. Throws 42883 or 42725 at `location`, which name the types of what was
// `written`, if that is told.
const OperatorFact& find_operator(std::string_view name, Oid left, Oid right, int location,
                                  std::span<const ExprPtr* const> written = {});

// Found: a function, with the parameter types as they meet the arguments.
struct Found {
  const FunctionFact* fact;
  std::vector<Oid> parameters;
  Oid result = 0;  // once polymorphic types are known
};
// find_function: among those of that name; throws 42883 or 42725 at `location`. `shown` is the name as it was written;
// `as_array`: with VARIADIC, the last argument is the array of all that a variadic parameter takes.
Found find_function(std::string_view name, std::span<const Oid> arguments, int location, std::string_view shown,
                    bool as_array = false, std::span<const ExprPtr> written = {});

// common_type: of the branches of CASE, COALESCE, VALUES, …; 42804 naming `construct`.
Oid common_type(std::span<const ExprPtr* const> exprs, std::string_view construct);

}  // namespace pgconform::engine
