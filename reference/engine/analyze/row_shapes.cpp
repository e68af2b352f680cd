#include "engine/analyze/row_shapes.hpp"

#include <algorithm>

#include "engine/error.hpp"
#include "types/form.hpp"
#include "types/made.hpp"

// Rows of which any may be a value: what select_common_type() finds of composite types, which are all record here.
namespace pgconform::engine {
namespace {

bool is_same(const RowShape& a, const RowShape& b) {
  if (a.oid != 0 || b.oid != 0) return a.oid == b.oid;
  return std::ranges::equal(a.columns, b.columns, [](const RowShape::Column& x, const RowShape::Column& y) {
    if (x.type != y.type || !x.shape != !y.shape) return false;
    return !x.shape || is_same(*x.shape, *y.shape);
  });
}

}  // namespace

std::shared_ptr<const RowShape> shape_of_type(types::Oid oid) {
  if (!types::is_composite(oid)) return nullptr;
  const auto* type = types::find_made(types::base_of(oid));
  auto shape = std::make_shared<RowShape>();
  shape->oid = type->oid;
  shape->name = types::type_name(type->oid);
  for (const auto& field : type->fields) shape->columns.push_back({field.name, field.type, field.modifier, {}});
  return shape;
}

std::string shown_type(const Expr& expr) {
  const bool is_row = expr.type == types::record_oid && expr.shape && expr.shape->oid != 0;
  return is_row ? expr.shape->name : types::type_name(expr.type);
}

void check_rows(std::span<const ExprPtr* const> exprs, std::string_view construct) {
  const Expr* first = nullptr;
  for (const auto* each : exprs) {
    const Expr& expr = **each;
    if (expr.type != types::record_oid) continue;
    if (!first) first = &expr;
    const types::Oid a = first->shape ? first->shape->oid : 0, b = expr.shape ? expr.shape->oid : 0;
    if (a == b) continue;
    if (a == 0 || b == 0)
      fail(sqlstate::datatype_mismatch,
           fmt::format("{} types {} and {} cannot be matched", construct, shown_type(*first), shown_type(expr)),
           expr.location);
    fail(sqlstate::cannot_coerce,
         fmt::format("{} could not convert type {} to {}", construct == "CASE" ? "CASE/WHEN" : construct,
                     shown_type(expr), shown_type(*first)),
         expr.location);
  }
}

std::shared_ptr<const RowShape> common_shape(std::span<const ExprPtr* const> exprs) {
  std::shared_ptr<const RowShape> common;
  for (const auto* each : exprs) {
    const Expr& expr = **each;
    if (expr.kind == ExprKind::constant && types::is_null(expr.value) && !expr.shape) continue;
    if (!expr.shape || (common && !is_same(*common, *expr.shape))) return nullptr;
    if (!common) common = expr.shape;
  }
  return common;
}

}  // namespace pgconform::engine
