#include <algorithm>
#include <tuple>

#include "engine/analyze/parts.hpp"
#include "engine/commands/command.hpp"
#include "engine/ddl/relations.hpp"
#include "engine/ddl/types.hpp"
#include "engine/execution/row_writer.hpp"
#include "engine/executor.hpp"
#include "types/form.hpp"

// CREATE TABLE AS: a table with a query's columns, and its rows unless WITH NO DATA is said. sql-createtableas.
namespace pgconform::engine {
namespace {

using session::Execution;

class CreateTableAsRun : public CommandRun {
 public:
  CreateTableAsRun(std::shared_ptr<const Prepared> statement, SessionState& session, std::shared_ptr<Table> table,
                   std::unique_ptr<Execution> rows)
      : CommandRun(std::move(statement), session), writer_(session, std::move(table)), rows_(std::move(rows)) {}

 protected:
  Progress advance(const Sink&, std::int64_t, std::chrono::steady_clock::time_point now) override {
    auto progress = rows_->step(
        [&](Row row) {
          writer_.insert({row.begin(), row.end()});
          ++count_;
          return true;
        },
        0, now);
    if (!progress) throw SqlError{std::move(progress.error())};
    if (!std::holds_alternative<Complete>(*progress)) return *progress;
    return Complete{fmt::format("SELECT {}", count_)};
  }

 private:
  RowWriter writer_;
  std::unique_ptr<Execution> rows_;
  std::int64_t count_ = 0;
};

// What has nothing more to do than to say so.
class DoneRun : public CommandRun {
 public:
  using CommandRun::CommandRun;

 protected:
  Progress advance(const Sink&, std::int64_t, std::chrono::steady_clock::time_point) override {
    return Complete{"CREATE TABLE AS"};
  }
};

std::vector<TableColumn> columns_of(const std::vector<session::Column>& columns,
                                    const std::vector<const Node*>& names) {
  if (names.size() > columns.size()) fail(sqlstate::syntax_error, "too many column names were specified");
  std::vector<TableColumn> made;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    TableColumn column;
    column.name = i < names.size() ? std::string(names[i]->string_of()) : columns[i].name;
    column.type = columns[i].type;
    column.modifier = columns[i].type_modifier;
    column.number = static_cast<std::int16_t>(i + 1);
    if (types::find_type(column.type)->kind == 'p')
      fail(sqlstate::invalid_table_definition,
           fmt::format("column \"{}\" has pseudo-type {}", column.name, types::type_name(column.type)));
    if (std::ranges::find(made, column.name, &TableColumn::name) != made.end())
      fail(sqlstate::duplicate_column, fmt::format("column \"{}\" specified more than once", column.name));
    made.push_back(std::move(column));
  }
  return made;
}

class CreateTableAs : public Command {
 public:
  // Without a query it is EXECUTE's.
  explicit CreateTableAs(std::shared_ptr<const Prepared> query) : query_(std::move(query)) {}

  std::unique_ptr<Execution> start(std::shared_ptr<const Prepared> statement, SessionState& session,
                                   std::vector<Value> parameters) const override {
    const RawStatement& raw = *statement->raw;
    const Node& body = raw.node().body();
    const Node& into = raw.node().is("SelectStmt") ? into_clause(body) : body["into"];
    need_no_read_only(session, raw.node().is("SelectStmt") ? "SELECT INTO" : "CREATE TABLE AS");
    Place where = place_of(into["rel"], session);
    if (name_is_taken(where.schema, where.temporary, where.name, session)) {
      if (!body.flag("if_not_exists"))
        fail(sqlstate::duplicate_table, fmt::format("relation \"{}\" already exists", where.name));
      session.notice(sqlstate::duplicate_table, fmt::format("relation \"{}\" already exists, skipping", where.name));
      return std::make_unique<DoneRun>(std::move(statement), session);
    }
    need_no_type(where, session);
    auto table = std::make_shared<Table>();
    place(*table, where, session);
    set_on_commit(*table, into.text("onCommit"), session);
    auto query = query_;
    if (!query) {
      std::tie(query, parameters) = executed(raw, body["query"].body(), session);
      if (!query || !query->query) fail(sqlstate::wrong_object_type, "prepared statement is not a SELECT");
    }
    table->columns = columns_of(*query->columns(), into.list("colNames"));
    table->last_number = static_cast<std::int16_t>(table->columns.size());
    // The query's snapshot comes first: it does not see the table.
    auto rows = into.flag("skipData") ? nullptr : make_execution(query, session, std::move(parameters));
    table->oid = session.database().relation_oid();
    add(table, session);
    if (!rows && !query_)
      return std::make_unique<AtOnce>(std::move(statement), session,
                                      [](const Prepared&, SessionState&) { return std::string("SELECT 0"); });
    if (!rows) return std::make_unique<DoneRun>(std::move(statement), session);
    return std::make_unique<CreateTableAsRun>(std::move(statement), session, std::move(table), std::move(rows));
  }

 private:
  std::shared_ptr<const Prepared> query_;
};

}  // namespace

std::shared_ptr<const Command> analyze_create_table_as(const RawStatement& raw, Analyzer& analyzer,
                                                       Prepared& prepared) {
  const Node& body = raw.node().body();
  const bool select_into = raw.node().is("SelectStmt") && !into_clause(body).is_empty();
  if (!raw.node().is("CreateTableAsStmt") && !select_into) return nullptr;
  const Node& into = select_into ? into_clause(body) : body["into"];
  if (body.text("objtype") == "OBJECT_MATVIEW") refuse("CREATE MATERIALIZED VIEW", raw.location());
  for (std::string_view key : {"options", "tableSpaceName", "accessMethod"})
    if (into.has(key)) refuse("this clause of CREATE TABLE AS", raw.location());
  if (!select_into && body["query"].is("ExecuteStmt")) return std::make_shared<CreateTableAs>(nullptr);
  return std::make_shared<CreateTableAs>(
      analyze_inner(raw, select_into ? raw.node() : body["query"], analyzer, prepared));
}

}  // namespace pgconform::engine
