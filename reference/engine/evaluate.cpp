#include "engine/evaluate.hpp"

#include <algorithm>

#include "engine/domains.hpp"
#include "engine/session_state.hpp"
#include "engine/stack.hpp"
#include "types/form.hpp"
#include "types/record.hpp"

namespace pgconform::engine {
namespace {

using types::is_null;

Value call(const Expr& expr, Context& context) {
  if (expr.is_volatile)
    if (auto known = context.remembered.find(&expr); known != context.remembered.end()) return known->second;
  Value few[4];
  std::vector<Value> many;
  std::span<Value> args(few, std::min<std::size_t>(expr.args.size(), 4));
  if (expr.args.size() > 4) {
    many.resize(expr.args.size());
    args = many;
  }
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    args[i] = evaluate(*expr.args[i], context);
    if (expr.strict && is_null(args[i])) return {};
  }
  Call frame{args, expr, context};
  Value result = expr.implementation(frame);
  if (expr.is_volatile) context.remembered[&expr] = result;
  return result;
}

// IS NULL and IS NOT NULL, which ask every field of a row.
bool all_fields(const Value& value, bool null) {
  const auto* record = std::get_if<types::Record>(&value);
  if (!record) return is_null(value) == null;
  return std::ranges::all_of(types::unpack_record(*record).values,
                             [&](const Value& field) { return is_null(field) == null; });
}

Value row(const Expr& expr, Context& context) {
  types::Fields fields;
  bool any = false;
  for (const auto& arg : expr.args) {
    const bool is_named = arg->shape && arg->shape->oid != 0 && arg->type == types::record_oid;
    fields.types.push_back(is_named ? arg->shape->oid : arg->type);
    fields.values.push_back(evaluate(*arg, context));
    any = any || !is_null(fields.values.back());
  }
  if (expr.number != 0 && !any) return {};
  return types::pack_record(fields);
}

// A record with another value in one field; of NULL, all the others are NULL too.
Value with_field(const Expr& expr, const Value& record, Value value) {
  const auto* type = types::find_made(types::base_of(expr.type));
  if (!type) fail(sqlstate::internal_error, fmt::format("cache lookup failed for type {}", expr.type));
  types::Fields fields;
  if (!is_null(record)) fields = types::unpack_record(std::get<types::Record>(record));
  fields.types.clear();
  for (const auto& field : type->fields) fields.types.push_back(field.type);
  fields.values.resize(fields.types.size());
  fields.values[static_cast<std::size_t>(expr.number)] = std::move(value);
  return types::pack_record(fields);
}

// The = operator of IS DISTINCT FROM, NULLIF and CASE x WHEN on two values.
bool equal(const Expr& expr, Value a, Value b, Context& context) {
  Value pair[] = {std::move(a), std::move(b)};
  Call frame{pair, expr, context};
  return is_true(expr.implementation(frame));
}

Value logic(const Expr& expr, Context& context, bool decisive) {
  bool unknown = false;
  for (const auto& arg : expr.args) {
    Value value = evaluate(*arg, context);
    if (is_null(value))
      unknown = true;
    else if (std::get<bool>(value) == decisive)
      return decisive;
  }
  if (unknown) return {};
  return !decisive;
}

Value extreme(const Expr& expr, Context& context) {
  Value best;
  for (const auto& arg : expr.args) {
    Value value = evaluate(*arg, context);
    if (is_null(value)) continue;
    int order = is_null(best) ? 0 : compare_values(expr.type, value, best);
    if (is_null(best) || (expr.kind == ExprKind::greatest ? order > 0 : order < 0)) best = std::move(value);
  }
  return best;
}

}  // namespace

void set_operand(Context& context, int number, Value value) {
  auto place = static_cast<std::size_t>(number);
  if (context.operands.size() <= place) context.operands.resize(place + 1);
  context.operands[place] = std::move(value);
}

Value evaluate(const Expr& expr, Context& context) {
  StackBase::check();
  auto arg = [&](std::size_t i) { return evaluate(*expr.args[i], context); };
  switch (expr.kind) {
    case ExprKind::constant:
      return expr.value;
    case ExprKind::parameter:
      return context.parameters[static_cast<std::size_t>(expr.number)];
    case ExprKind::column: {
      const Context* home = &context;
      for (int level = expr.level; level > 0; --level) home = home->outer;
      return home->row[static_cast<std::size_t>(expr.number)];
    }
    case ExprKind::aggregate:
    case ExprKind::grouping:
    case ExprKind::window:
      return {};  // analysis has made columns of them
    case ExprKind::operand:
      return context.operands[static_cast<std::size_t>(expr.number)];
    case ExprKind::with_operand: {
      Value value = arg(0);
      set_operand(context, expr.number, std::move(value));
      return arg(1);
    }
    case ExprKind::subquery:
      return evaluate_subquery(expr, context);
    case ExprKind::call:
      return call(expr, context);
    case ExprKind::relabel:
      return arg(0);
    case ExprKind::input: {
      Value value = arg(0);
      if (is_null(value)) return value;
      return value_or_fail(types::parse_text(expr.type, std::get<std::string>(value), context.style));
    }
    case ExprKind::output: {
      Value value = arg(0);
      if (is_null(value)) return value;
      return types::print_text(expr.args[0]->type, value, context.style);
    }
    case ExprKind::modifier:
      return value_or_fail(types::apply_modifier(expr.type, arg(0), expr.modifier, expr.strict));
    case ExprKind::both:
      return logic(expr, context, false);
    case ExprKind::either:
      return logic(expr, context, true);
    case ExprKind::negation: {
      Value value = arg(0);
      return is_null(value) ? value : Value(!std::get<bool>(value));
    }
    case ExprKind::is_null:
      return all_fields(arg(0), true);
    case ExprKind::is_not_null:
      return all_fields(arg(0), false);
    case ExprKind::field_assigned:
      return with_field(expr, arg(0), arg(1));
    case ExprKind::to_domain:
      return context.session.types().checked(expr.type, arg(0), &context);
    case ExprKind::row:
      return row(expr, context);
    case ExprKind::field: {
      Value record = arg(0);
      if (is_null(record)) return record;
      auto value = types::field_of(std::get<types::Record>(record), static_cast<std::size_t>(expr.number), expr.type);
      if (!value)
        fail(sqlstate::datatype_mismatch, fmt::format("attribute {} of type record has wrong type", expr.number + 1));
      return std::move(*value);
    }
    case ExprKind::is_unknown:
      return is_null(arg(0));
    case ExprKind::is_not_unknown:
      return !is_null(arg(0));
    case ExprKind::is_true:
      return is_true(arg(0));
    case ExprKind::is_not_true:
      return !is_true(arg(0));
    case ExprKind::is_false: {
      Value value = arg(0);
      return !is_null(value) && !std::get<bool>(value);
    }
    case ExprKind::is_not_false: {
      Value value = arg(0);
      return is_null(value) || std::get<bool>(value);
    }
    case ExprKind::distinct:
    case ExprKind::not_distinct: {
      Value a = arg(0), b = arg(1);
      bool same = is_null(a) || is_null(b) ? is_null(a) && is_null(b) : equal(expr, a, b, context);
      return same == (expr.kind == ExprKind::not_distinct);
    }
    case ExprKind::choice: {
      for (std::size_t i = 0; i + 1 < expr.args.size(); i += 2)
        if (is_true(arg(i))) return arg(i + 1);
      return arg(expr.args.size() - 1);
    }
    case ExprKind::coalesce: {
      for (std::size_t i = 0; i < expr.args.size(); ++i)
        if (Value value = arg(i); !is_null(value)) return value;
      return {};
    }
    case ExprKind::null_if: {
      Value a = arg(0), b = arg(1);
      if (is_null(a) || is_null(b)) return a;
      return equal(expr, a, b, context) ? Value() : a;
    }
    case ExprKind::greatest:
    case ExprKind::least:
      return extreme(expr, context);
    case ExprKind::column_default:
      return expr.shared ? evaluate(*expr.shared, context) : default_of_type(expr.type, context);
    case ExprKind::subscript:
      return expr.implementation ? call(expr, context) : evaluate_array(expr, context);
    case ExprKind::array:
    case ExprKind::slice:
    case ExprKind::array_coerce:
    case ExprKind::any_of:
    case ExprKind::all_of:
    case ExprKind::element_assigned:
      return evaluate_array(expr, context);
    case ExprKind::current:
      return context.session.current(expr.text, expr.modifier);
  }
  return {};
}

}  // namespace pgconform::engine
