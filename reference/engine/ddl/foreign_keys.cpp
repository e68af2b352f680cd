#include <algorithm>

#include "engine/ddl/dependents.hpp"
#include "engine/ddl/relations.hpp"
#include "engine/execution/row_writer.hpp"
#include "engine/foreign_keys.hpp"

// FOREIGN KEY and REFERENCES: ATAddForeignKeyConstraint().
namespace pgconform::engine {
namespace {

std::vector<std::int16_t> numbers_named(const Table& table, const std::vector<std::string>& names) {
  std::vector<std::int16_t> numbers;
  for (const auto& name : names) {
    auto it = std::ranges::find(table.columns, name, &TableColumn::name);
    if (it == table.columns.end())
      fail(sqlstate::undefined_column,
           fmt::format("column \"{}\" referenced in foreign key constraint does not exist", name));
    numbers.push_back(it->number);
  }
  return numbers;
}

std::vector<std::string> names_in(const std::vector<const Node*>& list) {
  std::vector<std::string> names;
  for (const auto* name : list) names.emplace_back(name->string_of());
  return names;
}

// The parse tree has single letters as numbers.
char letter(const Node& constraint, std::string_view key, char otherwise) {
  if (auto text = constraint.text(key); !text.empty()) return text[0];
  auto number = constraint.number(key);
  return number == 0 ? otherwise : static_cast<char>(number);
}

// The primary key, if no columns are named.
std::vector<std::int16_t> primary_key(const Table& table) {
  auto index = std::ranges::find(table.indexes, true, &Index::primary);
  if (index == table.indexes.end())
    fail(sqlstate::undefined_object, fmt::format("there is no primary key for referenced table \"{}\"", table.name));
  if (index->deferrable)
    fail(sqlstate::object_not_in_prerequisite_state,
         fmt::format("cannot use a deferrable primary key for referenced table \"{}\"", table.name));
  std::vector<std::int16_t> numbers;
  for (auto place : index->columns) numbers.push_back(table.columns[place].number);
  return numbers;
}

void need_unique(const Table& table, const std::vector<std::int16_t>& numbers) {
  auto places = places_of(table, numbers);
  bool deferrable = false;
  for (const auto& index : table.indexes) {
    if (!index.unique || !index.is_plain() || !std::ranges::is_permutation(index.columns, places)) continue;
    if (!index.deferrable) return;
    deferrable = true;
  }
  if (deferrable)
    fail(sqlstate::object_not_in_prerequisite_state,
         fmt::format("cannot use a deferrable unique constraint for referenced table \"{}\"", table.name));
  fail(sqlstate::invalid_foreign_key,
       fmt::format("there is no unique constraint matching given keys for referenced table \"{}\"", table.name));
}

// Types whose equal values look alike here.
Oid family(Oid type) {
  if (type == types::int2_oid || type == types::int4_oid) return types::int8_oid;
  return type == types::varchar_oid ? types::text_oid : type;
}

bool are_comparable(Oid a, Oid b) {
  try {
    find_operator("=", a, b, -1);
    return true;
  } catch (const SqlError&) {
    return false;
  }
}

void need_comparable(const ForeignKey& key, const Table& table, const Table& parent) {
  auto ours = places_of(table, key.columns), theirs = places_of(parent, key.referenced_columns);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const auto &a = table.columns[ours[i]], &b = parent.columns[theirs[i]];
    if (family(a.type) == family(b.type)) continue;
    if (are_comparable(b.type, a.type))
      refuse(fmt::format("a foreign key from {} to {}", types::type_name(a.type), types::type_name(b.type)));
    fail(sqlstate::datatype_mismatch, fmt::format("foreign key constraint \"{}\" cannot be implemented", key.name), -1,
         {},
         fmt::format("Key columns \"{}\" and \"{}\" are of incompatible types: {} and {}.", a.name, b.name,
                     types::type_name(a.type, a.modifier), types::type_name(b.type, b.modifier)));
  }
}

}  // namespace

// transformFkeyCheckAttrs() takes the first that will do.
bool supports(const Table& table, const Index& index, const ForeignKey& key) {
  const auto places = places_of(table, key.referenced_columns);
  const Index* first = nullptr;
  for (const auto& each : table.indexes)
    if (each.unique && each.is_plain() && !each.deferrable && std::ranges::is_permutation(each.columns, places) &&
        (!first || each.oid < first->oid))
      first = &each;
  return first && first->oid == index.oid;
}

void add_foreign_key(Table& table, const Node& constraint, const KeyOptions& options, SessionState& session) {
  const Node& r = constraint["pktable"];
  if (!constraint.list("fk_del_set_cols").empty()) refuse("a list of columns to set", constraint.location());
  auto parent = session.find_table(r.text("schemaname"), r.text("relname"));
  if (!parent) {
    std::string name(r.text("relname"));
    if (r.has("schemaname")) {
      if (!session.has_schema(r.text("schemaname")))
        fail(sqlstate::invalid_schema_name, fmt::format("schema \"{}\" does not exist", r.text("schemaname")));
      name = fmt::format("{}.{}", r.text("schemaname"), name);
    }
    fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", name));
  }
  if (parent->kind != 'r')
    fail(sqlstate::wrong_object_type, fmt::format("referenced relation \"{}\" is not a table", parent->name));
  need_no_system(*parent);
  if (parent->temporary != table.temporary)
    fail(sqlstate::invalid_table_definition, fmt::format("constraints on {0} tables may reference only {0} tables",
                                                         table.temporary ? "temporary" : "permanent"));
  if (parent->unlogged && !table.unlogged)
    fail(sqlstate::invalid_table_definition, "constraints on permanent tables may reference only permanent tables");
  ForeignKey key;
  auto names = options.column.empty() ? names_in(constraint.list("fk_attrs")) : std::vector{options.column};
  key.columns = numbers_named(table, names);
  auto referenced = names_in(constraint.list("pk_attrs"));
  key.referenced_columns = referenced.empty() ? primary_key(*parent) : numbers_named(*parent, referenced);
  if (!referenced.empty()) need_unique(*parent, key.referenced_columns);
  if (key.columns.size() != key.referenced_columns.size())
    fail(sqlstate::invalid_foreign_key, "number of referencing and referenced columns for foreign key disagree");
  key.referenced = parent->oid;
  key.on_update = letter(constraint, "fk_upd_action", 'a');
  key.on_delete = letter(constraint, "fk_del_action", 'a');
  key.full = letter(constraint, "fk_matchtype", 's') == 'f';
  key.deferrable = constraint.flag("deferrable") || options.deferrable;
  key.initially_deferred = constraint.flag("initdeferred") || options.deferred;
  std::vector<std::string> taken;
  for (const auto& other : table.foreign_keys) taken.push_back(other.name);
  key.name = constraint.text("conname");
  if (key.name.empty()) {
    std::string middle;
    for (const auto& name : names) middle += (middle.empty() ? "" : "_") + name;
    key.name = choose_name(table, middle, "fkey", session, taken);
  } else {
    need_fresh_constraint_name(table, key.name);
  }
  need_comparable(key, table, *parent);
  session.waits().lock(*parent, LockMode::share_row_exclusive);
  key.oid = session.database().next_oid++;
  session.database().has_foreign_keys = true;
  table.foreign_keys.push_back(std::move(key));
}

void check_foreign_key(const std::shared_ptr<Table>& table, const ForeignKey& key, SessionState& session) {
  auto snapshot = session.transaction().newest();
  for (std::size_t i = 0; i < table->rows.size(); ++i)
    if (table->rows[i].stamp.visible(snapshot)) check_reference({table, key}, i, session);
}

void drop_foreign_key(const Referrer& referrer, SessionState& session) {
  session.waits().lock(*referrer.table, LockMode::access_exclusive);
  auto table = session.find_table(referrer.table->oid);
  std::erase_if(revise(table, session)->foreign_keys,
                [&](const ForeignKey& key) { return key.oid == referrer.key.oid; });
}

}  // namespace pgconform::engine
