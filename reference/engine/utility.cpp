#include <algorithm>
#include <map>

#include "engine/analyzer.hpp"
#include "engine/ddl/relations.hpp"
#include "engine/ddl/types.hpp"
#include "engine/executor.hpp"
#include "types/form.hpp"
#include "types/interval.hpp"

// Statements that have no plan: tables, transactions, settings.
namespace pgconform::engine {
namespace {

// zone_of_interval: SET TIME ZONE INTERVAL '+02:00' HOUR TO MINUTE, as a zone in the form of POSIX, which counts west.
std::string zone_of_interval(const Node& cast, Analyzer& analyzer) {
  const auto [type, modifier] = analyzer.column_type(cast.body()["typeName"]);
  const Node& arg = cast.body()["arg"];
  const ExprPtr literal = arg.is("A_Const") ? analyzer.constant(arg.body()) : nullptr;
  const auto* text = literal ? std::get_if<std::string>(&literal->value) : nullptr;
  if (type != types::interval_oid || !text) refuse("SET to an expression", cast.body().location());
  const types::Interval span =
      types::fit_interval(value_or_fail(types::parse_interval(*text, {}, modifier), literal->location), modifier);
  for (auto [part, what] : {std::pair{span.months, "months"}, {span.days, "days"}})
    if (part != 0)
      fail(sqlstate::invalid_parameter_value,
           fmt::format("invalid value for parameter \"TimeZone\": \"INTERVAL '{}'\"", types::print_interval(span, {})),
           -1, {}, fmt::format("Cannot specify {} in time zone interval.", what));
  const std::int64_t seconds = span.micros / 1'000'000, size = std::abs(seconds);
  std::string shown = fmt::format("{:02}", size / 3600);
  if (size % 3600 != 0) shown += fmt::format(":{:02}", size / 60 % 60);
  if (size % 60 != 0) shown += fmt::format(":{:02}", size % 60);
  return fmt::format("<{0}{2}>{1}{2}", seconds >= 0 ? '+' : '-', seconds >= 0 ? '-' : '+', shown);
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
    if (arg->is("TypeCast") && lower == "timezone") return zone_of_interval(*arg, analyzer);
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
  if (kind == "PREPARE") {
    const bool is_open = machine.in_explicit_block() && !machine.is_failed();
    if (!machine.in_block())
      session.warn(sqlstate::no_active_sql_transaction, "there is no transaction in progress");
    else
      machine.rollback_block(false);
    if (is_open)
      fail(sqlstate::object_not_in_prerequisite_state, "prepared transactions are disabled", -1,
           "Set max_prepared_transactions to a nonzero value.");
    return "ROLLBACK";
  }
  if (kind == "COMMIT_PREPARED" || kind == "ROLLBACK_PREPARED") {
    if (machine.in_block())
      fail(sqlstate::active_sql_transaction,
           fmt::format("{} PREPARED cannot run inside a transaction block", kind.substr(0, kind.find('_'))));
    fail(sqlstate::undefined_object,
         fmt::format("prepared transaction with identifier \"{}\" does not exist", body.text("gid")));
  }
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
    if (table->owner == &session && session.is_visible(table->stamp)) drop(*table, session);
  }
}

std::string discard(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  std::string_view target = body.text("target").substr(8);
  if (target == "ALL") {
    if (session.transaction().in_block())
      fail(sqlstate::active_sql_transaction, "DISCARD ALL cannot run inside a transaction block");
    std::erase_if(session.names().portals, [](const auto& named) { return !named.second->active; });
    session.names().drop_statements();
    session.mailbox().unlisten("");
    session.database().locks.release_all(&session, false);
    session.database().locks.wake_all();
    session.settings().reset_all();
    for (const char* name : {"session_authorization", "role"}) session.settings().reset(name, false);
  }
  if (target == "ALL" || target == "TEMP") drop_temporary(session);
  if (target == "ALL" || target == "SEQUENCES") session.forget_sequences();
  return "DISCARD " + std::string(target);
}

std::string set_constraints(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  if (!session.transaction().in_block())
    session.warn(sqlstate::no_active_sql_transaction, "SET CONSTRAINTS can only be used in transaction blocks");
  std::vector<std::pair<std::string, std::string>> names;
  for (const auto* each : body.list("constraints"))
    names.emplace_back(each->body().text("schemaname"), each->body().text("relname"));
  session.checks().set(names, body.flag("deferred"));
  return "SET CONSTRAINTS";
}

using Utility = std::string (*)(const RawStatement&, SessionState&);

// find_utility: what runs a statement of that kind; null if nothing does. DROP is judged by what it drops.
Utility find_utility(std::string_view kind) {
  static const std::map<std::string_view, Utility> all = {{"TransactionStmt", transaction},
                                                          {"VariableSetStmt", set_variable},
                                                          {"DiscardStmt", discard},
                                                          {"ConstraintsSetStmt", set_constraints},
                                                          {"CreateStmt", create_table},
                                                          {"AlterTableStmt", alter_table},
                                                          {"RenameStmt", rename},
                                                          {"CreateEnumStmt", create_enum},
                                                          {"AlterEnumStmt", alter_enum},
                                                          {"AlterObjectSchemaStmt", move_relation},
                                                          {"CompositeTypeStmt", create_composite},
                                                          {"CreateDomainStmt", create_domain},
                                                          {"AlterDomainStmt", alter_domain},

                                                          {"IndexStmt", create_index},
                                                          {"CreateSeqStmt", create_sequence},
                                                          {"AlterSeqStmt", alter_sequence},
                                                          {"CreateSchemaStmt", create_schema},
                                                          {"CreatedbStmt", create_database},
                                                          {"AlterDatabaseStmt", alter_database},
                                                          {"DropdbStmt", drop_database},
                                                          {"ViewStmt", create_view},
                                                          {"TruncateStmt", truncate},
                                                          {"LockStmt", lock_tables},
                                                          {"CommentStmt", comment},
                                                          {"VacuumStmt", vacuum},
                                                          {"ReindexStmt", reindex},
                                                          {"DoStmt", run_block}};
  auto it = all.find(kind);
  return it == all.end() ? nullptr : it->second;
}

}  // namespace

void check_utility(const RawStatement& raw) {
  const Node& node = raw.node();
  if (find_utility(node.kind())) return;
  if (node.is("DropStmt")) {
    static constexpr std::string_view droppable[] = {"OBJECT_TABLE",  "OBJECT_VIEW", "OBJECT_SEQUENCE", "OBJECT_INDEX",
                                                     "OBJECT_SCHEMA", "OBJECT_TYPE", "OBJECT_DOMAIN"};
    if (std::ranges::find(droppable, node.body().text("removeType")) != std::end(droppable)) return;
  }
  static constexpr std::pair<std::string_view, std::string_view> names[] = {{"CopyStmt", "COPY"},
                                                                            {"ListenStmt", "LISTEN"},
                                                                            {"UnlistenStmt", "UNLISTEN"},
                                                                            {"NotifyStmt", "NOTIFY"},
                                                                            {"PrepareStmt", "PREPARE"},
                                                                            {"ExecuteStmt", "EXECUTE"},
                                                                            {"DeallocateStmt", "DEALLOCATE"},
                                                                            {"DeclareCursorStmt", "DECLARE CURSOR"},
                                                                            {"FetchStmt", "FETCH"},
                                                                            {"ClosePortalStmt", "CLOSE"},
                                                                            {"CreateTableAsStmt", "CREATE TABLE AS"},
                                                                            {"CreateFunctionStmt", "CREATE FUNCTION"},
                                                                            {"CallStmt", "CALL"},
                                                                            {"CreateRoleStmt", "CREATE ROLE"},
                                                                            {"GrantStmt", "GRANT or REVOKE"},
                                                                            {"CheckPointStmt", "CHECKPOINT"}};
  for (const auto& [kind, name] : names)
    if (node.kind() == kind) refuse(name, raw.location());
  refuse("this statement (" + std::string(node.kind()) + ")", raw.location());
}

std::string run_utility(const Prepared& statement, SessionState& session) {
  const RawStatement& raw = *statement.raw;
  const Node& node = raw.node();
  need_no_read_only(node, session);
  if (node.is("DropStmt") &&
      (node.body().text("removeType") == "OBJECT_TYPE" || node.body().text("removeType") == "OBJECT_DOMAIN"))
    return drop_types(raw, session);
  if (node.is("DropStmt")) return drop_objects(raw, session);
  if (auto* run = find_utility(node.kind())) return run(raw, session);
  refuse("this statement", raw.location());
}

}  // namespace pgconform::engine
