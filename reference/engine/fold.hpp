#pragma once

#include "engine/evaluate.hpp"
#include "engine/plan.hpp"

namespace pgconform::engine {

// check_constants: work out what is constant in a statement before its first row, as PostgreSQL's planner does, so that
// SELECT 1/0 fails before anything has been sent. The values themselves are not kept. Parameters count as constants.
void check_constants(const Plan& plan, Context& context);

}  // namespace pgconform::engine
