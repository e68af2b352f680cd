#include "engine/function_call.hpp"

#include <algorithm>

#include "engine/analyzer.hpp"

// FunctionCall names a function by its OID (fastpath.c). It is run as the query SELECT function($1, …), with parameters
// of exactly its argument types, so that no other function of the name is meant.
namespace pgconform::engine {

std::shared_ptr<const Prepared> analyze_function_call(Oid oid, SessionState& session) {
  const FunctionFact* function = find_function(oid);
  if (!function) fail(sqlstate::undefined_function, fmt::format("function with OID {} does not exist", oid));
  if (function->kind != 'f' || function->returns_set)
    fail(sqlstate::feature_not_supported,
         fmt::format("cannot call function \"{}\" via fastpath interface", function->name));
  // There is no expression whose collation a function that needs one could take.
  static constexpr std::string_view collated[] = {"lower", "upper", "initcap"};
  if (std::ranges::find(collated, function->source) != std::end(collated))
    fail(sqlstate::indeterminate_collation,
         fmt::format("could not determine which collation to use for {}() function", function->name), -1,
         "Use the COLLATE clause to set the collation explicitly.");
  std::string arguments;
  for (std::size_t i = 1; i <= function->arguments.size(); ++i) arguments += fmt::format("{}${}", i > 1 ? ", " : "", i);
  const auto sql = fmt::format("SELECT pg_catalog.\"{}\"({})", function->name, arguments);
  try {
    auto parsed = std::static_pointer_cast<const RawStatement>(parse_string(sql).at(0));
    return Analyzer(session, std::span<const Oid>(function->arguments)).analyze(parsed);
  } catch (SqlError& error) {
    error.location = -1;
    error.report.position = 0;
    throw;
  }
}

}  // namespace pgconform::engine
