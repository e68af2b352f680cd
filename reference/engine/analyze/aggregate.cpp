#include "engine/analyze/parts.hpp"
#include "engine/analyze/walk.hpp"
#include "engine/analyzer.hpp"
#include "engine/stack.hpp"

// Calls of aggregate functions: transformAggregateCall().
namespace pgconform::engine {

std::string_view Analyzer::clause_without_aggregates() const {
  static constexpr std::pair<Clause, std::string_view> names[] = {{Clause::where, "WHERE"},
                                                                  {Clause::from, "functions in FROM"},
                                                                  {Clause::join, "JOIN conditions"},
                                                                  {Clause::group_by, "GROUP BY"},
                                                                  {Clause::limit, "LIMIT"},
                                                                  {Clause::offset, "OFFSET"},
                                                                  {Clause::values, "VALUES"},
                                                                  {Clause::returning, "RETURNING"},
                                                                  {Clause::set, "UPDATE"},
                                                                  {Clause::merge_when, "MERGE WHEN conditions"},
                                                                  {Clause::filter, "FILTER"},
                                                                  {Clause::frame_range, "window RANGE"},
                                                                  {Clause::frame_rows, "window ROWS"},
                                                                  {Clause::frame_groups, "window GROUPS"},
                                                                  {Clause::check, "check constraints"},
                                                                  {Clause::conversion, "transform expressions"},
                                                                  {Clause::generation, "column generation expressions"},
                                                                  {Clause::index_expression, "index expressions"},
                                                                  {Clause::index_predicate, "index predicates"},
                                                                  {Clause::default_value, "DEFAULT expressions"},
                                                                  {Clause::execute, "EXECUTE parameters"}};
  const auto* it = std::ranges::find(names, clause_, &std::pair<Clause, std::string_view>::first);
  return it == std::end(names) ? std::string_view() : it->second;
}

void Analyzer::forbid_aggregate(int location) {
  if (auto clause = clause_without_aggregates(); !clause.empty())
    fail(sqlstate::grouping_error, fmt::format("aggregate functions are not allowed in {}", clause), location);
}

namespace {

// What json_agg and its kin are given is made json, and text of keys, before it is added: only then is it known how.
void as_json_arguments(const FunctionFact& fact, const Node& body, std::vector<ExprPtr>& args) {
  if (!fact.name.starts_with("json")) return;
  int location = body.location();
  if (body.flag("agg_distinct")) refuse(fmt::format("DISTINCT in {}", fact.name), location);
  auto& value = args.back();
  const auto& maker = functions_named(fact.name.starts_with("jsonb") ? "to_jsonb" : "to_json")[0];
  auto made = make_expr(ExprKind::call, maker.result, value->location);
  made->implementation = find_implementation(maker.source);
  made->immutable = false;
  made->text = maker.source;
  made->function = &maker;
  made->args.push_back(std::move(value));
  value = std::move(made);
  if (args.size() == 1) return;
  Oid type = args[0]->type;
  if (types::is_array(type) || type == types::json_oid || type == types::jsonb_oid)
    refuse(fmt::format("a key of type {}", types::type_name(type)), location);
  if (type == types::text_oid) return;
  auto key = make_expr(ExprKind::output, types::text_oid, args[0]->location);
  key->immutable = false;
  key->args.push_back(std::move(args[0]));
  args[0] = std::move(key);
}

}  // namespace

// make_aggregate: what is the same with and without OVER.
Aggregate Analyzer::make_aggregate(const Node& body, const Found& found, std::vector<ExprPtr> args) {
  int location = body.location();
  using Kind = Aggregate::Kind;
  static constexpr std::pair<std::string_view, Kind> kinds[] = {
      {"count", Kind::count}, {"sum", Kind::sum},      {"avg", Kind::average},
      {"min", Kind::least},   {"max", Kind::greatest}, {"bool_and", Kind::every},
      {"every", Kind::every}, {"bool_or", Kind::some}, {"string_agg", Kind::join}};
  const FunctionFact& fact = *found.fact;
  Oid type = found.result;
  Oid argument = found.parameters.empty() ? 0 : found.parameters[0];
  const bool within = body.flag("agg_within_group");
  MakeTransition make = within ? find_ordered_set(fact.name) : find_transition(fact.name, argument);
  if (within && fact.name == "percentile_cont" && args[1]->type == types::interval_oid) make = nullptr;
  const auto* known = std::ranges::find(kinds, fact.name, &std::pair<std::string_view, Kind>::first);
  if (types::is_supported(type) && (make || known != std::end(kinds))) {
    Kind kind = make ? Kind::other : known->second;
    bool sums = kind == Kind::sum || kind == Kind::average;
    if (sums && !is_number(argument)) refuse(fmt::format("aggregate function {}", fact.name), location);
    if (make && !within) as_json_arguments(fact, body, args);
    Aggregate result{args.empty() ? Kind::count_all : kind, type, {}, body.flag("agg_distinct")};
    result.make = make;
    result.name = fact.name;
    result.argument = argument;
    result.args = std::move(args);
    result.location = location;
    if (fact.name == "count" && result.args.empty() && !body.flag("agg_star"))
      fail(sqlstate::wrong_object_type, "count(*) must be used to call a parameterless aggregate function", location);
    bool outer = std::exchange(in_aggregate_, true);
    if (within)
      order_within(body, result);
    else
      order_aggregate(body, result);
    in_aggregate_ = outer;
    if (body.has("agg_filter")) {
      Clause clause = std::exchange(clause_, Clause::filter);
      result.filter = to_boolean(expression(body["agg_filter"]), "FILTER");
      clause_ = clause;
    }
    return result;
  }
  refuse(fmt::format("aggregate function {}", fact.name), location);
}

namespace {

// The same expression as a query `by` levels further out has it.
void lower(Expr& expr, int by, int depth) {
  StackBase::check();
  if (expr.kind == ExprKind::column && expr.level - depth >= by) expr.level -= by;
  if (expr.kind == ExprKind::subquery && expr.number > 0) expr.number = std::max(expr.number - by, 0);
  for (auto& arg : expr.args) lower(*arg, by, depth);
  if (expr.subquery) each_expression(*expr.subquery, depth + 1, [&](ExprPtr& inner, int d) { lower(*inner, by, d); });
}

}  // namespace

// WITHIN GROUP (ORDER BY …): what it orders stands behind the direct arguments, which a hypothetical row is made of.
void Analyzer::order_within(const Node& body, Aggregate& aggregate) {
  const auto& list = body.list("agg_order");
  const bool is_hypothetical = aggregate.name != "mode" && !aggregate.name.starts_with("percentile");
  aggregate.direct = aggregate.args.size() - list.size();
  if (is_hypothetical && aggregate.direct != list.size()) {
    std::string types;
    for (const auto& arg : aggregate.args) types += (types.empty() ? "" : ", ") + types::type_name(arg->type);
    fail(sqlstate::undefined_function, fmt::format("function {}({}) does not exist", aggregate.name, types),
         body.location(),
         fmt::format("To use the hypothetical-set aggregate {}, the number of hypothetical direct arguments (here {}) "
                     "must match the number of ordering columns (here {}).",
                     aggregate.name, aggregate.direct, list.size()));
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Node& sort = list[i]->body();
    const auto place = aggregate.direct + i;
    if (sort.text("sortby_dir") == "SORTBY_USING") refuse("ORDER BY USING", sort.location());
    if (is_hypothetical) {
      const ExprPtr* pair[] = {&aggregate.args[i], &aggregate.args[place]};
      const Oid type = common_type(pair, "WITHIN GROUP");
      for (auto at : {i, place})
        aggregate.args[at] = coerce(std::move(aggregate.args[at]), type, CastContext::implicit);
    }
    need_order(aggregate.args[place]->type, aggregate.args[place]->location);
    aggregate.order.push_back(sort_key(sort, static_cast<int>(place)));
  }
  for (std::size_t i = 0; i < aggregate.direct; ++i)
    each_column(*aggregate.args[i], 0, [&](const Expr& column, int level) {
      const auto is_key = [&](const ExprPtr& key) { return same(*key, column); };
      if (level == 0 && query_ && std::ranges::none_of(query_->keys, is_key))
        refuse("a direct argument of an ordered-set aggregate that is not constant", column.location);
    });
}

ExprPtr Analyzer::aggregate(const Node& body, const Found& found, std::vector<ExprPtr> args) {
  int location = body.location();
  Aggregate result = make_aggregate(body, found, std::move(args));
  int lowest = -1;
  auto look = [&](const Expr& expr) {
    int level = lowest_level(expr);
    if (level >= 0 && (lowest < 0 || level < lowest)) lowest = level;
  };
  for (const auto& arg : result.args) look(*arg);
  if (result.filter) look(*result.filter);
  Query* home = query_;
  const Clause clause = clause_;
  Scope* inner = nullptr;
  Scope* scope = scope_;
  for (int level = lowest; level > 0 && scope; scope = scope->outer) {
    if (scope->border == Scope::Border::subquery) --level, inner = scope;
  }
  // One over columns of an outer query only is that query's.
  if (lowest > 0) {
    while (scope && scope->border == Scope::Border::from && !scope->query) scope = scope->outer;
    if (!scope || !inner) refuse("an aggregate of an outer query", location);
    home = scope->query;
    clause_ = static_cast<Clause>(inner->clause_around);
    for (auto& arg : result.args) lower(*arg, lowest, 0);
    if (result.filter) lower(*result.filter, lowest, 0);
  }
  forbid_aggregate(location);
  clause_ = clause;
  if (!home || home->operation != Query::Operation::none || !home->values.empty())
    refuse("an aggregate here", location);
  auto expr = make_expr(ExprKind::aggregate, result.type, location);
  expr->level = std::max(lowest, 0);
  expr->number = static_cast<int>(home->aggregates.size());
  home->aggregates.push_back(std::move(result));
  return expr;
}

}  // namespace pgconform::engine
