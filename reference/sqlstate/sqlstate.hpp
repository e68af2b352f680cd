#pragma once

#include <string_view>

// Every SQLSTATE of PostgreSQL, once. sqlstate.inc is written by reference/engine/facts/generate from PostgreSQL's own
// errcodes.txt; this header makes the constants from it (named as PostgreSQL's macros without ERRCODE_) and the table
// that names conditions. errcodes-appendix.
namespace pgconform::sqlstate {

// syntax_error, undefined_column, …: five characters each.
#define PGCONFORM_SQLSTATE(code, macro, condition) inline constexpr std::string_view macro = code;
#include "sqlstate/sqlstate.inc"
#undef PGCONFORM_SQLSTATE

// Code: one row of the table.
struct Code {
  std::string_view code;
  std::string_view condition;  // as in PL/pgSQL's EXCEPTION clause; empty where there is none
};

// codes: all of them, in the order of the appendix.
inline constexpr Code codes[] = {
#define PGCONFORM_SQLSTATE(code, macro, condition) {code, condition},
#include "sqlstate/sqlstate.inc"
#undef PGCONFORM_SQLSTATE
};

// condition_name: the first condition with this code, "" for one that is not listed.
constexpr std::string_view condition_name(std::string_view code) {
  for (const auto& each : codes)
    if (each.code == code && !each.condition.empty()) return each.condition;
  return "";
}

}  // namespace pgconform::sqlstate
