#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/analyzer.hpp"
#include "engine/foreign_keys.hpp"
#include "engine/session_state.hpp"

// What the statements that make, change and drop relations have in common.
namespace pgconform::engine {

// need_no_read_only: 25006 in a read-only transaction.
void need_no_read_only(SessionState& session, std::string_view command);
// need_no_read_only: the same for any statement that has no plan, before a name in it is looked at (PostgreSQL's
// ClassifyUtilityCommandAsReadOnly): what makes, alters or drops, be it temporary.
void need_no_read_only(const Node& statement, SessionState& session);

// Place: where a new relation goes.
struct Place {
  std::string schema, name;
  bool temporary = false, unlogged = false;
};
// place_of: what a RangeVar means in CREATE. 3F000 for a schema that is not there, 42501 for a system schema.
Place place_of(const Node& range_var, SessionState& session);
// hold_schema: a schema that something is about to be put into: waits until it is decided whether it goes, and keeps
// others from dropping it; 3F000.
void hold_schema(const std::string& name, SessionState& session, int location = -1);
// place: give the relation its name, schema and owner.
void place(Table& table, const Place& where, SessionState& session);

// name_is_taken: by a relation or an index of that schema.
bool name_is_taken(const std::string& schema, bool temporary, const std::string& name, SessionState& session);
// claim_name: wait until it is decided whether another transaction's relation of that name comes to be.
void claim_name(const Place& where, SessionState& session);
// need_free_name: 42P07 for a name that is taken; 23505 after waiting for it: it is then found in an index of the
// catalogue, not in a look-up. `has_type`: what is made has a type of that name.
void need_free_name(const Place& where, bool has_type, SessionState& session);
// choose_name: name1_name2_label, made short enough and with a number if need be: ChooseRelationName().
std::string choose_name(const Table& table, std::string_view middle, std::string_view label, SessionState& session,
                        const std::vector<std::string>& also_taken = {});

// add: a new relation, as this (sub)transaction's. drop: gone when it commits.
void add(const std::shared_ptr<Table>& table, SessionState& session);
void drop(Table& table, SessionState& session);
// vacuum: VACUUM and ANALYZE; reindex: REINDEX.
std::string vacuum(const RawStatement& raw, SessionState& session);
std::string reindex(const RawStatement& raw, SessionState& session);
// revise: a copy that takes the old description's place, to be changed by the caller at once.
std::shared_ptr<Table> revise(const std::shared_ptr<Table>& table, SessionState& session);

// set_on_commit: what a new table's ON COMMIT says, as the parse tree has it; 42P16 if it is not temporary.
void set_on_commit(Table& table, std::string_view written, SessionState& session);
// end_temporary: what ON COMMIT says is done, before the commit.
void end_temporary(SessionState& session);
// empty: a table without its rows takes the place of that one, which comes back if this is undone.
void empty(const std::shared_ptr<Table>& table, SessionState& session);
// drop_quietly: with all that depends on it, of which nothing is said.
void drop_quietly(const std::shared_ptr<Table>& table, SessionState& session);

// altered: the table that ALTER is about, locked; null, with a notice, if it is missing and may be.
std::shared_ptr<Table> altered(const Node& body, std::string_view command, SessionState& session);

// renamed: the same for what renames or moves it, which open cursors do not mind.
std::shared_ptr<Table> renamed(const Node& body, SessionState& session);

// need_no_system: 42501 for what is the catalogue's own.
void need_no_system(const Table& table);

// kind_name: "table", "view", "sequence".
std::string_view kind_name(char kind);
// shown_name · described: "t", or "s.t" where the bare name would not do; "table s.t": getRelationDescription().
std::string shown_name(const Table& table, SessionState& session);
std::string described(const Table& table, SessionState& session);
// named: what a list of names means, "" being the schema of a bare name.
std::pair<std::string, std::string> named(const std::vector<const Node*>& names);

// What depends on a thing that is dropped (ddl/drop.cpp). cannot_drop: 2BP01; `what` is empty where it is several;
// tell_cascade: of what goes with it.
[[noreturn]] void cannot_drop(std::string_view what, const std::vector<std::string>& details);
void tell_cascade(const std::vector<std::string>& notes, SessionState& session);

// without_place: what `f` does; PostgreSQL has lost the text by then, so errors have no position.
template <class F>
auto without_place(F&& f) {
  try {
    return f();
  } catch (SqlError& error) {
    error.location = -1;
    throw;
  }
}

// Constraints (ddl/constraints.cpp).
void add_check(Table& table, const Node& constraint, Analyzer& analyzer, SessionState& session);
// KeyOptions: what stands around a constraint instead of in it.
struct KeyOptions {
  std::string column{};  // whose constraint it is
  bool deferrable = false, deferred = false;
  bool is_altering = false;  // ALTER TABLE
};
// add_key: PRIMARY KEY or UNIQUE. It has no name and no entries before fill().
void add_key(Table& table, const Node& constraint, const KeyOptions& options, SessionState& session);
// constraint_named: the OID of the table's constraint of that name; 0 if there is none.
Oid constraint_named(const Table& table, std::string_view name);
// is_system_column: ctid and the like.
bool is_system_column(std::string_view name);
// need_fresh_constraint_name: 42710 for a name that a constraint of the table has.
void need_fresh_constraint_name(const Table& table, std::string_view name);
// add_foreign_key: FOREIGN KEY or REFERENCES; its rows are not looked at: check_foreign_key: 23503.
void add_foreign_key(Table& table, const Node& constraint, const KeyOptions& options, SessionState& session);
void check_foreign_key(const std::shared_ptr<Table>& table, const ForeignKey& key, SessionState& session);
// drop_foreign_key: from another table than the one that is being changed.
void drop_foreign_key(const Referrer& referrer, SessionState& session);
// add_column: one more, with its constraints and its default in every row.
void add_column(const RawStatement& raw, const Node& def, Table& table, Context& context);
// fill: make a new index's entries; 23505 where the rows are not unique.
void fill(Index& index, Table& table, SessionState& session);
// need_unique: that 23505. need_class: 42704 for a type that the access method has no operators for.
void need_unique(const Index& index, const Table& table, SessionState& session);
void need_class(Oid type, std::string_view method);

// Views and what they read (ddl/view_readers.cpp).
// readers_of: the views that read the table, not through another.
std::vector<std::shared_ptr<Table>> readers_of(const Table& table, SessionState& session);
// names_relation: something in FROM has that name.
bool names_relation(const Node& query, std::string_view name);
// reads_column: the view needs that column; refused where the text does not tell.
bool reads_column(const Table& view, const Table& table, std::string_view column);
// need_no_reader: refuse `what` if a view reads the table. need_no_capture: refuse a column's name that would mean
// something else in a view. need_no_name: refuse if a view calls a column so.
void need_no_reader(const Table& table, std::string_view what, SessionState& session);
void need_no_capture(const Table& table, std::string_view fresh, SessionState& session);
void need_no_name(const Table& table, std::string_view column, SessionState& session);
// drop_readers: the views that need the column go with it, if that is said; else 2BP01.
void drop_readers(const Table& table, std::string_view column, bool cascade, SessionState& session);

// copy_comment: what is said of the one object, of another too.
void copy_comment(const Comment& from, const Comment& to, SessionState& session);

// LIKE in CREATE TABLE (ddl/like.cpp). Liked: a relation whose columns a new table gets, and what else of it.
struct Liked {
  enum Option : std::uint32_t {
    comments = 1,
    constraints = 4,
    defaults = 8,
    generated = 16,
    identity = 32,
    indexes = 64
  };
  std::shared_ptr<const Table> source;
  std::uint32_t options = 0;
  std::vector<int> places;  // of its columns in the new table

  bool has(Option option) const { return (options & option) != 0; }
};
// liked: what the clause names; 42P01, 42809.
Liked liked(const Node& clause, SessionState& session);
// add_liked: generated columns, checks and keys; the keys have no names and entries before fill().
void add_liked(const Liked& from, Table& table, SessionState& session);
// comment_liked: comments of columns, and of constraints and indexes.
void comment_liked(const Liked& from, const Table& table, SessionState& session);

// Sequences (ddl/sequences.cpp).
// number_written: an option's number as the text has it, for the tree has lost the sign; none if it is no number.
std::optional<std::int64_t> number_written(const Node& option, const RawStatement& raw);
// identity_sequence: of an identity column.
std::shared_ptr<Table> identity_sequence(const Table& table, const TableColumn& column, SessionState& session);
std::shared_ptr<Table> make_sequence(const Place& where, Oid type, const std::vector<const Node*>& options,
                                     const RawStatement& raw, SessionState& session);
// own_sequence: gives the column a sequence of its own, which the caller adds; identity as in pg_attribute, 0 of a
// serial column. `taken`: names that are not free although no relation has them yet.
std::shared_ptr<Table> own_sequence(const Table& table, TableColumn& column, char identity,
                                    const std::vector<const Node*>& options, const std::vector<std::string>& taken,
                                    const RawStatement& raw, SessionState& session);
// identity_of: a or d, from the constraint GENERATED … AS IDENTITY of that column.
char identity_of(const Node& constraint, const TableColumn& column);
// set_identity: ALTER COLUMN … SET GENERATED, SET …, RESTART. drop_identity: DROP IDENTITY.
void set_identity(const Table& table, TableColumn& column, const std::vector<const Node*>& options,
                  const RawStatement& raw, SessionState& session);
void drop_identity(const Table& table, TableColumn& column, bool missing_ok, SessionState& session);
// next_value_of: the expression nextval('…'), of the column's type.
std::shared_ptr<const Expr> next_value_of(const Table& sequence, Oid type);

// The statements: each runs at once and gives its command tag.
std::string create_table(const RawStatement& raw, SessionState& session);
std::string create_sequence(const RawStatement& raw, SessionState& session);
std::string alter_sequence(const RawStatement& raw, SessionState& session);
std::string create_index(const RawStatement& raw, SessionState& session);
std::string create_schema(const RawStatement& raw, SessionState& session);
std::string rename_schema(const RawStatement& raw, SessionState& session);
std::string move_relation(const RawStatement& raw, SessionState& session);  // or type: ALTER … SET SCHEMA
std::string drop_schemas(const RawStatement& raw, SessionState& session);
std::string create_database(const RawStatement& raw, SessionState& session);
std::string alter_database(const RawStatement& raw, SessionState& session);
std::string rename_database(const RawStatement& raw, SessionState& session);
std::string drop_database(const RawStatement& raw, SessionState& session);
std::string create_view(const RawStatement& raw, SessionState& session);
std::string drop_objects(const RawStatement& raw, SessionState& session);
std::string truncate(const RawStatement& raw, SessionState& session);
std::string alter_table(const RawStatement& raw, SessionState& session);
std::string rename(const RawStatement& raw, SessionState& session);
std::string lock_tables(const RawStatement& raw, SessionState& session);
std::string comment(const RawStatement& raw, SessionState& session);
std::string run_block(const RawStatement& raw, SessionState& session);

}  // namespace pgconform::engine
