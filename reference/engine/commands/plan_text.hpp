#pragma once

#include <string>
#include <vector>

#include "engine/plan.hpp"

namespace pgconform::engine {

// ExplainOptions: what was asked for in EXPLAIN's parentheses.
struct ExplainOptions {
  bool analyze = false, costs = true, timing = false, summary = false, json = false;
};

// plan_lines: what EXPLAIN says of a statement; one line in all for JSON. `rows` and `milliseconds` are those of the
// run.
std::vector<std::string> plan_lines(const Plan& plan, const ExplainOptions& options, std::int64_t rows,
                                    double milliseconds);

}  // namespace pgconform::engine
