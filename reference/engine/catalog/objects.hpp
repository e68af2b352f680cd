#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/catalog/system_tables.hpp"

// The identities of what the database holds: OIDs of what has none of its own here, and names by OID.
namespace pgconform::engine {

struct Call;

// The OIDs of the system tables that objects are named by.
inline constexpr Oid pg_type_class = 1247, pg_attribute_class = 1249, pg_proc_class = 1255, pg_class_class = 1259,
                     pg_authid_class = 1260, pg_database_class = 1262, pg_attrdef_class = 2604,
                     pg_constraint_class = 2606, pg_rewrite_class = 2618, pg_namespace_class = 2615;
inline constexpr Oid superuser_oid = 10, pg_database_owner_oid = 6171;

// oid_at: an argument of a function that is an OID.
Oid oid_at(const Call& call, std::size_t argument);

// A table's composite type and the type of arrays of it.
Oid row_type_of(const Table& table);
Oid row_array_type_of(const Table& table);
// default_oid: of the row of pg_attrdef for a column.
Oid default_oid(const Table& table, const TableColumn& column);
// rule_oid: of a view's rule.
Oid rule_oid(const Table& view);

// schema_oid: 0 if there is none of that name. schema_name: "" for none.
Oid schema_oid(SessionState& session, std::string_view name);
std::string schema_name(SessionState& session, Oid oid);

// type_class: typlen, typbyval, typalign, typstorage, typcollation of a type, as pg_attribute repeats them.
struct TypeClass {
  std::int16_t length = -1;
  bool by_value = false;
  std::string align = "i", storage = "x";
  Oid collation = 0;
};
TypeClass type_class(Oid type);
// method_oid: of an index method.
Oid method_oid(std::string_view name);
// operator_class: the default one of an index method for a type.
Oid operator_class(Oid type, std::string_view method);

// function_named: the only one of that name in pg_proc.
Oid function_named(std::string_view name);

// is_described: what the comment is of has not been dropped.
bool is_described(const Comment& comment, SessionState& session);
// role_oid · role_name: 0 and "" for what there is not.
Oid role_oid(SessionState& session, std::string_view name);
std::string role_name(SessionState& session, Oid oid);

// type_name_of: as format_type() writes any type, row types too; "" for an OID that is no type's.
std::string type_name_of(SessionState& session, Oid oid);
// operator_class_named: 0 if there is none of that name.
Oid operator_class_named(std::string_view name, std::string_view method);

// RelationName: a relation or an index, by its OID.
struct RelationName {
  std::string schema, name;
  std::shared_ptr<Table> table;  // of an index: whose it is
  const Index* index = nullptr;
};
std::optional<RelationName> relation_by_oid(SessionState& session, Oid oid);
// relation_by_name: what a name means: a relation or an index; 0 for nothing.
Oid relation_by_name(SessionState& session, std::string_view schema, std::string_view name);
// is_relation_visible: its bare name means it.
bool is_relation_visible(SessionState& session, const RelationName& relation, Oid oid);

// qualified: schema and name, the schema only where the name alone would not do.
std::string qualified(SessionState& session, const RelationName& relation, Oid oid);

// all_relations: of this database, as the snapshot has them; those of the catalogue are not among them.
std::vector<std::shared_ptr<Table>> all_relations(SessionState& session, const Snapshot& snapshot);

// host_of: as inet; NULL of a Unix socket.
Value host_of(const session::Address& end);

}  // namespace pgconform::engine
