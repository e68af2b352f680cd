#pragma once

#include "engine/functions.hpp"
#include "engine/user_types.hpp"

// Domains: types with a default and conditions of their own. sql-createdomain.
namespace pgconform::engine {

// domain_row: the row that a domain's conditions are on: one column, called value.
Table domain_row(Oid base, std::int32_t modifier);
// default_of_type: what a column of that type holds where nobody gives it a value: a domain's default, else NULL, which
// the domain has to allow.
Value default_of_type(Oid type, Context& context);

}  // namespace pgconform::engine
