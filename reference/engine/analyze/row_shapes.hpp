#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "engine/expr.hpp"

namespace pgconform::engine {

// check_rows: 42846 or 42804 where expressions that are to agree on a type are rows of different tables, or of a table
// and of none.
void check_rows(std::span<const ExprPtr* const> exprs, std::string_view construct);

// common_shape: what is known of whichever of these rows a value will be; null if they are not the same.
std::shared_ptr<const RowShape> common_shape(std::span<const ExprPtr* const> exprs);

}  // namespace pgconform::engine
