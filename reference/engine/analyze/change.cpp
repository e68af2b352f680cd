#include <algorithm>

#include "engine/analyze/inside.hpp"
#include "engine/analyze/parts.hpp"
#include "engine/analyze/walk.hpp"
#include "engine/session_state.hpp"
#include "engine/stack.hpp"

// INSERT, UPDATE, DELETE: transformInsertStmt() and its like.
namespace pgconform::engine {

std::shared_ptr<Table> Analyzer::table_for_change(const Node& r, std::string_view verb) {
  auto table = find_table(r);
  if (table->oid < Database::first_oid)
    fail(sqlstate::insufficient_privilege,
         fmt::format("permission denied for {} {}", table->kind == 'v' ? "view" : "table", table->name));
  if (table->kind == 'v') refuse(fmt::format("{} of a view", verb), r.location());
  written_.push_back(table);
  return table;
}

bool Analyzer::change_of_rows(const Node& node, Plan& plan, std::optional<std::vector<session::Column>>& columns) {
  if (node.is("InsertStmt"))
    plan.insert = insert(node.body(), columns);
  else if (node.is("UpdateStmt") || node.is("DeleteStmt"))
    plan.change = change(node.body(), node.is("DeleteStmt"), columns);
  else if (node.is("MergeStmt"))
    plan.merge = merge(node.body());
  return plan.insert || plan.change || plan.merge;
}

// checkInsertTargets()
void Analyzer::insert_targets(const std::vector<const Node*>& cols, const Table& table, std::vector<int>& places,
                              std::vector<const Node*>& nodes) const {
  for (const auto* each : cols) {
    const Node& col = each->body();
    auto it = std::ranges::find(table.columns, col.text("name"), &TableColumn::name);
    if (it == table.columns.end())
      fail(sqlstate::undefined_column,
           fmt::format("column \"{}\" of relation \"{}\" does not exist", col.text("name"), table.name),
           col.location());
    auto place = static_cast<int>(it - table.columns.begin());
    for (std::size_t i = 0; i < places.size(); ++i)
      if (places[i] == place && !(col.has("indirection") && nodes[i]->has("indirection")))
        fail(sqlstate::duplicate_column, fmt::format("column \"{}\" specified more than once", col.text("name")),
             col.location());
    places.push_back(place);
    nodes.push_back(&col);
  }
}

std::unique_ptr<Insert> Analyzer::insert(const Node& node, std::optional<std::vector<session::Column>>& columns) {
  Inside around(*this, nullptr, Scope::Border::statement);
  auto result = std::make_unique<Insert>();
  if (node.has("withClause")) with(node["withClause"], result->with);
  result->table = table_for_change(node["relation"], "insert");
  result->alias = node["relation"].has("alias") ? node["relation"]["alias"].text("aliasname") : result->table->name;
  result->user_values_count = node.text("override") != "OVERRIDING_USER_VALUE";
  const auto& attributes = result->table->columns;
  // The table has a name, but what is inserted does not see it.
  around.scope.items.push_back(names_of(result->table, result->alias));
  around.scope.items[0].named = around.scope.items[0].bare = false;
  std::vector<const Node*> cols;
  insert_targets(node.list("cols"), *result->table, result->places, cols);
  // put: a value for the column that target `i` names; for some element of it, of an array that is NULL so far.
  auto put = [&](std::size_t i, ExprPtr value, ExprPtr before) {
    const auto& column = attributes[static_cast<std::size_t>(result->places[i])];
    if (cols.empty() || !cols[i]->has("indirection")) return assign(std::move(value), column);
    if (!before) before = make_expr(ExprKind::constant, column.type, -1);
    return element_assigned(*cols[i], std::move(value), column, std::move(before));
  };
  bool listed = !result->places.empty();
  const Node& select = node["selectStmt"].body();
  auto check_width = [&](std::size_t width, int location) {
    if (width > result->places.size())
      fail(sqlstate::syntax_error, "INSERT has more expressions than target columns", location);
    if (listed && width < result->places.size())
      fail(sqlstate::syntax_error, "INSERT has more target columns than expressions", cols[width]->location());
    result->places.resize(width);
  };
  if (!listed)
    for (std::size_t i = 0; i < attributes.size(); ++i) result->places.push_back(static_cast<int>(i));
  if (node.has("selectStmt")) {
    const auto& lists = select.list("valuesLists");
    if (!lists.empty() && select.list("sortClause").empty() && !select.has("limitCount") &&
        !select.has("limitOffset") && !select.has("withClause")) {
      result->source = std::make_unique<Query>();
      Inside inside(*this, result->source.get(), Scope::Border::statement);
      clause_ = Clause::values;
      for (const auto* list : lists) {
        const auto& items = list->body().list("items");
        if (items.size() != lists[0]->body().list("items").size())
          fail(sqlstate::syntax_error, "VALUES lists must all be the same length", items[0]->body().location());
        if (items.size() > result->places.size())
          fail(sqlstate::syntax_error, "INSERT has more expressions than target columns",
               items[result->places.size()]->body().location());
        if (result->source->values.empty()) check_width(items.size(), -1);
        auto& row = result->source->values.emplace_back();
        for (std::size_t i = 0; i < items.size(); ++i) {
          const auto& column = attributes[static_cast<std::size_t>(result->places[i])];
          const auto same =
              static_cast<std::size_t>(std::ranges::find(result->places, result->places[i]) - result->places.begin());
          const bool is_part = !cols.empty() && cols[i]->has("indirection");
          if (items[i]->is("SetToDefault") && is_part)
            fail(sqlstate::feature_not_supported, "cannot set an array element to DEFAULT", cols[i]->location());
          if (items[i]->is("SetToDefault")) {
            auto value = make_expr(ExprKind::column_default, column.type, -1);
            value->shared = column.default_value;
            row.push_back(std::move(value));
          } else {
            auto value = expression(*items[i]);
            if (same < i) row[same] = put(i, std::move(value), std::move(row[same]));
            row.push_back(same < i ? nullptr : put(i, std::move(value), nullptr));
          }
        }
        std::erase(row, nullptr);
      }
      std::vector<int> once;
      for (int place : result->places)
        if (std::ranges::find(once, place) == once.end()) once.push_back(place);
      result->places = std::move(once);
      for (std::size_t i = 0; i < result->places.size(); ++i) {
        auto target = make_expr(ExprKind::column, attributes[static_cast<std::size_t>(result->places[i])].type, -1);
        target->number = static_cast<int>(i);
        result->source->targets.push_back(std::move(target));
        result->source->columns.emplace_back();
      }
    } else {
      result->source = query(select, false);
      const auto width = result->source->columns.size();
      check_width(width, width > result->places.size() ? result->source->targets[result->places.size()]->location : -1);
      for (std::size_t i = 0; i < result->places.size(); ++i) {
        auto& target = result->source->targets[i];
        const auto& column = attributes[static_cast<std::size_t>(result->places[i])];
        bool sorted = std::ranges::any_of(result->source->order,
                                          [&](const SortKey& k) { return k.target == static_cast<int>(i); });
        if (sorted && target->type != column.type) refuse("ORDER BY a column that INSERT converts");
        if (result->source->distinct && target->type != column.type)
          refuse("DISTINCT on a column that INSERT converts");
        if (!result->source->values.empty() && target->type == types::unknown_oid) resolve_unknown(target);
        if (std::ranges::count(result->places, result->places[i]) > 1)
          refuse("more than one element of an array from a query");
        target = put(i, std::move(target), nullptr);
      }
    }
    check_given(*result, node);
  } else {
    result->places.clear();
  }
  if (node.has("onConflictClause")) conflict(node["onConflictClause"], *result);
  if (node.has("returningList")) {
    Inside inside(*this, nullptr, Scope::Border::statement);
    inside.scope.items.push_back(names_of(result->table, result->alias));
    columns.emplace();
    targets(node.list("returningList"), result->returning, *columns, true, Clause::returning);
  }
  return result;
}

std::unique_ptr<Change> Analyzer::change(const Node& node, bool is_delete,
                                         std::optional<std::vector<session::Column>>& columns) {
  Inside inside(*this, nullptr, Scope::Border::statement);
  auto result = std::make_unique<Change>();
  result->is_delete = is_delete;
  if (node.has("withClause")) with(node["withClause"], result->with);
  result->table = table_for_change(node["relation"], is_delete ? "delete" : "update");
  result->from = std::make_unique<FromItem>();
  result->from->table = result->table;
  add_to_scope(*result->from, names_of(result->table, result->table->name), node["relation"]["alias"]);
  result->from->with_place = true;
  inside.scope.items[0].place = inside.scope.width;
  ++result->from->width;
  ++inside.scope.width;
  // What follows FROM or USING does not see the table.
  inside.scope.items[0].lateral_ok = false;
  FromItem& target = *result->from;
  from_list(node.list(is_delete ? "usingClause" : "fromClause"), result->from);
  inside.scope.items[0].lateral_ok = true;
  if (node["whereClause"].is("CurrentOfExpr")) {
    target.cursor = node["whereClause"].body().text("cursor_name");
  } else if (node.has("whereClause")) {
    clause_ = Clause::where;
    result->where = to_boolean(expression(node["whereClause"]), "WHERE");
  }
  if (node.has("returningList")) {
    columns.emplace();
    targets(node.list("returningList"), result->returning, *columns, true, Clause::returning);
  }
  assignments(node.list("targetList"), *result->table, result->assignments);
  return result;
}

void need_immutable(const Expr& expr, const std::string& otherwise) {
  StackBase::check();
  if (expr.kind == ExprKind::current || (expr.kind == ExprKind::call && !expr.immutable))
    fail(sqlstate::invalid_object_definition, otherwise);
  for (const auto& arg : expr.args) need_immutable(*arg, otherwise);
}

std::shared_ptr<const Expr> Analyzer::generation_of(const Node& node, const TableColumn& column, const Table& table) {
  Inside inside(*this, nullptr, Scope::Border::statement);
  inside.scope.items.push_back(names_of(std::make_shared<Table>(table), table.name));
  clause_ = Clause::generation;
  ExprPtr expr = expression(node);
  each_column(*expr, 0, [&](const Expr& used, int) {
    const auto& other = table.columns[static_cast<std::size_t>(used.number)];
    if (other.generated || other.number == column.number)
      fail(sqlstate::invalid_object_definition,
           fmt::format("cannot use generated column \"{}\" in column generation expression", other.name), used.location,
           {}, "A generated column cannot reference another generated column.");
  });
  auto made = assigned_to(std::move(expr), column, "default expression");
  need_immutable(*made, "generation expression is not immutable");
  return made;
}

std::shared_ptr<const Expr> Analyzer::index_expression_of(const Node& node, const Table& table) {
  Inside inside(*this, nullptr, Scope::Border::statement);
  inside.scope.items.push_back(names_of(std::make_shared<Table>(table), table.name));
  clause_ = Clause::index_expression;
  ExprPtr expr = expression(node);
  resolve_unknown(expr);
  return expr;
}

std::shared_ptr<const Expr> Analyzer::index_predicate_of(const Node& node, const Table& table) {
  Inside inside(*this, nullptr, Scope::Border::statement);
  inside.scope.items.push_back(names_of(std::make_shared<Table>(table), table.name));
  clause_ = Clause::index_predicate;
  return to_boolean(expression(node), "WHERE");
}

std::shared_ptr<const Expr> Analyzer::default_of(const Node& node, const TableColumn& column) {
  clause_ = Clause::default_value;
  return assigned_to(expression(node), column, "default expression");
}

std::shared_ptr<const Expr> Analyzer::default_as(const Expr& value, const TableColumn& column) {
  // What was cast because of the old type is not cast twice: strip_implicit_coercions().
  const Expr* stripped = &value;
  while (stripped->is_implicit && stripped->args.size() == 1) stripped = stripped->args[0].get();
  Oid source[] = {stripped->type}, target[] = {column.type};
  if (!can_coerce(source, target, CastContext::assignment))
    fail(sqlstate::datatype_mismatch, fmt::format("default for column \"{}\" cannot be cast automatically to type {}",
                                                  column.name, types::type_name(column.type)));
  auto made = coerce(clone(*stripped), column.type, CastContext::assignment);
  if (made->kind == ExprKind::array_coerce) made->is_implicit = true;
  return fit(std::move(made), column.modifier, CastContext::assignment);
}

ExprPtr Analyzer::assigned_to(ExprPtr expr, const TableColumn& column, std::string_view what) {
  Oid source[] = {expr->type}, target[] = {column.type};
  if (!can_coerce(source, target, CastContext::assignment))
    fail(sqlstate::datatype_mismatch,
         fmt::format("column \"{}\" is of type {} but {} is of type {}", column.name, types::type_name(column.type),
                     what, types::type_name(expr->type)),
         -1, "You will need to rewrite or cast the expression.");
  return fit(coerce(std::move(expr), column.type, CastContext::assignment), column.modifier, CastContext::assignment);
}

}  // namespace pgconform::engine
