#include <algorithm>

#include "engine/analyze/parts.hpp"
#include "engine/catalog/objects.hpp"
#include "engine/ddl/relations.hpp"
#include "engine/user_types.hpp"

// CREATE TABLE … (LIKE …): transformTableLikeClause(), expandTableLikeClause(). sql-createtable.
namespace pgconform::engine {
namespace {

void move_columns(Expr& expr, const std::vector<int>& places) {
  if (expr.kind == ExprKind::column) expr.number = places[static_cast<std::size_t>(expr.number)];
  for (auto& arg : expr.args) move_columns(*arg, places);
}

std::shared_ptr<const Expr> moved(const Expr& expr, const std::vector<int>& places) {
  auto copy = clone(expr);
  move_columns(*copy, places);
  return copy;
}

// A composite type, as a table with its fields.
std::shared_ptr<const Table> fields_of(const UserType& type) {
  auto table = std::make_shared<Table>();
  for (const auto& field : type.fields)
    table->columns.push_back({.name = field.name, .type = field.type, .modifier = field.modifier});
  return table;
}

}  // namespace

Liked liked(const Node& clause, SessionState& session) {
  const Node& r = clause["relation"];
  Liked found;
  found.options = static_cast<std::uint32_t>(clause.number("options"));
  found.source = session.find_table(r.text("schemaname"), r.text("relname"));
  if (!found.source)
    if (auto type = session.types().named(r.text("schemaname"), r.text("relname")); type && type->kind == 'c')
      found.source = fields_of(*type);
  if (!found.source && relation_by_name(session, r.text("schemaname"), r.text("relname")) != 0)
    fail(sqlstate::wrong_object_type, fmt::format("relation \"{}\" is invalid in LIKE clause", r.text("relname")),
         r.location(), {}, "This operation is not supported for indexes.");
  if (!found.source)
    fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", r.text("relname")), r.location());
  if (found.source->kind == 'S')
    fail(sqlstate::wrong_object_type, fmt::format("relation \"{}\" is invalid in LIKE clause", found.source->name),
         r.location(), {}, "This operation is not supported for sequences.");
  return found;
}

void add_liked(const Liked& from, Table& table, SessionState& session) {
  const Table& source = *from.source;
  for (std::size_t i = 0; i < source.columns.size() && from.has(Liked::generated); ++i)
    if (const auto& expression = source.columns[i].generated)
      table.columns[static_cast<std::size_t>(from.places[i])].generated = moved(*expression, from.places);
  for (const auto& check : source.checks) {
    if (!from.has(Liked::constraints)) break;
    need_fresh_constraint_name(table, check.name);
    Check copy{session.database().next_oid++, check.name, moved(*check.condition, from.places)};
    table.checks.insert(std::ranges::lower_bound(table.checks, copy.name, {}, &Check::name), std::move(copy));
  }
  for (const auto& index : source.indexes) {
    if (!from.has(Liked::indexes)) break;
    if (index.primary && std::ranges::find(table.indexes, true, &Index::primary) != table.indexes.end())
      fail(sqlstate::invalid_table_definition,
           fmt::format("multiple primary keys for table \"{}\" are not allowed", table.name));
    Index copy = index;
    copy.oid = 0;
    copy.name.clear();
    copy.entries.clear();
    for (auto& place : copy.columns)
      if (place != Index::no_place) place = static_cast<std::size_t>(from.places[place]);
    for (auto& expression : copy.expressions)
      if (expression) expression = moved(*expression, from.places);
    if (copy.predicate) copy.predicate = moved(*copy.predicate, from.places);
    table.indexes.push_back(std::move(copy));
  }
}

void comment_liked(const Liked& from, const Table& table, SessionState& session) {
  if (!from.has(Liked::comments)) return;
  const Table& source = *from.source;
  auto copy = [&](Oid of_class, Oid object, std::int16_t part, Oid to, std::int16_t to_part) {
    copy_comment({of_class, object, part, {}, {}}, {of_class, to, to_part, {}, {}}, session);
  };
  for (std::size_t i = 0; i < source.columns.size(); ++i)
    copy(pg_class_class, source.oid, source.columns[i].number, table.oid,
         table.columns[static_cast<std::size_t>(from.places[i])].number);
  for (const auto& check : source.checks)
    if (auto it = std::ranges::find(table.checks, check.name, &Check::name); it != table.checks.end())
      copy(pg_constraint_class, check.oid, 0, it->oid, 0);
  for (const auto& index : source.indexes)
    for (const auto& own : table.indexes) {
      const bool is_copy = from.has(Liked::indexes) && own.columns.size() == index.columns.size() &&
                           own.primary == index.primary && own.unique == index.unique &&
                           std::ranges::equal(own.columns, index.columns, {}, {}, [&](std::size_t place) {
                             return place == Index::no_place ? place : static_cast<std::size_t>(from.places[place]);
                           });
      if (!is_copy) continue;
      copy(pg_class_class, index.oid, 0, own.oid, 0);
      break;
    }
}

}  // namespace pgconform::engine
