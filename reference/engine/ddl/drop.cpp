#include <algorithm>
#include <map>
#include <ranges>

#include "engine/catalog/objects.hpp"
#include "engine/ddl/dependents.hpp"
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
  const auto found = relation_by_oid(session, relation_by_name(session, schema, name));
  return found && found->index ? found->table : nullptr;
}

bool takes_from(const Expr& expr, Oid sequence) {
  if (expr.kind == ExprKind::constant && expr.type == types::regclass_oid) {
    const auto* oid = std::get_if<std::int64_t>(&expr.value);
    return oid && *oid == static_cast<std::int64_t>(sequence);
  }
  return std::ranges::any_of(expr.args, [&](const ExprPtr& arg) { return takes_from(*arg, sequence); });
}

}  // namespace

std::vector<Taker> takers_of(const Table& sequence, SessionState& session) {
  std::vector<Taker> found;
  if (sequence.kind != 'S') return found;
  for (const auto& table : session.database().tables) {
    if (!session.is_visible(table->stamp)) continue;
    for (const auto& column : table->columns)
      if (column.default_value && takes_from(*column.default_value, sequence.oid))
        found.push_back({table, column.number, column.identity != 0,
                         fmt::format("default value for column {} of {}", column.name, described(*table, session))});
  }
  return found;
}

void drop_default(const Taker& taker, SessionState& session) {
  auto table = session.find_table(taker.table->oid);
  session.waits().lock(*table, LockMode::access_exclusive);
  auto revised = revise(table, session);
  std::ranges::find(revised->columns, taker.column, &TableColumn::number)->default_value = nullptr;
}

void Dependents::ask_for(const std::vector<std::shared_ptr<Table>>& asked) {
  for (const auto& table : asked) asked_.insert(table->oid);
}

void Dependents::add(const std::shared_ptr<Table>& table, const std::string& why) {
  if (why.empty()) named_.insert(table->oid);
  visit(table, why, table->owned_by != 0 && asked_.contains(table->owned_by));
}

void Dependents::visit(const std::shared_ptr<Table>& table, const std::string& why, bool quiet) {
  if (!seen_.insert(table->oid).second) return;
  const std::string name = described(*table, session_);
  // What depends on it, the latest first.
  std::vector<One> next;
  for (auto& taker : takers_of(*table, session_)) {
    if (taker.is_identity && !asked_.contains(taker.table->oid) && !seen_.contains(taker.table->oid)) {
      const auto column = std::ranges::find(taker.table->columns, taker.column, &TableColumn::number);
      const std::string what = fmt::format("column {} of {}", column->name, described(*taker.table, session_));
      fail(sqlstate::dependent_objects_still_exist, fmt::format("cannot drop {} because {} requires it", name, what),
           -1, fmt::format("You can drop {} instead.", what));
    }
    One one{.oid = taker.table->oid, .shown = taker.shown, .why = name};
    one.taker = std::move(taker);
    next.push_back(std::move(one));
  }
  for (auto& referrer : referrers_of(*table, session_)) {
    One one{.oid = referrer.key.oid, .why = name};
    one.shown = fmt::format("constraint {} on {}", referrer.key.name, described(*referrer.table, session_));
    one.referrer = std::move(referrer);
    next.push_back(std::move(one));
  }
  for (const auto& other : session_.database().tables) {
    const bool is_owned = other->kind == 'S' && other->owned_by == table->oid;
    const bool reads = other->kind == 'v' && std::ranges::find(other->uses, table->oid) != other->uses.end();
    if ((is_owned || reads) && session_.is_visible(other->stamp))
      next.push_back({.oid = other->oid, .why = name, .quiet = is_owned, .table = other});
  }
  std::ranges::stable_sort(next, std::ranges::greater{}, &One::oid);
  for (auto& one : next)
    if (one.table)
      visit(one.table, one.why, one.quiet);
    else
      found_.push_back(std::move(one));
  found_.push_back({.oid = table->oid, .shown = name, .why = why, .quiet = quiet, .table = table});
}

void Dependents::add_type(Oid oid, std::string shown, std::string why) {
  found_.push_back({.oid = oid, .shown = std::move(shown), .why = std::move(why)});
}

// Nobody is told of what the statement names, and of what goes with a table that goes.
bool Dependents::is_told(const One& one) const {
  if (one.quiet || one.why.empty() || (one.table && named_.contains(one.oid))) return false;
  if (one.taker) return !seen_.contains(one.taker->table->oid);
  return !one.referrer || !seen_.contains(one.referrer->table->oid);
}

void Dependents::tell(const std::string& what, bool cascade) const {
  std::vector<std::string> details, notes;
  for (const auto& one : std::views::reverse(found_)) {
    if (!is_told(one)) continue;
    details.push_back(fmt::format("{} depends on {}", one.shown, one.why));
    notes.push_back("drop cascades to " + one.shown);
  }
  if (!cascade && !details.empty()) cannot_drop(what, details);
  tell_cascade(notes, session_);
}

void Dependents::drop_all() const {
  for (const auto& one : found_) {
    if (!one.table) continue;
    session_.waits().lock(*one.table, LockMode::access_exclusive);
    session_.checks().need_none_pending(*one.table, "DROP TABLE");
  }
  for (const auto& one : found_) {
    if (one.table) drop(*one.table, session_);
    if (one.referrer && is_told(one)) drop_foreign_key(*one.referrer, session_);
    if (one.taker && is_told(one)) drop_default(*one.taker, session_);
  }
}

namespace {

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

struct NamedIndex {
  std::shared_ptr<Table> table;
  std::string name;
};

void drop_indexes(const std::vector<NamedIndex>& asked, bool cascade, SessionState& session) {
  std::vector<std::string> details, notes;
  std::vector<Referrer> keys;
  for (const auto& [table, name] : std::views::reverse(asked)) {
    auto index = std::ranges::find(table->indexes, name, &Index::name);
    if (index->is_constraint)
      fail(sqlstate::dependent_objects_still_exist,
           fmt::format("cannot drop index {} because constraint {} on table {} requires it", name, name, table->name),
           -1, fmt::format("You can drop constraint {} on table {} instead.", name, table->name));
    for (auto& referrer : referrers_of(*table, session)) {
      if (!supports(*table, *index, referrer.key)) continue;
      const std::string what =
          fmt::format("constraint {} on {}", referrer.key.name, described(*referrer.table, session));
      details.push_back(
          fmt::format("{} depends on index {}", what, qualified(session, {table->schema, name, {}}, index->oid)));
      notes.push_back("drop cascades to " + what);
      keys.push_back(std::move(referrer));
    }
  }
  if (!cascade && !details.empty()) {
    const auto& [table, name] = asked[0];
    const Oid oid = std::ranges::find(table->indexes, name, &Index::name)->oid;
    cannot_drop(asked.size() == 1 ? "index " + qualified(session, {table->schema, name, {}}, oid) : "", details);
  }
  tell_cascade(notes, session);
  for (const auto& referrer : keys) drop_foreign_key(referrer, session);
  for (const auto& [table, name] : asked)
    std::erase_if(revise(session.find_table(table->oid), session)->indexes,
                  [&](const Index& i) { return i.name == name; });
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
    if (want.kind != 'i' && !session.is_current(*doomed[i]))
      fail(sqlstate::undefined_table, fmt::format("{} \"{}\" does not exist", want.name, doomed[i]->name));
  }
  const bool cascade = body.text("behavior") == "DROP_CASCADE";
  if (want.kind == 'i') {
    std::vector<NamedIndex> named_indexes;
    for (std::size_t i = 0; i < doomed.size(); ++i) {
      auto table = session.find_table(doomed[i]->oid);
      if (!table || std::ranges::find(table->indexes, indexes[i], &Index::name) == table->indexes.end())
        fail(sqlstate::undefined_object, fmt::format("index \"{}\" does not exist", indexes[i]));
      const bool is_new = std::ranges::none_of(
          named_indexes, [&](const NamedIndex& each) { return each.table == table && each.name == indexes[i]; });
      if (is_new) named_indexes.push_back({std::move(table), indexes[i]});
    }
    drop_indexes(named_indexes, cascade, session);
    return tag;
  }
  if (doomed.empty()) return tag;
  Dependents dependents(session);
  dependents.ask_for(doomed);
  for (const auto& table : doomed) dependents.add(table, "");
  dependents.tell(doomed.size() == 1 ? described(*doomed[0], session) : "", cascade);
  dependents.drop_all();
  return tag;
}

void drop_quietly(const std::shared_ptr<Table>& table, SessionState& session) {
  Dependents dependents(session);
  dependents.ask_for({table});
  dependents.add(table, "");
  dependents.drop_all();
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
      session.waits().lock(*sequence, LockMode::access_exclusive);
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
