#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/expr.hpp"
#include "engine/storage.hpp"

// What names mean while a query is analysed: ParseNamespaceItem and its list.
namespace pgconform::engine {

// ScopeColumn: a name for a place of the input row.
struct ScopeColumn {
  std::string name;
  Oid type = 0;
  std::int32_t modifier = -1;
  int place = 0;
  Oid table = 0;  // its origin, for RowDescription
  std::int16_t attribute = 0;
  std::string owner{};  // as an error calls it: t.a
  std::shared_ptr<const RowShape> shape{};
  bool in_star = true;  // part of *
};

// column_of: the column that a name stands for, seen from `level` queries further in.
ExprPtr column_of(const ScopeColumn& column, int level, int location);

// ScopeItem: an item of FROM, or a join's result.
struct ScopeItem {
  std::string alias{};
  std::vector<ScopeColumn> columns{};
  std::shared_ptr<Table> table{};
  bool named = true;       // alias.column is understood
  bool bare = true;        // so is the column's name alone, and it is part of *
  bool nullable = false;   // on the side of an outer join that may have no row
  int place = -1;          // where a table's row has its place in the table, if it comes with it
  bool is_scalar = false;  // a function's only column, which is also what the whole row is
  bool lateral_ok = true;  // false while the other side of a RIGHT or FULL join is analysed
};

class Node;
struct Query;

// Scope: one query's names.
struct Scope {
  // Border: how a query stands in the one around it: a statement of its own; in an expression or LATERAL, where it sees
  // the other's columns one level further out; in FROM or WITH, where it does not, and runs on the same level.
  enum class Border : std::uint8_t { statement, subquery, from } border = Border::statement;
  Scope* outer = nullptr;
  Query* query = nullptr;  // whose names these are, if it is one
  int clause_around = 0;   // where in the query around it this one stands
  std::vector<ScopeItem> items{};
  std::size_t first = 0;  // items before it are hidden, while ON is analysed
  int width = 0;
  int join_first = 0;                  // where the row of the join begins that is being analysed
  std::vector<const Node*> windows{};  // the definitions of WINDOW, then those of OVER (…)
  int escape = 0;                      // how many levels further out this query looks

  // found: the columns of that name here; qualifier "" for a bare one.
  std::vector<const ScopeColumn*> found(std::string_view qualifier, std::string_view name) const {
    std::vector<const ScopeColumn*> list;
    for (std::size_t i = first; i < items.size(); ++i) {
      if (qualifier.empty() ? !items[i].bare : !items[i].named || items[i].alias != qualifier) continue;
      for (const auto& column : items[i].columns)
        if (column.name == name) list.push_back(&column);
    }
    return list;
  }
  // item: the item of that alias; null if there is none.
  const ScopeItem* item(std::string_view alias) const {
    for (std::size_t i = first; i < items.size(); ++i)
      if (items[i].named && items[i].alias == alias) return &items[i];
    return nullptr;
  }
};

}  // namespace pgconform::engine
