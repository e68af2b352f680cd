#include "engine/analyzer.hpp"
#include "engine/evaluate.hpp"
#include "engine/facts.hpp"
#include "types/bits.hpp"
#include "types/form.hpp"
#include "types/interval.hpp"
#include "types/made.hpp"

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

// What a value of a domain is without it.
ExprPtr from_domain(ExprPtr expr) {
  std::int32_t modifier = -1;
  auto plain = make_expr(ExprKind::relabel, types::base_of(expr->type, &modifier), expr->location);
  plain->modifier = modifier;
  plain->is_implicit = true;
  plain->args.push_back(std::move(expr));
  return plain;
}

}  // namespace

// coerce_to_domain(): made what the domain is over, then checked.
ExprPtr Analyzer::to_domain(ExprPtr expr, Oid domain, CastContext context) {
  std::int32_t modifier = -1;
  const Oid base = types::base_of(domain, &modifier);
  expr = fit(coerce(std::move(expr), base, context), modifier, context);
  auto checked = make_expr(ExprKind::to_domain, domain, expr->location);
  checked->is_implicit = context != CastContext::explicit_cast;
  checked->immutable = false;
  checked->args.push_back(std::move(expr));
  return checked;
}

// coerce_record_to_complex().
ExprPtr Analyzer::to_composite(ExprPtr expr, Oid target, CastContext context) {
  const auto* type = types::find_made(target);
  auto cannot = [&](std::string detail) {
    fail(sqlstate::cannot_coerce, fmt::format("cannot cast type record to {}", type_name(target)), expr->location, {},
         std::move(detail));
  };
  if (expr->kind != ExprKind::row) {
    if (const auto shape = shape_of(*expr); !shape) cannot({});
    refuse("a cast of such a row", expr->location);
  }
  auto row = make_expr(ExprKind::row, target, expr->location);
  row->number = expr->number;
  const std::size_t given = expr->args.size(), wanted = type->fields.size();
  for (std::size_t i = 0; i < std::min(given, wanted); ++i) {
    const auto& field = type->fields[i];
    Oid source[] = {expr->args[i]->type}, targets[] = {field.type};
    if (!can_coerce(source, targets, context))
      cannot(
          fmt::format("Cannot cast type {} to {} in column {}.", type_name(source[0]), type_name(field.type), i + 1));
    row->args.push_back(fit(coerce(std::move(expr->args[i]), field.type, context), field.modifier, context));
  }
  if (given < wanted) cannot("Input has too few columns.");
  if (given > wanted) cannot("Input has too many columns.");
  return row;
}

// A target type with find_pathway() behind it; nothing is checked here but what only the expression can tell.
ExprPtr Analyzer::coerce(ExprPtr expr, Oid target, CastContext context) {
  if (expr->type == target || is_polymorphic(target)) return expr;
  if (expr->type == types::unknown_oid && expr->kind != ExprKind::parameter && types::base_of(target) != target)
    return to_domain(std::move(expr), target, context);
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
  if (types::base_of(expr->type) != expr->type) expr = from_domain(std::move(expr));
  if (expr->type == target) return expr;
  if (types::base_of(target) != target) return to_domain(std::move(expr), target, context);
  if (types::is_made(target) && expr->type == types::record_oid && types::is_composite(target))
    return to_composite(std::move(expr), target, context);
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
    case Pathway::Kind::none:
      fail(sqlstate::cannot_coerce, fmt::format("cannot cast type {} to {}", type_name(expr->type), type_name(target)),
           location);
    case Pathway::Kind::relabel:
      // The same four bytes, with and without a sign.
      if ((expr->type == types::int4_oid) != (target == types::int4_oid)) {
        kind = ExprKind::call;
        implementation = find_implementation(target == types::int4_oid ? "signed_bits" : "unsigned_bits");
      }
      break;
  }
  auto result = make_expr(kind, target, location);
  result->implementation = implementation;
  if (way.kind == Pathway::Kind::function) result->immutable = is_immutable(way.function);
  result->is_implicit = context != CastContext::explicit_cast;
  if (target == types::record_oid) result->shape = shape_of(*expr);
  if (types::find_type(target)->collation != 0) result->collation = expr->collation;
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
  auto made = [&] {
    try {
      return coerce(std::move(expr), target, context);
    } catch (SqlError& error) {
      // Of a row, the cast is told as the place.
      if (source[0] == types::record_oid && error.report.sqlstate == sqlstate::cannot_coerce) error.location = location;
      throw;
    }
  }();
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
