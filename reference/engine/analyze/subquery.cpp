#include "engine/analyze/inside.hpp"
#include "engine/analyze/parts.hpp"

// Subqueries in expressions: transformSubLink().
namespace pgconform::engine {
namespace {

// EXISTS asks for rows, not for what is in them: simplify_EXISTS_query().
void simplify_exists(Query& query) {
  if (query.is_grouped || query.operation != Query::Operation::none || !query.series.empty() ||
      !query.windows.empty() || !query.locks.empty() || query.offset || query.limit || !query.values.empty())
    return;
  query.targets.clear();
  query.columns.clear();
  query.order.clear();
  query.distinct_on.clear();
  query.distinct = false;
}

}  // namespace

ExprPtr Analyzer::subquery(const Node& body) {
  int location = body.location();
  std::string_view link = body.text("subLinkType");
  static constexpr std::pair<Clause, std::string_view> forbidden[] = {
      {Clause::check, "cannot use subquery in check constraint"},
      {Clause::conversion, "cannot use subquery in transform expression"},
      {Clause::generation, "cannot use subquery in column generation expression"},
      {Clause::index_expression, "cannot use subquery in index expression"},
      {Clause::index_predicate, "cannot use subquery in index predicate"},
      {Clause::default_value, "cannot use subquery in DEFAULT expression"},
      {Clause::execute, "cannot use subquery in EXECUTE parameter"}};
  for (const auto& [clause, message] : forbidden)
    if (clause == clause_) fail(sqlstate::feature_not_supported, std::string(message), location);
  const auto& op = body.list("operName");
  if (body["testexpr"].is("RowExpr") && (link == "ANY_SUBLINK" || link == "ALL_SUBLINK")) {
    auto rows = row_link(body, row_members(body["testexpr"].body().list("args")),
                         op.empty() ? "=" : op.back()->string_of(), false, location);
    if (link == "ALL_SUBLINK") rows->quantifier = Quantifier::all;
    return rows;
  }
  int escape = 0;
  auto inner = inner_query(body["subselect"].body(), Scope::Border::subquery, true, &escape);
  auto expr = make_expr(ExprKind::subquery, types::bool_oid, location);
  expr->number = escape;
  expr->immutable = false;
  if (link == "EXISTS_SUBLINK") {
    expr->quantifier = Quantifier::exists;
    simplify_exists(*inner);
    expr->subquery = std::move(inner);
    return expr;
  }
  std::size_t width = inner->columns.size();
  if (link == "EXPR_SUBLINK" || link == "ARRAY_SUBLINK") {
    if (width != 1) fail(sqlstate::syntax_error, "subquery must return only one column", location);
    expr->type = inner->targets[0]->type;
    expr->modifier = inner->columns[0].type_modifier;
    expr->shape = inner->targets[0]->shape;
    if (link == "ARRAY_SUBLINK") {
      expr->quantifier = Quantifier::array;
      Oid array = types::is_array(expr->type) ? expr->type : types::array_of(expr->type);
      if (array == 0)
        fail(sqlstate::undefined_object,
             fmt::format("could not find array type for data type {}", types::type_name(expr->type)), location);
      expr->type = array;
    }
    expr->subquery = std::move(inner);
    return expr;
  }
  if (link != "ANY_SUBLINK" && link != "ALL_SUBLINK") refuse("this kind of subquery", location);
  ExprPtr left = expression(body["testexpr"]);
  if (width > 1) fail(sqlstate::syntax_error, "subquery has too many columns", location);
  if (width < 1) fail(sqlstate::syntax_error, "subquery has too few columns", location);
  std::string_view name = op.empty() ? "=" : op.back()->string_of();
  auto slot = make_expr(ExprKind::operand, inner->targets[0]->type, location);
  slot->number = operands_;
  slot->modifier = inner->columns[0].type_modifier;
  ExprPtr test = apply_operator(name, std::move(left), std::move(slot), location);
  if (test->type != types::bool_oid)
    fail(sqlstate::datatype_mismatch,
         fmt::format("row comparison operator must yield type boolean, not type {}", types::type_name(test->type)),
         location);
  expr->args = std::move(test->args);
  expr->implementation = test->implementation;
  expr->strict = test->strict;
  expr->level = operands_;
  bool all = link == "ALL_SUBLINK";
  bool hashable = name == "=" && expr->args[0]->type == expr->args[1]->type;
  expr->quantifier = all ? Quantifier::all : hashable ? Quantifier::any_equal : Quantifier::any;
  expr->location = leftmost(location, expr->args[0]->location);
  expr->subquery = std::move(inner);
  return expr;
}

}  // namespace pgconform::engine
