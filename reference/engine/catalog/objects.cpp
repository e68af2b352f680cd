#include "engine/catalog/objects.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "engine/functions.hpp"
#include "engine/quoting.hpp"
#include "engine/session_state.hpp"
#include "types/made.hpp"

namespace pgconform::engine {
namespace {

// What has no OID here, and needs one to be told from others of its kind, has one made of its relation's, above all
// that are given.
constexpr Oid beyond = 0x80000000;

constexpr std::string_view temporary = "pg_temp_";

}  // namespace

Oid row_array_type_of(const Table& table) {
  return table.kind == 'S' ? 0 : table.oid + 1;
}
Oid oid_at(const Call& call, std::size_t argument) {
  return static_cast<Oid>(call.integer(argument));
}

Oid row_type_of(const Table& table) {
  return table.kind == 'S' ? 0 : table.oid + 2;
}
Oid default_oid(const Table& table, const TableColumn& column) {
  return beyond | table.oid << 11 | static_cast<Oid>(column.number);
}
Oid rule_oid(const Table& view) {
  return beyond | view.oid << 11;
}

Oid schema_oid(SessionState& session, std::string_view name) {
  if (name == "pg_temp") return schema_oid(session, session.temporary_schema());
  if (name.starts_with(temporary)) {
    Oid number = 0;
    std::from_chars(name.data() + temporary.size(), name.data() + name.size(), number);
    return beyond | number;
  }
  for (const auto& schema : session.database().schemas)
    if (schema.name == name && session.is_visible(schema.stamp)) return schema.oid;
  for (const Row& row : initial_rows_of("pg_namespace"))
    if (std::get<std::string>(field("pg_namespace", row, "nspname")) == name)
      return oid_field("pg_namespace", row, "oid");
  return 0;
}

std::string schema_name(SessionState& session, Oid oid) {
  if (const Row* row = initial_row("pg_namespace", oid))
    return std::get<std::string>(field("pg_namespace", *row, "nspname"));
  for (const auto& schema : session.database().schemas)
    if (schema.oid == oid && session.is_visible(schema.stamp)) return schema.name;
  if (oid >= beyond) return fmt::format("{}{}", temporary, oid - beyond);
  return {};
}

namespace {

TypeClass read_type_class(Oid type) {
  const Row* row = initial_row("pg_type", type);
  if (!row) return {};
  TypeClass c;
  c.length = static_cast<std::int16_t>(std::get<std::int64_t>(field("pg_type", *row, "typlen")));
  c.by_value = std::get<bool>(field("pg_type", *row, "typbyval"));
  c.align = std::get<std::string>(field("pg_type", *row, "typalign"));
  c.storage = std::get<std::string>(field("pg_type", *row, "typstorage"));
  c.collation = oid_field("pg_type", *row, "typcollation");
  return c;
}

Oid read_operator_class(Oid type, Oid method) {
  if (type == types::varchar_oid) type = types::text_oid;
  if (types::is_array(type)) type = types::anyarray_oid;
  if (const auto* known = types::find_type(type); known && known->category == 'R')
    type = known->kind == 'm' ? types::anymultirange_oid : types::anyrange_oid;
  for (const Row& row : initial_rows_of("pg_opclass"))
    if (oid_field("pg_opclass", row, "opcmethod") == method && oid_field("pg_opclass", row, "opcintype") == type &&
        std::get<bool>(field("pg_opclass", row, "opcdefault")))
      return oid_field("pg_opclass", row, "oid");
  return 0;
}

}  // namespace

TypeClass type_class(Oid type) {
  if (const auto* made = types::find_made(type)) {
    if (made->kind == 'e') return {4, true, "i", "p", 0};
    if (made->kind == 'd') return type_class(made->base);
    const bool wide = made->kind == 'c' || type_class(made->element).align == "d";
    return {-1, false, wide ? "d" : "i", "x", made->collation};
  }
  static std::map<Oid, TypeClass> known;
  auto [it, fresh] = known.try_emplace(type);
  if (fresh) it->second = read_type_class(type);
  return it->second;
}

Oid operator_class(Oid type, std::string_view method) {
  if (types::is_made(type)) {
    const Oid base = types::base_of(type);
    if (types::is_enum(base)) return operator_class(types::anyenum_oid, method);
    if (types::is_composite(base)) return operator_class(types::record_oid, method);
    return types::is_array(base) ? operator_class(types::anyarray_oid, method) : operator_class(base, method);
  }
  static std::map<std::pair<Oid, Oid>, Oid> known;
  Oid oid = method_oid(method);
  auto [it, fresh] = known.try_emplace({type, oid});
  if (fresh) it->second = read_operator_class(type, oid);
  return it->second;
}

Oid operator_class_named(std::string_view name, std::string_view method) {
  for (const Row& row : initial_rows_of("pg_opclass"))
    if (oid_field("pg_opclass", row, "opcmethod") == method_oid(method) &&
        std::get<std::string>(field("pg_opclass", row, "opcname")) == name)
      return oid_field("pg_opclass", row, "oid");
  return 0;
}

Oid function_named(std::string_view name) {
  static const auto by_name = [] {
    std::map<std::string_view, Oid> map;
    for (const Row& row : initial_rows_of("pg_proc"))
      map.emplace(std::get<std::string>(row[1]), static_cast<Oid>(std::get<std::int64_t>(row[0])));
    return map;
  }();
  auto it = by_name.find(name);
  return it == by_name.end() ? 0 : it->second;
}

Oid method_oid(std::string_view name) {
  for (const Row& row : initial_rows_of("pg_am"))
    if (std::get<std::string>(field("pg_am", row, "amname")) == name &&
        std::get<std::string>(field("pg_am", row, "amtype")) == "i")
      return oid_field("pg_am", row, "oid");
  return 0;
}

bool is_described(const Comment& comment, SessionState& session) {
  const Oid object = comment.object;
  if (object < Database::first_oid || session.types().version(object)) return true;
  auto has = [&](const auto& list, auto oid, Oid wanted) { return std::ranges::find(list, wanted, oid) != list.end(); };
  for (const auto& table : session.database().tables) {
    const bool is_part = has(table->indexes, &Index::oid, object) || has(table->checks, &Check::oid, object) ||
                         has(table->foreign_keys, &ForeignKey::oid, object);
    if ((table->oid != object && !is_part) || !session.is_visible(table->stamp)) continue;
    return comment.part == 0 ||
           std::ranges::find(table->columns, comment.part, &TableColumn::number) != table->columns.end();
  }
  return std::ranges::any_of(session.database().schemas, [&](const Schema& schema) {
    return schema.oid == object && session.is_visible(schema.stamp);
  });
}

Oid role_oid(SessionState& session, std::string_view name) {
  if (name == session.superuser()) return superuser_oid;
  for (const Row& row : initial_rows_of("pg_authid"))
    if (std::get<std::string>(row[1]) == name) return static_cast<Oid>(std::get<std::int64_t>(row[0]));
  return 0;
}

std::string role_name(SessionState& session, Oid oid) {
  if (oid == superuser_oid) return session.superuser();
  const Row* row = initial_row("pg_authid", oid);
  return row ? std::get<std::string>((*row)[1]) : std::string();
}

std::string type_name_of(SessionState& session, Oid oid) {
  if (types::find_type(oid)) return types::type_name(oid);
  if (const Row* row = initial_row("pg_type", oid)) {
    std::string schema = schema_name(session, oid_field("pg_type", *row, "typnamespace"));
    if (Oid element = oid_field("pg_type", *row, "typelem"); element != 0) return type_name_of(session, element) + "[]";
    std::string name = quoted_name(std::get<std::string>((*row)[1]));
    return schema == "pg_catalog" ? name : quoted_name(schema) + "." + name;
  }
  for (const auto& table : session.database().tables) {
    if (table->kind == 'S' || !session.is_visible(table->stamp)) continue;
    if (oid != row_type_of(*table) && oid != row_array_type_of(*table)) continue;
    std::string name = qualified(session, {table->schema, table->name, table}, table->oid);
    return oid == row_type_of(*table) ? name : name + "[]";
  }
  return {};
}

std::optional<RelationName> relation_by_oid(SessionState& session, Oid oid) {
  if (auto table = find_system_table(oid)) return RelationName{table->schema, table->name, table};
  for (const auto& table : session.database().tables) {
    if (table->oid == oid && session.is_visible(table->stamp)) return RelationName{table->schema, table->name, table};
    for (const auto& index : table->indexes)
      if (index.oid == oid && session.is_visible(table->stamp))
        return RelationName{table->schema, index.name, table, &index};
  }
  return std::nullopt;
}

Oid relation_by_name(SessionState& session, std::string_view schema, std::string_view name) {
  if (auto table = session.find_table(schema, name)) return table->oid;
  if (Oid index = find_system_index(schema, name)) return index;
  Oid found = 0;
  std::size_t best = 0;
  const auto& path = session.search_path();
  for (const auto& table : session.database().tables) {
    if (table->temporary && table->owner != &session) continue;
    for (const auto& index : table->indexes) {
      if (index.name != name || index.oid == 0 || !session.is_visible(table->stamp)) continue;
      if (!schema.empty() ? table->schema == schema || (table->temporary && schema == "pg_temp") : table->temporary)
        return index.oid;
      auto at = static_cast<std::size_t>(std::ranges::find(path, table->schema) - path.begin());
      if (schema.empty() && at < path.size() && (found == 0 || at < best)) found = index.oid, best = at;
    }
  }
  return found;
}

bool is_relation_visible(SessionState& session, const RelationName& relation, Oid oid) {
  return relation_by_name(session, "", relation.name) == oid;
}

std::string qualified(SessionState& session, const RelationName& relation, Oid oid) {
  std::string name = quoted_name(relation.name);
  return is_relation_visible(session, relation, oid) ? name : quoted_name(relation.schema) + "." + name;
}

std::vector<std::shared_ptr<Table>> all_relations(SessionState& session, const Snapshot& snapshot) {
  std::vector<std::shared_ptr<Table>> list;
  for (const auto& table : session.database().tables)
    if (table->stamp.visible(snapshot)) list.push_back(table);
  return list;
}

}  // namespace pgconform::engine
