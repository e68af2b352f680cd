#include <algorithm>
#include <ranges>

#include "engine/catalog/objects.hpp"
#include "engine/ddl/dependents.hpp"
#include "engine/ddl/relations.hpp"
#include "engine/ddl/types.hpp"
#include "engine/execution/row_writer.hpp"

// CREATE, ALTER and DROP SCHEMA, and ALTER … SET SCHEMA.
namespace pgconform::engine {
namespace {

void need_free_schema_name(const std::string& name) {
  if (name.starts_with("pg_"))
    fail(sqlstate::reserved_name, fmt::format("unacceptable schema name \"{}\"", name), -1, {},
         "The prefix \"pg_\" is reserved for system schemas.");
}

void need_own_schema(std::string_view name) {
  if (name == "pg_catalog" || name == "information_schema")
    fail(sqlstate::insufficient_privilege, fmt::format("must be owner of schema {}", name));
}

// Waits until it is decided whether others' schema of that name comes to be.
void claim_schema_name(const std::string& name, SessionState& session) {
  for (const auto& schema : session.database().schemas)
    if (schema.name == name) session.waits().for_transaction(schema.stamp.made, "");
}

void add_schema(Oid oid, const std::string& name, SessionState& session) {
  session.database().schemas.push_back(
      {oid, name, {session.transaction().xid(), 0, session.transaction().command(), 0}});
  session.database().has_dropped = true;  // if this transaction fails
}

// The schema's OID; it is no more.
Oid end_schema(std::string_view name, SessionState& session) {
  auto& schemas = session.database().schemas;
  auto it = std::ranges::find_if(
      schemas, [&](const Schema& schema) { return schema.name == name && session.is_visible(schema.stamp); });
  it->stamp.ended = session.transaction().xid();
  it->stamp.ended_in = session.transaction().command();
  session.database().has_dropped = true;
  return it->oid;
}

std::vector<std::shared_ptr<Table>> tables_in(std::string_view schema, SessionState& session) {
  auto tables = session.database().tables;
  std::erase_if(tables, [&](const auto& table) {
    return table->temporary || table->schema != schema || !session.is_visible(table->stamp);
  });
  return tables;
}

// Views are kept as they were written.
void need_no_view_naming(const std::string& schema, SessionState& session) {
  for (const auto& table : session.database().tables)
    if (table->kind == 'v' && table->view && session.is_visible(table->stamp) &&
        table->view->source().sql.find(schema) != std::string::npos)
      refuse("renaming a schema that a view's text may name");
}

}  // namespace

std::string create_schema(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  if (!body.list("schemaElts").empty()) refuse("CREATE SCHEMA with objects", raw.location());
  std::string name(body.text("schemaname"));
  if (name.empty()) name = body.has("authrole") ? std::string(body["authrole"].text("rolename")) : "";
  if (name.empty()) name = session.login().user;
  need_free_schema_name(name);
  claim_schema_name(name, session);
  if (session.has_schema(name) || name == "information_schema") {
    if (!body.flag("if_not_exists") && session.waits().is_waiting()) {
      Table index;
      index.schema = "pg_catalog";
      index.name = "pg_namespace";
      throw violation(sqlstate::unique_violation,
                      "duplicate key value violates unique constraint \"pg_namespace_nspname_index\"",
                      fmt::format("Key (nspname)=({}) already exists.", name), index, "pg_namespace_nspname_index");
    }
    if (!body.flag("if_not_exists"))
      fail(sqlstate::duplicate_schema, fmt::format("schema \"{}\" already exists", name));
    session.notice(sqlstate::duplicate_schema, fmt::format("schema \"{}\" already exists, skipping", name));
    return "CREATE SCHEMA";
  }
  add_schema(session.database().next_oid++, name, session);
  return "CREATE SCHEMA";
}

std::string rename_schema(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  const std::string old(body.text("subname")), fresh(body.text("newname"));
  need_own_schema(old);
  if (!session.has_schema(old)) fail(sqlstate::undefined_schema, fmt::format("schema \"{}\" does not exist", old));
  claim_schema_name(fresh, session);
  if (session.has_schema(fresh) || fresh == "information_schema")
    fail(sqlstate::duplicate_schema, fmt::format("schema \"{}\" already exists", fresh));
  need_free_schema_name(fresh);
  session.waits().lock_object(schema_oid(session, old), LockMode::access_exclusive);
  need_no_view_naming(old, session);
  const auto tables = tables_in(old, session);
  for (const auto& table : tables) session.waits().lock(*table, LockMode::access_exclusive);
  for (const auto& table : tables) revise(table, session)->schema = fresh;
  for (const auto& type : types_in(old, session)) revise(type, session)->schema = fresh;
  add_schema(end_schema(old, session), fresh, session);
  return "ALTER SCHEMA";
}

// AlterTableNamespace()
std::string move_relation(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  const std::string_view about = body.text("objectType");
  if (about == "OBJECT_TYPE" || about == "OBJECT_DOMAIN") return move_type(raw, session);
  const char kind = about == "OBJECT_VIEW" ? 'v' : about == "OBJECT_SEQUENCE" ? 'S' : 'r';
  if (kind == 'r' && about != "OBJECT_TABLE") refuse("ALTER … SET SCHEMA of this", raw.location());
  const std::string tag = kind == 'v' ? "ALTER VIEW" : kind == 'S' ? "ALTER SEQUENCE" : "ALTER TABLE";
  auto table = renamed(body, session);
  if (!table) return tag;
  if (kind != 'r' && table->kind != kind)
    fail(sqlstate::wrong_object_type, fmt::format("\"{}\" is not a {}", table->name, kind_name(kind)));
  if (const auto owner = session.find_table(table->owned_by); table->owned_by != 0)
    fail(sqlstate::feature_not_supported, "cannot move an owned sequence into another schema", -1, {},
         fmt::format("Sequence \"{}\" is linked to table \"{}\".", table->name, owner ? owner->name : std::string()));
  const std::string schema(body.text("newschema"));
  if (schema != "pg_temp") hold_schema(schema, session);
  if (schema == table->schema) return tag;
  if (table->temporary || schema.starts_with("pg_temp"))
    fail(sqlstate::feature_not_supported, "cannot move objects into or out of temporary schemas");
  need_no_reader(*table, "moving a table that a view reads", session);
  const auto relations = session.database().tables;
  std::vector moved{table};
  for (const auto& other : relations)
    if (other->kind == 'S' && other->owned_by == table->oid && session.is_visible(other->stamp)) moved.push_back(other);
  for (const auto& each : moved) {
    claim_name({schema, each->name}, session);
    if (name_is_taken(schema, false, each->name, session))
      fail(sqlstate::duplicate_table,
           fmt::format("relation \"{}\" already exists in schema \"{}\"", each->name, schema));
    for (const auto& index : each->indexes)
      if (name_is_taken(schema, false, index.name, session))
        fail(sqlstate::duplicate_table,
             fmt::format("relation \"{}\" already exists in schema \"{}\"", index.name, schema));
  }
  for (const auto& each : moved) revise(each, session)->schema = schema;
  return tag;
}

std::string drop_schemas(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  const bool cascade = body.text("behavior") == "DROP_CASCADE";
  std::vector<std::string> names;
  for (const auto* object : body.list("objects")) {
    std::string name(object->string_of());
    if (session.has_schema(name)) {
      session.waits().lock_object(schema_oid(session, name), LockMode::access_exclusive);
      if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
      continue;
    }
    need_own_schema(name);
    if (!body.flag("missing_ok"))
      fail(sqlstate::invalid_schema_name, fmt::format("schema \"{}\" does not exist", name));
    session.notice(sqlstate::successful_completion, fmt::format("schema \"{}\" does not exist, skipping", name));
  }
  Dependents dependents(session);
  for (const auto& name : names) {
    const std::string why = "schema " + name;
    auto tables = tables_in(name, session);
    dependents.ask_for(tables);
    auto types = types_in(name, session);
    std::erase_if(types, [](const auto& type) { return type->element != 0; });
    // The latest first, as the dependents of anything.
    std::ranges::sort(tables, std::ranges::greater{}, &Table::oid);
    std::ranges::sort(types, std::ranges::greater{}, &UserType::oid);
    auto type = types.begin();
    auto add_types_after = [&](Oid oid) {
      for (; type != types.end() && (*type)->oid > oid; ++type)
        dependents.add_type((*type)->oid, "type " + types::type_name((*type)->oid), why);
    };
    for (const auto& table : tables) {
      add_types_after(table->oid);
      dependents.add(table, why);
    }
    add_types_after(0);
  }
  dependents.tell(names.size() == 1 ? "schema " + names[0] : "", cascade);
  dependents.drop_all();
  for (const auto& name : names) {
    drop_types_in(types_in(name, session), name, session);
    end_schema(name, session);
  }
  return "DROP SCHEMA";
}

}  // namespace pgconform::engine
