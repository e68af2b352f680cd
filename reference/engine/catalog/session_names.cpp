#include "engine/catalog/producers.hpp"
#include "engine/catalog/row_maker.hpp"
#include "engine/session_state.hpp"

// What a session has given names to: view-pg-prepared-statements, view-pg-cursors.
namespace pgconform::engine {

void produce_pg_prepared_statements(const Table& table, SessionState& session, const Snapshot&, Rows& rows) {
  RowMaker row(table, rows);
  for (const auto& [name, prepared] : session.names().statements) {
    if (name.empty()) continue;
    row.add()
        .set("name", name)
        .set("statement", prepared.query)
        .set("prepare_time", Value(types::from_clock(prepared.prepared_at)))
        .set("parameter_types", list_of(types::regtype_oid, prepared.parameter_types))
        .set("from_sql", prepared.from_sql)
        .set("generic_plans", 0)
        .set("custom_plans", 0);
  }
}

void produce_pg_cursors(const Table& table, SessionState& session, const Snapshot&, Rows& rows) {
  RowMaker row(table, rows);
  for (const auto& [name, portal] : session.names().portals)
    row.add()
        .set("name", name)
        .set("statement", portal->prepared.query)
        .set("is_holdable", portal->hold)
        .set("is_binary", portal->binary)
        .set("is_scrollable", portal->scroll)
        .set("creation_time", Value(types::from_clock(portal->made_at)));
}

}  // namespace pgconform::engine
