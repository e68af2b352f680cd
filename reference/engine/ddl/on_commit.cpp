#include "engine/ddl/relations.hpp"

// ON COMMIT DELETE ROWS and ON COMMIT DROP: PreCommit_on_commit_actions(). sql-createtable.
namespace pgconform::engine {

void set_on_commit(Table& table, std::string_view written, SessionState& session) {
  if (written.empty() || written == "ONCOMMIT_NOOP") return;
  if (!table.temporary) fail(sqlstate::invalid_table_definition, "ON COMMIT can only be used on temporary tables");
  table.on_commit = written == "ONCOMMIT_DROP"          ? OnCommit::drop
                    : written == "ONCOMMIT_DELETE_ROWS" ? OnCommit::delete_rows
                                                        : OnCommit::preserve_rows;
  if (table.on_commit != OnCommit::preserve_rows) session.has_on_commit = true;
}

void end_temporary(SessionState& session) {
  const auto tables = session.database().tables;
  for (const auto& table : tables) {
    if (table->owner != &session || table->on_commit == OnCommit::preserve_rows || !session.is_visible(table->stamp))
      continue;
    if (table->on_commit == OnCommit::drop) {
      drop_quietly(table, session);
      continue;
    }
    for (const auto& [other, key] : referrers_of(*table, session))
      if (other->on_commit != table->on_commit)
        fail(sqlstate::feature_not_supported, "unsupported ON COMMIT and foreign key combination", -1, {},
             fmt::format("Table \"{}\" references \"{}\", but they do not have the same ON COMMIT setting.",
                         other->name, table->name));
    if (!table->rows.empty()) empty(table, session);
  }
}

}  // namespace pgconform::engine
