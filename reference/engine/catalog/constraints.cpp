#include <algorithm>
#include <set>

#include "engine/catalog/objects.hpp"
#include "engine/catalog/producers.hpp"
#include "engine/catalog/row_maker.hpp"
#include "engine/expr.hpp"
#include "engine/session_state.hpp"

// pg_index and pg_constraint.
namespace pgconform::engine {
namespace {

std::vector<std::int16_t> numbers_of(const Table& table, const std::vector<std::size_t>& places) {
  std::vector<std::int16_t> numbers;
  for (auto place : places) numbers.push_back(place == Index::no_place ? std::int16_t{0} : table.columns[place].number);
  return numbers;
}

Oid type_of(const Index& index, std::size_t column, const Table& table) {
  const auto place = index.columns[column];
  return place == Index::no_place ? index.expressions[column]->type : table.columns[place].type;
}

void columns_of(const Expr& expr, const Table& table, std::set<std::int16_t>& numbers) {
  if (expr.kind == ExprKind::column) numbers.insert(table.columns[static_cast<std::size_t>(expr.number)].number);
  for (const auto& arg : expr.args) columns_of(*arg, table, numbers);
}

// The = operator of a btree on that type.
Oid equality_of(Oid type) {
  if (type == types::varchar_oid) type = types::text_oid;
  for (const Row& row : initial_rows_of("pg_operator"))
    if (std::get<std::string>(row[1]) == "=" && oid_field("pg_operator", row, "oprleft") == type &&
        oid_field("pg_operator", row, "oprright") == type)
      return oid_field("pg_operator", row, "oid");
  return 0;
}

}  // namespace

void produce_pg_index(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows) {
  RowMaker row(table, rows);
  for (const auto& t : all_relations(session, snapshot))
    for (const auto& index : t->indexes) {
      std::vector<Oid> collations, classes;
      for (std::size_t i = 0; i < index.columns.size(); ++i) {
        const Oid type = type_of(index, i, *t);
        collations.push_back(type_class(type).collation);
        bool named = i < index.classes.size() && !index.classes[i].empty();
        classes.push_back(named ? operator_class_named(index.classes[i], index.method)
                                : operator_class(type, index.method));
      }
      auto options = index.options;
      options.resize(index.columns.size());
      row.add()
          .set("indexrelid", index.oid)
          .set("indrelid", t->oid)
          .set("indnatts", index.columns.size())
          .set("indnkeyatts", index.columns.size())
          .set("indisunique", index.unique)
          .set("indnullsnotdistinct", index.nulls_equal)
          .set("indisprimary", index.primary)
          .set("indimmediate", !index.deferrable)
          .set("indisvalid", true)
          .set("indisready", true)
          .set("indislive", true)
          .set("indkey", vector_of(types::int2_oid, numbers_of(*t, index.columns)))
          .set("indcollation", vector_of(types::oid_oid, collations))
          .set("indclass", vector_of(types::oid_oid, classes))
          .set("indoption", vector_of(types::int2_oid, options));
      if (!index.expressions.empty()) row.set("indexprs", fmt::format("{{INDEX {} expressions}}", index.oid));
      if (index.predicate) row.set("indpred", fmt::format("{{INDEX {} predicate}}", index.oid));
    }
}

void produce_pg_constraint(const Table& table, SessionState& session, const Snapshot& snapshot, Rows& rows) {
  RowMaker row(table, rows);
  for (const auto& t : all_relations(session, snapshot)) {
    auto add = [&](Oid oid, std::string_view name, char type) -> RowMaker& {
      return row.add()
          .set("oid", oid)
          .set("conname", name)
          .set("connamespace", schema_oid(session, t->schema))
          .set("contype", type)
          .set("convalidated", true)
          .set("conrelid", t->oid)
          .set("confupdtype", ' ')
          .set("confdeltype", ' ')
          .set("confmatchtype", ' ')
          .set("conislocal", true)
          .set("connoinherit", type != 'c');
    };
    for (const auto& check : t->checks) {
      std::set<std::int16_t> numbers;
      columns_of(*check.condition, *t, numbers);
      add(check.oid, check.name, 'c').set("conbin", fmt::format("{{CHECK {} {}}}", t->oid, check.oid));
      row.set("convalidated", check.validated);
      if (!numbers.empty()) row.set("conkey", list_of(types::int2_oid, numbers));
    }
    for (const auto& index : t->indexes)
      if (index.is_constraint)
        add(index.oid, index.name, index.primary ? 'p' : 'u')
            .set("condeferrable", index.deferrable)
            .set("condeferred", index.initially_deferred)
            .set("conindid", index.oid)
            .set("conkey", list_of(types::int2_oid, numbers_of(*t, index.columns)));
    for (const auto& key : t->foreign_keys) {
      auto other = session.find_table(key.referenced);
      if (!other) continue;
      auto referenced = std::ranges::find_if(other->indexes, [&](const Index& index) {
        return index.unique && index.is_plain() &&
               std::ranges::is_permutation(numbers_of(*other, index.columns), key.referenced_columns);
      });
      std::vector<Oid> equal;
      for (auto place : places_of(*t, key.columns)) equal.push_back(equality_of(t->columns[place].type));
      add(key.oid, key.name, 'f')
          .set("condeferrable", key.deferrable)
          .set("condeferred", key.initially_deferred)
          .set("convalidated", key.validated)
          .set("conindid", referenced == other->indexes.end() ? 0 : referenced->oid)
          .set("confrelid", key.referenced)
          .set("confupdtype", key.on_update)
          .set("confdeltype", key.on_delete)
          .set("confmatchtype", key.full ? 'f' : 's')
          .set("conkey", list_of(types::int2_oid, key.columns))
          .set("confkey", list_of(types::int2_oid, key.referenced_columns))
          .set("conpfeqop", list_of(types::oid_oid, equal))
          .set("conppeqop", list_of(types::oid_oid, equal))
          .set("conffeqop", list_of(types::oid_oid, equal));
    }
  }
  for (const auto& type : session.types().all(snapshot))
    for (const auto& check : type->checks)
      row.add()
          .set("oid", check.oid)
          .set("conname", check.name)
          .set("connamespace", schema_oid(session, type->schema))
          .set("contype", 'c')
          .set("convalidated", true)
          .set("contypid", type->oid)
          .set("confupdtype", ' ')
          .set("confdeltype", ' ')
          .set("confmatchtype", ' ')
          .set("conislocal", true)
          .set("conbin", fmt::format("{{CHECK {} {}}}", type->oid, check.oid));
}

}  // namespace pgconform::engine
