#include "engine/analyze/parts.hpp"
#include "engine/analyzer.hpp"
#include "engine/functions.hpp"

// Operators, and what is spelled as several of them: make_op(), transformAExprIn() and their like.
namespace pgconform::engine {

ExprPtr Analyzer::apply_operator(std::string_view name, ExprPtr left, ExprPtr right, int location) {
  const ExprPtr* written[] = {&left, &right};
  const OperatorFact& op = find_operator(name, left ? left->type : 0, right->type, location, written);
  std::vector<Oid> arguments, parameters;
  if (left) arguments.push_back(left->type), parameters.push_back(op.left);
  arguments.push_back(right->type), parameters.push_back(op.right);
  auto meant = resolve_polymorphic(arguments, parameters, op.result).value_or(Polymorphic{parameters, op.result});
  auto expr = make_expr(ExprKind::call, meant.result, leftmost(location, left ? left->location : right->location));
  expr->strict = op.strict;
  expr->text = op.source;
  expr->op = &op;
  expr->implementation = op.source.empty() ? find_implementation(fmt::format("{}({} {})", name, op.left, op.right))
                                           : find_implementation(op.source);
  if (left) expr->args.push_back(coerce(std::move(left), meant.parameters.front(), CastContext::implicit));
  expr->args.push_back(coerce(std::move(right), meant.parameters.back(), CastContext::implicit));
  if (!expr->implementation || !types::is_supported(meant.result)) {
    std::string shown = op.left != 0 ? types::type_name(op.left) + " " : "";
    refuse(fmt::format("operator {}{} {}", shown, name, types::type_name(op.right)), location);
  }
  inherit_collation(*expr);
  return expr;
}

// An equality that is used inside another construct: IS DISTINCT FROM, NULLIF.
ExprPtr Analyzer::equality(ExprKind kind, ExprPtr left, ExprPtr right, int location) {
  Oid first = left->type;
  ExprPtr equal = apply_operator("=", std::move(left), std::move(right), location);
  equal->kind = kind;
  if (kind == ExprKind::null_if)
    equal->type = first == types::unknown_oid ? equal->args[0]->type : equal->args[0]->type;
  return equal;
}

ExprPtr Analyzer::operation(const Node& body) {
  std::string_view kind = body.text("kind");
  const auto& names = body.list("name");
  std::string_view name = names.empty() ? std::string_view() : names.back()->string_of();
  int location = body.location();
  if (kind == "AEXPR_BETWEEN" || kind == "AEXPR_NOT_BETWEEN" || kind == "AEXPR_BETWEEN_SYM" ||
      kind == "AEXPR_NOT_BETWEEN_SYM")
    return between(body);
  if (kind == "AEXPR_IN") return in_list(body, name);
  if (!in_catalog(names))
    fail(sqlstate::invalid_schema_name, fmt::format("schema \"{}\" does not exist", names[0]->string_of()), location);
  if (kind == "AEXPR_OP_ANY" || kind == "AEXPR_OP_ALL") return array_comparison(body, name, kind == "AEXPR_OP_ALL");
  const bool of_rows = body["lexpr"].is("RowExpr") && body["rexpr"].is("RowExpr");
  if (of_rows && (kind == "AEXPR_DISTINCT" || kind == "AEXPR_NOT_DISTINCT")) return distinct_rows(body, kind);
  if ((kind == "AEXPR_OP" || kind == "AEXPR_LIKE" || kind == "AEXPR_ILIKE") && body.has("lexpr"))
    return binary(name, body["lexpr"], body["rexpr"], location);
  ExprPtr left = body.has("lexpr") ? expression(body["lexpr"]) : nullptr;
  ExprPtr right = expression(body["rexpr"]);
  if (kind == "AEXPR_DISTINCT" || kind == "AEXPR_NOT_DISTINCT") {
    auto which = kind == "AEXPR_DISTINCT" ? ExprKind::distinct : ExprKind::not_distinct;
    return equality(which, std::move(left), std::move(right), location);
  }
  if (kind == "AEXPR_NULLIF") return equality(ExprKind::null_if, std::move(left), std::move(right), location);
  return apply_operator(name, std::move(left), std::move(right), location);
}

// Rows are distinct if they are in any column.
ExprPtr Analyzer::distinct_rows(const Node& body, std::string_view kind) {
  const int location = body.location();
  auto left = row_members(body["lexpr"].body().list("args"));
  auto right = row_members(body["rexpr"].body().list("args"));
  if (left.size() != right.size())
    fail(sqlstate::syntax_error, "unequal number of entries in row expressions", location);
  const bool negated = kind == "AEXPR_NOT_DISTINCT";
  auto expr = make_expr(negated ? ExprKind::both : ExprKind::either, types::bool_oid, location);
  for (std::size_t i = 0; i < left.size(); ++i)
    expr->args.push_back(equality(negated ? ExprKind::not_distinct : ExprKind::distinct, std::move(left[i]),
                                  std::move(right[i]), location));
  return expr;
}

// x BETWEEN a AND b: two comparisons; x is analysed twice, as PostgreSQL does it.
ExprPtr Analyzer::between(const Node& body) {
  const std::string_view kind = body.text("kind");
  const bool negated = kind.starts_with("AEXPR_NOT_");
  const auto& bounds = body["rexpr"].body().list("items");
  const int location = body.location();
  auto within = [&](const Node& low, const Node& high) {
    auto expr = make_expr(negated ? ExprKind::either : ExprKind::both, types::bool_oid, location);
    expr->args.push_back(binary(negated ? "<" : ">=", body["lexpr"], low, location));
    expr->args.push_back(binary(negated ? ">" : "<=", body["lexpr"], high, location));
    expr->location = leftmost(location, expr->args[0]->location);
    return expr;
  };
  if (!kind.ends_with("_SYM")) return within(*bounds[0], *bounds[1]);
  auto expr = make_expr(negated ? ExprKind::both : ExprKind::either, types::bool_oid, location);
  expr->args.push_back(within(*bounds[0], *bounds[1]));
  expr->args.push_back(within(*bounds[1], *bounds[0]));
  expr->location = expr->args[0]->location;
  return expr;
}

// x IN (a, b): as many comparisons; the literals take the type that all items have in common, as in an array.
ExprPtr Analyzer::in_list(const Node& body, std::string_view op) {
  int location = body.location();
  if (!body["rexpr"].is("List")) refuse("IN", location);
  bool negated = op == "<>";
  auto expr = make_expr(negated ? ExprKind::both : ExprKind::either, types::bool_oid, location);
  expr->text = "IN";
  const auto& items = body["rexpr"].body().list("items");
  if (body["lexpr"].is("RowExpr")) {
    for (const auto* item : items) expr->args.push_back(binary(op, body["lexpr"], *item, location));
    expr->location = leftmost(location, expr->args[0]->location);
    return expr;
  }
  std::vector<ExprPtr> values;
  values.push_back(expression(body["lexpr"]));
  for (const auto* item : items) values.push_back(expression(*item));
  if (items.size() > 1) {
    std::vector<const ExprPtr*> all;
    for (const auto& v : values) all.push_back(&v);
    bool alike = true;
    for (const auto& v : values)
      alike =
          alike && (v->type == types::unknown_oid ||
                    types::find_type(v->type)->category ==
                        types::find_type(values[0]->type == types::unknown_oid ? v->type : values[0]->type)->category);
    if (alike) {
      const Oid common = common_type(all, "IN");
      const bool fits = std::ranges::all_of(values, [&](const ExprPtr& value) {
        return types::base_of(value->type) == common || value->type == types::unknown_oid ||
               find_pathway(types::base_of(value->type), common, CastContext::implicit).kind != Pathway::Kind::none;
      });
      for (std::size_t i = 1; fits && i < values.size(); ++i)
        values[i] = coerce(std::move(values[i]), common, CastContext::implicit);
    }
  }
  for (std::size_t i = 1; i < values.size(); ++i) {
    ExprPtr left = i == 1 ? std::move(values[0]) : expression(body["lexpr"]);
    expr->args.push_back(apply_operator(op, std::move(left), std::move(values[i]), location));
  }
  expr->location = leftmost(location, expr->args[0]->location);
  return expr;
}

}  // namespace pgconform::engine
