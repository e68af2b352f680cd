#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engine/storage.hpp"

// The system catalogue: its tables are tables like all others, but that their rows are not stored: they are made of
// what the database is when a statement's scan of one begins. catalogs.
namespace pgconform::engine {

class SessionState;
using Rows = std::vector<Row>;

// Produce: adds the rows of a system table as `snapshot` has them.
using Produce = void (*)(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows);

// SystemTable: where the rows of a system table come from.
struct SystemTable {
  std::string_view name;
  Produce produce = nullptr;  // null: there are only those that were there from the beginning
};

// find_system_table: a table or view of pg_catalog or information_schema, by name or by OID; null if there is none.
std::shared_ptr<Table> find_system_table(std::string_view schema, std::string_view name);
std::shared_ptr<Table> find_system_table(Oid oid);

// find_system_index: the OID of an index of a system table.
Oid find_system_index(std::string_view schema, std::string_view name);

// need_rows: 0A000 for a system table whose rows are not known here.
void need_rows(const Table& table, int location);

// SystemRows: the rows of a system table: those of every database, and those that were made for a snapshot.
struct SystemRows {
  const Rows* initial;
  std::shared_ptr<const Rows> made;

  std::size_t size() const { return initial->size() + made->size(); }
  const Row& operator[](std::size_t i) const {
    return i < initial->size() ? (*initial)[i] : (*made)[i - initial->size()];
  }
};
SystemRows rows_of(const Table& table, SessionState& session, const Snapshot& snapshot);

// initial_rows_of: those that were there from the beginning, of a table of pg_catalog.
const Rows& initial_rows_of(std::string_view table);
// initial_row: of a table whose first column is its OID; null if there is none.
const Row* initial_row(std::string_view table, Oid oid);
// field: a value of a system table's row, by its column's name.
const Value& field(std::string_view table, const Row& row, std::string_view column);
Oid oid_field(std::string_view table, const Row& row, std::string_view column);

// base_type: of a domain of information_schema; any other type is itself.
Oid base_type(Oid type);

// producer_of: what makes rows for that relation; nothing where nobody knows them (producers.cpp).
const SystemTable* producer_of(std::string_view schema, std::string_view name);
// view_text: the query of a system view; "" for what is no view, or has a producer instead (views.cpp).
std::string_view view_text(std::string_view schema, std::string_view name);

}  // namespace pgconform::engine
