#include "engine/ddl/types.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "engine/analyze/parts.hpp"
#include "engine/catalog/objects.hpp"
#include "engine/execution/row_writer.hpp"
#include "types/form.hpp"

// Making, renaming and dropping types of any kind.
namespace pgconform::engine {

bool is_type_name_taken(std::string_view schema, std::string_view name, SessionState& session) {
  for (const auto& [oid, versions] : session.database().types)
    for (const auto& type : versions)
      if (type->schema == schema && type->name == name && session.is_visible(type->stamp)) return true;
  return std::ranges::any_of(session.database().tables, [&](const auto& table) {
    return table->kind != 'S' && table->schema == schema && table->name == name && session.is_visible(table->stamp);
  });
}

void claim_type_name(std::string_view schema, std::string_view name, SessionState& session) {
  for (const auto& [oid, versions] : session.database().types)
    for (const auto& type : versions)
      if (type->schema == schema && type->name == name) session.waits().for_transaction(type->stamp.made, "");
}

TypePlace type_place(const std::vector<const Node*>& names, SessionState& session) {
  auto [schema, name] = named(names);
  return type_place(std::move(schema), std::move(name), session);
}

TypePlace type_place(std::string schema, std::string name, SessionState& session) {
  if (schema == "pg_catalog" || schema == "information_schema")
    fail(sqlstate::insufficient_privilege, fmt::format("permission denied for schema {}", schema));
  if (schema.starts_with("pg_temp")) refuse("a temporary type");
  if (schema.empty()) {
    auto first = session.creation_schema();
    if (!first) fail(sqlstate::undefined_schema, "no schema has been selected to create in");
    schema = *first;
  }
  hold_schema(schema, session);
  claim_name({schema, name}, session);
  if (is_type_name_taken(schema, name, session)) {
    if (session.waits().is_waiting()) {
      Table index;
      index.schema = "pg_catalog";
      index.name = "pg_type";
      throw violation(
          sqlstate::unique_violation, "duplicate key value violates unique constraint \"pg_type_typname_nsp_index\"",
          fmt::format("Key (typname, typnamespace)=({}, {}) already exists.", name, schema_oid(session, schema)), index,
          "pg_type_typname_nsp_index");
    }
    auto type = session.types().named(schema, name);
    if (type && type->element != 0) refuse("a type that is called as an array type is");
    fail(sqlstate::duplicate_object, fmt::format("type \"{}\" already exists", name));
  }
  return {std::move(schema), std::move(name)};
}

void need_no_type(const Place& where, SessionState& session) {
  if (where.temporary) return;
  auto type = session.types().named(where.schema, where.name);
  if (!type) return;
  if (type->relation != 0) fail(sqlstate::duplicate_table, fmt::format("relation \"{}\" already exists", where.name));
  if (type->element != 0) refuse("a relation that is called as an array type is");
  fail(sqlstate::duplicate_object, fmt::format("type \"{}\" already exists", where.name), -1,
       "A relation has an associated type of the same name, so you must use a name that doesn't conflict with any "
       "existing type.");
}

void hold_type(Oid type, SessionState& session) {
  const auto* made = session.types().find(type);
  if (!made) return;
  if (made->element != 0) return hold_type(made->element, session);
  const auto& newest = *session.database().types.at(type).back();
  const Xid ender = newest.stamp.ended;
  const auto& transactions = session.database().transactions;
  if (ender == 0 || transactions.is_aborted(ender)) return;
  if (!session.transaction().is_own(ender)) session.waits().for_transaction(ender, "");
  if (!transactions.is_aborted(ender) && !session.types().version(type))
    fail(sqlstate::undefined_object, fmt::format("type \"{}\" does not exist", newest.name));
}

std::set<Oid> parts_of(Oid type) {
  std::set<Oid> found;
  std::vector<Oid> open{type};
  while (!open.empty()) {
    const auto* made = types::find_made(open.back());
    open.pop_back();
    if (!made || !found.insert(made->oid).second) continue;
    for (Oid part : {made->element, made->base}) open.push_back(part);
    for (const auto& field : made->fields) open.push_back(field.type);
  }
  return found;
}

namespace {

int depth_of(Oid type, std::map<Oid, int>& known) {
  const auto* made = types::find_made(type);
  if (!made) return 0;
  if (auto it = known.find(type); it != known.end()) return it->second;
  int deepest = std::max(depth_of(made->element, known), depth_of(made->base, known));
  for (const auto& field : made->fields) deepest = std::max(deepest, depth_of(field.type, known));
  return known[type] = deepest + 1;
}

}  // namespace

void need_shallow(Oid type) {
  constexpr int deepest = 100;
  std::map<Oid, int> known;
  if (depth_of(type, known) > deepest)
    fail(sqlstate::statement_too_complex, fmt::format("this server nests types no more than {} deep", deepest));
}

NewType make_type(char kind, const TypePlace& where, SessionState& session) {
  NewType made{std::make_shared<UserType>(), std::make_shared<UserType>()};
  auto& database = session.database();
  made.array->oid = database.next_oid++;
  made.type->oid = database.next_oid++;
  made.type->kind = kind;
  made.type->array = made.array->oid;
  made.type->category = kind == 'e' ? 'E' : 'C';
  made.type->length = kind == 'e' ? 4 : -1;
  made.type->schema = made.array->schema = where.schema;
  made.type->rename(where.name);
  made.array->kind = 'b';
  made.array->category = 'A';
  made.array->length = -1;
  made.array->element = made.type->oid;
  std::string name = "_" + where.name;
  while (is_type_name_taken(where.schema, types::cut_bytes(name, 63), session)) name = "_" + name;
  made.array->rename(std::string(types::cut_bytes(name, 63)));
  return made;
}

namespace {

void add(const std::shared_ptr<UserType>& type, SessionState& session) {
  type->stamp = {session.transaction().xid(), 0, session.transaction().command(), 0};
  session.database().types[type->oid].push_back(type);
  session.database().has_dropped = true;  // if this transaction fails
}

void drop(UserType& type, SessionState& session) {
  type.stamp.ended = session.transaction().xid();
  type.stamp.ended_in = session.transaction().command();
  session.database().has_dropped = true;
}

}  // namespace

void add_types(const NewType& made, SessionState& session) {
  add(made.type, session);
  add(made.array, session);
}

std::shared_ptr<UserType> revise(const std::shared_ptr<UserType>& type, SessionState& session) {
  if (type->stamp.ended != 0) session.waits().for_transaction(type->stamp.ended, "");
  if (!session.types().is_current(*type))
    fail(sqlstate::undefined_object, fmt::format("type \"{}\" does not exist", type->name));
  auto revised = std::make_shared<UserType>(*type);
  drop(*type, session);
  add(revised, session);
  return revised;
}

std::shared_ptr<UserType> altered_type(const std::vector<const Node*>& names, SessionState& session, char kind) {
  auto [schema, name] = named(names);
  if (!schema.empty() && schema != "pg_catalog" && !session.has_schema(schema))
    fail(sqlstate::undefined_schema, fmt::format("schema \"{}\" does not exist", schema));
  auto type = session.types().named(schema, name);
  const auto* system = !type && (schema.empty() || schema == "pg_catalog") ? types::find_type(name) : nullptr;
  const bool is_row = !type && !system && session.find_table(schema, name);
  if (!type && !system && !is_row)
    fail(sqlstate::undefined_object, fmt::format("type \"{}\" does not exist", dotted(names)));
  if (kind != 0 && (!type || type->kind != kind))
    fail(sqlstate::wrong_object_type, fmt::format("{} is not {}",
                                                  type     ? types::type_name(type->oid)
                                                  : system ? std::string(system->sql_name)
                                                           : name,
                                                  kind == 'e' ? "an enum" : "a domain"));
  if (!type) refuse("changing this type");
  return type;
}

namespace {

// Doomed: what goes with a type, in the order in which PostgreSQL tells of it: the last found first.
class Doomed {
 public:
  explicit Doomed(SessionState& session) : session_(session) {}

  struct One {
    std::shared_ptr<UserType> type;
    std::shared_ptr<Table> table;  // of a column
    std::string column{};
    std::string text, why;
    bool silent = false;  // an array goes with its elements' type
  };

  void add(const std::shared_ptr<UserType>& type, const std::string& why, bool silent) {
    if (std::ranges::find(found_, type, &One::type) != found_.end()) return;
    struct Dependent {
      Oid oid;
      std::shared_ptr<UserType> type;
      std::shared_ptr<Table> table;
      std::string column;
    };
    std::vector<Dependent> dependents;
    const std::string name = types::type_name(type->oid);
    // Another transaction's new table may come to be.
    for (const auto& table : session_.database().tables)
      if (std::ranges::find(table->columns, type->oid, &TableColumn::type) != table->columns.end() &&
          !session_.transaction().is_own(table->stamp.made))
        session_.waits().for_transaction(table->stamp.made, "");
    for (const auto& table : session_.database().tables)
      if (session_.is_visible(table->stamp))
        for (const auto& column : table->columns)
          if (column.type == type->oid) dependents.push_back({table->oid, nullptr, table, column.name});
    for (const auto& other : session_.types().all(session_.transaction().newest())) {
      const bool has_field =
          std::ranges::find(other->fields, type->oid, &types::MadeType::Field::type) != other->fields.end();
      if (other->element == type->oid || other->base == type->oid || has_field)
        dependents.push_back({other->oid, other, nullptr, {}});
    }
    std::ranges::stable_sort(dependents, std::ranges::greater{}, &Dependent::oid);
    for (auto& each : dependents) {
      if (!each.type) {
        if (each.table->kind == 'v') refuse("dropping a type that a view uses");
        One one;
        one.table = each.table;
        one.column = each.column;
        one.text = fmt::format("column {} of {}", each.column, described(*each.table, session_));
        one.why = fmt::format("type {}", name);
        found_.push_back(std::move(one));
      } else if (each.type->kind == 'c') {
        refuse("dropping a type that a composite type uses");
      } else {
        add(each.type, fmt::format("type {}", name), each.type->element != 0);
      }
    }
    One one;
    one.type = type;
    one.text = fmt::format("type {}", name);
    one.why = why;
    one.silent = silent;
    found_.push_back(std::move(one));
  }

  // tell: 2BP01, or what CASCADE says.
  void tell(const std::string& first, bool cascade) const {
    std::string details, notes;
    int count = 0;
    for (auto one = found_.rbegin(); one != found_.rend(); ++one) {
      if (one->silent || one->why.empty()) continue;
      ++count;
      details += fmt::format("{}{} depends on {}", details.empty() ? "" : "\n", one->text, one->why);
      notes += fmt::format("{}drop cascades to {}", notes.empty() ? "" : "\n", one->text);
    }
    if (count == 0) return;
    if (!cascade)
      fail(sqlstate::dependent_objects_still_exist,
           fmt::format("cannot drop {} because other objects depend on it", first), -1,
           "Use DROP ... CASCADE to drop the dependent objects too.", details);
    if (count == 1) return session_.notice(sqlstate::successful_completion, notes);
    session_.notice(sqlstate::successful_completion, fmt::format("drop cascades to {} other objects", count));
    session_.notices().back().detail = notes;
  }

  void drop_all(const RawStatement& raw) const {
    for (const auto& one : found_) {
      if (one.table) {
        session_.waits().lock(*one.table, LockMode::access_exclusive);
        drop_column_of(raw, session_.find_table(one.table->oid), one.column, session_);
      } else {
        drop(*one.type, session_);
      }
    }
  }

 private:
  SessionState& session_;
  std::vector<One> found_;
};

}  // namespace

std::string drop_types(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  const bool of_domains = body.text("removeType") == "OBJECT_DOMAIN";
  const std::string tag = of_domains ? "DROP DOMAIN" : "DROP TYPE";
  Doomed doomed(session);
  std::string first;
  for (const auto* object : body.list("objects")) {
    const auto& names = object->body().list("names");
    auto [schema, name] = named(names);
    if (body.flag("missing_ok")) {
      if (!schema.empty() && schema != "pg_catalog" && !session.has_schema(schema)) {
        session.notice(sqlstate::successful_completion, fmt::format("schema \"{}\" does not exist, skipping", schema));
        continue;
      }
      if (!session.types().named(schema, name) && !types::find_type(name)) {
        session.notice(sqlstate::successful_completion,
                       fmt::format("type \"{}\" does not exist, skipping", dotted(names)));
        continue;
      }
    }
    if (const auto* system = types::find_type(name); system && (schema.empty() || schema == "pg_catalog"))
      fail(sqlstate::dependent_objects_still_exist,
           fmt::format("cannot drop type {} because it is required by the database system", system->sql_name));
    if (auto table = session.find_table(schema, name);
        table && table->kind != 'S' && !session.types().named(schema, name)) {
      fail(sqlstate::dependent_objects_still_exist,
           fmt::format("cannot drop type {} because {} {} requires it", name, kind_name(table->kind), name), -1,
           fmt::format("You can drop {} {} instead.", kind_name(table->kind), name));
    }
    auto type = altered_type(names, session);
    if (of_domains && type->kind != 'd')
      fail(sqlstate::wrong_object_type, fmt::format("\"{}\" is not a domain", dotted(names)));
    if (type->element != 0)
      fail(sqlstate::dependent_objects_still_exist,
           fmt::format("cannot drop type {} because type {} requires it", types::type_name(type->oid),
                       types::type_name(type->element)),
           -1, fmt::format("You can drop type {} instead.", types::type_name(type->element)));
    if (first.empty()) first = fmt::format("type {}", types::type_name(type->oid));
    doomed.add(type, "", false);
  }
  doomed.tell(first, body.text("behavior") == "DROP_CASCADE");
  doomed.drop_all(raw);
  return tag;
}

std::string rename_type(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  const bool is_domain = body.text("renameType") == "OBJECT_DOMAIN";
  const std::string tag = is_domain ? "ALTER DOMAIN" : "ALTER TYPE";
  const auto& names = body["object"].body().list("items");
  auto type = altered_type(names, session, is_domain ? 'd' : 0);
  if (type->element != 0)
    fail(sqlstate::wrong_object_type, fmt::format("cannot alter array type {}", types::type_name(type->oid)), -1,
         fmt::format("You can alter type {}, which will alter the array type as well.",
                     types::type_name(type->element)));
  std::string fresh(body.text("newname"));
  if (is_type_name_taken(type->schema, fresh, session))
    fail(sqlstate::duplicate_object, fmt::format("type \"{}\" already exists", fresh));
  auto array = session.types().version(type->array);
  revise(type, session)->rename(fresh);
  std::string name = "_" + fresh;
  while (is_type_name_taken(type->schema, types::cut_bytes(name, 63), session)) name = "_" + name;
  if (array) revise(array, session)->rename(std::string(types::cut_bytes(name, 63)));
  return tag;
}

std::vector<std::shared_ptr<UserType>> types_in(std::string_view schema, SessionState& session) {
  auto types = session.types().all(session.transaction().newest());
  std::erase_if(types, [&](const auto& type) { return type->schema != schema; });
  return types;
}

void drop_types_in(const std::vector<std::shared_ptr<UserType>>& types, std::string_view schema,
                   SessionState& session) {
  for (const auto& type : types) {
    for (const auto& table : session.database().tables)
      if (table->schema != schema && session.is_visible(table->stamp) &&
          std::ranges::find(table->columns, type->oid, &TableColumn::type) != table->columns.end())
        refuse("dropping a schema whose types are used outside of it");
    for (const auto& other : session.types().all(session.transaction().newest()))
      if (other->schema != schema &&
          (other->base == type->oid ||
           std::ranges::find(other->fields, type->oid, &types::MadeType::Field::type) != other->fields.end()))
        refuse("dropping a schema whose types are used outside of it");
    drop(*type, session);
  }
}

// ALTER TYPE … SET SCHEMA. Everything belongs to one role, so that OWNER TO changes nothing.
std::string move_type(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  const bool is_domain = body.text("objectType") == "OBJECT_DOMAIN";
  const std::string tag = is_domain ? "ALTER DOMAIN" : "ALTER TYPE";
  if (!is_domain && body.text("objectType") != "OBJECT_TYPE") refuse("ALTER … SET SCHEMA of this", raw.location());
  auto type = altered_type(body["object"].body().list("items"), session, is_domain ? 'd' : 0);
  const std::string schema(body.text("newschema"));
  hold_schema(schema, session);
  if (schema == type->schema) return tag;
  if (is_type_name_taken(schema, type->name, session))
    fail(sqlstate::duplicate_object, fmt::format("type \"{}\" already exists in schema \"{}\"", type->name, schema));
  auto array = session.types().version(type->array);
  revise(type, session)->schema = schema;
  if (array) revise(array, session)->schema = schema;
  return tag;
}

}  // namespace pgconform::engine
