#include <algorithm>

#include "engine/analyzer.hpp"
#include "engine/executor.hpp"
#include "types/form.hpp"

// Statements that have no plan: tables, transactions, settings.
namespace pgconform::engine {
namespace {

void need_no_read_only(SessionState& session, std::string_view command) {
  if (session.settings().is_read_only())
    fail(sqlstate::read_only_sql_transaction, fmt::format("cannot execute {} in a read-only transaction", command));
}

void check_schema(const Node& r) {
  std::string_view schema = r.text("schemaname");
  if (schema.empty() || schema == "public" || schema == "pg_temp") return;
  if (schema == "pg_catalog" || schema == "information_schema")
    fail(sqlstate::insufficient_privilege, fmt::format("permission denied for schema {}", schema));
  fail(sqlstate::invalid_schema_name, fmt::format("schema \"{}\" does not exist", schema), r.location());
}

class TableMaker {
 public:
  TableMaker(const RawStatement& raw, SessionState& session) : session_(session), analyzer_(session, std::nullopt) {
    analyzer_.set_source(raw);
  }

  std::string run(const Node& body) {
    const Node& r = body["relation"];
    for (std::string_view key :
         {"inhRelations", "partspec", "partbound", "ofTypename", "tablespacename", "accessMethod", "options"})
      if (body.has(key)) refuse(fmt::format("this clause of CREATE TABLE ({})", key));
    if (body.text("oncommit") != "ONCOMMIT_NOOP" && body.text("oncommit") != "ONCOMMIT_PRESERVE_ROWS")
      refuse("ON COMMIT");
    if (r.text("relpersistence") == "u") refuse("UNLOGGED");
    check_schema(r);
    auto table = std::make_shared<Table>();
    table->name = r.text("relname");
    table->temporary = r.text("relpersistence") == "t" || r.text("schemaname") == "pg_temp";
    if (table->temporary)
      table->owner = &session_;
    else
      need_no_read_only(session_, "CREATE TABLE");
    auto existing = session_.find_table(table->temporary ? "pg_temp" : "public", table->name);
    if (existing && body.flag("if_not_exists")) {
      session_.notice(sqlstate::duplicate_table, fmt::format("relation \"{}\" already exists, skipping", table->name));
      return "CREATE TABLE";
    }
    for (const auto* element : body.list("tableElts")) {
      if (!element->is("ColumnDef"))
        refuse(element->is("Constraint") ? "a table constraint" : "LIKE in CREATE TABLE", element->body().location());
      table->columns.push_back(column(element->body(), *table));
    }
    if (table->columns.size() > 1600) fail(sqlstate::too_many_columns, "tables can have at most 1600 columns");
    if (existing) fail(sqlstate::duplicate_table, fmt::format("relation \"{}\" already exists", table->name));
    auto& database = session_.database();
    // Another transaction's table of that name may yet come to be: there is a unique index on the names.
    for (const auto& other : database.tables)
      if (other->name == table->name && !other->temporary && !table->temporary)
        session_.waits().for_transaction(other->stamp.made, "");
    table->oid = database.next_oid++;
    table->stamp = {session_.transaction().xid(), 0, session_.transaction().command(), 0};
    database.tables.push_back(std::move(table));
    return "CREATE TABLE";
  }

 private:
  TableColumn column(const Node& def, const Table& table) {
    TableColumn column;
    column.name = def.text("colname");
    if (std::ranges::find(table.columns, column.name, &TableColumn::name) != table.columns.end())
      fail(sqlstate::duplicate_column, fmt::format("column \"{}\" specified more than once", column.name));
    for (std::string_view system : {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
      if (column.name == system)
        fail(sqlstate::duplicate_column,
             fmt::format("column name \"{}\" conflicts with a system column name", column.name));
    if (def.has("collClause")) refuse("COLLATE", def["collClause"].location());
    if (def.has("compression") || def.has("storage")) refuse("COMPRESSION or STORAGE", def.location());
    const Node& type = def["typeName"];
    if (type.list("names").size() == 1) {
      std::string_view name = type.list("names")[0]->string_of();
      for (std::string_view serial : {"serial", "serial2", "serial4", "serial8", "smallserial", "bigserial"})
        if (name == serial) refuse("type " + std::string(name), type.location());
    }
    std::tie(column.type, column.modifier) = analyzer_.column_type(type);
    if (types::find_type(column.type)->kind == 'p')
      fail(sqlstate::invalid_table_definition,
           fmt::format("column \"{}\" has pseudo-type {}", column.name, types::type_name(column.type)));
    bool null_given = false;
    for (const auto* each : def.list("constraints")) {
      const Node& constraint = each->body();
      std::string_view kind = constraint.text("contype");
      int location = constraint.location();
      if (kind == "CONSTR_NOTNULL" || kind == "CONSTR_NULL") {
        bool not_null = kind == "CONSTR_NOTNULL";
        if (null_given && column.not_null != not_null)
          fail(sqlstate::syntax_error,
               fmt::format("conflicting NULL/NOT NULL declarations for column \"{}\" of table \"{}\"", column.name,
                           table.name),
               location);
        column.not_null = not_null;
        null_given = true;
      } else if (kind == "CONSTR_DEFAULT") {
        if (column.default_value)
          fail(sqlstate::syntax_error,
               fmt::format("multiple default values specified for column \"{}\" of table \"{}\"", column.name,
                           table.name),
               location);
        column.default_value = analyzer_.default_of(constraint["raw_expr"], column);
      } else {
        std::string name(kind.substr(7));
        refuse(name == "PRIMARY" ? "PRIMARY KEY" : name == "FOREIGN" ? "REFERENCES" : name, location);
      }
    }
    return column;
  }

  SessionState& session_;
  Analyzer analyzer_;
};

std::shared_ptr<Table> named_table(const std::vector<const Node*>& names, SessionState& session) {
  std::string_view schema = names.size() > 1 ? names[names.size() - 2]->string_of() : std::string_view();
  return session.find_table(schema, names.back()->string_of());
}

// end: the table is gone when the transaction commits.
void end(Table& table, SessionState& session) {
  table.stamp.ended = session.transaction().xid();
  table.stamp.ended_in = session.transaction().command();
  session.database().has_dropped = true;
}

std::string drop_tables(const Node& body, SessionState& session) {
  std::vector<std::shared_ptr<Table>> tables;
  for (const auto* object : body.list("objects")) {
    const auto& names = object->body().list("items");
    auto table = named_table(names, session);
    if (table) {
      if (!table->temporary) need_no_read_only(session, "DROP TABLE");
      tables.push_back(std::move(table));
      continue;
    }
    std::string_view name = names.back()->string_of();
    if (names.size() > 1 && names[0]->string_of() != "public" && names[0]->string_of() != "pg_temp") {
      if (!body.flag("missing_ok"))
        fail(sqlstate::invalid_schema_name, fmt::format("schema \"{}\" does not exist", names[0]->string_of()));
      session.notice(sqlstate::successful_completion,
                     fmt::format("schema \"{}\" does not exist, skipping", names[0]->string_of()));
      continue;
    }
    if (!body.flag("missing_ok")) fail(sqlstate::undefined_table, fmt::format("table \"{}\" does not exist", name));
    session.notice(sqlstate::successful_completion, fmt::format("table \"{}\" does not exist, skipping", name));
  }
  for (auto& table : tables) {
    session.waits().lock(*table, LockMode::access_exclusive);
    if (!session.is_current(*table))
      fail(sqlstate::undefined_table, fmt::format("table \"{}\" does not exist", table->name));
  }
  for (auto& table : tables) end(*table, session);
  return "DROP TABLE";
}

// What SET has on its right side, as one string.
std::string set_value(const Node& body, std::string_view name, Analyzer& analyzer) {
  const auto& args = body.list("args");
  bool quoted = name == "search_path" || name == "temp_tablespaces";
  bool list = quoted || name == "datestyle" || name == "DateStyle";
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  list = list || lower == "datestyle";
  if (args.size() > 1 && !list)
    fail(sqlstate::invalid_parameter_value, fmt::format("SET {} takes only one argument", name));
  std::string value;
  for (const auto* arg : args) {
    if (!arg->is("A_Const")) refuse("SET to an expression", arg->body().location());
    ExprPtr constant = analyzer.constant(arg->body());
    std::string text = types::is_null(constant->value) ? "" : types::print_text(constant->type, constant->value, {});
    bool plain =
        !text.empty() && (std::islower(static_cast<unsigned char>(text[0])) || text[0] == '_') &&
        std::ranges::all_of(text, [](unsigned char c) { return std::islower(c) || std::isdigit(c) || c == '_'; });
    if (quoted && !plain) {
      std::string marked = "\"";
      for (char c : text) marked += c == '"' ? "\"\"" : std::string(1, c);
      text = marked + "\"";
    }
    value += (value.empty() ? "" : ", ") + text;
  }
  return value;
}

void set_characteristics(const std::vector<const Node*>& options, SessionState& session, Analyzer& analyzer,
                         std::string_view prefix) {
  for (const auto* each : options) {
    const Node& option = each->body();
    std::string name = std::string(prefix) + std::string(option.text("defname"));
    ExprPtr value = analyzer.constant(option["arg"].body());
    std::string text = types::print_text(value->type, value->value, {});
    auto& settings = session.settings();
    bool begun = prefix.empty() && session.transaction().has_read();
    bool in_sub = prefix.empty() && session.transaction().depth() > 1;
    if (name == "transaction_isolation" && begun && *settings.show(name, false) != text)
      fail(sqlstate::active_sql_transaction, "SET TRANSACTION ISOLATION LEVEL must be called before any query");
    if (name == "transaction_isolation" && in_sub && *settings.show(name, false) != text)
      fail(sqlstate::active_sql_transaction, "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction");
    if (name == "transaction_deferrable" && in_sub)
      fail(sqlstate::active_sql_transaction,
           "SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction");
    if (name == "transaction_read_only" && text == "0" && begun && settings.is_read_only())
      fail(sqlstate::active_sql_transaction, "transaction read-write mode must be set before any query");
    settings.set(name, text, prefix.empty());
  }
}

std::string set_variable(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  std::string_view kind = body.text("kind"), name = body.text("name");
  auto& settings = session.settings();
  bool local = body.flag("is_local");
  Analyzer analyzer(session, std::nullopt);
  analyzer.set_source(raw);
  if (kind == "VAR_SET_MULTI") {
    if (name == "TRANSACTION") {
      if (!session.transaction().in_block())
        session.warn(sqlstate::no_active_sql_transaction, "SET TRANSACTION can only be used in transaction blocks");
      set_characteristics(body.list("args"), session, analyzer, "");
    } else if (name == "SESSION CHARACTERISTICS") {
      set_characteristics(body.list("args"), session, analyzer, "default_");
    } else {
      refuse("SET TRANSACTION SNAPSHOT", raw.location());
    }
    return "SET";
  }
  if (local && !session.transaction().in_block())
    session.warn(sqlstate::no_active_sql_transaction, "SET LOCAL can only be used in transaction blocks");
  if (kind == "VAR_RESET_ALL")
    settings.reset_all();
  else if (kind == "VAR_RESET" || kind == "VAR_SET_DEFAULT")
    settings.reset(name, local);
  else if (kind == "VAR_SET_CURRENT")
    settings.set(name, *settings.show(name, false), local);
  else
    settings.set(name, set_value(body, name, analyzer), local);
  return kind.starts_with("VAR_RESET") ? "RESET" : "SET";
}

std::string transaction(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  std::string_view kind = body.text("kind").substr(11);
  auto& machine = session.transaction();
  bool chain = body.flag("chain");
  if (kind == "BEGIN" || kind == "START") {
    machine.begin_block();
    Analyzer analyzer(session, std::nullopt);
    analyzer.set_source(raw);
    set_characteristics(body.list("options"), session, analyzer, "");
    return kind == "BEGIN" ? "BEGIN" : "START TRANSACTION";
  }
  if (kind == "COMMIT") return machine.commit_block(chain);
  if (kind == "ROLLBACK") return machine.rollback_block(chain);
  if (kind == "PREPARE" || kind == "COMMIT_PREPARED" || kind == "ROLLBACK_PREPARED")
    refuse("a prepared transaction", raw.location());
  std::string_view name = body.text("savepoint_name");
  if (kind == "SAVEPOINT") {
    machine.savepoint(name);
    return "SAVEPOINT";
  }
  if (kind == "RELEASE") {
    machine.release(name);
    return "RELEASE";
  }
  machine.rollback_to(name);
  return "ROLLBACK";
}

void drop_temporary(SessionState& session) {
  for (auto& table : session.database().tables) {
    if (table->owner != &session || table->stamp.ended != 0) continue;
    end(*table, session);
  }
}

std::string discard(const Node& body, SessionState& session) {
  std::string_view target = body.text("target").substr(8);
  if (target == "ALL") {
    if (session.transaction().in_block())
      fail(sqlstate::active_sql_transaction, "DISCARD ALL cannot run inside a transaction block");
    std::erase_if(session.names().portals, [](const auto& named) { return !named.second->active; });
    session.names().statements.clear();
    session.mailbox().unlisten("");
    session.settings().reset_all();
    for (const char* name : {"session_authorization", "role"}) session.settings().reset(name, false);
  }
  if (target == "ALL" || target == "TEMP") drop_temporary(session);
  return "DISCARD " + std::string(target);
}

std::string truncate(const Node& body, SessionState& session) {
  if (body.flag("restart_seqs")) refuse("RESTART IDENTITY");
  std::vector<std::shared_ptr<Table>> tables;
  for (const auto* each : body.list("relations")) {
    const Node& r = each->body();
    auto table = session.find_table(r.text("schemaname"), r.text("relname"));
    if (!table) fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", r.text("relname")));
    if (!table->temporary) need_no_read_only(session, "TRUNCATE TABLE");
    tables.push_back(std::move(table));
  }
  for (auto& table : tables) session.waits().lock(*table, LockMode::access_exclusive);
  // A table without its rows takes the place of the old one, which comes back if this is undone.
  for (auto& table : tables) {
    if (!session.is_current(*table))
      fail(sqlstate::undefined_table, fmt::format("relation \"{}\" does not exist", table->name));
    auto emptied = std::make_shared<Table>(*table);
    emptied->rows.clear();
    for (auto& index : emptied->indexes) index.entries.clear();
    end(*table, session);
    emptied->stamp = {session.transaction().xid(), 0, session.transaction().command(), 0};
    session.database().tables.push_back(std::move(emptied));
  }
  return "TRUNCATE TABLE";
}

}  // namespace

void check_utility(const RawStatement& raw) {
  const Node& node = raw.node();
  static constexpr std::string_view known[] = {"CreateStmt", "TransactionStmt", "VariableSetStmt", "DiscardStmt",
                                               "TruncateStmt"};
  if (std::ranges::find(known, node.kind()) != std::end(known)) return;
  if (node.is("DropStmt") && node.body().text("removeType") == "OBJECT_TABLE") return;
  static constexpr std::pair<std::string_view, std::string_view> names[] = {{"CopyStmt", "COPY"},
                                                                            {"ListenStmt", "LISTEN"},
                                                                            {"UnlistenStmt", "UNLISTEN"},
                                                                            {"NotifyStmt", "NOTIFY"},
                                                                            {"ExplainStmt", "EXPLAIN"},
                                                                            {"PrepareStmt", "PREPARE"},
                                                                            {"ExecuteStmt", "EXECUTE"},
                                                                            {"DeallocateStmt", "DEALLOCATE"},
                                                                            {"DeclareCursorStmt", "DECLARE CURSOR"},
                                                                            {"FetchStmt", "FETCH"},
                                                                            {"ClosePortalStmt", "CLOSE"},
                                                                            {"CreateTableAsStmt", "CREATE TABLE AS"},
                                                                            {"AlterTableStmt", "ALTER TABLE"},
                                                                            {"IndexStmt", "CREATE INDEX"},
                                                                            {"ViewStmt", "CREATE VIEW"},
                                                                            {"CreateSchemaStmt", "CREATE SCHEMA"},
                                                                            {"CreateSeqStmt", "CREATE SEQUENCE"},
                                                                            {"CreateFunctionStmt", "CREATE FUNCTION"},
                                                                            {"DoStmt", "DO"},
                                                                            {"CallStmt", "CALL"},
                                                                            {"VacuumStmt", "VACUUM or ANALYZE"},
                                                                            {"LockStmt", "LOCK TABLE"},
                                                                            {"MergeStmt", "MERGE"},
                                                                            {"CreateRoleStmt", "CREATE ROLE"},
                                                                            {"CreatedbStmt", "CREATE DATABASE"},
                                                                            {"GrantStmt", "GRANT or REVOKE"},
                                                                            {"CommentStmt", "COMMENT"},
                                                                            {"RenameStmt", "ALTER … RENAME"},
                                                                            {"CheckPointStmt", "CHECKPOINT"},
                                                                            {"ConstraintsSetStmt", "SET CONSTRAINTS"}};
  for (const auto& [kind, name] : names)
    if (node.kind() == kind) refuse(name, raw.location());
  refuse("this statement (" + std::string(node.kind()) + ")", raw.location());
}

std::string run_utility(const Prepared& statement, SessionState& session) {
  const RawStatement& raw = *statement.raw;
  const Node& node = raw.node();
  if (node.is("TransactionStmt")) return transaction(raw, session);
  if (node.is("VariableSetStmt")) return set_variable(raw, session);
  if (node.is("CreateStmt")) return TableMaker(raw, session).run(node.body());
  if (node.is("DropStmt")) return drop_tables(node.body(), session);
  if (node.is("DiscardStmt")) return discard(node.body(), session);
  if (node.is("TruncateStmt")) return truncate(node.body(), session);
  refuse("this statement", raw.location());
}

}  // namespace pgconform::engine
