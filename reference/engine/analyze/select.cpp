#include "engine/analyze/inside.hpp"
#include "engine/analyze/parts.hpp"
#include "engine/nodes/conditions.hpp"
#include "engine/stack.hpp"

// SELECT and VALUES: transformSelectStmt().
namespace pgconform::engine {
namespace {

bool reads_last_round(const FromItem& item) {
  StackBase::check();
  if (item.kind == FromItem::Kind::join) return reads_last_round(*item.left) || reads_last_round(*item.right);
  return item.working;
}

}  // namespace

void Analyzer::refuse_clauses(const Node& s) {
  if (s.has("intoClause") && &s["intoClause"] != into_)
    fail(sqlstate::syntax_error, "SELECT ... INTO is not allowed here", s["intoClause"]["rel"].location());
  refuse_locking(s);
}

std::unique_ptr<Query> Analyzer::query(const Node& s, bool resolve_unknowns) {
  return inner_query(s, Scope::Border::statement, resolve_unknowns);
}

std::unique_ptr<Query> Analyzer::inner_query(const Node& s, Scope::Border border, bool resolve_unknowns, int* escape) {
  StackBase::check();
  auto result = std::make_unique<Query>();
  Inside inside(*this, result.get(), border);
  refuse_clauses(s);
  if (s.has("withClause")) with(s["withClause"], result->with);
  if (s.text("op") != "SETOP_NONE")
    set_operation(s, *result);
  else if (!s.list("valuesLists").empty())
    values_query(s, *result, resolve_unknowns);
  else
    plain_select(s, *result, resolve_unknowns);
  if (escape) *escape = inside.scope.escape;
  return result;
}

void Analyzer::plain_select(const Node& s, Query& result, bool resolve_unknowns) {
  const bool outer_places = std::exchange(wants_places_, s.has("lockingClause") || (for_cursor_ && !scope_->outer));
  from_list(s.list("fromClause"), result.from);
  wants_places_ = outer_places;
  result.series_at = scope_->width;
  for (const auto* definition : s.list("windowClause")) {
    const Node& named = definition->body();
    for (const auto* other : scope_->windows)
      if (other->text("name") == named.text("name"))
        fail(sqlstate::windowing_error, fmt::format("window \"{}\" is already defined", named.text("name")),
             named.location());
    scope_->windows.push_back(&named);
  }
  targets(s.list("targetList"), result.targets, result.columns, false, Clause::select_list);
  if (s.has("whereClause")) {
    clause_ = Clause::where;
    result.where = to_boolean(expression(s["whereClause"]), "WHERE");
  }
  if (s.has("havingClause")) {
    clause_ = Clause::having;
    result.having = to_boolean(expression(s["havingClause"]), "HAVING");
  }
  result.distinct = !s.list("distinctClause").empty();
  order_by(s, result);
  group_by(s, result);
  distinct(s, result);
  limits(s, result);
  windows(result);
  if (resolve_unknowns)
    for (auto& target : result.targets) resolve_unknown(target);
  for (std::size_t i = 0; i < result.columns.size(); ++i)
    result.columns[i] = describe(*result.targets[i], result.columns[i].name);
  result.is_grouped = !result.aggregates.empty() || !result.keys.empty() || result.having || !result.sets.empty() ||
                      result.asks_grouping;
  if (!result.aggregates.empty() && result.from && reads_last_round(*result.from))
    fail(sqlstate::invalid_recursion, "aggregate functions are not allowed in a recursive query's recursive term",
         result.aggregates[0].location);
  if (result.is_grouped) regroup(result);
  place_window_calls(result);
  lock_rows(s, result);
  if (for_cursor_ && !scope_->outer) keep_place(result);
  drop_unused(result);
  place_conditions(result);
}

void Analyzer::values_query(const Node& s, Query& result, bool resolve_unknowns) {
  clause_ = Clause::values;
  std::size_t width = 0;
  for (const auto* list : s.list("valuesLists")) {
    const auto& items = list->body().list("items");
    if (result.values.empty()) width = items.size();
    if (items.size() != width)
      fail(sqlstate::syntax_error, "VALUES lists must all be the same length",
           items.empty() ? -1 : items[0]->body().location());
    auto& row = result.values.emplace_back();
    for (const auto* item : items) {
      if (item->is("SetToDefault"))
        fail(sqlstate::syntax_error, "DEFAULT is not allowed in this context", item->body().location());
      row.push_back(expression(*item));
    }
  }
  ScopeItem names{"*VALUES*"};
  for (std::size_t i = 0; i < width; ++i) {
    std::vector<const ExprPtr*> column;
    for (const auto& row : result.values) column.push_back(&row[i]);
    bool open = !resolve_unknowns &&
                std::ranges::all_of(column, [](const auto* e) { return (**e).type == types::unknown_oid; });
    Oid type = open ? types::unknown_oid : common_type(column, "VALUES");
    std::int32_t modifier = result.values[0][i]->modifier;
    for (auto& row : result.values) {
      row[i] = coerce(std::move(row[i]), type, CastContext::implicit);
      if (row[i]->modifier != modifier) modifier = -1;
    }
    std::string name = fmt::format("column{}", i + 1);
    auto target = column_at(static_cast<int>(i), type, modifier, -1);
    target->text = "*VALUES*." + name;
    result.columns.push_back(describe(*target, name));
    result.targets.push_back(std::move(target));
    names.columns.push_back({name, type, modifier, static_cast<int>(i), 0, 0, "*VALUES*." + name});
  }
  scope_->width = static_cast<int>(width);
  scope_->items.push_back(std::move(names));
  result.series_at = scope_->width;
  order_by(s, result);
  limits(s, result);
  windows(result);
  place_window_calls(result);
}

}  // namespace pgconform::engine
