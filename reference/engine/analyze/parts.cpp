#include "engine/analyze/parts.hpp"
#include <bit>

#include "engine/analyze/scope.hpp"

#include "engine/stack.hpp"
#include "types/made.hpp"
#include "types/system_values.hpp"
#include "types/type.hpp"

namespace pgconform::engine {

std::string dotted(const std::vector<const Node*>& names) {
  std::string name;
  for (const auto* n : names) name += (name.empty() ? "" : ".") + std::string(n->string_of());
  return name;
}

bool in_catalog(const std::vector<const Node*>& names) {
  return names.size() == 1 || (names.size() == 2 && names[0]->string_of() == "pg_catalog");
}

const Node& into_clause(const Node& select) {
  const Node* first = &select;
  while (first->has("larg")) first = &(*first)["larg"];
  return (*first)["intoClause"];
}

ExprPtr literal(Oid type, Value value, int location) {
  auto expr = make_expr(ExprKind::constant, type, location);
  expr->value = std::move(value);
  return expr;
}

ExprPtr column_at(int place, Oid type, std::int32_t modifier, int location) {
  auto expr = make_expr(ExprKind::column, type, location);
  expr->number = place;
  expr->modifier = modifier;
  return expr;
}

ExprPtr column_of(const ScopeColumn& column, int level, int location) {
  auto expr = column_at(column.place, column.type, column.modifier, location);
  expr->level = level;
  expr->table = column.table;
  expr->attribute = column.attribute;
  expr->text = column.owner;
  expr->shape = column.shape;
  return expr;
}

bool is_number(Oid type) {
  static constexpr Oid numbers[] = {types::int2_oid,   types::int4_oid,   types::int8_oid,
                                    types::float4_oid, types::float8_oid, types::numeric_oid};
  return std::ranges::find(numbers, type) != std::end(numbers);
}

namespace {

bool has_equality(Oid type) {
  type = types::base_of(type);
  if (types::is_array(type)) type = types::element_of(type);
  const auto* packed = types::find_packed(type);
  return type != types::void_oid && type != types::json_oid && (!packed || packed->is_comparable);
}

}  // namespace

bool has_order(Oid type) {
  type = types::base_of(type);
  if (!has_equality(type)) return false;
  if (types::is_array(type)) type = types::element_of(type);
  return type != types::xid_oid && type != types::cid_oid;
}

void need_equality(Oid type, int location) {
  if (!has_equality(type))
    fail(sqlstate::undefined_function,
         fmt::format("could not identify an equality operator for type {}", types::type_name(type)), location);
}

void need_order(Oid type, int location) {
  if (!has_order(type))
    fail(sqlstate::undefined_function,
         fmt::format("could not identify an ordering operator for type {}", types::type_name(type)), location,
         "Use an explicit ordering operator or modify the query.");
}

session::Column describe(const Expr& expr, std::string name) {
  const auto* type = types::find_type(expr.type);
  const bool is_row = expr.shape && expr.shape->oid != 0 && expr.type == types::record_oid;
  const bool is_whole = expr.kind == ExprKind::row && is_row && !expr.text.empty();
  return {std::move(name),
          is_whole ? expr.shape->oid - 1 : expr.table,
          expr.attribute,
          is_row ? expr.shape->oid : expr.type,
          type ? type->length : std::int16_t{-1},
          expr.modifier};
}

namespace {

// By their bits, as datumIsEqual() compares: NaN is the same as NaN.
bool same_value(const Value& a, const Value& b) {
  if (const auto *x = std::get_if<double>(&a), *y = std::get_if<double>(&b); x && y)
    return std::bit_cast<std::uint64_t>(*x) == std::bit_cast<std::uint64_t>(*y);
  if (const auto *x = std::get_if<float>(&a), *y = std::get_if<float>(&b); x && y)
    return std::bit_cast<std::uint32_t>(*x) == std::bit_cast<std::uint32_t>(*y);
  return a == b;
}

}  // namespace

bool same(const Expr& a, const Expr& b, int depth) {
  StackBase::check();
  bool column = a.kind == ExprKind::column;
  if (a.kind != b.kind || a.type != b.type || a.number != b.number || (column && a.level + depth != b.level) ||
      a.implementation != b.implementation || a.subquery != b.subquery)
    return false;
  if (a.shared != b.shared && (!a.shared || !b.shared || !same(*a.shared, *b.shared, depth))) return false;
  if (!column &&
      (a.modifier != b.modifier || a.text != b.text || !same_value(a.value, b.value) || a.strict != b.strict))
    return false;
  return std::ranges::equal(a.args, b.args, [&](const ExprPtr& x, const ExprPtr& y) { return same(*x, *y, depth); });
}

ExprPtr clone(const Expr& expr) {
  StackBase::check();
  auto copy = make_expr(expr.kind, expr.type, expr.location);
  copy->modifier = expr.modifier;
  copy->number = expr.number;
  copy->level = expr.level;
  copy->strict = expr.strict;
  copy->is_volatile = expr.is_volatile;
  copy->immutable = expr.immutable;
  copy->returns_set = expr.returns_set;
  copy->implementation = expr.implementation;
  copy->value = expr.value;
  copy->text = expr.text;
  copy->op = expr.op;
  copy->function = expr.function;
  copy->is_implicit = expr.is_implicit;
  copy->table = expr.table;
  copy->attribute = expr.attribute;
  copy->collation = expr.collation;
  copy->shape = expr.shape;
  copy->shared = expr.shared;
  copy->subquery = expr.subquery;
  copy->quantifier = expr.quantifier;
  for (const auto& arg : expr.args) copy->args.push_back(clone(*arg));
  return copy;
}

}  // namespace pgconform::engine
