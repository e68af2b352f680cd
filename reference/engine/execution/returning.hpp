#pragma once

#include "engine/evaluate.hpp"
#include "engine/executor.hpp"

namespace pgconform::engine {

// returned: what RETURNING has to say of a row.
inline Row returned(const std::vector<ExprPtr>& returning, const Row& row, Work& work) {
  work.context.row = row;
  Row values;
  for (const auto& expr : returning) values.push_back(evaluate(*expr, work.context));
  work.context.remembered.clear();
  return values;
}

}  // namespace pgconform::engine
