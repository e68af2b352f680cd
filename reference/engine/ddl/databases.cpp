#include <set>

#include "engine/catalog/objects.hpp"
#include "engine/cluster.hpp"
#include "engine/ddl/relations.hpp"
#include "types/client_encoding.hpp"

// CREATE, ALTER and DROP DATABASE. manage-ag-createdb.
namespace pgconform::engine {
namespace {

void need_no_block(SessionState& session, std::string_view command) {
  if (session.transaction().in_block())
    fail(sqlstate::active_sql_transaction, fmt::format("{} cannot run inside a transaction block", command));
}

NamedDatabase& existing(std::string_view name, SessionState& session) {
  NamedDatabase* found = session.cluster().find(name);
  if (!found) fail(sqlstate::undefined_database, fmt::format("database \"{}\" does not exist", name));
  return *found;
}

bool is_own(const NamedDatabase& database, SessionState& session) {
  return database.contents.get() == &session.database();
}

// CountOtherDBBackends(): who is about to leave is waited for. `what`: "database" or "source database".
void need_no_others(const NamedDatabase& database, std::string_view what, SessionState& session) {
  const auto others = database.contents->sessions.size() - (is_own(database, session) ? 1 : 0);
  if (others == 0) return;
  session.waits().wait_for(std::chrono::seconds(5));
  fail(sqlstate::object_in_use, fmt::format("{} \"{}\" is being accessed by other users", what, database.name), -1, {},
       fmt::format("There {} using the database.",
                   others == 1 ? "is 1 other session" : fmt::format("are {} other sessions", others)));
}

bool is_pristine(const Database& database) {
  return database.tables.empty() && database.types.empty() && database.schemas.size() == 1;
}

// What CREATE and ALTER DATABASE say of a database, each option once.
struct Written {
  std::string owner, template_name = "template1", tablespace = "pg_default";
  std::optional<bool> is_template, allows_connections;
  std::optional<std::int64_t> connection_limit;
};

bool truth_of(const Node& option) {
  const Node& arg = option["arg"];
  if (!option.has("arg")) return true;
  if (arg.is("Boolean")) return arg.body().flag("boolval");
  if (arg.is("Integer")) return arg.body().number("ival") != 0;
  const std::string_view text = arg.string_of();
  return text == "true" || text == "on" || text == "yes";
}

void read_option(const Node& option, bool is_new, const RawStatement& raw, Written& written) {
  const std::string_view name = option.text("defname");
  const Node& arg = option["arg"];
  const std::string text(arg.is("String") ? arg.string_of() : std::string_view());
  if (name == "is_template") {
    written.is_template = truth_of(option);
  } else if (name == "allow_connections") {
    written.allows_connections = truth_of(option);
  } else if (name == "connection_limit") {
    const auto limit = number_written(option, raw).value_or(-1);
    if (limit < -1) fail(sqlstate::invalid_parameter_value, fmt::format("invalid connection limit: {}", limit));
    written.connection_limit = limit;
  } else if (!is_new) {
    fail(sqlstate::syntax_error, fmt::format("option \"{}\" not recognized", name), option.location());
  } else if (name == "owner") {
    written.owner = text;
  } else if (name == "template") {
    if (!text.empty()) written.template_name = text;
  } else if (name == "encoding") {
    const auto* encoding = option.has("arg") && arg.is("String") ? types::ClientEncoding::find(text) : nullptr;
    if (option.has("arg") && arg.is("String") && !encoding)
      fail(sqlstate::undefined_object, fmt::format("{} is not a valid encoding name", text), option.location());
    if (encoding && encoding->name() != "UTF8") refuse("a database in another encoding than UTF8", option.location());
  } else if (name == "locale" || name == "lc_collate" || name == "lc_ctype") {
    if (!text.empty() && text != "C" && text != "POSIX" && text != "C.UTF-8")
      refuse("a database in another locale than C", option.location());
  } else if (name == "tablespace") {
    if (!text.empty() && text != "pg_default")
      fail(sqlstate::undefined_object, fmt::format("tablespace \"{}\" does not exist", text));
  } else if (name == "strategy") {
    if (text != "wal_log" && text != "file_copy")
      fail(sqlstate::invalid_parameter_value, fmt::format("invalid create database strategy \"{}\"", text), -1,
           "Valid strategies are \"wal_log\", and \"file_copy\".");
  } else if (name == "locale_provider" || name == "icu_locale" || name == "collation_version" || name == "oid") {
    refuse(fmt::format("the option {} of CREATE DATABASE", name), option.location());
  } else {
    fail(sqlstate::syntax_error, fmt::format("option \"{}\" not recognized", name), option.location());
  }
}

Written read_options(const std::vector<const Node*>& options, bool is_new, const RawStatement& raw) {
  Written written;
  std::set<std::string_view> seen;
  for (const auto* each : options) {
    const Node& option = each->body();
    if (!seen.insert(option.text("defname")).second)
      fail(sqlstate::syntax_error, "conflicting or redundant options", option.location());
    read_option(option, is_new, raw, written);
  }
  return written;
}

void apply(const Written& written, NamedDatabase& database) {
  database.is_template = written.is_template.value_or(database.is_template);
  database.allows_connections = written.allows_connections.value_or(database.allows_connections);
  database.connection_limit = written.connection_limit.value_or(database.connection_limit);
}

}  // namespace

std::string create_database(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  need_no_block(session, "CREATE DATABASE");
  const std::string name(body.text("dbname"));
  const Written written = read_options(body.list("options"), true, raw);
  if (!written.owner.empty() && role_oid(session, written.owner) == 0)
    fail(sqlstate::undefined_object, fmt::format("role \"{}\" does not exist", written.owner));
  Cluster& cluster = session.cluster();
  const NamedDatabase* source = cluster.find(written.template_name);
  if (!source)
    fail(sqlstate::undefined_database, fmt::format("template database \"{}\" does not exist", written.template_name));
  if (cluster.find(name)) fail(sqlstate::duplicate_database, fmt::format("database \"{}\" already exists", name));
  need_no_others(*source, "source database", session);
  if (!is_pristine(*source->contents)) refuse("a copy of a database that is not empty", raw.location());
  apply(written, cluster.add(name));
  return "CREATE DATABASE";
}

std::string alter_database(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  for (const auto* each : body.list("options"))
    if (each->body().text("defname") == "tablespace") refuse("ALTER DATABASE SET TABLESPACE", raw.location());
  const Written written = read_options(body.list("options"), false, raw);
  existing(body.text("dbname"), session);
  // A rollback would have to undo it.
  if (session.transaction().in_block()) refuse("ALTER DATABASE in a transaction block", raw.location());
  apply(written, existing(body.text("dbname"), session));
  return "ALTER DATABASE";
}

std::string rename_database(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  NamedDatabase& database = existing(body.text("subname"), session);
  const std::string fresh(body.text("newname"));
  if (session.cluster().find(fresh))
    fail(sqlstate::duplicate_database, fmt::format("database \"{}\" already exists", fresh));
  if (is_own(database, session)) fail(sqlstate::feature_not_supported, "current database cannot be renamed");
  need_no_others(database, "database", session);
  // A rollback would have to undo it.
  if (session.transaction().in_block()) refuse("ALTER DATABASE … RENAME in a transaction block", raw.location());
  database.name = fresh;
  return "ALTER DATABASE";
}

std::string drop_database(const RawStatement& raw, SessionState& session) {
  const Node& body = raw.node().body();
  need_no_block(session, "DROP DATABASE");
  const std::string name(body.text("dbname"));
  bool force = false;
  for (const auto* each : body.list("options")) {
    const Node& option = each->body();
    if (option.text("defname") != "force")
      fail(sqlstate::syntax_error, fmt::format("unrecognized DROP DATABASE option \"{}\"", option.text("defname")),
           option.location());
    force = true;
  }
  if (body.flag("missing_ok") && !session.cluster().find(name)) {
    session.notice(sqlstate::successful_completion, fmt::format("database \"{}\" does not exist, skipping", name));
    return "DROP DATABASE";
  }
  const NamedDatabase& database = existing(name, session);
  if (database.is_template) fail(sqlstate::wrong_object_type, "cannot drop a template database");
  if (is_own(database, session)) fail(sqlstate::object_in_use, "cannot drop the currently open database");
  if (force && session.login().signal)
    for (const SessionState* other : database.contents->sessions)
      session.login().signal(other->login().pid, session::Signal::terminate);
  need_no_others(database, "database", session);
  session.cluster().remove(database);
  return "DROP DATABASE";
}

}  // namespace pgconform::engine
