#pragma once

#include "engine/catalog/system_tables.hpp"

// What makes the rows of system tables, by what they tell about. Each is a Produce.
namespace pgconform::engine {

// relations.cpp: what CREATE TABLE and its like have made.
void produce_pg_class(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
void produce_pg_attribute(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
void produce_pg_attrdef(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
void produce_pg_type(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
void produce_pg_namespace(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
void produce_pg_sequence(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
void produce_pg_rewrite(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
void produce_pg_description(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
void produce_pg_depend(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
// user_types.cpp
void produce_pg_enum(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
void produce_user_types(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
// constraints.cpp
void produce_pg_index(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
void produce_pg_constraint(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
// server.cpp: what the server and its sessions are.
void produce_pg_database(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
void produce_pg_authid(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
void produce_pg_settings(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
void produce_pg_prepared_statements(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
void produce_pg_cursors(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);
void produce_pg_stat_activity(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);

}  // namespace pgconform::engine
