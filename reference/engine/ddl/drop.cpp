#include <algorithm>
#include <map>

#include "engine/ddl/relations.hpp"
#include "engine/ddl/types.hpp"

// DROP and TRUNCATE.
namespace pgconform::engine {
namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

}  // namespace

void cannot_drop(std::string_view what, const std::vector<std::string>& details) {
  const std::string message = what.empty() ? "cannot drop desired object(s) because other objects depend on them"
                                           : fmt::format("cannot drop {} because other objects depend on it", what);
  fail(sqlstate::dependent_objects_still_exist, message, -1, "Use DROP ... CASCADE to drop the dependent objects too.",
       joined(details));
}

void tell_cascade(const std::vector<std::string>& notes, SessionState& session) {
  if (notes.empty()) return;
  if (notes.size() == 1) return session.notice(sqlstate::successful_completion, notes[0]);
  session.notice(sqlstate::successful_completion, fmt::format("drop cascades to {} other objects", notes.size()));
  session.notices().back().detail = joined(notes);
}

namespace {

struct Wanted {
  char kind;
  std::string_view name;  // as messages have it
};

Wanted wanted(std::string_view type) {
  if (type == "OBJECT_VIEW") return {'v', "view"};
  if (type == "OBJECT_SEQUENCE") return {'S', "sequence"};
  if (type == "OBJECT_INDEX") return {'i', "index"};
  return {'r', "table"};
}

std::shared_ptr<Table> table_of_index(const std::string& schema, const std::string& name, SessionState& session) {
  for (const auto& table : session.database().tables)
    if ((schema.empty() || table->schema == schema) && session.is_visible(table->stamp) &&
        std::ranges::find(table->indexes, name, &Index::name) != table->indexes.end())
      return table;
  return nullptr;
}

bool takes_from(const Expr& expr, Oid sequence) {
  if (expr.kind == ExprKind::constant && expr.type == types::regclass_oid) {
    const auto* oid = std::get_if<std::int64_t>(&expr.value);
    return oid && *oid == static_cast<std::int64_t>(sequence);
  }
  return std::ranges::any_of(expr.args, [&](const ExprPtr& arg) { return takes_from(*arg, sequence); });
}

// Taker: a column whose default takes numbers from a sequence.
struct Taker {
  std::shared_ptr<Table> table;
  std::int16_t column;
};

std::vector<Taker> takers_of(const Table& sequence, const std::vector<std::shared_ptr<Table>>& doomed,
                             SessionState& session) {
  std::vector<Taker> found;
  if (sequence.kind != 'S') return found;
  for (const auto& table : session.database().tables) {
    if (!session.is_visible(table->stamp)) continue;
    for (const auto& column : table->columns) {
      if (!column.default_value || !takes_from(*column.default_value, sequence.oid)) continue;
      if (std::ranges::find(doomed, table) != doomed.end()) break;
      if (column.identity != 0) {
        const std::string what = fmt::format("column {} of {}", column.name, described(*table, session));
        fail(sqlstate::dependent_objects_still_exist,
             fmt::format("cannot drop {} because {} requires it", described(sequence, session), what), -1,
             fmt::format("You can drop {} instead.", what));
      }
      found.push_back({table, column.number});
    }
  }
  return found;
}

void drop_default(const Taker& taker, SessionState& session) {
  auto table = session.find_table(taker.table->oid);
  session.waits().lock(*table, LockMode::access_exclusive);
  auto revised = revise(table, session);
  std::ranges::find(revised->columns, taker.column, &TableColumn::number)->default_value = nullptr;
}

// What else goes when these go: sequences that they own, and views on them, of which CASCADE must speak.
enum class Cascade : std::uint8_t { forbidden, told, quiet };

void add_dependents(std::vector<std::shared_ptr<Table>>& doomed, Cascade cascade, SessionState& session) {
  std::vector<std::string> notes, details;
  std::string first;
  std::vector<Referrer> keys;
  std::vector<Taker> takers;
  const auto asked = doomed.size();
  for (std::size_t i = 0; i < doomed.size(); ++i) {
    auto one = doomed[i];
    for (auto& taker : takers_of(*one, doomed, session)) {
      const auto& said = i < asked ? one : doomed[0];
      if (first.empty()) first = described(*said, session);
      const auto column = std::ranges::find(taker.table->columns, taker.column, &TableColumn::number);
      const std::string what =
          fmt::format("default value for column {} of {}", column->name, described(*taker.table, session));
      details.push_back(fmt::format("{} depends on {}", what, described(*one, session)));
      notes.push_back("drop cascades to " + what);
      takers.push_back(std::move(taker));
    }
    for (auto& referrer : referrers_of(*one, session)) {
      const auto& [other, key] = referrer;
      if (std::ranges::find(doomed, other) != doomed.end()) continue;
      if (first.empty()) first = described(*one, session);
      details.push_back(fmt::format("constraint {} on {} depends on {}", key.name, described(*other, session),
                                    described(*one, session)));
      notes.push_back(fmt::format("drop cascades to constraint {} on {}", key.name, described(*other, session)));
      keys.push_back(std::move(referrer));
    }
    for (const auto& other : session.database().tables) {
      if (!session.is_visible(other->stamp) || std::ranges::find(doomed, other) != doomed.end()) continue;
      if (other->kind == 'S' && other->owned_by == one->oid) {
        doomed.push_back(other);
      } else if (other->kind == 'v' && std::ranges::find(other->uses, one->oid) != other->uses.end()) {
        if (first.empty()) first = described(*one, session);
        details.push_back(fmt::format("{} depends on {}", described(*other, session), described(*one, session)));
        notes.push_back("drop cascades to " + described(*other, session));
        doomed.push_back(other);
      }
    }
  }
  if (details.empty()) return;
  if (cascade == Cascade::forbidden) cannot_drop(asked == 1 ? first : "", details);
  if (cascade == Cascade::told) tell_cascade(notes, session);
  for (const auto& referrer : keys) drop_foreign_key(referrer, session);
  for (const auto& taker : takers) drop_default(taker, session);
}

// Tables that refer to one that is emptied are emptied with it, if that is said.
void add_referring(std::vector<std::shared_ptr<Table>>& tables, bool cascade, SessionState& session) {
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const auto one = tables[i];
    for (const auto& [other, key] : referrers_of(*one, session)) {
      if (std::ranges::find(tables, other) != tables.end()) continue;
      if (!cascade)
        fail(sqlstate::feature_not_supported, "cannot truncate a table referenced in a foreign key constraint", -1,
             fmt::format("Truncate table \"{}\" at the same time, or use TRUNCATE ... CASCADE.", other->name),
             fmt::format("Table \"{}\" references \"{}\".", other->name, one->name));
      session.notice(sqlstate::successful_completion, fmt::format("truncate cascades to table \"{}\"", other->name));
      tables.push_back(other);
    }
  }
}

void drop_index(const std::shared_ptr<Table>& table, const std::string& name, SessionState& session) {
  session.waits().lock(*table, LockMode::access_exclusive);
  auto index = std::ranges::find(table->indexes, name, &Index::name);
  if (index->is_constraint)
    fail(sqlstate::dependent_objects_still_exist,
         fmt::format("cannot drop index {} because constraint {} on table {} requires it", name, name, table->name), -1,
         fmt::format("You can drop constraint {} on table {} instead.", name, table->name));
  auto revised = revise(table, session);
  std::erase_if(revised->indexes, [&](const Index& i) { return i.name == name; });
}

}  // namespace

std::string drop_objects(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  std::string_view type = body.text("removeType");
  if (type == "OBJECT_SCHEMA") return drop_schemas(raw, session);
  Wanted want = wanted(type);
  std::string tag = fmt::format("DROP {}", want.kind == 'v'   ? "VIEW"
                                           : want.kind == 'S' ? "SEQUENCE"
                                           : want.kind == 'i' ? "INDEX"
                                                              : "TABLE");
  std::vector<std::shared_ptr<Table>> doomed;
  std::vector<std::string> indexes;
  for (const auto* object : body.list("objects")) {
    auto [schema, name] = named(object->body().list("items"));
    if (!schema.empty() && schema != "pg_temp" && !session.has_schema(schema)) {
      if (!body.flag("missing_ok"))
        fail(sqlstate::invalid_schema_name, fmt::format("schema \"{}\" does not exist", schema));
      session.notice(sqlstate::successful_completion, fmt::format("schema \"{}\" does not exist, skipping", schema));
      continue;
    }
    auto table = session.find_table(schema, name);
    auto owner = table_of_index(schema, name, session);
    if (!table && !owner) {
      if (!body.flag("missing_ok"))
        fail(want.kind == 'i' ? sqlstate::undefined_object : sqlstate::undefined_table,
             fmt::format("{} \"{}\" does not exist", want.name, name));
      session.notice(sqlstate::successful_completion,
                     fmt::format("{} \"{}\" does not exist, skipping", want.name, name));
      continue;
    }
    char kind = table ? table->kind : 'i';
    if (kind != want.kind)
      fail(sqlstate::wrong_object_type,
           fmt::format("\"{}\" is not {} {}", name, want.kind == 'i' ? "an" : "a", want.name), -1,
           fmt::format("Use DROP {} to remove {} {}.",
                       kind == 'v'   ? "VIEW"
                       : kind == 'S' ? "SEQUENCE"
                       : kind == 'i' ? "INDEX"
                                     : "TABLE",
                       kind == 'i' ? "an" : "a", kind_name(kind)));
    doomed.push_back(table ? std::move(table) : std::move(owner));
    indexes.push_back(name);
  }
  for (std::size_t i = 0; i < doomed.size(); ++i) {
    session.waits().lock(*doomed[i], LockMode::access_exclusive);
    if (want.kind != 'i') session.checks().need_none_pending(*doomed[i], tag);
    if (want.kind != 'i' && !session.is_current(*doomed[i]))
      fail(sqlstate::undefined_table, fmt::format("{} \"{}\" does not exist", want.name, doomed[i]->name));
  }
  if (want.kind == 'i') {
    for (std::size_t i = 0; i < doomed.size(); ++i) drop_index(session.find_table(doomed[i]->oid), indexes[i], session);
    return tag;
  }
  // As PostgreSQL speaks of them: from the last.
  std::ranges::reverse(doomed);
  add_dependents(doomed, body.text("behavior") == "DROP_CASCADE" ? Cascade::told : Cascade::forbidden, session);
  for (auto& table : doomed) {
    session.waits().lock(*table, LockMode::access_exclusive);
    drop(*table, session);
  }
  return tag;
}

void drop_quietly(const std::shared_ptr<Table>& table, SessionState& session) {
  std::vector doomed{table};
  add_dependents(doomed, Cascade::quiet, session);
  for (auto& each : doomed) drop(*each, session);
}

void empty(const std::shared_ptr<Table>& table, SessionState& session) {
  auto emptied = revise(table, session);
  emptied->rows.clear();
  for (auto& index : emptied->indexes) index.entries.clear();
}

std::string truncate(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  std::vector<std::shared_ptr<Table>> tables;
  for (const auto* each : body.list("relations")) {
    const Node& r = each->body();
    auto table = session.find_table(r.text("schemaname"), r.text("relname"));
    if (!table) fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", r.text("relname")));
    if (table->kind != 'r') fail(sqlstate::wrong_object_type, fmt::format("\"{}\" is not a table", table->name));
    need_no_system(*table);
    if (std::ranges::find(tables, table) == tables.end()) tables.push_back(std::move(table));
  }
  add_referring(tables, body.text("behavior") == "DROP_CASCADE", session);
  for (auto& table : tables) {
    session.waits().lock(*table, LockMode::access_exclusive);
    session.checks().need_none_pending(*table, "TRUNCATE");
  }
  for (auto& table : tables) {
    if (!session.is_current(*table))
      fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", table->name));
    empty(table, session);
    if (!body.flag("restart_seqs")) continue;
    auto relations = session.database().tables;
    for (const auto& sequence : relations) {
      if (sequence->kind != 'S' || sequence->owned_by != table->oid || !session.is_visible(sequence->stamp)) continue;
      auto restarted = std::make_shared<Sequence>(*sequence->sequence);
      restarted->last = restarted->start;
      restarted->called = false;
      restarted->logged = 0;
      revise(sequence, session)->sequence = std::move(restarted);
      session.sequence_use(sequence->oid).forget_cached();
    }
  }
  return "TRUNCATE TABLE";
}

}  // namespace pgconform::engine
