#include <algorithm>
#include <set>

#include "engine/catalog/objects.hpp"
#include "engine/catalog/producers.hpp"
#include "engine/catalog/row_maker.hpp"
#include "engine/expr.hpp"
#include "engine/session_state.hpp"

// Relations, their columns, and what hangs on them: pg_class, pg_attribute and their like.
namespace pgconform::engine {
namespace {

char persistence(const Table& t) {
  return t.temporary ? 't' : t.unlogged ? 'u' : 'p';
}

bool has_default(const TableColumn& column) {
  return column.generated || (column.default_value && column.identity == 0);
}

// The columns that every table has beside its own.
struct SystemColumn {
  std::string_view name;
  Oid type;
  std::int16_t number;
};
constexpr SystemColumn system_columns[] = {{"tableoid", types::oid_oid, -6}, {"cmax", 29, -5},
                                           {"xmax", types::xid_oid, -4},     {"cmin", 29, -3},
                                           {"xmin", types::xid_oid, -2},     {"ctid", 27, -1}};

void attribute(RowMaker& row, Oid relation, std::string_view name, Oid type, int number) {
  TypeClass c = type_class(type);
  row.add()
      .set("attrelid", relation)
      .set("attname", name)
      .set("atttypid", type)
      .set("attstattarget", number < 0 ? 0 : -1)
      .set("attlen", c.length)
      .set("attnum", number)
      .set("attndims", types::is_array(type) && c.length < 0 && type != types::int2vector_oid ? 1 : 0)
      .set("attcacheoff", -1)
      .set("atttypmod", -1)
      .set("attbyval", c.by_value)
      .set("attalign", c.align)
      .set("attstorage", c.storage)
      .set("attislocal", true)
      .set("attcollation", c.collation);
}

}  // namespace

void produce_pg_class(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows) {
  RowMaker row(table, rows);
  const auto relations = all_relations(session, snapshot);
  std::set<Oid> referenced;
  for (const auto& t : relations)
    for (const auto& key : t->foreign_keys) referenced.insert(key.referenced);
  for (const auto& t : relations) {
    Oid schema = schema_oid(session, t->schema);
    bool stored = t->kind != 'v';
    row.add()
        .set("oid", t->oid)
        .set("relname", t->name)
        .set("relnamespace", schema)
        .set("reltype", row_type_of(*t))
        .set("relowner", superuser_oid)
        .set("relam", t->kind == 'r' ? 2 : 0)
        .set("relfilenode", stored ? t->oid : 0)
        .set("relpages", t->kind == 'S' ? 1 : 0)
        .set("reltuples", t->kind == 'S' ? Value(1.0f) : Value(-1.0f))
        .set("relhasindex", !t->indexes.empty())
        .set("relpersistence", persistence(*t))
        .set("relkind", t->kind)
        .set("relnatts", static_cast<int>(t->columns.size()))
        .set("relchecks", t->checks.size())
        .set("relhasrules", t->kind == 'v')
        .set("relhastriggers", !t->foreign_keys.empty() || referenced.contains(t->oid))
        .set("relispopulated", true)
        .set("relreplident", t->kind == 'r' ? 'd' : 'n')
        .set("relfrozenxid", t->kind == 'r' ? 726 : 0)
        .set("relminmxid", t->kind == 'r' ? 1 : 0);
    for (const auto& index : t->indexes)
      row.add()
          .set("oid", index.oid)
          .set("relname", index.name)
          .set("relnamespace", schema)
          .set("relowner", superuser_oid)
          .set("relam", method_oid(index.method))
          .set("relfilenode", index.oid)
          .set("relpages", 1)
          .set("relpersistence", persistence(*t))
          .set("relkind", 'i')
          .set("relnatts", index.columns.size())
          .set("relispopulated", true)
          .set("relreplident", 'n');
  }
  for (const auto& type : session.types().all(snapshot))
    if (type->relation != 0)
      row.add()
          .set("oid", type->relation)
          .set("relname", type->name)
          .set("relnamespace", schema_oid(session, type->schema))
          .set("reltype", type->oid)
          .set("relowner", superuser_oid)
          .set("relpersistence", 'p')
          .set("relkind", 'c')
          .set("relnatts", type->fields.size())
          .set("relispopulated", true)
          .set("relreplident", 'n');
}

void produce_pg_attribute(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows) {
  RowMaker row(table, rows);
  for (const auto& t : all_relations(session, snapshot)) {
    for (const auto& column : t->columns) {
      attribute(row, t->oid, column.name, column.type, column.number);
      row.set("atttypmod", column.modifier)
          .set("attnotnull", column.not_null)
          .set("atthasdef", t->kind == 'r' && has_default(column));
      if (column.identity != 0) row.set("attidentity", column.identity);
      if (column.generated) row.set("attgenerated", 's');
    }
    if (t->kind != 'v')
      for (const auto& column : system_columns) {
        attribute(row, t->oid, column.name, column.type, column.number);
        row.set("attnotnull", true);
      }
    for (const auto& index : t->indexes)
      for (std::size_t i = 0; i < index.columns.size(); ++i) {
        if (index.columns[i] == Index::no_place) {
          attribute(row, index.oid, index.names[i], index.expressions[i]->type, static_cast<int>(i) + 1);
          continue;
        }
        const auto& column = t->columns[index.columns[i]];
        attribute(row, index.oid, column.name, column.type, static_cast<int>(i) + 1);
        row.set("atttypmod", column.modifier);
      }
  }
  for (const auto& type : session.types().all(snapshot))
    for (const auto& field : type->fields) {
      attribute(row, type->relation, field.name, field.type, field.number);
      row.set("atttypmod", field.modifier);
    }
}

void produce_pg_description(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows) {
  RowMaker row(table, rows);
  for (const auto& comment : session.database().comments)
    if (comment.stamp.visible(snapshot) && is_described(comment, session))
      row.add()
          .set("objoid", comment.object)
          .set("classoid", comment.of_class)
          .set("objsubid", comment.part)
          .set("description", comment.text);
}

void produce_pg_attrdef(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows) {
  RowMaker row(table, rows);
  for (const auto& t : all_relations(session, snapshot))
    for (const auto& column : t->columns) {
      if (t->kind != 'r' || !has_default(column)) continue;
      row.add()
          .set("oid", default_oid(*t, column))
          .set("adrelid", t->oid)
          .set("adnum", column.number)
          .set("adbin", fmt::format("{{DEFAULT {} {}}}", t->oid, column.number));
    }
}

void produce_pg_type(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows) {
  RowMaker row(table, rows);
  auto proc = [](std::string_view name) { return function_named(name); };
  for (const auto& t : all_relations(session, snapshot)) {
    if (row_type_of(*t) == 0) continue;
    for (bool array : {false, true}) {
      row.add()
          .set("oid", array ? row_array_type_of(*t) : row_type_of(*t))
          .set("typname", array ? "_" + t->name : t->name)
          .set("typnamespace", schema_oid(session, t->schema))
          .set("typowner", superuser_oid)
          .set("typlen", -1)
          .set("typtype", array ? 'b' : 'c')
          .set("typcategory", array ? 'A' : 'C')
          .set("typisdefined", true)
          .set("typdelim", ',')
          .set("typrelid", array ? 0 : t->oid)
          .set("typsubscript", array ? proc("array_subscript_handler") : 0)
          .set("typelem", array ? row_type_of(*t) : 0)
          .set("typarray", array ? 0 : row_array_type_of(*t))
          .set("typinput", proc(array ? "array_in" : "record_in"))
          .set("typoutput", proc(array ? "array_out" : "record_out"))
          .set("typreceive", proc(array ? "array_recv" : "record_recv"))
          .set("typsend", proc(array ? "array_send" : "record_send"))
          .set("typanalyze", array ? proc("array_typanalyze") : 0)
          .set("typalign", 'd')
          .set("typstorage", 'x')
          .set("typtypmod", -1);
    }
  }
  produce_user_types(table, session, snapshot, rows);
}

void produce_pg_namespace(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows) {
  RowMaker row(table, rows);
  auto add = [&](Oid oid, std::string_view name) {
    row.add().set("oid", oid).set("nspname", name).set("nspowner", oid == 2200 ? pg_database_owner_oid : superuser_oid);
    if (oid != 2200) return;
    std::vector<Value> granted;
    granted.emplace_back("pg_database_owner=UC/pg_database_owner");
    granted.emplace_back("=U/pg_database_owner");
    row.set("nspacl", Value(types::pack(types::one_dimensional(types::aclitem_oid, std::move(granted)))));
  };
  for (const auto& schema : session.database().schemas)
    if (schema.stamp.visible(snapshot)) add(schema.oid, schema.name);
  std::vector<std::string_view> seen;
  for (const auto& t : session.database().tables)
    if (t->temporary && std::ranges::find(seen, t->schema) == seen.end()) {
      seen.push_back(t->schema);
      add(schema_oid(session, t->schema), t->schema);
    }
}

void produce_pg_sequence(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows) {
  RowMaker row(table, rows);
  for (const auto& t : all_relations(session, snapshot)) {
    if (!t->sequence) continue;
    const Sequence& s = *t->sequence;
    row.add()
        .set("seqrelid", t->oid)
        .set("seqtypid", s.type)
        .set("seqstart", s.start)
        .set("seqincrement", s.increment)
        .set("seqmax", s.highest)
        .set("seqmin", s.lowest)
        .set("seqcache", s.cache)
        .set("seqcycle", s.cycle);
  }
}

void produce_pg_rewrite(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows) {
  RowMaker row(table, rows);
  for (const auto& t : all_relations(session, snapshot))
    if (t->kind == 'v')
      row.add()
          .set("oid", rule_oid(*t))
          .set("rulename", "_RETURN")
          .set("ev_class", t->oid)
          .set("ev_type", '1')
          .set("ev_enabled", 'O')
          .set("is_instead", true)
          .set("ev_qual", "<>")
          .set("ev_action", "<>");
}

// Which sequence belongs to which column, which default needs which sequence, which view reads which relation.
void produce_pg_depend(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows) {
  RowMaker row(table, rows);
  auto add = [&](Oid object_class, Oid object, Oid of_class, Oid of, int of_part, char type) {
    row.add()
        .set("classid", object_class)
        .set("objid", object)
        .set("refclassid", of_class)
        .set("refobjid", of)
        .set("refobjsubid", of_part)
        .set("deptype", type);
  };
  for (const auto& t : all_relations(session, snapshot)) {
    if (t->kind != 'v' && !t->temporary)
      add(pg_class_class, t->oid, pg_namespace_class, schema_oid(session, t->schema), 0, 'n');
    if (t->kind == 'S' && t->owned_by != 0) {
      auto owner = session.find_table(t->owned_by);
      if (!owner) continue;
      auto column = std::ranges::find(owner->columns, t->owned_by_column, &TableColumn::number);
      bool identity = column != owner->columns.end() && column->identity != 0;
      add(pg_class_class, t->oid, pg_class_class, t->owned_by, t->owned_by_column, identity ? 'i' : 'a');
    }
    if (t->kind == 'r')
      for (const auto& column : t->columns)
        if (has_default(column))
          add(pg_attrdef_class, default_oid(*t, column), pg_class_class, t->oid, column.number, 'a');
    if (t->kind == 'v') {
      add(pg_rewrite_class, rule_oid(*t), pg_class_class, t->oid, 0, 'i');
      for (Oid used : t->uses) add(pg_rewrite_class, rule_oid(*t), pg_class_class, used, 0, 'n');
    }
  }
}

}  // namespace pgconform::engine
