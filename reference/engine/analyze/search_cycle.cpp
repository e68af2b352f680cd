#include <algorithm>
#include <tuple>

#include "engine/analyze/parts.hpp"
#include "engine/analyzer.hpp"

// SEARCH and CYCLE of WITH RECURSIVE: more columns, in which each row keeps the path to it, or how deep it lies, and
// whether it has been on that path before: analyzeCTE(), rewriteSearchAndCycle().
namespace pgconform::engine {
namespace {

// The places of the columns that a clause lists.
std::vector<int> listed_columns(const Node& clause, std::string_view key, std::string_view what,
                                const CommonTable& table) {
  const auto end = table.columns.end() - table.extra;
  std::vector<int> places;
  for (const auto* each : clause.list(key)) {
    const auto name = each->string_of();
    const auto it = std::ranges::find(table.columns.begin(), end, name, &session::Column::name);
    if (it == end)
      fail(sqlstate::syntax_error, fmt::format("{} column \"{}\" not in WITH query column list", what, name),
           clause.location());
    const auto place = static_cast<int>(it - table.columns.begin());
    if (std::ranges::find(places, place) != places.end())
      fail(sqlstate::duplicate_column, fmt::format("{} column \"{}\" specified more than once", what, name),
           clause.location());
    places.push_back(place);
  }
  return places;
}

void need_fresh(const CommonTable& table, std::string_view name, std::string_view what, int location) {
  const auto end = table.columns.end() - table.extra;
  if (std::ranges::find(table.columns.begin(), end, name, &session::Column::name) != end)
    fail(sqlstate::syntax_error,
         fmt::format("{} column name \"{}\" already used in WITH query column list", what, name), location);
}

// ROW of those columns; `first` stands before them.
ExprPtr row_of(const std::vector<int>& places, const Query& query, ExprPtr first = nullptr) {
  auto row = make_expr(ExprKind::row, types::record_oid, -1);
  if (first) row->args.push_back(std::move(first));
  for (int place : places) {
    const Expr& target = *query.targets[static_cast<std::size_t>(place)];
    row->args.push_back(column_at(place, target.type, target.modifier, -1));
  }
  return row;
}

ExprPtr list_of(ExprPtr row) {
  auto list = make_expr(ExprKind::array, types::record_array_oid, -1);
  list->args.push_back(std::move(row));
  return list;
}

ExprPtr longer(ExprPtr path, ExprPtr row) {
  auto made = make_expr(ExprKind::call, types::record_array_oid, -1);
  made->strict = false;
  made->implementation = find_implementation("array_cat");
  made->args.push_back(std::move(path));
  made->args.push_back(list_of(std::move(row)));
  return made;
}

const FromItem* find_working(const FromItem* item, const CommonTable& table) {
  if (!item || (item->working && item->common == &table)) return item;
  if (item->kind != FromItem::Kind::join) return nullptr;
  const auto* found = find_working(item->left.get(), table);
  return found ? found : find_working(item->right.get(), table);
}

}  // namespace

std::pair<ExprPtr, ExprPtr> Analyzer::cycle_marks(const Node& cycle) {
  clause_ = Clause::select_list;
  auto marked = expression(cycle["cycle_mark_value"]), unmarked = expression(cycle["cycle_mark_default"]);
  const ExprPtr* pair[] = {&marked, &unmarked};
  const Oid type = common_type(pair, "CYCLE");
  marked = coerce(std::move(marked), type, CastContext::implicit);
  unmarked = coerce(std::move(unmarked), type, CastContext::implicit);
  need_equality(type, -1);
  return {std::move(marked), std::move(unmarked)};
}

// The columns themselves, before the recursive term is analysed, which may name them.
void Analyzer::add_search_and_cycle(const Node& node, CommonTable& table) {
  const Node &search = node["search_clause"], &cycle = node["cycle_clause"];
  auto add = [&](std::string_view name, Oid type) {
    table.columns.push_back(describe(*column_at(0, type, -1, -1), std::string(name)));
    ++table.extra;
  };
  if (!search.is_empty())
    add(search.text("search_seq_column"),
        search.flag("search_breadth_first") ? types::record_oid : types::record_array_oid);
  if (cycle.is_empty()) return;
  add(cycle.text("cycle_mark_column"), cycle_marks(cycle).first->type);
  add(cycle.text("cycle_path_column"), types::record_array_oid);
}

void Analyzer::search_and_cycle(const Node& node, CommonTable& table) {
  const Node &search = node["search_clause"], &cycle = node["cycle_clause"];
  Query& query = *table.query;
  auto need_select = [](const Query& side, std::string_view name) {
    if (side.operation != Query::Operation::none)
      fail(name == "left" ? sqlstate::feature_not_supported : sqlstate::syntax_error,
           fmt::format("with a SEARCH or CYCLE clause, the {} side of the UNION must be a SELECT", name));
  };
  need_select(*query.left, "left");
  need_select(*query.right, "right");
  const auto width = static_cast<int>(query.targets.size());
  std::vector<int> searched, cycled;
  const auto sequence = search.text("search_seq_column"), mark = cycle.text("cycle_mark_column"),
             path = cycle.text("cycle_path_column");
  if (!search.is_empty()) {
    searched = listed_columns(search, "search_col_list", "search", table);
    need_fresh(table, sequence, "search sequence", search.location());
  }
  ExprPtr marked, unmarked;
  if (!cycle.is_empty()) {
    cycled = listed_columns(cycle, "cycle_col_list", "cycle", table);
    std::tie(marked, unmarked) = cycle_marks(cycle);
    need_fresh(table, mark, "cycle mark", cycle.location());
    need_fresh(table, path, "cycle path", cycle.location());
    if (mark == path)
      fail(sqlstate::syntax_error, "cycle mark column name and cycle path column name are the same", cycle.location());
  }
  if (!search.is_empty() && !cycle.is_empty())
    for (const auto& [name, what] : {std::pair{mark, "mark"}, std::pair{path, "path"}})
      if (sequence == name)
        fail(sqlstate::syntax_error,
             fmt::format("search sequence column name and cycle {} column name are the same", what), search.location());
  Query& right = *query.right;
  const FromItem* working = find_working(right.from.get(), table);
  if (!working)
    fail(sqlstate::feature_not_supported,
         fmt::format("with a SEARCH or CYCLE clause, the recursive reference to WITH query \"{}\" must be at the top "
                     "level of its right-hand SELECT",
                     table.name));
  if (right.is_grouped || right.distinct || !right.distinct_on.empty() || !right.series.empty())
    refuse("SEARCH or CYCLE of such a query", node.location());

  for (int i = 0; i < width; ++i) {
    const Expr& target = *query.targets[static_cast<std::size_t>(i)];
    query.left_casts.push_back(column_at(i, target.type, target.modifier, -1));
  }
  int extra = 0;
  // A column more: what the first rows have in it, and what the others make of the one in the row before.
  auto add = [&](Oid type, ExprPtr first, auto&& next) {
    const int before = static_cast<int>(right.targets.size());
    right.targets.push_back(column_at(working->first + width + extra, type, -1, -1));
    query.left_casts.push_back(std::move(first));
    query.right_casts.push_back(next(column_at(before, type, -1, -1)));
    query.operand_types.push_back(type);
    query.targets.push_back(column_at(width + extra, type, -1, -1));
    ++extra;
  };
  if (search.flag("search_breadth_first")) {
    auto depth = [](ExprPtr row) {
      auto field = make_expr(ExprKind::field, types::int8_oid, -1);
      field->args.push_back(std::move(row));
      return field;
    };
    add(types::record_oid, row_of(searched, query, literal(types::int8_oid, std::int64_t{0}, -1)), [&](ExprPtr before) {
      auto deeper = apply_operator("+", depth(std::move(before)), literal(types::int8_oid, std::int64_t{1}, -1), -1);
      return row_of(searched, query, std::move(deeper));
    });
  } else if (!search.is_empty()) {
    add(types::record_array_oid, list_of(row_of(searched, query)),
        [&](ExprPtr before) { return longer(std::move(before), row_of(searched, query)); });
  }
  if (cycle.is_empty()) return;
  const int mark_place = working->first + width + extra;
  const int path_place = static_cast<int>(right.targets.size()) + 1;
  add(marked->type, clone(*unmarked), [&](ExprPtr) {
    auto element = make_expr(ExprKind::operand, types::record_oid, -1);
    auto been = apply_operator("=", row_of(cycled, query), std::move(element), -1);
    been->kind = ExprKind::any_of;
    been->args.push_back(column_at(path_place, types::record_array_oid, -1, -1));
    auto choice = make_expr(ExprKind::choice, marked->type, -1);
    choice->args.push_back(std::move(been));
    choice->args.push_back(clone(*marked));
    choice->args.push_back(clone(*unmarked));
    return choice;
  });
  add(types::record_array_oid, list_of(row_of(cycled, query)),
      [&](ExprPtr before) { return longer(std::move(before), row_of(cycled, query)); });
  // What closes a cycle leads nowhere.
  auto mark_before = column_at(mark_place, marked->type, -1, -1);
  auto goes_on = apply_operator("<>", std::move(mark_before), std::move(marked), -1);
  if (!right.where) {
    right.where = std::move(goes_on);
    return;
  }
  auto both = make_expr(ExprKind::both, types::bool_oid, -1);
  both->args.push_back(std::move(goes_on));
  both->args.push_back(std::move(right.where));
  right.where = std::move(both);
}

}  // namespace pgconform::engine
