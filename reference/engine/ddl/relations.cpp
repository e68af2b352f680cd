#include "engine/ddl/relations.hpp"

#include <algorithm>
#include <map>

#include "engine/catalog/objects.hpp"
#include "engine/ddl/types.hpp"
#include "engine/execution/row_writer.hpp"

namespace pgconform::engine {

void need_no_read_only(SessionState& session, std::string_view command) {
  if (session.settings().is_read_only())
    fail(sqlstate::read_only_sql_transaction, fmt::format("cannot execute {} in a read-only transaction", command));
}

void need_no_read_only(const Node& statement, SessionState& session) {
  static const std::map<std::string_view, std::string_view> tags = {
      {"CreateStmt", "CREATE TABLE"},        {"IndexStmt", "CREATE INDEX"},
      {"ViewStmt", "CREATE VIEW"},           {"CreateSeqStmt", "CREATE SEQUENCE"},
      {"CreateSchemaStmt", "CREATE SCHEMA"}, {"CreateEnumStmt", "CREATE TYPE"},
      {"CompositeTypeStmt", "CREATE TYPE"},  {"CreateDomainStmt", "CREATE DOMAIN"},
      {"AlterSeqStmt", "ALTER SEQUENCE"},    {"AlterEnumStmt", "ALTER TYPE"},
      {"AlterDomainStmt", "ALTER DOMAIN"},   {"TruncateStmt", "TRUNCATE TABLE"},
      {"CreatedbStmt", "CREATE DATABASE"},   {"AlterDatabaseStmt", "ALTER DATABASE"},
      {"DropdbStmt", "DROP DATABASE"},       {"CommentStmt", "COMMENT"}};
  if (auto it = tags.find(statement.kind()); it != tags.end()) return need_no_read_only(session, it->second);
  // These say "OBJECT_TABLE" and the like of what they are about.
  const Node& body = statement.body();
  std::string_view object;
  if (statement.is("DropStmt"))
    object = body.text("removeType");
  else if (statement.is("AlterTableStmt"))
    object = body.text("objtype");
  else if (statement.is("AlterObjectSchemaStmt"))
    object = body.text("objectType");
  else if (statement.is("RenameStmt"))
    object = body.text(body.text("renameType") == "OBJECT_COLUMN" ? "relationType" : "renameType");
  else
    return;
  std::string name(object.substr(std::min(object.size(), std::string_view("OBJECT_").size())));
  if (name == "TABCONSTRAINT") name = "TABLE";
  if (name == "DOMCONSTRAINT") name = "DOMAIN";
  if (name == "ATTRIBUTE") name = "TYPE";
  need_no_read_only(session, (statement.is("DropStmt") ? "DROP " : "ALTER ") + name);
}

void hold_schema(const std::string& name, SessionState& session, int location) {
  if (name == "pg_catalog" || name == "information_schema")
    fail(sqlstate::insufficient_privilege, fmt::format("permission denied for schema {}", name), location);
  if (!session.has_schema(name))
    fail(sqlstate::undefined_schema, fmt::format("schema \"{}\" does not exist", name), location);
  session.waits().lock_object(schema_oid(session, name), LockMode::access_share);
}

Place place_of(const Node& r, SessionState& session) {
  std::string schema(r.text("schemaname"));
  Place where{schema, std::string(r.text("relname")), r.text("relpersistence") == "t" || schema == "pg_temp",
              r.text("relpersistence") == "u"};
  if (where.temporary) {
    const bool is_own = schema.empty() || schema == "pg_temp";
    if (!is_own && !session.has_schema(schema))
      fail(sqlstate::undefined_schema, fmt::format("schema \"{}\" does not exist", schema), r.location());
    if (!is_own)
      fail(sqlstate::invalid_table_definition, "cannot create temporary relation in non-temporary schema",
           r.location());
    where.schema = session.temporary_schema();
    return where;
  }
  if (schema == "pg_catalog" || schema == "information_schema")
    fail(sqlstate::insufficient_privilege, fmt::format("permission denied for schema {}", schema), r.location());
  if (schema.empty()) {
    auto first = session.creation_schema();
    if (!first) fail(sqlstate::undefined_schema, "no schema has been selected to create in", r.location());
    where.schema = *first;
  }
  hold_schema(where.schema, session, r.location());
  return where;
}

void place(Table& table, const Place& where, SessionState& session) {
  table.schema = where.schema;
  table.name = where.name;
  table.temporary = where.temporary;
  table.unlogged = where.unlogged;
  table.owner = where.temporary ? &session : nullptr;
}

bool name_is_taken(const std::string& schema, bool temporary, const std::string& name, SessionState& session) {
  for (const auto& table : session.database().tables) {
    if (table->temporary != temporary || (temporary ? table->owner != &session : table->schema != schema)) continue;
    // An index without an OID is only being made.
    bool has = table->name == name || std::ranges::any_of(table->indexes, [&](const Index& index) {
                 return index.oid != 0 && index.name == name;
               });
    if (has && session.is_visible(table->stamp)) return true;
  }
  return false;
}

void claim_name(const Place& where, SessionState& session) {
  if (where.temporary) return;
  for (const auto& other : session.database().tables)
    if (!other->temporary && other->schema == where.schema &&
        (other->name == where.name ||
         std::ranges::find(other->indexes, where.name, &Index::name) != other->indexes.end()))
      session.waits().for_transaction(other->stamp.made, "");
  claim_type_name(where.schema, where.name, session);
}

bool is_system_column(std::string_view name) {
  static constexpr std::string_view names[] = {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"};
  return std::ranges::find(names, name) != std::end(names);
}

void need_free_name(const Place& where, bool has_type, SessionState& session) {
  if (!name_is_taken(where.schema, where.temporary, where.name, session)) return;
  if (!session.waits().is_waiting())
    fail(sqlstate::duplicate_table, fmt::format("relation \"{}\" already exists", where.name));
  const auto other = session.find_table(where.schema, where.name);
  const bool is_type = has_type && other && other->kind != 'S';
  Table index;
  index.schema = "pg_catalog";
  index.name = is_type ? "pg_type" : "pg_class";
  const std::string name = is_type ? "pg_type_typname_nsp_index" : "pg_class_relname_nsp_index";
  throw violation(sqlstate::unique_violation,
                  fmt::format("duplicate key value violates unique constraint \"{}\"", name),
                  fmt::format("Key ({}, {})=({}, {}) already exists.", is_type ? "typname" : "relname",
                              is_type ? "typnamespace" : "relnamespace", where.name, schema_oid(session, where.schema)),
                  index, name);
}

std::string choose_name(const Table& table, std::string_view middle, std::string_view label, SessionState& session,
                        const std::vector<std::string>& also_taken) {
  for (int number = 0;; ++number) {
    std::string end = "_" + std::string(label) + (number == 0 ? "" : std::to_string(number));
    std::string first = table.name, second(middle);
    auto room = [&] { return first.size() + (second.empty() ? 0 : second.size() + 1) + end.size(); };
    while (room() > 63) (first.size() > second.size() ? first : second).pop_back();
    std::string name = first + (second.empty() ? "" : "_" + second) + end;
    bool taken = std::ranges::find(also_taken, name) != also_taken.end() ||
                 std::ranges::find(table.indexes, name, &Index::name) != table.indexes.end() ||
                 std::ranges::find(table.checks, name, &Check::name) != table.checks.end();
    if (!taken && !name_is_taken(table.schema, table.temporary, name, session)) return name;
  }
}

void add(const std::shared_ptr<Table>& table, SessionState& session) {
  table->stamp = {session.transaction().xid(), 0, session.transaction().command(), 0};
  session.database().tables.push_back(table);
  session.database().has_dropped = true;  // if this transaction fails
}

void need_no_system(const Table& table) {
  if (table.oid < Database::first_oid)
    fail(sqlstate::insufficient_privilege, fmt::format("permission denied: \"{}\" is a system catalog", table.name));
}

void drop(Table& table, SessionState& session) {
  need_no_system(table);
  table.stamp.ended = session.transaction().xid();
  table.stamp.ended_in = session.transaction().command();
  session.database().has_dropped = true;
}

std::shared_ptr<Table> revise(const std::shared_ptr<Table>& table, SessionState& session) {
  auto revised = std::make_shared<Table>(*table);
  drop(*table, session);
  add(revised, session);
  return revised;
}

namespace {

std::shared_ptr<Table> found_and_locked(const Node& body, SessionState& session) {
  const Node& r = body["relation"];
  auto table = session.find_table(r.text("schemaname"), r.text("relname"));
  if (!table) {
    std::string text = fmt::format("relation \"{}\" does not exist", r.text("relname"));
    if (!body.flag("missing_ok")) fail(sqlstate::undefined_table, text);
    session.notice(sqlstate::successful_completion, text + ", skipping");
    return nullptr;
  }
  session.waits().lock(*table, LockMode::access_exclusive);
  return session.find_table(r.text("schemaname"), r.text("relname"));
}

}  // namespace

std::shared_ptr<Table> altered(const Node& body, std::string_view command, SessionState& session) {
  auto table = found_and_locked(body, session);
  if (table) session.checks().need_none_pending(*table, command);
  return table;
}

// A check that is left looks at the table as it was described when it was left.
std::shared_ptr<Table> renamed(const Node& body, SessionState& session) {
  auto table = found_and_locked(body, session);
  if (table && session.checks().has_pending(*table)) refuse("renaming or moving a table with deferred checks pending");
  return table;
}

std::string_view kind_name(char kind) {
  return kind == 'v' ? "view" : kind == 'S' ? "sequence" : kind == 'i' ? "index" : "table";
}

std::string shown_name(const Table& table, SessionState& session) {
  return qualified(session, {table.schema, table.name, nullptr}, table.oid);
}

std::string described(const Table& table, SessionState& session) {
  return fmt::format("{} {}", kind_name(table.kind), shown_name(table, session));
}

std::pair<std::string, std::string> named(const std::vector<const Node*>& names) {
  std::string schema(names.size() > 1 ? names[names.size() - 2]->string_of() : std::string_view());
  return {std::move(schema), std::string(names.back()->string_of())};
}

}  // namespace pgconform::engine
