#pragma once

#include "engine/plan.hpp"
#include "engine/session_state.hpp"

namespace pgconform::engine {

// analyze_function_call: a FunctionCall of this function as a query: its arguments are the parameters. Throws SqlError.
std::shared_ptr<const Prepared> analyze_function_call(Oid function, SessionState& session);

}  // namespace pgconform::engine
