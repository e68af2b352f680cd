#include "engine/analyze/inside.hpp"
#include "engine/analyze/parts.hpp"
#include "engine/analyze/row_shapes.hpp"

// UNION, INTERSECT, EXCEPT: transformSetOperationStmt().
namespace pgconform::engine {

void Analyzer::set_operation(const Node& s, Query& result) {
  using Operation = Query::Operation;
  std::string_view op = s.text("op");
  result.operation = op == "SETOP_UNION"       ? Operation::unite
                     : op == "SETOP_INTERSECT" ? Operation::intersect
                                               : Operation::except;
  std::string_view name = op.substr(6);
  result.all = s.flag("all");
  for (const Node* side : {&s["larg"], &s["rarg"]})
    if (side->has("intoClause") && &(*side)["intoClause"] != into_)
      fail(sqlstate::syntax_error, "INTO is only allowed on first SELECT of UNION/INTERSECT/EXCEPT",
           (*side)["intoClause"]["rel"].location());
  result.left = inner_query(s["larg"], Scope::Border::from, false);
  result.right = inner_query(s["rarg"], Scope::Border::from, false);
  Query &left = *result.left, &right = *result.right;
  if (left.columns.size() != right.columns.size())
    fail(sqlstate::syntax_error, fmt::format("each {} query must have the same number of columns", name),
         right.targets.empty() ? -1 : right.targets[0]->location);
  ScopeItem names{"*SELECT*"};
  bool cast_left = false, cast_right = false;
  for (std::size_t i = 0; i < left.columns.size(); ++i) {
    ExprPtr &l = left.targets[i], &r = right.targets[i];
    const ExprPtr* sides[] = {&l, &r};
    Oid type = common_type(sides, name);
    int location = leftmost(l->location, -1);
    auto fit_side = [&](Query& query, std::vector<ExprPtr>& casts, bool& needed) {
      ExprPtr& target = query.targets[i];
      // A literal takes the type where it stands; anything else keeps its meaning and is converted afterwards.
      if (target->type == types::unknown_oid && query.values.empty()) {
        target = coerce(std::move(target), type, CastContext::implicit);
        query.columns[i] = describe(*target, query.columns[i].name);
      }
      if (!query.values.empty() && target->type == types::unknown_oid && type != types::text_oid)
        refuse("VALUES of literals in a set operation with another type", target->location);
      auto column = column_at(static_cast<int>(i), target->type, target->modifier, target->location);
      if (column->type == types::unknown_oid) column->type = type;
      needed = needed || column->type != type;
      casts.push_back(coerce(std::move(column), type, CastContext::implicit));
    };
    fit_side(left, result.left_casts, cast_left);
    fit_side(right, result.right_casts, cast_right);
    std::int32_t modifier = l->type == type && r->type == type && l->modifier == r->modifier ? l->modifier : -1;
    auto target = column_at(static_cast<int>(i), type, modifier, location);
    target->shape = common_shape(sides);
    if (!result.all) need_equality(type, location);
    std::string title = left.columns[i].name;
    result.columns.push_back(describe(*target, title));
    auto target_shape = target->shape;
    result.targets.push_back(std::move(target));
    result.operand_types.push_back(type);
    names.columns.push_back({title, type, modifier, static_cast<int>(i), 0, 0, title, target_shape});
  }
  if (!cast_left) result.left_casts.clear();
  if (!cast_right) result.right_casts.clear();
  names.named = false;
  scope_->width = static_cast<int>(names.columns.size());
  scope_->items.push_back(std::move(names));
  order_by(s, result);
  limits(s, result);
}

}  // namespace pgconform::engine
