#include <algorithm>

#include "engine/catalog/objects.hpp"
#include "engine/ddl/relations.hpp"
#include "engine/session_state.hpp"

// VACUUM, ANALYZE and REINDEX, which find nothing to do here.
namespace pgconform::engine {

std::string vacuum(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  const bool vacuums = body.flag("is_vacuumcmd");
  if (vacuums && session.transaction().in_block())
    fail(sqlstate::active_sql_transaction, "VACUUM cannot run inside a transaction block");
  for (const auto* each : body.list("rels")) {
    const Node& relation = each->body()["relation"];
    const auto schema = relation.text("schemaname"), name = relation.text("relname");
    if (!session.find_table(schema, name))
      fail(sqlstate::undefined_table,
           fmt::format("relation \"{}{}{}\" does not exist", schema, schema.empty() ? "" : ".", name));
  }
  return vacuums ? "VACUUM" : "ANALYZE";
}

// What is written is in every index at once.
std::string reindex(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  const std::string_view kind = body.text("kind").substr(std::string_view("REINDEX_OBJECT_").size());
  const std::string name(body.text("name"));
  const bool is_concurrent = std::ranges::any_of(
      body.list("params"), [](const Node* param) { return param->body().text("defname") == "concurrently"; });
  auto need_no_block = [&](std::string_view what) {
    if (session.transaction().in_block())
      fail(sqlstate::active_sql_transaction, fmt::format("REINDEX {} cannot run inside a transaction block", what));
  };
  if (is_concurrent) need_no_block("CONCURRENTLY");
  if (kind != "TABLE" && kind != "INDEX") {
    need_no_block(kind);
    if (kind == "SCHEMA" && !session.has_schema(name))
      fail(sqlstate::invalid_schema_name, fmt::format("schema \"{}\" does not exist", name));
    if (kind != "SCHEMA" && !name.empty() && name != session.login().database)
      fail(sqlstate::feature_not_supported, "can only reindex the currently open database");
    return "REINDEX";
  }
  const Node& r = body["relation"];
  const std::string relation(r.text("relname"));
  const auto found = relation_by_oid(session, relation_by_name(session, r.text("schemaname"), relation));
  if (!found) fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", relation));
  if (kind == "INDEX" && !found->index)
    fail(sqlstate::wrong_object_type, fmt::format("\"{}\" is not an index", relation));
  if (kind == "TABLE" && (found->index || found->table->kind != 'r'))
    fail(sqlstate::wrong_object_type, fmt::format("\"{}\" is not a table or materialized view", relation));
  if (kind == "TABLE" && found->table->indexes.empty())
    session.notice(sqlstate::successful_completion,
                   fmt::format("table \"{}\" has no indexes {}", relation,
                               is_concurrent ? "that can be reindexed concurrently" : "to reindex"));
  return "REINDEX";
}

}  // namespace pgconform::engine
