#include <algorithm>
#include <map>

#include "engine/ddl/types.hpp"
#include "engine/index_keys.hpp"
#include "types/array.hpp"
#include "types/form.hpp"
#include "types/record.hpp"

// CREATE TYPE … AS (…) and ALTER TYPE … ATTRIBUTE. sql-createtype, sql-altertype.
namespace pgconform::engine {
namespace {

using Field = types::MadeType::Field;

Field field_of(const Node& def, Analyzer& analyzer, SessionState& session) {
  Field field;
  field.name = def.text("colname");
  std::tie(field.type, field.modifier) = analyzer.column_type(def["typeName"]);
  if (types::find_type(field.type)->kind == 'p')
    fail(sqlstate::invalid_table_definition,
         fmt::format("column \"{}\" has pseudo-type {}", field.name, types::type_name(field.type)));
  hold_type(field.type, session);
  need_shallow(field.type);
  if (def.has("collClause")) refuse("COLLATE", def.location());
  return field;
}

// Reshape: values of a composite type made what it is after a change.
class Reshape {
 public:
  Reshape(Oid type, std::vector<std::size_t> kept, const UserType& fresh)
      : type_(type), kept_(std::move(kept)), fresh_(fresh) {}

  bool concerns(Oid type) const {
    auto [it, fresh] = concerned_.try_emplace(type);
    if (fresh) it->second = parts_of(type).contains(type_);
    return it->second;
  }

  Value operator()(Oid type, const Value& value) const {
    if (types::is_null(value) || !concerns(type)) return value;
    const auto* made = types::find_made(type);
    if (made->kind == 'd') return (*this)(made->base, value);
    if (made->element != 0) {
      auto array = types::unpack(std::get<std::string>(value));
      for (auto& element : array.elements) element = (*this)(made->element, element);
      return types::pack(array);
    }
    auto fields = types::unpack_record(std::get<types::Record>(value));
    for (std::size_t i = 0; i < fields.values.size(); ++i)
      fields.values[i] = (*this)(fields.types[i], fields.values[i]);
    if (made->oid != type_) return types::pack_record(fields);
    types::Fields changed;
    for (std::size_t i = 0; i < fresh_.fields.size(); ++i) {
      changed.types.push_back(fresh_.fields[i].type);
      changed.values.push_back(i < kept_.size() ? fields.values[kept_[i]] : Value());
    }
    return types::pack_record(changed);
  }

 private:
  Oid type_;
  std::vector<std::size_t> kept_;  // where the first fields were
  const UserType& fresh_;
  mutable std::map<Oid, bool> concerned_{};
};

void reshape_rows(const Reshape& reshape, SessionState& session) {
  auto relations = session.database().tables;
  for (const auto& table : relations) {
    if (!session.is_visible(table->stamp)) continue;
    auto concerned = [&](const TableColumn& column) { return reshape.concerns(column.type); };
    if (std::ranges::none_of(table->columns, concerned)) continue;
    if (table->kind == 'v') refuse("changing a type that a view uses");
    session.waits().lock(*table, LockMode::access_exclusive);
    auto revised = revise(table, session);
    for (auto& row : revised->rows)
      for (std::size_t i = 0; i < row.values.size(); ++i)
        row.values[i] = reshape(revised->columns[i].type, row.values[i]);
    for (auto& index : revised->indexes) fill_entries(index, *revised, session);
  }
}

}  // namespace

std::string create_composite(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  const Node& name = body["typevar"];
  Analyzer analyzer(session, std::nullopt);
  analyzer.set_source(raw);
  const auto where = type_place(std::string(name.text("schemaname")), std::string(name.text("relname")), session);
  const Oid relation = session.database().next_oid++;
  auto made = make_type('c', where, session);
  made.type->relation = relation;
  for (const auto* each : body.list("coldeflist")) {
    auto field = field_of(each->body(), analyzer, session);
    if (std::ranges::find(made.type->fields, field.name, &Field::name) != made.type->fields.end())
      fail(sqlstate::duplicate_column, fmt::format("column \"{}\" specified more than once", field.name));
    field.number = ++made.type->last_number;
    made.type->fields.push_back(std::move(field));
  }
  if (made.type->fields.size() > 1600) fail(sqlstate::too_many_columns, "tables can have at most 1600 columns");
  add_types(made, session);
  return "CREATE TYPE";
}

std::string alter_composite(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  const Node& name = body["relation"];
  Analyzer analyzer(session, std::nullopt);
  analyzer.set_source(raw);
  auto type = session.types().named(name.text("schemaname"), name.text("relname"));
  if (!type || type->kind != 'c') {
    if (type) fail(sqlstate::wrong_object_type, fmt::format("\"{}\" is not a composite type", name.text("relname")));
    fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", name.text("relname")));
  }
  auto fresh = revise(type, session);
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < fresh->fields.size(); ++i) kept.push_back(i);
  for (const auto* each : body.list("cmds")) {
    const Node& command = each->body();
    const std::string_view what = command.text("subtype");
    if (what == "AT_AddColumn") {
      auto field = field_of(command["def"].body(), analyzer, session);
      if (std::ranges::find(fresh->fields, field.name, &Field::name) != fresh->fields.end())
        fail(sqlstate::duplicate_column,
             fmt::format("column \"{}\" of relation \"{}\" already exists", field.name, type->name));
      if (Reshape(type->oid, {}, *fresh).concerns(field.type))
        fail(sqlstate::invalid_table_definition,
             fmt::format("composite type {} cannot be made a member of itself", types::type_name(type->oid)));
      field.number = ++fresh->last_number;
      fresh->fields.push_back(std::move(field));
    } else if (what == "AT_DropColumn") {
      const auto it = std::ranges::find(fresh->fields, command.text("name"), &Field::name);
      const auto text =
          fmt::format("column \"{}\" of relation \"{}\" does not exist", command.text("name"), type->name);
      if (it == fresh->fields.end()) {
        if (!command.flag("missing_ok")) fail(sqlstate::undefined_column, text);
        session.notice(sqlstate::successful_completion, text + ", skipping");
        continue;
      }
      const auto at = it - fresh->fields.begin();
      if (at < std::ssize(kept)) kept.erase(kept.begin() + at);
      fresh->fields.erase(it);
    } else {
      refuse("this form of ALTER TYPE (" + std::string(what.substr(3)) + ")", raw.location());
    }
  }
  if (kept.size() > fresh->fields.size()) kept.resize(fresh->fields.size());
  reshape_rows(Reshape(type->oid, std::move(kept), *fresh), session);
  return "ALTER TYPE";
}

std::string rename_attribute(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  const Node& name = body["relation"];
  auto type = session.types().named(name.text("schemaname"), name.text("relname"));
  if (!type || type->kind != 'c')
    fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", name.text("relname")));
  const auto place = std::ranges::find(type->fields, body.text("subname"), &Field::name) - type->fields.begin();
  if (place == std::ssize(type->fields))
    fail(sqlstate::undefined_column, fmt::format("column \"{}\" does not exist", body.text("subname")));
  if (std::ranges::find(type->fields, body.text("newname"), &Field::name) != type->fields.end())
    fail(sqlstate::duplicate_column,
         fmt::format("column \"{}\" of relation \"{}\" already exists", body.text("newname"), type->name));
  for (const auto& table : session.database().tables)
    if (table->kind == 'v' && session.is_visible(table->stamp)) refuse("renaming an attribute while there are views");
  revise(type, session)->fields[static_cast<std::size_t>(place)].name = body.text("newname");
  return "ALTER TYPE";
}

}  // namespace pgconform::engine
