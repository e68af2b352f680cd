#include "types/array.hpp"

#include "engine/analyzer.hpp"
#include "engine/functions/json_records.hpp"

// Arrays: ARRAY[…], subscripts, op ANY (array). transformArrayExpr(), transformContainerSubscripts().
namespace pgconform::engine {

using types::type_name;

// `given` is the array type of a cast around the constructor, or 0.
ExprPtr Analyzer::array_constructor(const Node& body, Oid given, int cast_location) {
  int location = body.location();
  auto expr = make_expr(ExprKind::array, given, location);
  Oid element = given != 0 ? types::element_of(given) : 0;
  bool nested = false;
  for (const auto* node : body.list("elements")) {
    if (node->is("A_ArrayExpr")) {
      expr->args.push_back(array_constructor(node->body(), given, cast_location));
      nested = true;
    } else {
      expr->args.push_back(expression(*node));
      nested = nested || (given == 0 && types::is_array(expr->args.back()->type));
    }
  }
  expr->number = nested;
  if (given != 0) {
    for (auto& arg : expr->args)
      if (arg->type != given || !nested)
        arg = coerce_or_fail(std::move(arg), nested ? given : element, -1, CastContext::explicit_cast,
                             cast_location >= 0 ? cast_location : arg->location);
    return expr;
  }
  if (expr->args.empty())
    fail(sqlstate::indeterminate_datatype, "cannot determine type of empty array", location,
         "Explicitly cast to the desired type, for example ARRAY[]::integer[].");
  std::vector<const ExprPtr*> all;
  for (const auto& arg : expr->args) all.push_back(&arg);
  Oid common = common_type(all, "ARRAY");
  for (auto& arg : expr->args) arg = coerce(std::move(arg), common, CastContext::implicit);
  expr->type = nested ? common : types::array_of(common);
  if (expr->type == 0)
    fail(sqlstate::undefined_object, fmt::format("could not find array type for data type {}", type_name(common)),
         location);
  if (!types::is_supported(expr->type)) refuse(fmt::format("type {}", type_name(expr->type)), location);
  return expr;
}

// Fields and subscripts follow each other in any order; a star at the end is left to the caller.
ExprPtr Analyzer::indirection(const Node& body) {
  ExprPtr expr = expression(body["arg"]);
  std::vector<const Node*> indices;
  for (const auto* node : body.list("indirection")) {
    if (node->is("A_Indices")) {
      indices.push_back(node);
      continue;
    }
    if (!indices.empty()) expr = subscripted(std::move(expr), indices);
    indices.clear();
    if (node->is("A_Star")) {
      if (node != body.list("indirection").back()) fail(sqlstate::syntax_error, "improper use of \"*\"");
      return expr;
    }
    expr = field(std::move(expr), node->string_of(), body["arg"].body().location());
  }
  return indices.empty() ? std::move(expr) : subscripted(std::move(expr), indices);
}

ExprPtr Analyzer::subscripted(ExprPtr expr, const std::vector<const Node*>& list) {
  int location = expr->location;
  auto result = make_expr(ExprKind::subscript, types::element_of(expr->type), location);
  bool slice = false;
  for (const auto* node : list) slice = slice || node->body().flag("is_slice");
  if (expr->type == types::jsonb_oid) return json_subscripted(std::move(expr), list);
  if (!types::is_array(expr->type))
    fail(sqlstate::datatype_mismatch,
         fmt::format("cannot subscript type {} because it does not support subscripting", type_name(expr->type)),
         location);
  if (list.size() > types::most_dimensions)
    fail(sqlstate::program_limit_exceeded,
         fmt::format("number of array dimensions ({}) exceeds the maximum allowed ({})", list.size(),
                     types::most_dimensions));
  if (slice) {
    result->kind = ExprKind::slice;
    result->type = expr->type;
  }
  result->args.push_back(std::move(expr));
  auto index = [&](const Node& node, std::string_view key) {
    if (!node.has(key)) return make_expr(ExprKind::constant, types::int4_oid, -1);
    ExprPtr value = expression(node[key]);
    Oid source[] = {value->type}, target[] = {types::int4_oid};
    if (!can_coerce(source, target, CastContext::assignment))
      fail(sqlstate::datatype_mismatch, "array subscript must have type integer", value->location);
    return coerce(std::move(value), types::int4_oid, CastContext::assignment);
  };
  for (const auto* node : list) {
    const Node& indices = node->body();
    if (slice) {
      // Beside a slice a plain subscript n means 1:n. What is left out reaches to the array's end: number has a bit for
      // each such bound.
      bool bounds = indices.flag("is_slice");
      unsigned bit = 1U << (result->args.size() - 1);
      if (bounds && !indices.has("lidx")) result->number |= static_cast<int>(bit);
      if (!indices.has("uidx")) result->number |= static_cast<int>(bit << 1);
      auto one = make_expr(ExprKind::constant, types::int4_oid, -1);
      one->value = std::int64_t{1};
      result->args.push_back(bounds ? index(indices, "lidx") : std::move(one));
    }
    result->args.push_back(index(indices, "uidx"));
  }
  return result;
}

// jsonb_subscript_transform(): each subscript is a text, or an integer.
ExprPtr Analyzer::json_subscripted(ExprPtr expr, const std::vector<const Node*>& list) {
  auto result = make_expr(ExprKind::subscript, types::jsonb_oid, expr->location);
  result->implementation = subscript_json;
  result->args.push_back(std::move(expr));
  for (const auto* node : list) {
    const Node& indices = node->body();
    const auto* key = indices.has("uidx") ? "uidx" : "lidx";
    if (indices.flag("is_slice")) {
      const int at = indices.has(key) ? expression(indices[key])->location : -1;
      fail(sqlstate::datatype_mismatch, "jsonb subscript does not support slices", at);
    }
    ExprPtr value = expression(indices[key]);
    Oid target = types::text_oid;
    if (value->type != types::unknown_oid) {
      Oid source[] = {value->type}, integer[] = {types::int4_oid}, text[] = {types::text_oid};
      const bool is_integer = can_coerce(source, integer, CastContext::implicit),
                 is_text = can_coerce(source, text, CastContext::implicit);
      if (is_integer == is_text)
        fail(sqlstate::datatype_mismatch, fmt::format("subscript type {} is not supported", type_name(value->type)),
             value->location,
             is_text ? "jsonb subscript must be coercible to only one type, integer or text."
                     : "jsonb subscript must be coercible to either integer or text.");
      if (is_integer) target = types::int4_oid;
    }
    result->args.push_back(coerce(std::move(value), target, CastContext::implicit));
  }
  return result;
}

// make_scalar_array_op(): the operator is chosen for the array's elements.
ExprPtr Analyzer::array_comparison(const Node& body, std::string_view name, bool all) {
  int location = body.location();
  ExprPtr left = expression(body["lexpr"]);
  ExprPtr right = expression(body["rexpr"]);
  Oid element = right->type;
  if (right->type != types::unknown_oid) {
    element = types::element_of(right->type);
    if (element == 0) fail(sqlstate::wrong_object_type, "op ANY/ALL (array) requires array on right side", location);
  }
  // The operand that stands for an element while the operator is looked up.
  auto stand_in =
      make_expr(element == types::unknown_oid ? ExprKind::constant : ExprKind::operand, element, right->location);
  stand_in->number = operands_;
  ExprPtr compare = apply_operator(name, std::move(left), std::move(stand_in), location);
  if (compare->type != types::bool_oid)
    fail(sqlstate::wrong_object_type, "op ANY/ALL (array) requires operator to yield boolean", location);
  Oid wanted = types::array_of(compare->args[1]->type);
  if (types::is_array(right->type) && types::element_of(right->type) == compare->args[1]->type) wanted = right->type;
  if (wanted == 0)
    fail(sqlstate::undefined_object,
         fmt::format("could not find array type for data type {}", type_name(compare->args[1]->type)), location);
  compare->kind = all ? ExprKind::all_of : ExprKind::any_of;
  // The operator sees the type that an element has by then.
  auto typed = make_expr(ExprKind::operand, types::element_of(wanted), right->location);
  typed->number = operands_;
  compare->args[1] = std::move(typed);
  compare->args.push_back(coerce(std::move(right), wanted, CastContext::implicit));
  return compare;
}

// A cast of every element. The cast itself is an expression on one element, as an operand.
ExprPtr Analyzer::coerce_elements(ExprPtr expr, Oid target, CastContext context) {
  auto element = make_expr(ExprKind::operand, types::element_of(expr->type), expr->location);
  element->number = operands_;
  auto result = make_expr(ExprKind::array_coerce, target, expr->location);
  result->number = operands_;
  result->shared = coerce(std::move(element), types::element_of(target), context);
  result->args.push_back(std::move(expr));
  return result;
}

}  // namespace pgconform::engine
