#include <algorithm>
#include <set>

#include "engine/analyze/inside.hpp"
#include "engine/analyze/parts.hpp"
#include "engine/catalog/deparse.hpp"
#include "types/array.hpp"
#include "types/form.hpp"
#include "types/made.hpp"

// Expressions over one table's rows that stand outside of queries: constraints, conversions, ON CONFLICT.
namespace pgconform::engine {

std::shared_ptr<const Expr> Analyzer::condition_of(const Node& node, const Table& table) {
  Inside inside(*this, nullptr, Scope::Border::statement);
  inside.scope.items.push_back(names_of(std::make_shared<Table>(table), table.name));
  clause_ = Clause::check;
  return to_boolean(expression(node), "CHECK");
}

ExprPtr Analyzer::conversion_of(const Node& node, const Table& table, const TableColumn& from, const TableColumn& to) {
  Inside inside(*this, nullptr, Scope::Border::statement);
  inside.scope.items.push_back(names_of(std::make_shared<Table>(table), table.name));
  clause_ = Clause::conversion;
  ExprPtr value;
  if (node.is_empty()) {
    auto place = std::ranges::find(table.columns, from.name, &TableColumn::name) - table.columns.begin();
    value = column_at(static_cast<int>(place), from.type, from.modifier, -1);
  } else {
    value = expression(node);
  }
  Oid source[] = {value->type}, target[] = {to.type};
  if (!can_coerce(source, target, CastContext::assignment)) {
    bool explicitly = can_coerce(source, target, CastContext::explicit_cast);
    if (node.is_empty())
      fail(sqlstate::datatype_mismatch,
           fmt::format("column \"{}\" cannot be cast automatically to type {}", from.name, types::type_name(to.type)),
           -1,
           explicitly ? fmt::format("You might need to specify \"USING {}::{}\".", from.name,
                                    types::type_name(to.type, to.modifier))
                      : "");
    fail(sqlstate::datatype_mismatch,
         fmt::format("result of USING clause for column \"{}\" cannot be cast automatically to type {}", from.name,
                     types::type_name(to.type)),
         -1, "You might need to add an explicit cast.");
  }
  return fit(coerce(std::move(value), to.type, CastContext::assignment), to.modifier, CastContext::assignment);
}

namespace {

// What has to hold at once for the condition to hold, as texts.
void conjuncts(const Expr& condition, const Deparsing& how, std::set<std::string>& found) {
  if (condition.kind != ExprKind::both || condition.text == "IN") {
    found.insert(deparse(condition, how));
    return;
  }
  for (const auto& arg : condition.args) conjuncts(*arg, how, found);
}

}  // namespace

// infer_arbiter_indexes(): the unique indexes of just these columns and expressions. Of a partial one the condition has
// to follow from the statement's; what follows but is not among it word for word is refused.
std::vector<Oid> Analyzer::inferred(const Node& infer, const Table& table) {
  const Deparsing how{session_, table};
  std::set<std::size_t> places;
  std::set<std::string> expressions, given;
  for (const auto* each : infer.list("indexElems")) {
    const Node& element = each->body();
    if (!element.list("collation").empty() || !element.list("opclass").empty())
      refuse("ON CONFLICT with a collation or an operator class", infer.location());
    if (element.has("expr")) {
      const auto expr = index_expression_of(element["expr"], table);
      if (expr->kind == ExprKind::column)
        places.insert(static_cast<std::size_t>(expr->number));
      else
        expressions.insert(deparse(*expr, how));
      continue;
    }
    auto it = std::ranges::find(table.columns, element.text("name"), &TableColumn::name);
    if (it == table.columns.end())
      fail(sqlstate::undefined_column, fmt::format("column \"{}\" does not exist", element.text("name")),
           infer.location());
    places.insert(static_cast<std::size_t>(it - table.columns.begin()));
  }
  if (infer.has("whereClause")) conjuncts(*index_predicate_of(infer["whereClause"], table), how, given);
  std::vector<Oid> found;
  bool may_follow = false;
  for (const auto& index : table.indexes) {
    if (!index.unique) continue;
    std::set<std::size_t> own(index.columns.begin(), index.columns.end());
    own.erase(Index::no_place);
    std::set<std::string> texts, needed;
    for (const auto& each : index.expressions)
      if (each) texts.insert(deparse(*each, how));
    if (own != places || texts != expressions) continue;
    if (index.predicate) conjuncts(*index.predicate, how, needed);
    if (std::ranges::includes(given, needed))
      found.push_back(index.oid);
    else
      may_follow |= !given.empty();
  }
  if (found.empty() && may_follow) refuse("ON CONFLICT with another condition than the index's", infer.location());
  return found;
}

// ON CONFLICT: which unique index decides, and what is then done: transformOnConflictClause(), infer_arbiter_indexes().
void Analyzer::conflict(const Node& clause, Insert& insert) {
  auto result = std::make_unique<Conflict>();
  const Table& table = *insert.table;
  result->update = clause.text("action") == "ONCONFLICT_UPDATE";
  const Node& infer = clause["infer"];
  if (infer.is_empty()) {
    if (result->update)
      fail(sqlstate::syntax_error, "ON CONFLICT DO UPDATE requires inference specification or constraint name",
           clause.location(), "For example, ON CONFLICT (column_name).");
  } else if (infer.has("conname")) {
    auto index = std::ranges::find_if(
        table.indexes, [&](const Index& i) { return i.is_constraint && i.name == infer.text("conname"); });
    if (index == table.indexes.end())
      fail(sqlstate::undefined_object,
           fmt::format("constraint \"{}\" for table \"{}\" does not exist", infer.text("conname"), table.name));
    result->arbiters.push_back(index->oid);
  } else {
    result->arbiters = inferred(infer, table);
    if (result->arbiters.empty())
      fail_in_planning(sqlstate::invalid_column_reference,
                       "there is no unique or exclusion constraint matching the ON CONFLICT specification");
  }
  if (result->update) {
    // The row that is there, and beside it the one that was to be inserted.
    Inside inside(*this, nullptr, Scope::Border::statement);
    inside.scope.items.push_back(names_of(insert.table, insert.alias));
    ScopeItem excluded = names_of(insert.table, "excluded");
    for (auto& column : excluded.columns) {
      column.table = 0;
      column.place += static_cast<int>(excluded.columns.size());
    }
    inside.scope.items.push_back(std::move(excluded));
    assignments(clause.list("targetList"), table, result->assignments);
    if (clause.has("whereClause")) {
      clause_ = Clause::where;
      result->where = to_boolean(expression(clause["whereClause"]), "WHERE");
    }
  }
  insert.conflict = std::move(result);
}

// SET of UPDATE and of ON CONFLICT DO UPDATE.
void Analyzer::assignments(const std::vector<const Node*>& list, const Table& table,
                           std::vector<std::pair<int, ExprPtr>>& result) {
  for (const auto* each : list) {
    clause_ = Clause::set;
    const Node& target = each->body();
    const auto& attributes = table.columns;
    const Node* source = &target["val"];
    if (source->is("MultiAssignRef") && source->body()["source"].is("RowExpr")) {
      const auto& row = source->body()["source"].body().list("args");
      if (static_cast<std::int64_t>(row.size()) != source->body().number("ncolumns"))
        fail(sqlstate::syntax_error, "number of columns does not match number of values",
             source->body()["source"].body().location());
      source = row[static_cast<std::size_t>(source->body().number("colno") - 1)];
    }
    ExprPtr value = source->is("SetToDefault")     ? nullptr
                    : source->is("MultiAssignRef") ? one_of_many(source->body())
                                                   : expression(*source);
    auto it = std::ranges::find(attributes, target.text("name"), &TableColumn::name);
    if (it == attributes.end())
      fail(sqlstate::undefined_column,
           fmt::format("column \"{}\" of relation \"{}\" does not exist", target.text("name"), table.name),
           target.location());
    auto place = static_cast<int>(it - attributes.begin());
    if (target.has("indirection") && value) {
      // Several elements of one column are set one after the other.
      auto same = std::ranges::find_if(result, [&](const auto& done) {
        return done.first == place &&
               (done.second->kind == ExprKind::element_assigned || done.second->kind == ExprKind::field_assigned);
      });
      ExprPtr before = same == result.end() ? column_at(place, it->type, it->modifier, -1) : std::move(same->second);
      ExprPtr made = element_assigned(target, std::move(value), *it, std::move(before));
      if (same != result.end()) {
        same->second = std::move(made);
        continue;
      }
      for (const auto& [other, expr] : result)
        if (other == place)
          fail(sqlstate::syntax_error, fmt::format("multiple assignments to same column \"{}\"", it->name));
      result.emplace_back(place, std::move(made));
      continue;
    }
    if (target.has("indirection"))
      fail(sqlstate::feature_not_supported,
           target.list("indirection")[0]->is("A_Indices") ? "cannot set an array element to DEFAULT"
                                                          : "cannot set a subfield to DEFAULT",
           target.location());
    for (const auto& [other, expr] : result)
      if (other == place)
        fail(sqlstate::syntax_error, fmt::format("multiple assignments to same column \"{}\"", target.text("name")));
    if (!value) {
      value = make_expr(ExprKind::column_default, it->type, -1);
      value->shared = it->default_value;
    } else {
      value = assign(std::move(value), *it);
      if (it->identity == 'a')
        fail(sqlstate::generated_always, fmt::format("column \"{}\" can only be updated to DEFAULT", it->name), -1, {},
             fmt::format("Column \"{}\" is an identity column defined as GENERATED ALWAYS.", it->name));
      if (it->generated)
        fail(sqlstate::generated_always, fmt::format("column \"{}\" can only be updated to DEFAULT", it->name), -1, {},
             fmt::format("Column \"{}\" is a generated column.", it->name));
    }
    result.emplace_back(place, std::move(value));
  }
}

// column[i] = value: the column with one element, or a slice, in its place: transformAssignmentSubscripts().
ExprPtr Analyzer::element_assigned(const Node& target, ExprPtr value, const TableColumn& column, ExprPtr before) {
  const auto& list = target.list("indirection");
  const int location = target.location();
  if (!list[0]->is("A_Indices")) {
    if (types::is_composite(column.type)) {
      if (list.size() > 1) refuse("a part of a field in an assignment", location);
      const auto* type = types::find_made(types::base_of(column.type));
      const auto name = list[0]->string_of();
      const auto field = std::ranges::find(type->fields, name, &types::MadeType::Field::name);
      if (field == type->fields.end())
        fail(sqlstate::undefined_column,
             fmt::format(
                 "cannot assign to field \"{}\" of column \"{}\" because there is no such column in data type {}", name,
                 column.name, types::type_name(type->oid)),
             location);
      Oid source[] = {value->type}, wanted[] = {field->type};
      if (!can_coerce(source, wanted, CastContext::assignment))
        fail(sqlstate::datatype_mismatch,
             fmt::format("subfield \"{}\" is of type {} but expression is of type {}", name,
                         types::type_name(field->type), types::type_name(value->type)),
             location, "You will need to rewrite or cast the expression.");
      auto made = make_expr(ExprKind::field_assigned, types::base_of(column.type), location);
      made->number = static_cast<int>(field - type->fields.begin());
      // What was assigned before is there already, without the domain around it.
      if (before->kind == ExprKind::to_domain) before = std::move(before->args[0]);
      made->args.push_back(std::move(before));
      made->args.push_back(fit(coerce(std::move(value), field->type, CastContext::assignment), field->modifier,
                               CastContext::assignment));
      return coerce(std::move(made), column.type, CastContext::assignment);
    }
    if (!types::is_supported(column.type) || column.type == types::record_oid) refuse("a field of a column", location);
    fail(sqlstate::datatype_mismatch,
         fmt::format("cannot assign to field \"{}\" of column \"{}\" because its type {} is not a composite type",
                     list[0]->string_of(), column.name, types::type_name(column.type)),
         location);
  }
  if (column.type == types::jsonb_oid) refuse("a subscript of jsonb", location);
  if (!types::is_array(column.type) || column.type == types::int2vector_oid || column.type == types::oidvector_oid)
    fail(
        sqlstate::datatype_mismatch,
        fmt::format("cannot subscript type {} because it does not support subscripting", types::type_name(column.type)),
        location);
  auto made = make_expr(ExprKind::element_assigned, column.type, location);
  made->modifier = column.modifier;
  made->args.push_back(std::move(before));
  made->args.push_back(nullptr);
  auto index = [&](const Node& node) {
    ExprPtr expr = expression(node);
    Oid source[] = {expr->type}, wanted[] = {types::int4_oid};
    if (!can_coerce(source, wanted, CastContext::assignment))
      fail(sqlstate::datatype_mismatch, "array subscript must have type integer", expr->location);
    made->args.push_back(coerce(std::move(expr), types::int4_oid, CastContext::assignment));
  };
  for (const auto* node : list) {
    if (!node->is("A_Indices")) refuse("a field of an array's element", location);
    const Node& indices = node->body();
    if (indices.flag("is_slice")) {
      made->strict = false;
      if (list.size() > 1 || !indices.has("lidx") || !indices.has("uidx"))
        refuse("this slice in an assignment", location);
      index(indices["lidx"]);
    }
    index(indices["uidx"]);
  }
  if (list.size() > types::most_dimensions)
    fail(sqlstate::program_limit_exceeded,
         fmt::format("number of array dimensions ({}) exceeds the maximum allowed ({})", list.size(),
                     types::most_dimensions));
  const Oid type = made->strict ? types::element_of(column.type) : column.type;
  Oid source[] = {value->type}, wanted[] = {type};
  if (!can_coerce(source, wanted, CastContext::assignment))
    fail(sqlstate::datatype_mismatch,
         fmt::format("subscripted assignment to \"{}\" requires type {} but expression is of type {}", column.name,
                     types::type_name(type), types::type_name(value->type)),
         location, "You will need to rewrite or cast the expression.");
  made->args[1] =
      fit(coerce(std::move(value), type, CastContext::assignment), column.modifier, CastContext::assignment);
  return made;
}

// One column of SET (a, b) = (SELECT …).
ExprPtr Analyzer::one_of_many(const Node& reference) {
  if (!reference["source"].is("SubLink") || reference["source"].body().text("subLinkType") != "EXPR_SUBLINK")
    fail(sqlstate::feature_not_supported,
         "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression",
         reference["source"].body().location());
  const Node& link = reference["source"].body();
  auto expr = make_expr(ExprKind::subquery, 0, link.location());
  auto inner = inner_query(link["subselect"].body(), Scope::Border::subquery, true, &expr->number);
  if (static_cast<std::int64_t>(inner->columns.size()) != reference.number("ncolumns"))
    fail(sqlstate::syntax_error, "number of columns does not match number of values", link.location());
  auto column = static_cast<std::size_t>(reference.number("colno") - 1);
  expr->type = inner->targets[column]->type;
  expr->modifier = inner->columns[column].type_modifier;
  expr->immutable = false;
  auto picked = std::make_unique<Query>();
  picked->columns = {inner->columns[column]};
  picked->targets.push_back(column_at(static_cast<int>(column), expr->type, expr->modifier, -1));
  picked->from = std::make_unique<FromItem>();
  picked->from->kind = FromItem::Kind::query;
  picked->from->width = static_cast<int>(inner->columns.size());
  picked->from->query = std::move(inner);
  expr->subquery = std::move(picked);
  return expr;
}

// A generated column takes no value but its own, nor does an identity column GENERATED ALWAYS, unless OVERRIDING is
// said.
void Analyzer::check_given(const Insert& insert, const Node& node) const {
  std::string_view override = node.text("override");
  for (std::size_t i = 0; i < insert.places.size(); ++i) {
    const auto& column = insert.table->columns[static_cast<std::size_t>(insert.places[i])];
    bool overridden = override == "OVERRIDING_SYSTEM_VALUE" || override == "OVERRIDING_USER_VALUE";
    if (!column.generated && (column.identity != 'a' || overridden)) continue;
    bool all_default = !insert.source->values.empty() &&
                       std::ranges::all_of(insert.source->values,
                                           [&](const auto& row) { return row[i]->kind == ExprKind::column_default; });
    if (all_default) continue;
    if (column.generated)
      fail(sqlstate::generated_always, fmt::format("cannot insert a non-DEFAULT value into column \"{}\"", column.name),
           -1, {}, fmt::format("Column \"{}\" is a generated column.", column.name));
    fail(sqlstate::generated_always, fmt::format("cannot insert a non-DEFAULT value into column \"{}\"", column.name),
         -1, "Use OVERRIDING SYSTEM VALUE to override.",
         fmt::format("Column \"{}\" is an identity column defined as GENERATED ALWAYS.", column.name));
  }
}

}  // namespace pgconform::engine
