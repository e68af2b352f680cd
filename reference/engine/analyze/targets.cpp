#include "engine/analyze/parts.hpp"
#include "engine/analyzer.hpp"

// Lists of results: transformTargetList().
namespace pgconform::engine {

void Analyzer::expand_star(const Node& ref, std::vector<ExprPtr>& exprs, std::vector<session::Column>& columns) {
  const auto& fields = ref.list("fields");
  int location = ref.location();
  auto expand = [&](const ScopeItem& item, int level) {
    for (const auto& column : item.columns) {
      if (!column.in_star) continue;
      auto expr = column_of(column, level, location);
      columns.push_back(describe(*expr, column.name));
      exprs.push_back(std::move(expr));
    }
  };
  if (fields.size() == 1) {
    if (!scope_ || scope_->items.empty())
      fail(sqlstate::syntax_error, "SELECT * with no tables specified is not valid", location);
    for (const auto& item : scope_->items)
      if (item.bare) expand(item, 0);
    return;
  }
  std::string_view qualifier = fields[fields.size() - 2]->string_of();
  if (const ScopeItem* item = scope_ ? scope_->item(qualifier) : nullptr) return expand(*item, 0);
  for (const Scope* outer = scope_ ? scope_->outer : nullptr; outer; outer = outer->outer)
    if (outer->item(qualifier)) refuse("a star of an outer query's table", location);
  missing_table(qualifier, location);
}

void Analyzer::targets(const std::vector<const Node*>& list, std::vector<ExprPtr>& exprs,
                       std::vector<session::Column>& columns, bool resolve_unknowns, Clause clause) {
  clause_ = clause;
  for (const auto* each : list) {
    const Node& target = each->body();
    const Node& value = target["val"];
    if (value.is("ColumnRef") && value.body().list("fields").back()->is("A_Star")) {
      expand_star(value.body(), exprs, columns);
      continue;
    }
    if (value.is("A_Indirection") && value.body().list("indirection").back()->is("A_Star")) {
      std::vector<std::string> names;
      auto fields = fields_of(indirection(value.body()), value.body()["arg"].body().location(), names);
      for (std::size_t i = 0; i < fields.size(); ++i) {
        columns.push_back(describe(*fields[i], names[i]));
        exprs.push_back(std::move(fields[i]));
      }
      continue;
    }
    ExprPtr expr = expression(value);
    if (resolve_unknowns) resolve_unknown(expr);
    std::string name = target.has("name") ? std::string(target.text("name")) : column_name(value);
    columns.push_back(describe(*expr, std::move(name)));
    exprs.push_back(std::move(expr));
  }
  if (columns.size() > 1664) fail(sqlstate::too_many_columns, "target lists can have at most 1664 entries");
}

}  // namespace pgconform::engine
