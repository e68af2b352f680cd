#include "engine/analyzer.hpp"
#include "engine/evaluate.hpp"
#include "types/bits.hpp"
#include "types/form.hpp"
#include "types/interval.hpp"

// Conversions that analysis puts in: coerce_type() and its companions.
namespace pgconform::engine {

using types::type_name;

namespace {

void need_support(Oid type, int location) {
  if (!types::is_supported(type) && type != 0) refuse("type " + type_name(type), location);
}

// read_interval: a literal of intervals with fields, which say what its numbers are.
void read_interval(Expr& expr, Oid target, std::int32_t modifier, const types::Style& style) {
  if (target != types::interval_oid || modifier < 0 || expr.kind != ExprKind::constant ||
      expr.type != types::unknown_oid || types::is_null(expr.value))
    return;
  expr.value = value_or_fail(types::parse_interval(std::get<std::string>(expr.value), style, modifier), expr.location);
  expr.type = target;
}

}  // namespace

// A target type with find_pathway() behind it; nothing is checked here but what only the expression can tell.
ExprPtr Analyzer::coerce(ExprPtr expr, Oid target, CastContext context) {
  if (expr->type == target || is_polymorphic(target)) return expr;
  if (expr->type == types::unknown_oid) {
    if (expr->kind == ExprKind::parameter) {
      Oid& type = parameters_[static_cast<std::size_t>(expr->number)];
      if (type == 0 || type == types::unknown_oid) {
        type = target;
        need_support(target, expr->location);
      } else if (type != target) {
        fail(sqlstate::ambiguous_parameter,
             fmt::format("inconsistent types deduced for parameter ${}", expr->number + 1), expr->location, {},
             fmt::format("{} versus {}", type_name(type), type_name(target)));
      }
      expr->type = target;
      return expr;
    }
    if (expr->kind == ExprKind::constant) {
      need_support(target, expr->location);
      if (!types::is_null(expr->value))
        expr->value = value_or_fail(types::parse_text(target, std::get<std::string>(expr->value), session_.style()),
                                    expr->location);
      expr->type = target;
      return expr;
    }
  }
  Pathway way = find_pathway(expr->type == types::unknown_oid ? types::text_oid : expr->type, target, context);
  need_support(target, expr->location);
  int location = expr->location;
  ExprKind kind = ExprKind::relabel;
  Implementation implementation = nullptr;
  switch (way.kind) {
    case Pathway::Kind::function:
      kind = ExprKind::call;
      implementation = find_implementation(way.function);
      if (!implementation)
        refuse(fmt::format("the cast from {} to {}", type_name(expr->type), type_name(target)), location);
      break;
    case Pathway::Kind::elements:
      return coerce_elements(std::move(expr), target, context);
    case Pathway::Kind::input:
      kind = ExprKind::input;
      break;
    case Pathway::Kind::output:
      kind = ExprKind::output;
      break;
    default:
      break;
  }
  auto result = make_expr(kind, target, location);
  result->implementation = implementation;
  result->is_implicit = context != CastContext::explicit_cast;
  // Binary coercible types keep what is known of the length: varchar(3) stays that as text-like bpchar does not.
  result->args.push_back(std::move(expr));
  if (kind == ExprKind::output && target != types::text_oid && target != types::varchar_oid &&
      target != types::bpchar_oid) {
    auto read = make_expr(ExprKind::input, target, location);
    result->type = types::text_oid;
    read->args.push_back(std::move(result));
    return read;
  }
  return result;
}

// coerce_type_typmod(): the length or precision of the target.
ExprPtr Analyzer::fit(ExprPtr expr, std::int32_t modifier, CastContext context) {
  if (modifier < 0 || expr->modifier == modifier) return expr;
  auto result = make_expr(ExprKind::modifier, expr->type, expr->location);
  result->modifier = modifier;
  result->strict = context == CastContext::explicit_cast;
  result->is_implicit = context != CastContext::explicit_cast;
  result->args.push_back(std::move(expr));
  return result;
}

ExprPtr Analyzer::coerce_or_fail(ExprPtr expr, Oid target, std::int32_t modifier, CastContext context, int location) {
  Oid source[] = {expr->type}, targets[] = {target};
  if (!can_coerce(source, targets, context))
    fail(sqlstate::cannot_coerce, fmt::format("cannot cast type {} to {}", type_name(expr->type), type_name(target)),
         location);
  read_interval(*expr, target, modifier, session_.style());
  auto made = coerce(std::move(expr), target, context);
  // bit(n) of an integer keeps its last bits, bit(n) of other bits the first: the call has to know the length.
  if (made->kind == ExprKind::call && target == types::bit_oid && source[0] != target) made->modifier = modifier;
  return fit(std::move(made), modifier, context);
}

ExprPtr Analyzer::to_boolean(ExprPtr expr, std::string_view construct) {
  Oid source[] = {expr->type}, target[] = {types::bool_oid};
  if (!can_coerce(source, target, CastContext::assignment))
    fail(sqlstate::datatype_mismatch,
         fmt::format("argument of {} must be type boolean, not type {}", construct, type_name(expr->type)),
         expr->location);
  return coerce(std::move(expr), types::bool_oid, CastContext::assignment);
}

// An assignment to a column: its type, its length, by an assignment cast.
ExprPtr Analyzer::assign(ExprPtr expr, const TableColumn& column) {
  Oid source[] = {expr->type}, target[] = {column.type};
  if (!can_coerce(source, target, CastContext::assignment))
    fail(sqlstate::datatype_mismatch,
         fmt::format("column \"{}\" is of type {} but expression is of type {}", column.name, type_name(column.type),
                     type_name(expr->type)),
         expr->location, "You will need to rewrite or cast the expression.");
  read_interval(*expr, column.type, column.modifier, session_.style());
  return fit(coerce(std::move(expr), column.type, CastContext::assignment), column.modifier, CastContext::assignment);
}

void Analyzer::resolve_unknown(ExprPtr& expr) {
  if (expr->type == types::unknown_oid) expr = coerce(std::move(expr), types::text_oid, CastContext::implicit);
}

void Analyzer::note_loose(const Expr& expr) {
  if (expr.kind == ExprKind::parameter && expr.type == types::unknown_oid)
    loose_parameters_.emplace_back(expr.number, expr.location);
}

void Analyzer::finish_parameters(Prepared& prepared) {
  for (auto [number, location] : loose_parameters_) {
    Oid type = parameters_[static_cast<std::size_t>(number)];
    if (type != 0 && type != types::unknown_oid)
      fail(sqlstate::ambiguous_parameter, fmt::format("could not determine data type of parameter ${}", number + 1),
           location);
  }
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (parameters_[i] == 0 || parameters_[i] == types::unknown_oid)
      fail(sqlstate::indeterminate_datatype, fmt::format("could not determine data type of parameter ${}", i + 1));
  prepared.parameter_types_ = parameters_;
}

}  // namespace pgconform::engine
