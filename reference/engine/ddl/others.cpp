#include <algorithm>

#include "engine/analyze/parts.hpp"
#include "engine/catalog/objects.hpp"
#include "engine/ddl/relations.hpp"
#include "engine/ddl/types.hpp"
#include "types/form.hpp"

// Views, LOCK TABLE, COMMENT ON.
namespace pgconform::engine {

std::string create_view(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  Place where = place_of(body["view"], session);
  if (body.has("withCheckOption") && body.text("withCheckOption") != "NO_CHECK_OPTION") refuse("WITH CHECK OPTION");
  if (body.has("options")) refuse("options of a view");
  auto query = raw.part(body["query"]);
  if (!into_clause(body["query"].body()).is_empty())
    fail(sqlstate::feature_not_supported, "views must not contain SELECT INTO");
  auto plan = Analyzer(session, std::nullopt).analyze(query);
  if (!plan->written.empty())
    fail(sqlstate::feature_not_supported, "views must not contain data-modifying statements in WITH");
  auto view = std::make_shared<Table>();
  place(*view, where, session);
  view->kind = 'v';
  view->view = query;
  const auto& aliases = body.list("aliases");
  const auto& columns = *plan->columns();
  if (aliases.size() > columns.size())
    fail(sqlstate::syntax_error, "CREATE VIEW specifies more column names than columns");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    TableColumn column;
    column.name = i < aliases.size() ? std::string(aliases[i]->string_of()) : columns[i].name;
    column.type = columns[i].type;
    column.modifier = columns[i].type_modifier;
    column.number = ++view->last_number;
    if (std::ranges::find(view->columns, column.name, &TableColumn::name) != view->columns.end())
      fail(sqlstate::duplicate_column, fmt::format("column \"{}\" specified more than once", column.name));
    view->columns.push_back(std::move(column));
  }
  for (const auto& table : plan->tables) {
    // What it reads through another view is that one's affair.
    bool through = std::ranges::any_of(plan->tables, [&](const auto& other) {
      return std::ranges::find(other->uses, table->oid) != other->uses.end();
    });
    if (!through || names_relation(body["query"], table->name)) view->uses.push_back(table->oid);
    if (table->temporary && !where.temporary) refuse("a view on a temporary table", raw.location());
  }
  auto existing = session.find_table(where.schema, where.name);
  if (existing && body.flag("replace")) {
    if (existing->kind != 'v') fail(sqlstate::wrong_object_type, fmt::format("\"{}\" is not a view", existing->name));
    session.waits().lock(*existing, LockMode::access_exclusive);
    if (view->columns.size() < existing->columns.size())
      fail(sqlstate::invalid_table_definition, "cannot drop columns from view");
    for (std::size_t i = 0; i < existing->columns.size(); ++i) {
      const auto &old = existing->columns[i], &fresh = view->columns[i];
      if (old.name != fresh.name)
        fail(sqlstate::invalid_table_definition,
             fmt::format("cannot change name of view column \"{}\" to \"{}\"", old.name, fresh.name), -1,
             "Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.");
      if (old.type != fresh.type || old.modifier != fresh.modifier)
        fail(sqlstate::invalid_table_definition,
             fmt::format("cannot change data type of view column \"{}\" from {} to {}", old.name,
                         types::type_name(old.type, old.modifier), types::type_name(fresh.type, fresh.modifier)));
    }
    for (std::size_t i = existing->columns.size(); i < view->columns.size(); ++i)
      need_no_capture(*existing, view->columns[i].name, session);
    view->oid = existing->oid;
    drop(*existing, session);
  } else {
    need_free_name(where, true, session);
    need_no_type(where, session);
    claim_name(where, session);
    view->oid = session.database().relation_oid();
  }
  add(view, session);
  return "CREATE VIEW";
}

std::string lock_tables(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  if (!session.transaction().in_block())
    fail(sqlstate::no_active_sql_transaction, "LOCK TABLE can only be used in transaction blocks");
  for (const auto* each : body.list("relations")) {
    const Node& r = each->body();
    auto table = session.find_table(r.text("schemaname"), r.text("relname"));
    if (!table) fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", r.text("relname")));
    if (table->kind != 'r' && table->kind != 'v')
      fail(sqlstate::wrong_object_type, fmt::format("cannot lock relation \"{}\"", table->name), -1, {},
           fmt::format("This operation is not supported for {}s.", kind_name(table->kind)));
    session.waits().lock(*table, static_cast<LockMode>(body.number("mode")), body.flag("nowait"));
    if (!session.is_current(*table))
      fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", table->name));
  }
  return "LOCK TABLE";
}

Oid constraint_named(const Table& table, std::string_view name) {
  for (const auto& check : table.checks)
    if (check.name == name) return check.oid;
  for (const auto& key : table.foreign_keys)
    if (key.name == name) return key.oid;
  for (const auto& index : table.indexes)
    if (index.is_constraint && index.name == name) return index.oid;
  return 0;
}

void copy_comment(const Comment& from, const Comment& to, SessionState& session) {
  auto& comments = session.database().comments;
  auto it = std::ranges::find_if(comments, [&](const Comment& comment) {
    return comment.of_class == from.of_class && comment.object == from.object && comment.part == from.part &&
           session.is_visible(comment.stamp);
  });
  if (it == comments.end()) return;
  Comment copy = to;
  copy.text = it->text;
  copy.stamp = {session.transaction().xid(), 0, session.transaction().command(), 0};
  comments.push_back(std::move(copy));
}

std::string comment(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  std::string_view type = body.text("objtype");
  auto names = body["object"].body().list("items");
  bool column = type == "OBJECT_COLUMN";
  Comment made;
  std::string last(names.empty() ? std::string_view() : names.back()->string_of());
  if (type == "OBJECT_SCHEMA") {
    last = body["object"].string_of();
    made.of_class = pg_namespace_class;
    made.object = schema_oid(session, last);
    if (made.object == 0) fail(sqlstate::undefined_schema, fmt::format("schema \"{}\" does not exist", last));
    session.waits().lock_object(made.object, LockMode::share_update_exclusive);
  } else if (type == "OBJECT_TYPE" || type == "OBJECT_DOMAIN") {
    const auto& written = body["object"].body().list("names");
    auto commented = altered_type(written, session);
    if (type == "OBJECT_DOMAIN" && commented->kind != 'd')
      fail(sqlstate::wrong_object_type, fmt::format("\"{}\" is not a domain", dotted(written)));
    made.of_class = pg_type_class;
    made.object = commented->oid;
    session.waits().lock_object(made.object, LockMode::share_update_exclusive);
  } else if (type == "OBJECT_TABCONSTRAINT") {
    names.pop_back();
    const auto [schema, name] = named(names);
    const auto table = session.find_table(schema, name);
    if (!table) fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", name));
    session.waits().lock(*table, LockMode::share_update_exclusive);
    made.of_class = pg_constraint_class;
    made.object = constraint_named(*table, last);
    if (made.object == 0)
      fail(sqlstate::undefined_object, fmt::format("constraint \"{}\" for table \"{}\" does not exist", last, name));
  } else if (type == "OBJECT_TABLE" || type == "OBJECT_VIEW" || type == "OBJECT_SEQUENCE" || type == "OBJECT_INDEX" ||
             column) {
    if (column) names.pop_back();
    auto [schema, name] = named(names);
    made.of_class = pg_class_class;
    made.object = relation_by_name(session, schema, name);
    auto relation = relation_by_oid(session, made.object);
    if (!relation) fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", name));
    need_no_system(*relation->table);
    session.waits().lock(*relation->table, LockMode::share_update_exclusive);
    char kind = relation->index ? 'i' : relation->table->kind;
    char wanted = type == "OBJECT_TABLE" ? 'r' : type == "OBJECT_VIEW" ? 'v' : type == "OBJECT_SEQUENCE" ? 'S' : 'i';
    if (!column && kind != wanted)
      fail(sqlstate::wrong_object_type,
           fmt::format("\"{}\" is not {} {}", name, wanted == 'i' ? "an" : "a", kind_name(wanted)));
    if (column) {
      auto it = std::ranges::find(relation->table->columns, last, &TableColumn::name);
      if (it == relation->table->columns.end())
        fail(sqlstate::undefined_column, fmt::format("column \"{}\" of relation \"{}\" does not exist", last, name));
      made.part = it->number;
    }
  } else {
    refuse("COMMENT ON this", raw.location());
  }
  Xid xid = session.transaction().xid();
  for (auto& old : session.database().comments)
    if (old.of_class == made.of_class && old.object == made.object && old.part == made.part &&
        session.is_visible(old.stamp)) {
      old.stamp.ended = xid;
      old.stamp.ended_in = session.transaction().command();
    }
  session.database().has_dropped = true;
  made.text = body.text("comment");
  made.stamp = {xid, 0, session.transaction().command(), 0};
  if (!made.text.empty()) session.database().comments.push_back(std::move(made));
  return "COMMENT";
}

}  // namespace pgconform::engine
