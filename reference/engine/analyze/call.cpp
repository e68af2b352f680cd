#include "engine/aggregates/transition.hpp"
#include "engine/analyze/parts.hpp"
#include "engine/analyze/walk.hpp"
#include "engine/analyzer.hpp"
#include "engine/functions.hpp"
#include "engine/out_parameters.hpp"

// Calls of functions: ParseFuncOrColumn().
namespace pgconform::engine {

namespace {

// What a variadic parameter takes becomes one array.
void gather(std::vector<ExprPtr>& args, std::size_t first) {
  auto array = make_expr(ExprKind::array, types::array_of(args[first]->type), args[first]->location);
  if (array->type == 0) refuse("a variadic call with this type", args[first]->location);
  array->args.assign(std::make_move_iterator(args.begin() + static_cast<std::ptrdiff_t>(first)),
                     std::make_move_iterator(args.end()));
  args.resize(first);
  args.push_back(std::move(array));
}

// Which names can be meant: those of pg_catalog, and the few that are known of information_schema under theirs only.
bool is_callable(const std::vector<const Node*>& names) {
  const bool is_private = names.back()->string_of().starts_with("_pg_");
  if (!in_catalog(names)) return is_private && names.size() == 2 && names[0]->string_of() == "information_schema";
  return !is_private;
}

// The columns of what a function returns, if it has OUT parameters for them.
std::shared_ptr<const RowShape> shape_of_result(const FunctionFact& fact, const std::vector<ExprPtr>& args) {
  const auto& outs = out_parameters(fact.oid);
  if (fact.result != types::record_oid || outs.empty()) return nullptr;
  auto shape = std::make_shared<RowShape>();
  for (const auto& out : outs) {
    const bool is_element = out.type == types::anyelement_oid && !args.empty();
    shape->columns.push_back({out.name, is_element ? types::element_of(args[0]->type) : out.type});
  }
  return shape;
}

}  // namespace

// A call that analysis makes by itself.
ExprPtr Analyzer::call_of(std::string_view name, std::vector<ExprPtr> args, int location) {
  std::vector<Oid> types;
  for (const auto& arg : args) types.push_back(arg->type);
  Found found = find_function(name, types, location, name);
  auto meant = resolve_polymorphic(types, found.parameters, found.fact->result)
                   .value_or(Polymorphic{found.parameters, found.fact->result});
  auto expr = make_expr(ExprKind::call, meant.result, location);
  for (std::size_t i = 0; i < args.size(); ++i)
    expr->args.push_back(coerce(std::move(args[i]), meant.parameters[i], CastContext::implicit));
  expr->strict = found.fact->strict;
  expr->text = found.fact->source;
  expr->function = found.fact;
  expr->returns_set = found.fact->returns_set;
  expr->implementation = find_implementation(found.fact->source);
  if (!expr->implementation) refuse(fmt::format("function {}", name), location);
  return expr;
}

ExprPtr Analyzer::call(const Node& body) {
  int location = body.location();
  const auto& names = body.list("funcname");
  std::string shown = body.text("funcformat") == "COERCE_SQL_SYNTAX"
                          ? "pg_catalog." + std::string(names.back()->string_of())
                          : dotted(names);
  const bool within = body.flag("agg_within_group");
  const bool as_array = body.flag("func_variadic");
  std::string_view name = names.back()->string_of();
  if (!is_callable(names)) name = {};
  auto candidates = functions_named(name);
  need_schema(names, location);
  bool may_aggregate = !candidates.empty() && (candidates[0].kind == 'a' || (within && candidates[0].kind == 'w'));
  std::vector<ExprPtr> args;
  std::vector<Oid> types;
  bool outer = in_aggregate_;
  const bool is_windowed = body.has("over");
  if (is_windowed) forbid_window(location);
  bool outer_window = std::exchange(in_window_, in_window_ || is_windowed);
  if (may_aggregate && !is_windowed) {
    if (in_aggregate_) fail(sqlstate::grouping_error, "aggregate function calls cannot be nested", location);
    in_aggregate_ = true;
  }
  for (const auto* arg : body.list("args")) {
    if (arg->is("NamedArgExpr")) refuse("a named argument", arg->body().location());
    auto parsed = expression(*arg);
    // What pgjdbc's {? = call f(?)} makes of the first of them: "in" and "out" need not be told apart.
    if (parsed->kind == ExprKind::parameter && parsed->type == types::void_oid && !within) continue;
    args.push_back(std::move(parsed));
    types.push_back(args.back()->type);
  }
  if (within)
    for (const auto* sort : body.list("agg_order")) {
      args.push_back(expression(sort->body()["node"]));
      types.push_back(args.back()->type);
    }
  in_aggregate_ = outer;
  in_window_ = outer_window;
  // A column's name used as a function of the row.
  if (candidates.empty() && names.size() == 1 && args.size() == 1)
    if (const auto shape = shape_of(*args[0]))
      for (const auto& column : shape->columns)
        if (column.name == name) return field(std::move(args[0]), name, location);
  // A type's name used as a function is a cast: text(1), int4('5').
  if (args.size() == 1 && in_catalog(names)) {
    const types::Type* type = types::find_type(name);
    bool exact = false;
    for (const auto& fact : candidates) exact = exact || fact.arguments == types;
    if (type && !exact && types::is_supported(type->oid)) {
      Pathway way = find_pathway(types[0], type->oid, CastContext::explicit_cast);
      bool by_text = way.kind == Pathway::Kind::input || way.kind == Pathway::Kind::output;
      if (types[0] == types::unknown_oid || way.kind == Pathway::Kind::relabel ||
          (by_text && types::find_type(types[0])->category != 'S' ? false : by_text))
        return coerce(std::move(args[0]), type->oid, CastContext::explicit_cast);
    }
  }
  Found found = find_function(name, types, location, shown, as_array, args);
  const FunctionFact& fact = *found.fact;
  if (as_array && fact.variadic && fact.arguments.back() == types::any_oid) refuse("VARIADIC of " + shown, location);
  if (body.flag("agg_star") && !may_aggregate && fact.kind != 'w')
    fail(sqlstate::wrong_object_type, fmt::format("{}(*) specified, but {} is not an aggregate function", shown, shown),
         location);
  auto meant =
      resolve_polymorphic(types, found.parameters, fact.result).value_or(Polymorphic{found.parameters, fact.result});
  auto untold = [](Oid type) { return is_polymorphic(type) && type != types::any_oid; };
  if (std::ranges::any_of(meant.parameters, untold))
    fail(sqlstate::datatype_mismatch, "could not determine polymorphic type because input has type unknown");
  for (std::size_t i = 0; i < args.size(); ++i) {
    found.parameters[i] = meant.parameters[i];
    if (is_polymorphic(found.parameters[i]) && fact.source != "pg_typeof" && args[i]->type == types::unknown_oid &&
        !types::is_null(args[i]->value))
      args[i] = coerce(std::move(args[i]), types::text_oid, CastContext::implicit);
    args[i] = coerce(std::move(args[i]), found.parameters[i], CastContext::implicit);
    note_loose(*args[i]);
    location = leftmost(location, args[i]->location);
  }
  found.result = meant.result;
  check_within(body, fact, shown);
  if (is_windowed) return window_call(body, found, meant.result, std::move(args));
  if (fact.kind == 'a') return aggregate(body, found, std::move(args));
  if (fact.kind == 'w')
    fail(sqlstate::wrong_object_type, fmt::format("window function {} requires an OVER clause", shown),
         body.location());
  if (body.flag("agg_distinct"))
    fail(sqlstate::wrong_object_type, fmt::format("DISTINCT specified, but {} is not an aggregate function", shown),
         body.location());
  std::string refused = "function " + shown;
  for (std::string_view clause : {"agg_order", "agg_filter"})
    if (body.has(clause))
      fail(sqlstate::wrong_object_type,
           fmt::format("{} specified, but {} is not an aggregate function",
                       clause == "agg_order" ? "ORDER BY" : "FILTER", shown),
           body.location());
  auto expr = make_expr(ExprKind::call, meant.result, location);
  std::string source(fact.source);
  if (source.empty() || source.starts_with("see ")) {
    source = std::string(name) + "(";
    for (Oid type : fact.arguments) source += (source.ends_with('(') ? "" : " ") + std::to_string(type);
    source += ")";
  }
  expr->implementation = find_implementation(source);
  expr->strict = fact.strict;
  expr->is_volatile = fact.volatility == 'v';
  expr->immutable = fact.volatility == 'i';
  if (fact.variadic && !as_array && fact.arguments.back() != types::any_oid) gather(args, fact.arguments.size() - 1);
  expr->args = std::move(args);
  expr->text = fact.source;
  if (body.text("funcformat") != "COERCE_SQL_SYNTAX") expr->function = &fact;
  bool series = fact.source.starts_with("generate_series");
  if ((!expr->implementation && !series) || (!fact.variadic && expr->args.size() != found.parameters.size()) ||
      !types::is_supported(meant.result))
    refuse(refused, body.location());
  if (meant.result == types::record_oid) expr->shape = shape_of_result(fact, expr->args);
  if (fact.result == types::anyelement_oid && meant.result == types::record_oid)
    for (std::size_t i = 0; i < expr->args.size(); ++i)
      if (fact.arguments[i] == types::anyelement_oid && expr->args[i]->shape) expr->shape = expr->args[i]->shape;
  inherit_collation(*expr);
  expr->returns_set = fact.returns_set;
  if (!fact.returns_set) return expr;
  return clause_ == Clause::from ? std::move(expr) : set_returning(std::move(expr), body.location());
}

// WITHIN GROUP stands with ordered-set aggregates, and always with them.
void Analyzer::check_within(const Node& body, const FunctionFact& fact, std::string_view shown) {
  const int location = body.location();
  const bool within = body.flag("agg_within_group"), ordered = fact.kind == 'a' && find_ordered_set(fact.name);
  if (within && fact.kind != 'a')
    fail(sqlstate::wrong_object_type, fmt::format("WITHIN GROUP specified, but {} is not an aggregate function", shown),
         location);
  if (within && !ordered)
    fail(sqlstate::wrong_object_type,
         fmt::format("{} is not an ordered-set aggregate, so it cannot have WITHIN GROUP", shown), location);
  if (ordered && !within)
    fail(sqlstate::wrong_object_type, fmt::format("WITHIN GROUP is required for ordered-set aggregate {}", shown),
         location);
  if (ordered && body.has("over"))
    fail(sqlstate::feature_not_supported, fmt::format("OVER is not supported for ordered-set aggregate {}", shown),
         location);
}

// A set-returning function of the select list becomes a column of rows that are made before the results are.
ExprPtr Analyzer::set_returning(ExprPtr call, int location) {
  static constexpr std::pair<Clause, std::string_view> forbidden[] = {
      {Clause::join, "JOIN conditions"},
      {Clause::where, "WHERE"},
      {Clause::having, "HAVING"},
      {Clause::limit, "LIMIT"},
      {Clause::offset, "OFFSET"},
      {Clause::values, "VALUES"},
      {Clause::check, "check constraints"},
      {Clause::conversion, "transform expressions"},
      {Clause::frame_range, "window definitions"},
      {Clause::frame_rows, "window definitions"},
      {Clause::frame_groups, "window definitions"},
      {Clause::returning, "RETURNING"},
      {Clause::set, "UPDATE"},
      {Clause::merge_when, "MERGE WHEN conditions"},
      {Clause::filter, "FILTER"},
      {Clause::generation, "column generation expressions"},
      {Clause::index_expression, "index expressions"},
      {Clause::index_predicate, "index predicates"},
      {Clause::default_value, "DEFAULT expressions"},
      {Clause::execute, "EXECUTE parameters"}};
  for (const auto& [clause, name] : forbidden)
    if (clause == clause_)
      fail(sqlstate::feature_not_supported, fmt::format("set-returning functions are not allowed in {}", name),
           location);
  static constexpr std::string_view hint =
      "You might be able to move the set-returning function into a LATERAL FROM item.";
  if (!in_construct_.empty())
    fail(sqlstate::feature_not_supported, fmt::format("set-returning functions are not allowed in {}", in_construct_),
         location, std::string(hint));
  if (in_aggregate_ || in_window_)
    fail(sqlstate::feature_not_supported,
         fmt::format("{} function calls cannot contain set-returning function calls",
                     in_aggregate_ ? "aggregate" : "window"),
         location, std::string(hint));
  const bool fits = clause_ == Clause::select_list || clause_ == Clause::order_by || clause_ == Clause::distinct_on;
  if (!fits || !query_ || query_->operation != Query::Operation::none)
    refuse("a set-returning function here", location);
  // One whose arguments hold another runs for each of the other's rows.
  int stage = 0;
  each_column(*call, 0, [&](const Expr& inner, int level) {
    if (level != 0 || inner.number < query_->series_at) return;
    stage = std::max(stage, query_->series_stages[static_cast<std::size_t>(inner.number - query_->series_at)] + 1);
  });
  query_->series_stages.push_back(stage);
  auto column = column_at(query_->series_at + static_cast<int>(query_->series.size()), call->type, call->modifier,
                          call->location);
  column->shape = call->shape;
  query_->series.push_back(std::move(call));
  return column;
}

}  // namespace pgconform::engine
