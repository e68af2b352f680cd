#include <algorithm>
#include <utility>

#include "engine/analyze/parts.hpp"
#include "engine/analyze/row_shapes.hpp"
#include "engine/analyzer.hpp"
#include "engine/functions.hpp"

// CASE, COALESCE, GREATEST, LEAST: several expressions that agree on a type.
namespace pgconform::engine {

ExprPtr Analyzer::make_common(ExprKind kind, const std::vector<const Node*>& args, std::string_view construct,
                              int location) {
  auto expr = make_expr(kind, 0, location);
  const auto around = in_construct_;
  if (kind == ExprKind::coalesce) in_construct_ = "COALESCE";
  for (const auto* arg : args) expr->args.push_back(expression(*arg));
  in_construct_ = around;
  std::vector<const ExprPtr*> all;
  for (const auto& arg : expr->args) all.push_back(&arg);
  expr->type = common_type(all, construct);
  for (auto& arg : expr->args) arg = coerce(std::move(arg), expr->type, CastContext::implicit);
  expr->modifier = expr->args[0]->modifier;
  for (const auto& arg : expr->args)
    if (arg->modifier != expr->modifier) expr->modifier = -1;
  expr->shape = common_shape(all);
  return expr;
}

ExprPtr Analyzer::choice(const Node& body) {
  auto expr = make_expr(ExprKind::choice, 0, body.location());
  const auto around = std::exchange(in_construct_, "CASE");
  bool on_value = body.has("arg");
  std::vector<ExprPtr> conditions, results;
  // The value is worked out once, and stands in each comparison as an operand.
  ExprPtr value;
  int operand = operands_;
  if (on_value) {
    value = expression(body["arg"]);
    resolve_unknown(value);
    ++operands_;
  }
  for (const auto* arm : body.list("args")) {
    const Node& when = arm->body();
    if (on_value) {
      auto slot = make_expr(ExprKind::operand, value->type, value->location);
      slot->number = operand;
      slot->modifier = value->modifier;
      conditions.push_back(
          to_boolean(apply_operator("=", std::move(slot), expression(when["expr"]), when.location()), "CASE/WHEN"));
    } else {
      conditions.push_back(to_boolean(expression(when["expr"]), "CASE/WHEN"));
    }
    results.push_back(expression(when["result"]));
  }
  results.push_back(body.has("defresult") ? expression(body["defresult"]) : literal(types::unknown_oid, {}, -1));
  in_construct_ = around;
  std::vector<const ExprPtr*> all{&results.back()};  // ELSE comes first when the type is chosen
  for (std::size_t i = 0; i + 1 < results.size(); ++i) all.push_back(&results[i]);
  expr->type = common_type(all, "CASE");
  expr->shape = common_shape(all);
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (i < conditions.size()) expr->args.push_back(std::move(conditions[i]));
    expr->args.push_back(coerce(std::move(results[i]), expr->type, CastContext::implicit));
  }
  if (!on_value) return expr;
  --operands_;
  auto whole = make_expr(ExprKind::with_operand, expr->type, expr->location);
  whole->number = operand;
  whole->modifier = expr->modifier;
  whole->args.push_back(std::move(value));
  whole->args.push_back(std::move(expr));
  return whole;
}

}  // namespace pgconform::engine
