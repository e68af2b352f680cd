#include "engine/ddl/relations.hpp"
#include "engine/session_state.hpp"

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

}  // namespace pgconform::engine
