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

class CreateTableAsRun : public CommandRun {
 public:
  // Without a query it is EXECUTE's.
  CreateTableAsRun(std::shared_ptr<const Prepared> statement, SessionState& session,
                   std::shared_ptr<const Prepared> query, std::vector<Value> parameters)
      : CommandRun(std::move(statement), session), query_(std::move(query)), parameters_(std::move(parameters)) {}

 protected:
  Progress advance(const Sink&, std::int64_t, std::chrono::steady_clock::time_point now) override {
    if (!writer_) {
      session_.waits().set_now(now);
      try {
        if (!make_table()) return Complete{"CREATE TABLE AS"};
      } catch (const Suspend& suspend) {
        return Wait{suspend.until};
      }
    }
    if (!rows_) return Complete{query_ ? "CREATE TABLE AS" : "SELECT 0"};
    auto progress = rows_->step(
        [&](Row row) {
          writer_->insert({row.begin(), row.end()});
          ++count_;
          return true;
        },
        0, now);
    if (!progress) throw SqlError{std::move(progress.error())};
    if (!std::holds_alternative<Complete>(*progress)) return *progress;
    return Complete{fmt::format("SELECT {}", count_)};
  }

 private:
  // make_table: false if there is one. Waits before it does anything.
  bool make_table() {
    const Node& body = raw().node().body();
    const bool is_select = raw().node().is("SelectStmt");
    const Node& into = is_select ? into_clause(body) : body["into"];
    need_no_read_only(session_, is_select ? "SELECT INTO" : "CREATE TABLE AS");
    const Place where = place_of(into["rel"], session_);
    if (name_is_taken(where.schema, where.temporary, where.name, session_)) {
      if (!body.flag("if_not_exists")) need_free_name(where, true, session_);
      session_.notice(sqlstate::duplicate_table, fmt::format("relation \"{}\" already exists, skipping", where.name));
      return false;
    }
    need_no_type(where, session_);
    claim_name(where, session_);
    auto table = std::make_shared<Table>();
    place(*table, where, session_);
    set_on_commit(*table, into.text("onCommit"), session_);
    auto query = query_;
    if (!query) {
      std::tie(query, parameters_) = executed(raw(), body["query"].body(), session_);
      if (!query || !query->query) fail(sqlstate::wrong_object_type, "prepared statement is not a SELECT");
    }
    table->columns = columns_of(*query->columns(), into.list("colNames"));
    table->last_number = static_cast<std::int16_t>(table->columns.size());
    // The query's snapshot comes first: it does not see the table.
    if (!into.flag("skipData")) rows_ = make_execution(query, session_, std::move(parameters_));
    table->oid = session_.database().relation_oid();
    add(table, session_);
    writer_.emplace(session_, std::move(table));
    return true;
  }

  std::shared_ptr<const Prepared> query_;
  std::vector<Value> parameters_;
  std::optional<RowWriter> writer_;
  std::unique_ptr<Execution> rows_;
  std::int64_t count_ = 0;
};

class CreateTableAs : public Command {
 public:
  explicit CreateTableAs(std::shared_ptr<const Prepared> query) : query_(std::move(query)) {}

  std::unique_ptr<Execution> start(std::shared_ptr<const Prepared> statement, SessionState& session,
                                   std::vector<Value> parameters) const override {
    return std::make_unique<CreateTableAsRun>(std::move(statement), session, query_, std::move(parameters));
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
