#include "engine/analyze/parts.hpp"
#include "engine/analyzer.hpp"
#include "engine/functions.hpp"

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

}  // namespace

ExprPtr Analyzer::call(const Node& body) {
  int location = body.location();
  const auto& names = body.list("funcname");
  std::string shown = body.text("funcformat") == "COERCE_SQL_SYNTAX"
                          ? "pg_catalog." + std::string(names.back()->string_of())
                          : dotted(names);
  if (body.flag("agg_within_group")) refuse("WITHIN GROUP", location);
  const bool as_array = body.flag("func_variadic");
  std::string_view name = names.back()->string_of();
  auto candidates = functions_named(in_catalog(names) ? name : std::string_view());
  need_schema(names, location);
  bool may_aggregate = !candidates.empty() && candidates[0].kind == 'a';
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
  bool outer_series = in_series_;
  in_series_ = in_series_ || (!candidates.empty() && candidates[0].returns_set);
  for (const auto* arg : body.list("args")) {
    if (arg->is("NamedArgExpr")) refuse("a named argument", arg->body().location());
    args.push_back(expression(*arg));
    types.push_back(args.back()->type);
  }
  in_aggregate_ = outer;
  in_window_ = outer_window;
  in_series_ = outer_series;
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
  Found found = find_function(in_catalog(names) ? name : std::string_view(), types, location, shown, as_array);
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
  expr->returns_set = fact.returns_set;
  if (!fact.returns_set) return expr;
  return clause_ == Clause::from ? std::move(expr) : set_returning(std::move(expr), body.location());
}

// A set-returning function of the select list becomes a column of rows that are made before the results are.
ExprPtr Analyzer::set_returning(ExprPtr call, int location) {
  static constexpr std::pair<Clause, std::string_view> forbidden[] = {
      {Clause::join, "JOIN conditions"},
      {Clause::where, "WHERE"},
      {Clause::having, "HAVING"},
      {Clause::limit, "LIMIT"},
      {Clause::offset, "OFFSET"},
      {Clause::returning, "RETURNING"},
      {Clause::set, "UPDATE"},
      {Clause::filter, "FILTER"},
      {Clause::generation, "column generation expressions"},
      {Clause::default_value, "DEFAULT expressions"},
      {Clause::execute, "EXECUTE parameters"}};
  for (const auto& [clause, name] : forbidden)
    if (clause == clause_)
      fail(sqlstate::feature_not_supported, fmt::format("set-returning functions are not allowed in {}", name),
           location);
  if (clause_ != Clause::select_list || !query_ || in_aggregate_ || in_window_ || in_series_)
    refuse("a set-returning function here", location);
  auto column = column_at(query_->series_at + static_cast<int>(query_->series.size()), call->type, call->modifier,
                          call->location);
  query_->series.push_back(std::move(call));
  return column;
}

}  // namespace pgconform::engine
