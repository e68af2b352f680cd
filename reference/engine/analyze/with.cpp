#include <set>

#include "engine/analyze/inside.hpp"
#include "engine/analyze/parts.hpp"
#include "engine/analyze/recursion.hpp"
#include "engine/analyze/row_shapes.hpp"
#include "types/form.hpp"

// WITH: transformWithClause(). Each query sees those before it; a recursive one also itself.
namespace pgconform::engine {
namespace {

constexpr std::size_t most_common_tables = 4000;  // that can be seen from one place

void name_columns(CommonTable& table, const Node& node, std::vector<session::Column> columns) {
  table.columns = std::move(columns);
  const auto& list = node.list("aliascolnames");
  if (list.size() > table.columns.size())
    fail(sqlstate::invalid_column_reference,
         fmt::format("WITH query \"{}\" has {} columns available but {} columns specified", table.name,
                     table.columns.size(), list.size()),
         node.location());
  for (std::size_t i = 0; i < list.size(); ++i) table.columns[i].name = list[i]->string_of();
}

}  // namespace

void Analyzer::with(const Node& clause, std::vector<std::unique_ptr<CommonTable>>& tables) {
  const auto& list = clause.list("ctes");
  if (visible_common_.size() + list.size() > most_common_tables)
    fail(sqlstate::statement_too_complex, fmt::format("too many queries in WITH (maximum {})", most_common_tables),
         list.back()->body().location());
  std::set<std::string_view> names;
  for (const auto* each : list)
    if (!names.insert(each->body().text("ctename")).second)
      fail(sqlstate::duplicate_alias,
           fmt::format("WITH query name \"{}\" specified more than once", each->body().text("ctename")),
           each->body().location());
  for (const auto& [item, is_recursive] : in_order_of_need(list, clause.flag("recursive"))) {
    const Node& node = item->body();
    auto table = node["ctequery"].is("SelectStmt") ? common_table(node, is_recursive) : common_change(node);
    visible_common_.push_back({table.get(), scope_, false});
    tables.push_back(std::move(table));
  }
}

std::unique_ptr<CommonTable> Analyzer::common_table(const Node& node, bool recursive) {
  auto table = std::make_unique<CommonTable>();
  table->name = node.text("ctename");
  const Node& select = node["ctequery"].body();
  if (!recursive) {
    if (node.has("search_clause") || node.has("cycle_clause"))
      fail(sqlstate::syntax_error, "WITH query is not recursive", node.location());
    table->query = inner_query(select, Scope::Border::from, true);
    for (const auto& column : scope_columns(*table->query)) table->shapes.push_back(column.shape);
    name_columns(*table, node, table->query->columns);
    return table;
  }
  table->recursive = true;
  table->query = std::make_unique<Query>();
  Query& result = *table->query;
  Inside inside(*this, &result, Scope::Border::from);
  result.operation = Query::Operation::unite;
  result.all = select.flag("all");
  if (select.has("withClause")) with(select["withClause"], result.with);
  result.left = inner_query(select["larg"], Scope::Border::from, true);
  result.columns = result.left->columns;
  for (const auto& column : scope_columns(*result.left)) table->shapes.push_back(column.shape);
  auto columns = result.columns;
  for (auto& column : columns) column.table = 0, column.attribute = 0;
  name_columns(*table, node, std::move(columns));
  add_search_and_cycle(node, *table);
  visible_common_.push_back({table.get(), scope_, true});
  result.right = inner_query(select["rarg"], Scope::Border::from, false);
  const Query &left = *result.left, &right = *result.right;
  if (left.columns.size() != right.columns.size())
    fail(sqlstate::syntax_error, "each UNION query must have the same number of columns",
         right.targets.empty() ? -1 : right.targets[0]->location);
  for (std::size_t i = 0; i < left.columns.size(); ++i) {
    const ExprPtr* sides[] = {&left.targets[i], &right.targets[i]};
    Oid type = common_type(sides, "UNION"), first = left.targets[i]->type;
    if (left.targets[i]->shape && !common_shape(sides))
      refuse("a recursive query with rows of different columns", right.targets[i]->location);
    if (type != first)
      fail(sqlstate::datatype_mismatch,
           fmt::format("recursive query \"{}\" column {} has type {} in non-recursive term but type {} overall",
                       table->name, i + 1, types::type_name(first), types::type_name(type)),
           left.targets[i]->location, "Cast the output of the non-recursive term to the correct type.");
    if (left.targets[i]->modifier >= 0 && left.targets[i]->modifier != right.targets[i]->modifier)
      fail(sqlstate::datatype_mismatch,
           fmt::format("recursive query \"{}\" column {} has type {} in non-recursive term but type {} overall",
                       table->name, i + 1, types::type_name(first, left.targets[i]->modifier), types::type_name(type)),
           left.targets[i]->location, "Cast the output of the non-recursive term to the correct type.");
    ExprPtr& target = result.right->targets[i];
    if (target->type == types::unknown_oid) target = coerce(std::move(target), type, CastContext::implicit);
    result.right_casts.push_back(coerce(
        column_at(static_cast<int>(i), target->type, target->modifier, target->location), type, CastContext::implicit));
    result.operand_types.push_back(type);
    result.targets.push_back(column_at(static_cast<int>(i), type, left.targets[i]->modifier, -1));
  }
  if (table->extra > 0) search_and_cycle(node, *table);
  return table;
}

std::unique_ptr<CommonTable> Analyzer::common_change(const Node& node) {
  if (scope_->outer)
    fail(sqlstate::feature_not_supported, "WITH clause containing a data-modifying statement must be at the top level",
         node.location());
  auto table = std::make_unique<CommonTable>();
  table->name = node.text("ctename");
  std::optional<std::vector<session::Column>> columns;
  if (node["ctequery"].is("MergeStmt"))
    fail(sqlstate::feature_not_supported, "MERGE not supported in WITH query", node.location());
  if (!change_of_rows(node["ctequery"], *table, columns)) refuse("this statement in WITH", node.location());
  name_columns(*table, node, columns.value_or(std::vector<session::Column>{}));
  return table;
}

}  // namespace pgconform::engine
