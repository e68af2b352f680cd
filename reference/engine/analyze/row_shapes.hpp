#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/expr.hpp"

namespace pgconform::engine {

// shape_of_type: what the rows of a composite type are made of; null of any other type.
std::shared_ptr<const RowShape> shape_of_type(types::Oid type);

// shown_type: the type of an expression as messages name it.
std::string shown_type(const Expr& expr);

// check_rows: 42846 or 42804 where expressions that are to agree on a type are rows of different tables, or of a table
// and of none.
void check_rows(std::span<const ExprPtr* const> exprs, std::string_view construct);

// common_shape: what is known of whichever of these rows a value will be; null if they are not the same.
std::shared_ptr<const RowShape> common_shape(std::span<const ExprPtr* const> exprs);

}  // namespace pgconform::engine
