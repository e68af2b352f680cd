#include <algorithm>

#include "engine/analyze/parts.hpp"
#include "engine/analyzer.hpp"
#include "engine/functions.hpp"
#include "types/system_values.hpp"

// Names of columns: colNameToVar() and refnameNamespaceItem() walk outwards until a query knows the name.
namespace pgconform::engine {

namespace {

// ctid, xmin and xmax: what the row's place in its table tells. Null for other names, and where rows come without it.
ExprPtr system_column(const Scope& scope, const ScopeItem* item, std::string_view name, int location) {
  struct Known {
    std::string_view name, source;
    Oid type;
    std::int16_t attribute;
  };
  static constexpr Known all[] = {{"ctid", "row_place", types::tid_oid, -1},
                                  {"xmin", "row_made_by", types::xid_oid, -2},
                                  {"xmax", "row_ended_by", types::xid_oid, -4}};
  const auto* known = std::ranges::find(all, name, &Known::name);
  if (known == std::end(all)) return nullptr;
  if (!item) {
    for (const auto& each : scope.items) {
      if (!each.table) continue;
      if (item) fail(sqlstate::ambiguous_column, fmt::format("column reference \"{}\" is ambiguous", name), location);
      item = &each;
    }
  }
  if (!item || !item->table || item->place < 0) return nullptr;
  auto expr = make_expr(ExprKind::call, known->type, location);
  expr->implementation = find_implementation(known->source);
  expr->immutable = false;
  expr->table = item->table->oid;
  expr->attribute = known->attribute;
  expr->text = known->source;
  auto place = column_at(item->place, types::int8_oid, -1, location);
  place->text = fmt::format("{}.{}", item->alias, name);
  expr->args.push_back(std::move(place));
  expr->args.push_back(literal(types::oid_oid, std::int64_t{item->table->oid}, location));
  return expr;
}

}  // namespace

ExprPtr Analyzer::column_ref(const Node& body) {
  int location = body.location();
  const auto& fields = body.list("fields");
  if (fields.back()->is("A_Star") && fields.size() == 2) {
    if (ExprPtr row = find_whole_row(fields[0]->string_of(), location)) return row;
    missing_table(fields[0]->string_of(), location);
  }
  if (fields.back()->is("A_Star"))
    fail(sqlstate::syntax_error, "row expansion via \"*\" is not supported here", location);
  std::string_view name = fields.back()->string_of();
  if (fields.size() > 4)
    fail(sqlstate::syntax_error, fmt::format("improper qualified name (too many dotted names): {}", dotted(fields)),
         location);
  if (fields.size() == 4 && fields[0]->string_of() != session_.login().database)
    fail(sqlstate::feature_not_supported,
         fmt::format("cross-database references are not implemented: {}", dotted(fields)), location);
  std::string_view qualifier = fields.size() > 1 ? fields[fields.size() - 2]->string_of() : std::string_view();
  const std::string_view schema = fields.size() > 2 ? fields[fields.size() - 3]->string_of() : std::string_view();
  if (clause_ == Clause::default_value)
    fail(sqlstate::feature_not_supported, "cannot use column reference in DEFAULT expression", location);
  bool visible = true, any = false;
  int level = 0;
  std::vector<Scope*> crossed;
  for (Scope* scope = scope_; scope; scope = scope->outer) {
    if (visible) {
      const ScopeItem* item = qualifier.empty() ? nullptr : scope->item(qualifier);
      // With a schema before it the name is a table's, not an alias.
      if (item && !schema.empty() && (!item->table || item->table->name != qualifier || item->table->schema != schema))
        item = nullptr;
      const bool hidden = !qualifier.empty() && !schema.empty() && !item;
      auto found = hidden ? std::vector<const ScopeColumn*>() : scope->found(qualifier, name);
      if (found.size() > 1)
        fail(sqlstate::ambiguous_column, fmt::format("column reference \"{}\" is ambiguous", name), location);
      if (found.size() == 1) {
        const ScopeColumn& column = *found[0];
        for (const auto& each : scope->items)
          if (!each.lateral_ok && &column >= each.columns.data() && &column < each.columns.data() + each.columns.size())
            fail(sqlstate::invalid_column_reference,
                 fmt::format("invalid reference to FROM-clause entry for table \"{}\"", each.alias), location, {},
                 "The combining JOIN type must be INNER or LEFT for a LATERAL reference.");
        if (column.place < scope->join_first) refuse("LATERAL across a join", location);
        for (std::size_t i = 0; i < crossed.size(); ++i)
          crossed[i]->escape = std::max(crossed[i]->escape, static_cast<int>(crossed.size() - i));
        return column_of(column, level, location);
      }
      if (name == "tableoid")
        if (ExprPtr oid = table_oid(*scope, item, location)) return oid;
      if (level == 0 && clause_ != Clause::returning)
        if (ExprPtr system = system_column(*scope, item, name, location)) return system;
      if (item) {
        for (std::string_view system : {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
          if (name == system && item->table) refuse(fmt::format("system column \"{}\"", name), location);
        fail(sqlstate::undefined_column, fmt::format("column {}.{} does not exist", qualifier, name), location);
      }
      any = any || std::ranges::any_of(scope->items, [](const ScopeItem& each) { return each.table != nullptr; });
    }
    visible = scope->border == Scope::Border::subquery;
    if (!visible && scope->border == Scope::Border::statement) break;
    if (visible) {
      ++level;
      crossed.push_back(scope);
    }
  }
  for (std::string_view system : {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
    if (name == system && any) refuse(fmt::format("system column \"{}\"", name), location);
  if (qualifier.empty())
    if (ExprPtr row = find_whole_row(name, location)) return row;
  if (!qualifier.empty()) missing_table(qualifier, location);
  fail(sqlstate::undefined_column, fmt::format("column \"{}\" does not exist", name), location);
}

// The OID of the table that a row is from, where it is certain that it is from one.
ExprPtr Analyzer::table_oid(const Scope& scope, const ScopeItem* item, int location) const {
  if (!item) {
    if (scope.items.size() != 1) return nullptr;
    item = &scope.items[0];
  }
  if (!item->table || item->nullable) return nullptr;
  auto oid = literal(types::oid_oid, std::int64_t{item->table->oid}, location);
  oid->table = item->table->oid;
  oid->attribute = -6;
  return oid;
}

// errorMissingRTE(): it may be there, but not to be seen from here.
void Analyzer::missing_table(std::string_view qualifier, int location) {
  for (const Scope* scope = scope_; scope; scope = scope->outer)
    for (const auto& item : scope->items)
      if (item.alias == qualifier || (item.table && item.table->name == qualifier))
        fail(sqlstate::undefined_table,
             fmt::format("invalid reference to FROM-clause entry for table \"{}\"", qualifier), location,
             item.alias != qualifier && item.named
                 ? fmt::format("Perhaps you meant to reference the table alias \"{}\".", item.alias)
                 : fmt::format(
                       "There is an entry for table \"{}\", but it cannot be referenced from this part of the query.",
                       item.alias));
  fail(sqlstate::undefined_table, fmt::format("missing FROM-clause entry for table \"{}\"", qualifier), location);
}

}  // namespace pgconform::engine
