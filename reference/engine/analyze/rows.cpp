#include "engine/analyze/parts.hpp"
#include "engine/analyze/row_shapes.hpp"
#include "engine/analyzer.hpp"
#include "engine/session_state.hpp"
#include "types/record.hpp"

// Rows as values: ROW(…), whole rows of tables, their fields. rowtypes; transformRowExpr(), transformWholeRowRef(),
// ParseComplexProjection().
namespace pgconform::engine {
namespace {

std::shared_ptr<const RowShape> shape_of_row(const std::vector<ExprPtr>& args) {
  auto shape = std::make_shared<RowShape>();
  for (std::size_t i = 0; i < args.size(); ++i)
    shape->columns.push_back({fmt::format("f{}", i + 1), args[i]->type, args[i]->modifier, args[i]->shape});
  return shape;
}

}  // namespace

// A list of expressions in which table.* stands for all its columns: transformExpressionList().
std::vector<ExprPtr> Analyzer::row_members(const std::vector<const Node*>& list) {
  std::vector<ExprPtr> members;
  for (const auto* node : list) {
    const bool is_star = node->is("ColumnRef") && node->body().list("fields").back()->is("A_Star");
    if (is_star) {
      std::vector<session::Column> ignored;
      expand_star(node->body(), members, ignored);
    } else if (node->is("A_Indirection") && node->body().list("indirection").back()->is("A_Star")) {
      std::vector<std::string> names;
      for (auto& each : fields_of(indirection(node->body()), node->body()["arg"].body().location(), names))
        members.push_back(std::move(each));
    } else {
      members.push_back(expression(*node));
    }
  }
  return members;
}

ExprPtr Analyzer::row_constructor(const Node& body) {
  auto expr = make_expr(ExprKind::row, types::record_oid, body.location());
  expr->args = row_members(body.list("args"));
  if (expr->args.size() > 1664)
    fail(sqlstate::too_many_columns, "ROW expressions can have at most 1664 entries", body.location());
  expr->shape = shape_of_row(expr->args);
  return expr;
}

// The row of an item of FROM; of a function that returns no row, its value.
ExprPtr Analyzer::whole_row(const ScopeItem& item, int level, int location) {
  std::vector<ExprPtr> columns;
  auto shape = std::make_shared<RowShape>();
  for (const auto& column : item.columns) {
    auto expr = column_of(column, level, location);
    shape->columns.push_back({column.name, column.type, column.modifier, column.shape});
    columns.push_back(std::move(expr));
  }
  if (item.is_scalar) return std::move(columns[0]);
  auto expr = make_expr(ExprKind::row, types::record_oid, location);
  expr->number = item.nullable;
  expr->text = item.alias;
  if (item.table && item.table->kind != 'S') {
    shape->oid = item.table->oid + 1;
    shape->name = item.table->name;
    for (std::size_t i = 0; i < shape->columns.size() && i < item.table->columns.size(); ++i)
      shape->columns[i].name = item.table->columns[i].name;
  }
  expr->args = std::move(columns);
  expr->shape = std::move(shape);
  return expr;
}

// A bare name that is no column's may be an item's; null if it is not.
ExprPtr Analyzer::find_whole_row(std::string_view name, int location) {
  bool visible = true;
  int level = 0;
  std::vector<Scope*> crossed;
  for (Scope* scope = scope_; scope; scope = scope->outer) {
    if (visible)
      if (const ScopeItem* item = scope->item(name)) {
        if (!item->lateral_ok)
          fail(sqlstate::invalid_column_reference,
               fmt::format("invalid reference to FROM-clause entry for table \"{}\"", item->alias), location);
        if (item->table && item->table->kind == 'S')
          fail(sqlstate::wrong_object_type,
               fmt::format("relation \"{}\" does not have a composite type", item->table->name));
        if (!item->columns.empty() && item->columns[0].place < scope->join_first)
          refuse("LATERAL across a join", location);
        for (std::size_t i = 0; i < crossed.size(); ++i)
          crossed[i]->escape = std::max(crossed[i]->escape, static_cast<int>(crossed.size() - i));
        return whole_row(*item, level, location);
      }
    visible = scope->border == Scope::Border::subquery;
    if (!visible && scope->border == Scope::Border::statement) break;
    if (visible) {
      ++level;
      crossed.push_back(scope);
    }
  }
  return nullptr;
}

std::shared_ptr<const RowShape> Analyzer::shape_of(const Expr& expr) const {
  return expr.shape ? expr.shape : shape_of_type(expr.type);
}

// The rows of a table as a type: null if the name is not a table's, or is a type's.
std::shared_ptr<const RowShape> Analyzer::named_shape(const Node& type_name) {
  const auto& names = type_name.list("names");
  if (names.empty() || names.size() > 2 || !type_name.list("arrayBounds").empty()) return nullptr;
  const auto name = names.back()->string_of();
  if (in_catalog(names) && types::find_type(name)) return nullptr;
  if (session_.types().named(names.size() > 1 ? names[0]->string_of() : std::string_view(), name)) return nullptr;
  const auto table = session_.find_table(names.size() > 1 ? names[0]->string_of() : std::string_view(), name);
  if (!table || table->kind == 'S') return nullptr;
  if (table->oid >= Database::first_oid) tables_.push_back(table);
  auto shape = std::make_shared<RowShape>();
  shape->oid = table->oid + 1;
  shape->name = table->name;
  for (const auto& column : table->columns) shape->columns.push_back({column.name, column.type, column.modifier, {}});
  return shape;
}

// A row, NULL or a literal made a row of that type: coerce_record_to_complex(), record_in().
ExprPtr Analyzer::as_row(ExprPtr expr, std::shared_ptr<const RowShape> shape, int location) {
  auto row = make_expr(ExprKind::row, types::record_oid, expr->location);
  if (expr->kind == ExprKind::constant && expr->type == types::unknown_oid) {
    if (types::is_null(expr->value)) {
      expr->type = types::record_oid;
      expr->shape = std::move(shape);
      return expr;
    }
    const auto texts =
        value_or_fail(types::split_record(std::get<std::string>(expr->value), shape->columns.size()), expr->location);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      Value text = texts[i] ? Value(*texts[i]) : Value();
      row->args.push_back(literal(types::unknown_oid, std::move(text), expr->location));
    }
  } else {
    auto cannot = [&](std::string detail) {
      fail(sqlstate::cannot_coerce, fmt::format("cannot cast type record to {}", shape->name), location, {},
           std::move(detail));
    };
    const auto given = shape_of(*expr);
    if (!given)
      fail(sqlstate::cannot_coerce, fmt::format("cannot cast type {} to {}", types::type_name(expr->type), shape->name),
           location);
    if (given->oid == shape->oid) return expr;
    if (given->columns.size() < shape->columns.size()) cannot("Input has too few columns.");
    if (given->columns.size() > shape->columns.size()) cannot("Input has too many columns.");
    if (expr->kind != ExprKind::row) refuse("a cast of such a row", location);
    row->args = std::move(expr->args);
  }
  for (std::size_t i = 0; i < row->args.size(); ++i) {
    const auto& column = shape->columns[i];
    const int at = row->args[i]->location;
    row->args[i] =
        coerce_or_fail(std::move(row->args[i]), column.type, column.modifier, CastContext::explicit_cast, at);
  }
  row->shape = std::move(shape);
  return row;
}

ExprPtr Analyzer::selected(ExprPtr record, std::size_t number, const RowShape& shape) {
  if (record->kind == ExprKind::row && number < record->args.size()) {
    auto chosen = clone(*record->args[number]);
    // Of a row inside ROW(…) nobody knows the fields' names any more.
    if (record->text.empty() && chosen->shape && chosen->shape->oid == 0) chosen->shape = nullptr;
    return chosen;
  }
  const auto& column = shape.columns[number];
  auto expr = make_expr(ExprKind::field, column.type, record->location);
  expr->number = static_cast<int>(number);
  expr->modifier = column.modifier;
  expr->shape = column.shape;
  expr->args.push_back(std::move(record));
  return expr;
}

ExprPtr Analyzer::field(ExprPtr record, std::string_view name, int location) {
  const auto shape = shape_of(*record);
  if (shape)
    for (std::size_t i = 0; i < shape->columns.size(); ++i)
      if (shape->columns[i].name == name) return selected(std::move(record), i, *shape);
  if (shape && record->kind == ExprKind::row && !record->args.empty() && !record->args[0]->text.empty() &&
      shape->oid != 0)
    fail(sqlstate::undefined_column,
         fmt::format("column {}.{} does not exist", record->text.empty() ? shape->name : record->text, name), location);
  if (shape && shape->oid != 0)
    fail(sqlstate::undefined_column, fmt::format("column \"{}\" not found in data type {}", name, shape->name),
         location);
  if (record->type == types::record_oid)
    fail(sqlstate::undefined_column, fmt::format("could not identify column \"{}\" in record data type", name),
         location);
  fail(sqlstate::wrong_object_type,
       fmt::format("column notation .{} applied to type {}, which is not a composite type", name,
                   types::type_name(record->type)),
       location);
}

// (record).*
std::vector<ExprPtr> Analyzer::fields_of(ExprPtr record, int location, std::vector<std::string>& names) {
  const auto shape = shape_of(*record);
  if (!shape) {
    if (record->type == types::record_oid)
      fail(sqlstate::feature_not_supported, "record type has not been registered", location);
    fail(sqlstate::wrong_object_type, fmt::format("type {} is not composite", types::type_name(record->type)),
         location);
  }
  std::vector<ExprPtr> fields;
  for (std::size_t i = 0; i < shape->columns.size(); ++i) {
    names.push_back(shape->columns[i].name);
    fields.push_back(selected(clone(*record), i, *shape));
  }
  return fields;
}

}  // namespace pgconform::engine
