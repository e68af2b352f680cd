#include <algorithm>
#include <set>

#include "engine/ddl/relations.hpp"

// What views need of the tables that they read. A view is kept as it was written and analysed whenever it is read, so
// whatever would give one of its names another meaning has to be refused, where PostgreSQL has its analysed tree.
namespace pgconform::engine {
namespace {

// Reading: what the text of a view's query tells of what it reads.
struct Reading {
  std::set<std::string_view> names;         // that columns are called by
  std::vector<std::string_view> relations;  // names and aliases of what stands in FROM
  int selects = 0, stars = 0;
  bool by_place = false;  // NATURAL, or aliases for the columns of an item

  bool names_it(std::string_view name) const { return names.contains(name); }
  // has_rows: some row of a table is used whole.
  bool has_rows() const {
    return std::ranges::any_of(relations, [&](auto name) { return names_it(name); });
  }
};

Reading reading_of(const Node& root) {
  Reading found;
  std::vector<const Node*> open{&root};
  while (!open.empty()) {
    const Node& node = *open.back();
    open.pop_back();
    if (node.is("A_Star")) ++found.stars;
    if (node.is("ColumnRef") && node.body().list("fields").back()->is("String"))
      found.names.insert(node.body().list("fields").back()->string_of());
    if (node.is("RangeVar")) found.relations.push_back(node.body().text("relname"));
    for (const auto& [key, member] : node.members()) {
      if (key == "SelectStmt" || key == "larg" || key == "rarg") ++found.selects;
      if (key == "isNatural") found.by_place = true;
      if (key == "alias") {
        found.relations.push_back(member->text("aliasname"));
        found.by_place |= !member->list("colnames").empty();
      }
      if (key == "usingClause")
        for (const auto* name : member->items()) found.names.insert(name->string_of());
      open.push_back(member);
    }
    open.insert(open.end(), node.items().begin(), node.items().end());
  }
  return found;
}

const Node& query_of(const Table& view) {
  return view.view->node().body();
}

// A query of one table, in which nothing but a column of it has a name.
bool is_plain(const Node& query, const Reading& reading) {
  const auto& from = query.list("fromClause");
  return reading.selects == 0 && from.size() == 1 && from[0]->is("RangeVar") && !query.has("withClause") &&
         !reading.by_place && !reading.has_rows();
}

// SELECT …, * FROM one table: a column more changes nothing before it.
bool ends_in_star(const Node& query, const Reading& reading) {
  const auto& targets = query.list("targetList");
  if (reading.stars != 1 || targets.empty() || !is_plain(query, reading)) return false;
  if (!query.list("distinctClause").empty() || !query.list("groupClause").empty()) return false;
  const Node& last = targets.back()->body()["val"];
  return last.is("ColumnRef") && last.body().list("fields").back()->is("A_Star");
}

}  // namespace

std::vector<std::shared_ptr<Table>> readers_of(const Table& table, SessionState& session) {
  std::vector<std::shared_ptr<Table>> found;
  for (const auto& other : session.database().tables)
    if (other->kind == 'v' && session.is_visible(other->stamp) &&
        std::ranges::find(other->uses, table.oid) != other->uses.end())
      found.push_back(other);
  return found;
}

bool names_relation(const Node& query, std::string_view name) {
  const auto reading = reading_of(query);
  return std::ranges::find(reading.relations, name) != reading.relations.end();
}

bool reads_column(const Table& view, const Table& table, std::string_view column) {
  const Node& query = query_of(view);
  const auto reading = reading_of(query);
  const bool by_star = reading.stars != 0, named = reading.names_it(column);
  if (!named && !by_star && !reading.by_place && !reading.has_rows()) return false;
  const auto& targets = query.list("targetList");
  const bool is_alias =
      std::ranges::any_of(targets, [&](const Node* target) { return target->body().text("name") == column; });
  if (view.uses.size() == 1 && is_plain(query, reading) && !is_alias) {
    if (named) return true;
    // A column that came later is not in what * meant.
    const auto meant = std::ranges::mismatch(view.columns, table.columns, {}, &TableColumn::name, &TableColumn::name);
    if (ends_in_star(query, reading) && targets.size() == 1 && meant.in1 == view.columns.end())
      return std::ranges::find(view.columns, column, &TableColumn::name) != view.columns.end();
  }
  refuse("changing a column of a table that a view reads in this way");
}

void need_no_reader(const Table& table, std::string_view what, SessionState& session) {
  if (!readers_of(table, session).empty()) refuse(what);
}

void need_no_capture(const Table& table, std::string_view fresh, SessionState& session) {
  for (const auto& view : readers_of(table, session)) {
    const auto reading = reading_of(query_of(*view));
    const bool all = reading.stars != 0 || reading.by_place || reading.has_rows();
    if (reading.names_it(fresh) || (all && !ends_in_star(query_of(*view), reading)))
      refuse("this name for a column of what a view reads");
  }
}

void need_no_name(const Table& table, std::string_view column, SessionState& session) {
  for (const auto& view : readers_of(table, session))
    if (reading_of(query_of(*view)).names_it(column)) refuse("renaming a column that a view reads");
}

void drop_readers(const Table& table, std::string_view column, bool cascade, SessionState& session) {
  std::vector<std::shared_ptr<Table>> found;
  for (auto& view : readers_of(table, session))
    if (reads_column(*view, table, column)) found.push_back(std::move(view));
  if (found.empty()) return;
  const std::string what = fmt::format("column {} of {}", column, described(table, session));
  std::string details, notes;
  for (const auto& view : found) {
    const char* separator = details.empty() ? "" : "\n";
    details += fmt::format("{}{} depends on {}", separator, described(*view, session), what);
    notes += fmt::format("{}drop cascades to {}", separator, described(*view, session));
    need_no_reader(*view, "dropping a column that a view reads through another", session);
  }
  if (!cascade)
    fail(sqlstate::dependent_objects_still_exist,
         fmt::format("cannot drop {} because other objects depend on it", what), -1,
         "Use DROP ... CASCADE to drop the dependent objects too.", details);
  if (found.size() == 1) {
    session.notice(sqlstate::successful_completion, notes);
  } else {
    session.notice(sqlstate::successful_completion, fmt::format("drop cascades to {} other objects", found.size()));
    session.notices().back().detail = notes;
  }
  for (const auto& view : found) {
    session.waits().lock(*view, LockMode::access_exclusive);
    drop(*view, session);
  }
}

}  // namespace pgconform::engine
