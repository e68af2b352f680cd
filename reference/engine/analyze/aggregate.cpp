#include "engine/analyze/parts.hpp"
#include "engine/analyze/walk.hpp"
#include "engine/analyzer.hpp"

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
                                                                  {Clause::filter, "FILTER"},
                                                                  {Clause::frame_range, "window RANGE"},
                                                                  {Clause::frame_rows, "window ROWS"},
                                                                  {Clause::frame_groups, "window GROUPS"},
                                                                  {Clause::check, "check constraints"},
                                                                  {Clause::conversion, "transform expressions"},
                                                                  {Clause::generation, "column generation expressions"},
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
  MakeTransition make = find_transition(fact.name, argument);
  const auto* known = std::ranges::find(kinds, fact.name, &std::pair<std::string_view, Kind>::first);
  if (types::is_supported(type) && (make || known != std::end(kinds))) {
    Kind kind = make ? Kind::other : known->second;
    bool sums = kind == Kind::sum || kind == Kind::average;
    if (sums && !is_number(argument)) refuse(fmt::format("aggregate function {}", fact.name), location);
    if (make) as_json_arguments(fact, body, args);
    Aggregate result{args.empty() ? Kind::count_all : kind, type, {}, body.flag("agg_distinct")};
    result.make = make;
    result.name = fact.name;
    result.argument = argument;
    result.args = std::move(args);
    result.location = location;
    if (fact.name == "count" && result.args.empty() && !body.flag("agg_star"))
      fail(sqlstate::wrong_object_type, "count(*) must be used to call a parameterless aggregate function", location);
    bool outer = std::exchange(in_aggregate_, true);
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
  if (lowest > 0) refuse("an aggregate of an outer query", location);
  forbid_aggregate(location);
  if (!query_) refuse("an aggregate here", location);
  auto expr = make_expr(ExprKind::aggregate, result.type, location);
  expr->number = static_cast<int>(query_->aggregates.size());
  query_->aggregates.push_back(std::move(result));
  return expr;
}

}  // namespace pgconform::engine
