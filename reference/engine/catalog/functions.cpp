#include <algorithm>

#include "engine/catalog/keywords.hpp"
#include "engine/catalog/objects.hpp"
#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/parser.hpp"
#include "engine/quoting.hpp"
#include "engine/session_state.hpp"
#include "types/array.hpp"
#include "types/form.hpp"

// What clients ask of the catalogue by functions: names, visibility, comments, privileges, sizes. functions-info,
// functions-admin-dbobject.
namespace pgconform::engine {
namespace {

using types::is_null;

Value format_type(Call& c) {
  if (is_null(c.args[0])) return {};
  Oid oid = oid_at(c, 0);
  if (types::find_type(oid) || oid == 0)
    return types::type_name(oid, is_null(c.args[1]) ? -1 : static_cast<std::int32_t>(c.integer(1)));
  std::string name = type_name_of(c.context.session, oid);
  return name.empty() ? "???" : name;
}

Value user_by_id(Call& c) {
  std::string name = role_name(c.context.session, oid_at(c, 0));
  return name.empty() ? fmt::format("unknown (OID={})", oid_at(c, 0)) : name;
}

// The schemas that search_path names and that exist.
Value schemas(Call& c) {
  SessionState& session = c.context.session;
  std::vector<Value> names;
  const auto& path = session.search_path();
  auto named = [&](std::string_view name) { return std::ranges::find(path, name) != path.end(); };
  if (c.boolean(0)) {
    if (session.has_temporary() && !named("pg_temp")) names.emplace_back(session.temporary_schema());
    if (!named("pg_catalog")) names.emplace_back(std::string("pg_catalog"));
  }
  for (const auto& name : path)
    if (schema_oid(session, name) != 0) names.emplace_back(name);
  return types::pack(types::one_dimensional(types::name_oid, std::move(names)));
}

Value count_nulls(Call& c, bool null) {
  std::int64_t n = 0;
  for (const auto& value : c.args) n += is_null(value) == null;
  return n;
}

// to_regclass and its kin: NULL for what there is not.
template <Oid type>
Value lookup(Call& c) {
  const std::string& text = c.text(0);
  if (!text.empty() && text.find_first_not_of("0123456789") == text.npos)
    return type == types::regtype_oid ? value_or_fail(types::parse_text(type, text, c.context.style)) : Value();
  auto found = types::parse_text(type, text, c.context.session.style());
  if (found) return *found;
  if (found.error().sqlstate == sqlstate::invalid_name) fail(found.error());
  return {};
}

// Visibility: of what stands in a system table, by the schema it is in.
template <const char* const* table, const char* const* schema_column>
Value visible(Call& c) {
  const Row* row = initial_row(*table, oid_at(c, 0));
  if (!row) return {};
  Oid schema = oid_field(*table, *row, *schema_column);
  const auto& path = c.context.session.search_path();
  return schema == 11 || std::ranges::find(path, schema_name(c.context.session, schema)) != path.end();
}

bool is_meant(SessionState& session, const UserType& type) {
  const auto meant = session.types().named("", type.name);
  return meant && meant->oid == type.oid;
}

Value table_visible(Call& c) {
  SessionState& session = c.context.session;
  if (auto relation = relation_by_oid(session, oid_at(c, 0)))
    return is_relation_visible(session, *relation, oid_at(c, 0));
  // The relation of a composite type.
  for (const auto& type : session.types().all(session.transaction().newest()))
    if (type->relation != 0 && type->relation == oid_at(c, 0)) return is_meant(session, *type);
  return {};
}

constexpr const char *type_table = "pg_type", *type_schema = "typnamespace";

Value type_visible(Call& c) {
  SessionState& session = c.context.session;
  for (const auto& table : session.database().tables)
    if (session.is_visible(table->stamp) && row_type_of(*table) != 0 &&
        (oid_at(c, 0) == row_type_of(*table) || oid_at(c, 0) == row_array_type_of(*table)))
      return is_relation_visible(session, {table->schema, table->name, table}, table->oid);
  if (const auto type = session.types().version(oid_at(c, 0))) return is_meant(session, *type);
  return visible<&type_table, &type_schema>(c);
}

Value port_of(const session::Address& end) {
  return end.host.empty() ? Value() : Value(std::int64_t{end.port});
}

// Comments.
Value description(Call& c, Oid of_class, Oid object, std::int64_t part) {
  SessionState& session = c.context.session;
  // A key and its index have the same number.
  if (of_class == 0)
    if (Value own = description(c, pg_class_class, object, part); !types::is_null(own)) return own;
  for (const auto& comment : session.database().comments)
    if (comment.object == object && comment.part == part && (of_class == 0 || comment.of_class == of_class) &&
        session.is_visible(comment.stamp) && is_described(comment, session))
      return comment.text;
  static const auto known = [] {
    std::multimap<Oid, const Row*> map;
    for (const Row& row : initial_rows_of("pg_description"))
      map.emplace(static_cast<Oid>(std::get<std::int64_t>(row[0])), &row);
    return map;
  }();
  for (auto [it, end] = known.equal_range(object); it != end; ++it) {
    const Row& row = *it->second;
    if (std::get<std::int64_t>(row[2]) == part && (of_class == 0 || std::get<std::int64_t>(row[1]) == of_class))
      return row[3];
  }
  return {};
}

Value object_description(Call& c) {
  Oid of_class = 0;
  if (c.args.size() > 1) {
    auto table = find_system_table("pg_catalog", c.text(1));
    if (!table) return {};
    of_class = table->oid;
  }
  return description(c, of_class, oid_at(c, 0), 0);
}

// Privileges: nobody is denied anything here; but what is asked about has to be there.
Value always(Call&) {
  return true;
}

Value privilege_by_name(Call& c, std::size_t at) {
  c.context.session.relation_named(c.text(at));
  return true;
}
Value privilege_by_id(Call& c, std::size_t at) {
  return relation_by_oid(c.context.session, oid_at(c, at)) ? Value(true) : Value();
}

// Sizes: what PostgreSQL would need at least: pages of 8192 bytes.
constexpr std::int64_t page = 8192;

std::int64_t heap_size(const Table& table) {
  if (table.kind == 'S') return page;
  if (table.kind != 'r') return 0;
  std::size_t bytes = 0;
  for (const auto& version : table.rows) {
    bytes += 28;
    for (const auto& value : version.values)
      bytes += value.index() == 5 ? std::get<std::string>(value).size() + 4 : is_null(value) ? 0 : 8;
  }
  return static_cast<std::int64_t>((bytes + 8167) / 8168) * page;
}

bool needs_toast(const Table& table) {
  return table.kind == 'r' && std::ranges::any_of(table.columns, [](const TableColumn& column) {
           TypeClass c = type_class(column.type);
           bool is_short = column.modifier >= 0 && column.modifier < 500;
           return c.length == -1 && c.storage != "p" && !is_short && column.type != types::numeric_oid;
         });
}

std::int64_t index_size(const RelationName& relation) {
  return relation.table->rows.empty() ? page : 2 * page;
}

enum class Size : std::uint8_t { relation, table, indexes, total };
template <Size which>
Value size_of(Call& c) {
  auto relation = relation_by_oid(c.context.session, oid_at(c, 0));
  if (!relation) return {};
  const Table& table = *relation->table;
  if (table.oid < Database::first_oid) return page;
  if (relation->index) return which == Size::indexes ? 0 : index_size(*relation);
  if (which == Size::relation && c.args.size() > 1 && c.text(1) != "main") return std::int64_t{0};
  std::int64_t heap = heap_size(table), toast = needs_toast(table) ? page : 0, indexes = 0;
  for (std::size_t i = 0; i < table.indexes.size(); ++i) indexes += index_size(*relation);
  if constexpr (which == Size::relation) return heap;
  if constexpr (which == Size::table) return heap + toast;
  if constexpr (which == Size::indexes) return indexes;
  return heap + toast + indexes;
}

Value serial_sequence(Call& c) {
  SessionState& session = c.context.session;
  Oid oid = session.relation_named(c.text(0));
  auto owner = session.find_table(oid);
  if (!owner) fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", c.text(0)));
  auto column = std::ranges::find(owner->columns, c.text(1), &TableColumn::name);
  if (column == owner->columns.end())
    fail(sqlstate::undefined_column,
         fmt::format("column \"{}\" of relation \"{}\" does not exist", c.text(1), owner->name));
  for (const auto& table : session.database().tables)
    if (table->kind == 'S' && table->owned_by == oid && table->owned_by_column == column->number &&
        session.is_visible(table->stamp))
      return quoted_name(table->schema) + "." + quoted_name(table->name);
  return {};
}

Value sequence_last_value(Call& c) {
  auto table = c.context.session.find_table(oid_at(c, 0));
  if (!table || !table->sequence || !table->sequence->called) return {};
  return table->sequence->last;
}

// The changes that could be made through a view: 4 update, 8 insert, 16 delete, as PostgreSQL allows them for a plain
// selection from one table.
bool is_plain_view(const Table& table) {
  if (table.kind != 'v' || !table.view) return false;
  const Node& select = table.view->node().body();
  if (select.text("op") != "SETOP_NONE" || select.list("fromClause").size() != 1 ||
      !select.list("fromClause")[0]->is("RangeVar"))
    return false;
  for (std::string_view clause :
       {"groupClause", "havingClause", "distinctClause", "limitCount", "limitOffset", "withClause", "windowClause"})
    if (select.has(clause)) return false;
  return std::ranges::none_of(select.list("targetList"),
                              [](const Node* target) { return target->body()["val"].is("FuncCall"); });
}

Value relation_updatable(Call& c) {
  auto relation = relation_by_oid(c.context.session, oid_at(c, 0));
  if (!relation || relation->index) return std::int64_t{0};
  const Table& table = *relation->table;
  return std::int64_t{table.kind == 'r' || (table.oid >= Database::first_oid && is_plain_view(table)) ? 28 : 0};
}

Value column_updatable(Call& c) {
  auto relation = relation_by_oid(c.context.session, oid_at(c, 0));
  if (!relation || relation->index) return false;
  const Table& table = *relation->table;
  if (table.kind == 'r') return true;
  if (table.oid < Database::first_oid || !is_plain_view(table)) return false;
  const auto& targets = table.view->node().body().list("targetList");
  auto place = static_cast<std::size_t>(c.integer(1) - 1);
  return place >= targets.size() || targets.size() == 1 || targets[place]->body()["val"].is("ColumnRef");
}

#define PGCONFORM_VISIBLE(kind, table, column)        \
  constexpr const char* kind##_table = table;         \
  constexpr const char* kind##_schema = column;       \
  Value kind##_visible(Call& c) {                     \
    return visible<&kind##_table, &kind##_schema>(c); \
  }
PGCONFORM_VISIBLE(function, "pg_proc", "pronamespace")
PGCONFORM_VISIBLE(operator, "pg_operator", "oprnamespace")
PGCONFORM_VISIBLE(opclass, "pg_opclass", "opcnamespace")
PGCONFORM_VISIBLE(opfamily, "pg_opfamily", "opfnamespace")
PGCONFORM_VISIBLE(collation, "pg_collation", "collnamespace")
PGCONFORM_VISIBLE(conversion, "pg_conversion", "connamespace")
PGCONFORM_VISIBLE(ts_parser, "pg_ts_parser", "prsnamespace")
PGCONFORM_VISIBLE(ts_dict, "pg_ts_dict", "dictnamespace")
PGCONFORM_VISIBLE(ts_template, "pg_ts_template", "tmplnamespace")
PGCONFORM_VISIBLE(ts_config, "pg_ts_config", "cfgnamespace")
#undef PGCONFORM_VISIBLE

Value nothing(Call&) {
  return {};
}
Value zero(Call&) {
  return std::int64_t{0};
}
Value no(Call&) {
  return false;
}

}  // namespace

void add_catalog(Registry& r) {
  add_definitions(r);
  r.add({{"format_type", format_type},
         {"pg_get_userbyid", user_by_id},
         {"obj_description(26)", object_description},
         {"obj_description(26 19)", object_description},
         {"shobj_description(26 19)", nothing},
         {"col_description(26 23)", [](Call& c) { return description(c, pg_class_class, oid_at(c, 0), c.integer(1)); }},
         {"current_schemas", schemas},
         {"pg_num_nulls", [](Call& c) { return count_nulls(c, true); }},
         {"pg_num_nonnulls", [](Call& c) { return count_nulls(c, false); }},
         {"to_regtype", lookup<types::regtype_oid>},
         {"to_regclass", lookup<types::regclass_oid>},
         {"to_regproc", lookup<types::regproc_oid>},
         {"to_regprocedure", lookup<types::regprocedure_oid>},
         {"to_regoper", lookup<types::regoper_oid>},
         {"to_regoperator", lookup<types::regoperator_oid>},
         {"to_regnamespace", lookup<types::regnamespace_oid>},
         {"to_regrole", lookup<types::regrole_oid>},
         {"to_regcollation", lookup<types::regcollation_oid>},
         {"pg_table_is_visible", table_visible},
         {"pg_type_is_visible", type_visible},
         {"pg_function_is_visible", function_visible},
         {"pg_operator_is_visible", operator_visible},
         {"pg_opclass_is_visible", opclass_visible},
         {"pg_opfamily_is_visible", opfamily_visible},
         {"pg_collation_is_visible", collation_visible},
         {"pg_conversion_is_visible", conversion_visible},
         {"pg_ts_parser_is_visible", ts_parser_visible},
         {"pg_ts_dict_is_visible", ts_dict_visible},
         {"pg_ts_template_is_visible", ts_template_visible},
         {"pg_ts_config_is_visible", ts_config_visible},
         {"pg_statistics_obj_is_visible", nothing},
         {"pg_partition_ancestors", nothing},
         {"pg_get_keywords", keywords},
         {"pg_stat_get_numscans", zero},  // no index is scanned here that PostgreSQL would count
         {"pg_relation_size(2205)", size_of<Size::relation>},
         {"pg_relation_size", size_of<Size::relation>},
         {"pg_table_size", size_of<Size::table>},
         {"pg_indexes_size", size_of<Size::indexes>},
         {"pg_total_relation_size", size_of<Size::total>},
         {"pg_get_serial_sequence", serial_sequence},
         {"pg_sequence_last_value", sequence_last_value},
         {"pg_my_temp_schema", zero},
         {"pg_relation_is_updatable", relation_updatable},
         {"pg_column_is_updatable", column_updatable},
         {"pg_is_other_temp_schema", no},
         {"pg_relation_filenode", [](Call& c) -> Value { return c.integer(0); }},
         {"pg_relation_is_publishable", no},
         {"pg_tablespace_location", [](Call&) -> Value { return std::string(); }},
         {"pg_get_statisticsobjdef_columns", nothing},
         {"pg_get_partkeydef", nothing},
         {"pg_get_replica_identity_index", nothing},
         {"inet_client_addr", [](Call& c) { return host_of(c.context.session.login().client); }},
         {"inet_client_port", [](Call& c) { return port_of(c.context.session.login().client); }},
         {"inet_server_addr", [](Call& c) { return host_of(c.context.session.login().server); }},
         {"inet_server_port", [](Call& c) { return port_of(c.context.session.login().server); }}});
  for (const char* what : {"database", "schema", "function", "language", "tablespace", "type"})
    for (const char* how : {"_name", "_id", "_name_name", "_name_id", "_id_name", "_id_id"})
      r.add(fmt::format("has_{}_privilege{}", what, how), always);
  for (const char* how : {"_name", "_id", "_name_name", "_name_id", "_id_name", "_id_id"})
    r.add(fmt::format("pg_has_role{}", how), always);
  auto by_name = [](Call& c) { return privilege_by_name(c, 0); };
  auto by_id = [](Call& c) { return privilege_by_id(c, 0); };
  auto user_by_name = [](Call& c) { return privilege_by_name(c, 1); };
  auto user_by_id = [](Call& c) { return privilege_by_id(c, 1); };
  for (const char* what : {"table", "sequence", "any_column", "column"})
    for (const char* part : {"", "_name", "_attnum"}) {
      if ((*part != 0) != (std::string_view(what) == "column")) continue;
      auto named = [&](const char* how) { return fmt::format("has_{}_privilege{}{}", what, how, part); };
      r.add(named("_name"), by_name);
      r.add(named("_id"), by_id);
      for (const char* user : {"_name", "_id"}) {
        r.add(fmt::format("has_{}_privilege{}_name{}", what, user, part), user_by_name);
        r.add(fmt::format("has_{}_privilege{}_id{}", what, user, part), user_by_id);
      }
    }
}

}  // namespace pgconform::engine
