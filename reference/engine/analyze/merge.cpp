#include <algorithm>

#include "engine/analyze/inside.hpp"
#include "engine/analyze/parts.hpp"

// MERGE: transformMergeStmt(). Each row of the source is joined with the rows of the table that it matches, or with
// nothing where it may be inserted. sql-merge.
namespace pgconform::engine {
namespace {

// A WHEN without a condition leaves nothing for those of its kind behind it.
void check_reachable(const std::vector<const Node*>& whens) {
  bool ended[2] = {false, false};
  for (const auto* each : whens) {
    const Node& when = each->body();
    bool& over = ended[when.flag("matched")];
    if (over) fail(sqlstate::syntax_error, "unreachable WHEN clause specified after unconditional WHEN clause");
    over = !when.has("condition");
  }
}

}  // namespace

std::unique_ptr<Merge> Analyzer::merge(const Node& node) {
  Inside inside(*this, nullptr, Scope::Border::statement);
  auto result = std::make_unique<Merge>();
  if (node.has("withClause")) {
    if (node["withClause"].flag("recursive"))
      fail(sqlstate::syntax_error, "WITH RECURSIVE is not supported for MERGE statement");
    with(node["withClause"], result->with);
  }
  const auto& whens = node.list("mergeWhenClauses");
  check_reachable(whens);
  const Node& relation = node["relation"];
  if (auto found = find_table(relation); found->kind == 'v' && found->oid >= Database::first_oid)
    fail(sqlstate::feature_not_supported, fmt::format("cannot execute MERGE on relation \"{}\"", found->name), -1, {},
         "This operation is not supported for views.");
  result->table = table_for_change(relation, "merge");

  const bool inserts =
      std::ranges::any_of(whens, [](const auto* each) { return each->body().text("commandType") == "CMD_INSERT"; });
  auto join = std::make_unique<FromItem>();
  join->kind = FromItem::Kind::join;
  join->join_kind = inserts ? FromItem::Join::right : FromItem::Join::inner;
  join->left = std::make_unique<FromItem>();
  join->left->table = result->table;
  add_to_scope(*join->left, names_of(result->table, result->table->name), relation["alias"]);
  join->left->with_place = true;
  ++join->left->width;
  ++inside.scope.width;
  // The source does not see the table, nor do the inserts.
  auto show_target = [&](bool shown) { inside.scope.items[0].named = inside.scope.items[0].bare = shown; };
  show_target(false);
  clause_ = Clause::from;
  join->right = from_item(node["sourceRelation"]);
  show_target(true);
  const auto& alias = inside.scope.items[0].alias;
  for (std::size_t i = 1; i < inside.scope.items.size(); ++i)
    if (inside.scope.items[i].named && inside.scope.items[i].alias == alias)
      fail(sqlstate::duplicate_alias, fmt::format("name \"{}\" specified more than once", alias), -1, {},
           "The name is used both as MERGE target table and data source.");
  inside.scope.items[0].nullable = inserts;
  clause_ = Clause::join;
  join->condition = to_boolean(expression(node["joinCondition"]), "JOIN/ON");
  join->width = inside.scope.width;
  result->from = std::move(join);
  for (const auto* each : whens) {
    show_target(each->body().flag("matched"));
    result->whens.push_back(merge_when(each->body(), *result));
  }
  return result;
}

Merge::When Analyzer::merge_when(const Node& node, Merge& merge) {
  using Action = Merge::When::Action;
  Merge::When when;
  when.matched = node.flag("matched");
  if (node.has("condition")) {
    clause_ = Clause::merge_when;
    when.condition = to_boolean(expression(node["condition"]), "WHEN");
  }
  const auto command = node.text("commandType");
  if (command == "CMD_INSERT") {
    when.action = Action::insert;
    merge_values(node, merge, when);
  } else if (command == "CMD_UPDATE") {
    when.action = Action::update;
    assignments(node.list("targetList"), *merge.table, when.assignments);
  } else if (command == "CMD_DELETE") {
    when.action = Action::remove;
  }
  return when;
}

// INSERT … VALUES: what is given for which column.
void Analyzer::merge_values(const Node& node, const Merge& merge, Merge::When& when) {
  Insert insert;
  insert.table = merge.table;
  const auto& columns = merge.table->columns;
  const auto& values = node.list("values");
  when.user_values_count = node.text("override") != "OVERRIDING_USER_VALUE";
  std::vector<const Node*> named;
  insert_targets(node.list("targetList"), *merge.table, insert.places, named);
  for (const auto* column : named)
    if (column->has("indirection")) refuse("a part of a column", column->location());
  if (named.empty())
    for (std::size_t i = 0; i < columns.size(); ++i) insert.places.push_back(static_cast<int>(i));
  if (values.size() > insert.places.size())
    fail(sqlstate::syntax_error, "INSERT has more expressions than target columns",
         values[insert.places.size()]->body().location());
  insert.source = std::make_unique<Query>();
  auto& row = insert.source->values.emplace_back();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& column = columns[static_cast<std::size_t>(insert.places[i])];
    clause_ = Clause::values;
    if (values[i]->is("SetToDefault")) {
      row.push_back(make_expr(ExprKind::column_default, column.type, -1));
      row.back()->shared = column.default_value;
    } else {
      row.push_back(assign(expression(*values[i]), column));
    }
  }
  if (!values.empty() && values.size() < named.size())
    fail(sqlstate::syntax_error, "INSERT has more target columns than expressions", named[values.size()]->location());
  insert.places.resize(values.size());
  check_given(insert, node);
  for (std::size_t i = 0; i < row.size(); ++i) when.assignments.emplace_back(insert.places[i], std::move(row[i]));
}

}  // namespace pgconform::engine
