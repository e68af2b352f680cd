#include <algorithm>

#include "engine/analyze/parts.hpp"
#include "engine/analyze/walk.hpp"
#include "engine/analyzer.hpp"

// ORDER BY, DISTINCT ON, LIMIT: transformSortClause() and its like.
namespace pgconform::engine {

// findTargetlistEntrySQL92(): a bare name means an output column first, a bare number its place; -1 for what is
// neither.
int Analyzer::listed_target(const Node& node, Query& query, std::string_view clause) {
  if (node.is("ColumnRef") && node.body().list("fields").size() == 1) {
    std::string_view name = node.body().list("fields")[0]->string_of();
    if (name.empty()) return -1;
    // GROUP BY prefers a column of FROM.
    if (clause == "GROUP BY" && scope_ && !scope_->found("", name).empty()) return -1;
    int target = -1;
    for (std::size_t i = 0; i < query.columns.size(); ++i) {
      if (query.columns[i].name != name) continue;
      if (target >= 0) {
        if (same(*query.targets[static_cast<std::size_t>(target)], *query.targets[i])) continue;
        fail(sqlstate::ambiguous_column, fmt::format("{} \"{}\" is ambiguous", clause, name), node.body().location());
      }
      target = static_cast<int>(i);
    }
    return target;
  }
  if (!node.is("A_Const")) return -1;
  ExprPtr place = constant(node.body());
  if (place->type != types::int4_oid)
    fail(sqlstate::syntax_error, fmt::format("non-integer constant in {}", clause), place->location);
  auto number = std::get<std::int64_t>(place->value);
  if (number < 1 || number > std::ssize(query.columns))
    fail(sqlstate::invalid_column_reference, fmt::format("{} position {} is not in select list", clause, number),
         place->location);
  return static_cast<int>(number) - 1;
}

// findTargetlistEntrySQL99(): a result that is the same, or one more that is not shown.
int Analyzer::find_or_add(ExprPtr expr, Query& query) {
  for (std::size_t i = 0; i < query.targets.size(); ++i)
    if (same(*query.targets[i], *expr)) return static_cast<int>(i);
  query.targets.push_back(std::move(expr));
  return static_cast<int>(query.targets.size()) - 1;
}

SortKey sort_key(const Node& sort, int target) {
  bool descending = sort.text("sortby_dir") == "SORTBY_DESC";
  std::string_view nulls = sort.text("sortby_nulls");
  bool first = nulls == "SORTBY_NULLS_FIRST" || (nulls != "SORTBY_NULLS_LAST" && descending);
  return {target, descending, first};
}

void Analyzer::order_by(const Node& s, Query& query) {
  for (const auto* each : s.list("sortClause")) {
    const Node& sort = each->body();
    const Node& node = sort["node"];
    clause_ = Clause::order_by;
    if (sort.text("sortby_dir") == "SORTBY_USING") refuse("ORDER BY USING", sort.location());
    int target = listed_target(node, query, "ORDER BY");
    int location = node.body().location();
    if (target < 0) {
      ExprPtr expr = expression(node);
      location = expr->location;
      auto visible = static_cast<int>(query.targets.size());
      target = find_or_add(std::move(expr), query);
      if ((target == visible || node.is("CollateClause")) && query.operation != Query::Operation::none)
        fail(sqlstate::feature_not_supported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause", location,
             "Add the expression/function to every SELECT, or move the UNION into a FROM clause.",
             "Only result column names can be used, not expressions or functions.");
    }
    auto& chosen = query.targets[static_cast<std::size_t>(target)];
    resolve_unknown(chosen);
    need_order(chosen->type, location);
    if (std::ranges::find(query.order, target, &SortKey::target) == query.order.end())
      query.order.push_back(sort_key(sort, target));
  }
}

// transformDistinctClause() and transformDistinctOnClause().
void Analyzer::distinct(const Node& s, Query& query) {
  const auto& list = s.list("distinctClause");
  if (list.empty()) return;
  bool on = !list[0]->is_empty() && !list[0]->members().empty();
  if (!on) {
    for (const auto& key : query.order)
      if (key.target >= std::ssize(query.columns))
        fail(sqlstate::invalid_column_reference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
             query.targets[static_cast<std::size_t>(key.target)]->location);
    for (auto& target : query.targets) {
      resolve_unknown(target);
      need_equality(target->type, target->location);
    }
    return;
  }
  query.distinct = false;
  clause_ = Clause::distinct_on;
  std::vector<int> locations;
  for (const auto* node : list) {
    int target = listed_target(*node, query, "DISTINCT ON");
    int location = node->body().location();
    if (target < 0) {
      ExprPtr expr = expression(*node);
      location = expr->location;
      target = find_or_add(std::move(expr), query);
    }
    auto& chosen = query.targets[static_cast<std::size_t>(target)];
    resolve_unknown(chosen);
    need_equality(chosen->type, location);
    if (std::ranges::find(query.distinct_on, target) != query.distinct_on.end()) continue;
    query.distinct_on.push_back(target);
    locations.push_back(node->body().location());
  }
  auto mismatch = [](int location) {
    fail(sqlstate::invalid_column_reference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions",
         location);
  };
  bool skipped = false;
  for (const auto& key : query.order) {
    bool chosen = std::ranges::find(query.distinct_on, key.target) != query.distinct_on.end();
    if (chosen && skipped)
      mismatch(locations[static_cast<std::size_t>(std::ranges::find(query.distinct_on, key.target) -
                                                  query.distinct_on.begin())]);
    skipped = skipped || !chosen;
  }
  for (std::size_t i = 0; i < query.distinct_on.size(); ++i) {
    if (std::ranges::find(query.order, query.distinct_on[i], &SortKey::target) != query.order.end()) continue;
    if (skipped) mismatch(locations[i]);
    query.order.push_back({query.distinct_on[i], false, false});
  }
}

ExprPtr Analyzer::to_bigint(ExprPtr expr, std::string_view clause) {
  Oid source[] = {expr->type}, target[] = {types::int8_oid};
  if (!can_coerce(source, target, CastContext::assignment))
    fail(sqlstate::datatype_mismatch,
         fmt::format("argument of {} must be type bigint, not type {}", clause, types::type_name(expr->type)),
         expr->location);
  return coerce(std::move(expr), types::int8_oid, CastContext::assignment);
}

// checkExprIsVarFree().
ExprPtr Analyzer::without_variables(ExprPtr expr, std::string_view clause) {
  const Expr* variable = nullptr;
  each_column(*expr, 0, [&](const Expr& column, int level) {
    if (level == 0 && !variable) variable = &column;
  });
  if (variable)
    fail(sqlstate::invalid_column_reference, fmt::format("argument of {} must not contain variables", clause),
         variable->location);
  return expr;
}

void Analyzer::limits(const Node& s, Query& query) {
  auto bound = [&](std::string_view key, std::string_view name, Clause clause) -> ExprPtr {
    if (!s.has(key)) return nullptr;
    clause_ = clause;
    return without_variables(to_bigint(expression(s[key]), name), name);
  };
  query.with_ties = s.text("limitOption") == "LIMIT_OPTION_WITH_TIES" && s.has("limitCount");
  if (query.with_ties && query.order.empty())
    fail(sqlstate::syntax_error, "WITH TIES cannot be specified without ORDER BY clause");
  query.offset = bound("limitOffset", "OFFSET", Clause::offset);
  query.limit = bound("limitCount", "LIMIT", Clause::limit);
}

// The ORDER BY inside an aggregate; its expressions join the arguments.
void Analyzer::order_aggregate(const Node& body, Aggregate& aggregate) {
  std::size_t shown = aggregate.args.size();
  for (const auto* each : body.list("agg_order")) {
    const Node& sort = each->body();
    if (sort.text("sortby_dir") == "SORTBY_USING") refuse("ORDER BY USING", sort.location());
    ExprPtr expr = expression(sort["node"]);
    resolve_unknown(expr);
    need_order(expr->type, expr->location);
    auto it = std::ranges::find_if(aggregate.args, [&](const ExprPtr& arg) { return same(*arg, *expr); });
    auto place = static_cast<int>(it - aggregate.args.begin());
    if (it == aggregate.args.end()) {
      if (aggregate.distinct)
        fail(sqlstate::invalid_column_reference,
             "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list", expr->location);
      aggregate.args.push_back(std::move(expr));
    }
    aggregate.order.push_back(sort_key(sort, place));
  }
  if (!aggregate.distinct) return;
  for (std::size_t i = 0; i < shown; ++i) {
    const Expr& arg = *aggregate.args[i];
    need_equality(arg.type, arg.location);
    if (!has_order(arg.type))
      fail(sqlstate::undefined_function,
           fmt::format("could not identify an ordering operator for type {}", types::type_name(arg.type)), arg.location,
           {}, "Aggregates with DISTINCT must be able to sort their inputs.");
    if (std::ranges::find(aggregate.order, static_cast<int>(i), &SortKey::target) == aggregate.order.end())
      aggregate.order.push_back({static_cast<int>(i), false, false});
  }
}

}  // namespace pgconform::engine
