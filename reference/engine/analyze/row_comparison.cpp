#include "engine/analyze/inside.hpp"
#include "engine/analyze/parts.hpp"

// Comparisons of rows: column by column. functions-comparisons; make_row_comparison_op(), transformSubLink().
namespace pgconform::engine {
namespace {

ExprPtr joined(ExprKind kind, std::vector<ExprPtr> args, int location) {
  if (args.size() == 1) return std::move(args[0]);
  auto expr = make_expr(kind, types::bool_oid, location);
  expr->args = std::move(args);
  return expr;
}

}  // namespace

// a < b of rows: the first columns that differ decide: (a1 < b1) OR (a1 = b1 AND (a2 < b2 OR …)).
ExprPtr Analyzer::compare_rows(std::string_view name, std::vector<ExprPtr> left, std::vector<ExprPtr> right,
                               int location) {
  if (left.size() != right.size())
    fail(sqlstate::syntax_error, "unequal number of entries in row expressions", location);
  if (left.empty()) fail(sqlstate::feature_not_supported, "cannot compare rows of zero length", location);
  auto pair = [&](std::string_view op, ExprPtr a, ExprPtr b) {
    ExprPtr test = apply_operator(op, std::move(a), std::move(b), location);
    if (test->type != types::bool_oid)
      fail(sqlstate::datatype_mismatch,
           fmt::format("row comparison operator must yield type boolean, not type {}", types::type_name(test->type)),
           location);
    return test;
  };
  std::vector<ExprPtr> parts;
  if (name == "=" || name == "<>" || left.size() == 1) {
    for (std::size_t i = 0; i < left.size(); ++i) parts.push_back(pair(name, std::move(left[i]), std::move(right[i])));
    return joined(name == "<>" ? ExprKind::either : ExprKind::both, std::move(parts), location);
  }
  // Literals take their types from the whole comparison first, as they stand in it twice.
  for (std::size_t i = 0; i < left.size(); ++i) {
    ExprPtr typed = pair(name, std::move(left[i]), std::move(right[i]));
    left[i] = std::move(typed->args[0]);
    right[i] = std::move(typed->args[1]);
  }
  static constexpr std::string_view ordered[] = {"<", "<=", ">", ">="};
  if (std::ranges::find(ordered, name) == std::end(ordered))
    fail(sqlstate::feature_not_supported,
         fmt::format("could not determine interpretation of row comparison operator {}", name), location,
         "Row comparison operators must be associated with btree operator families.");
  ExprPtr result;
  const std::string_view strict = name.substr(0, 1);
  for (auto i = left.size(); i-- > 0;) {
    if (!result) {
      result = pair(name, std::move(left[i]), std::move(right[i]));
      continue;
    }
    auto same = make_expr(ExprKind::both, types::bool_oid, location);
    same->args.push_back(pair("=", clone(*left[i]), clone(*right[i])));
    same->args.push_back(std::move(result));
    result = make_expr(ExprKind::either, types::bool_oid, location);
    result->args.push_back(pair(strict, std::move(left[i]), std::move(right[i])));
    result->args.push_back(std::move(same));
  }
  return result;
}

// left op right, of which both may be rows, or the right a subquery for the left one.
ExprPtr Analyzer::binary(std::string_view name, const Node& left, const Node& right, int location) {
  if (left.is("RowExpr") && right.is("RowExpr")) {
    auto a = row_members(left.body().list("args"));
    return compare_rows(name, std::move(a), row_members(right.body().list("args")), location);
  }
  if (left.is("RowExpr") && right.is("SubLink") && right.body().text("subLinkType") == "EXPR_SUBLINK")
    return row_link(right.body(), row_members(left.body().list("args")), name, true, location);
  ExprPtr a = expression(left);
  return apply_operator(name, std::move(a), expression(right), location);
}

// A row and a subquery of as many columns. The left side is worked out once as operand n, and each row of the subquery
// is operand n + 1.
ExprPtr Analyzer::row_link(const Node& link, std::vector<ExprPtr> left, std::string_view name, bool scalar,
                           int location) {
  const int number = operands_;
  auto expr = make_expr(ExprKind::subquery, types::bool_oid, link.location());
  auto inner = inner_query(link["subselect"].body(), Scope::Border::subquery, true, &expr->number);
  const std::size_t width = inner->columns.size();
  if (left.size() < width) fail(sqlstate::syntax_error, "subquery has too many columns", link.location());
  if (left.size() > width) fail(sqlstate::syntax_error, "subquery has too few columns", link.location());
  auto row = make_expr(ExprKind::row, types::record_oid, location);
  auto given = make_expr(ExprKind::row, types::record_oid, location);
  std::vector<ExprPtr> right;
  auto part = [&](int operand, std::size_t place, const Expr& like) {
    auto record = make_expr(ExprKind::operand, types::record_oid, like.location);
    record->number = operand;
    auto field = make_expr(ExprKind::field, like.type, like.location);
    field->number = static_cast<int>(place);
    field->modifier = like.modifier;
    field->shape = like.shape;
    field->args.push_back(std::move(record));
    return field;
  };
  for (std::size_t i = 0; i < width; ++i) {
    const Expr& target = *inner->targets[i];
    row->args.push_back(column_at(static_cast<int>(i), target.type, target.modifier, -1));
    row->args.back()->shape = target.shape;
    right.push_back(part(number + 1, i, target));
    if (left[i]->kind == ExprKind::constant || left[i]->kind == ExprKind::parameter) continue;
    auto field = part(number, given->args.size(), *left[i]);
    given->args.push_back(std::exchange(left[i], std::move(field)));
  }
  operands_ += 2;
  ExprPtr test = compare_rows(name, std::move(left), std::move(right), location);
  operands_ -= 2;
  auto whole = std::make_unique<Query>();
  whole->targets.push_back(std::move(row));
  whole->columns.push_back(describe(*whole->targets[0], "row"));
  whole->from = std::make_unique<FromItem>();
  whole->from->kind = FromItem::Kind::query;
  whole->from->width = static_cast<int>(width);
  whole->from->query = std::move(inner);
  expr->immutable = false;
  expr->level = number;
  expr->subquery = std::move(whole);
  if (!scalar) {
    expr->args.push_back(std::move(given));
    expr->args.push_back(std::move(test));
    expr->quantifier = Quantifier::any;
    return expr;
  }
  expr->type = types::record_oid;
  auto with_row = make_expr(ExprKind::with_operand, types::bool_oid, location);
  with_row->number = number + 1;
  with_row->args.push_back(std::move(expr));
  with_row->args.push_back(std::move(test));
  auto with_left = make_expr(ExprKind::with_operand, types::bool_oid, location);
  with_left->number = number;
  with_left->args.push_back(std::move(given));
  with_left->args.push_back(std::move(with_row));
  return with_left;
}

}  // namespace pgconform::engine
