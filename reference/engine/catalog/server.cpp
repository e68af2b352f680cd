#include <algorithm>

#include "engine/catalog/objects.hpp"
#include "engine/catalog/producers.hpp"
#include "engine/catalog/row_maker.hpp"
#include "engine/cluster.hpp"
#include "engine/facts.hpp"
#include "engine/session_state.hpp"
#include "types/array.hpp"
#include "types/form.hpp"
#include "types/network.hpp"

// What the server is: its databases, roles, settings and sessions.
namespace pgconform::engine {

void produce_pg_database(const Table& table, SessionState& session, const Snapshot&, Rows& rows) {
  RowMaker row(table, rows);
  for (const auto& database : session.cluster().all()) {
    row.add()
        .set("oid", database.oid)
        .set("datname", database.name)
        .set("datdba", superuser_oid)
        .set("encoding", 6)
        .set("datlocprovider", 'c')
        .set("datistemplate", database.is_template)
        .set("datallowconn", database.allows_connections)
        .set("datconnlimit", database.connection_limit)
        .set("datfrozenxid", 716)
        .set("datminmxid", 1)
        .set("dattablespace", 1663)
        .set("datcollate", "C")
        .set("datctype", "C");
    std::vector<Value> granted;
    granted.emplace_back(fmt::format("=c/{}", session.superuser()));
    granted.emplace_back(fmt::format("{0}=CTc/{0}", session.superuser()));
    if (database.name == "template0" || database.name == "template1")
      row.set("datacl", Value(types::pack(types::one_dimensional(types::aclitem_oid, std::move(granted)))));
  }
}

void produce_pg_authid(const Table& table, SessionState& session, const Snapshot&, Rows& rows) {
  RowMaker(table, rows)
      .add()
      .set("oid", superuser_oid)
      .set("rolname", session.superuser())
      .set("rolsuper", false)
      .set("rolinherit", true)
      .set("rolcreaterole", false)
      .set("rolcreatedb", true)
      .set("rolcanlogin", true)
      .set("rolreplication", false)
      .set("rolbypassrls", false)
      .set("rolconnlimit", -1);
}

void produce_pg_settings(const Table& table, SessionState& session, const Snapshot&, Rows& rows) {
  RowMaker row(table, rows);
  static constexpr std::pair<char, std::string_view> types[] = {
      {'b', "bool"}, {'i', "integer"}, {'r', "real"}, {'s', "string"}, {'e', "enum"}};
  const Settings& settings = session.settings();
  for (const auto& fact : all_settings()) {
    if (!settings.show(fact.name, true)) continue;
    std::string value = settings.text(fact.name);
    row.add().set("name", fact.name).set("setting", value).set("context", fact.context);
    if (!fact.unit.empty()) row.set("unit", fact.unit);
    for (auto [letter, name] : types)
      if (letter == fact.type) row.set("vartype", name);
    if (fact.type == 'i' || fact.type == 'r') row.set("min_val", fact.lowest).set("max_val", fact.highest);
    row.set("source", value == fact.boot_value ? "default" : "session")
        .set("boot_val", fact.boot_value)
        .set("reset_val", settings.default_text(fact.name))
        .set("pending_restart", false)
        .set("category", "")
        .set("short_desc", "");
    if (fact.type != 'e') continue;
    std::vector<Value> choices;
    for (std::string_view rest = fact.choices; !rest.empty();) {
      auto end = rest.find(',');
      choices.emplace_back(std::string(rest.substr(0, end)));
      rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    }
    row.set("enumvals", Value(types::pack(types::one_dimensional(types::text_oid, std::move(choices)))));
  }
}

Value host_of(const session::Address& end) {
  return end.host.empty() ? Value() : value_or_fail(types::parse_text(types::inet_oid, end.host, {}));
}

// What a session waits for: its client, or another session. monitoring-stats, "Wait Events of Type Lock".
std::pair<std::string_view, std::string_view> awaited(SessionState& session) {
  if (!session.is_busy()) return {"Client", "ClientRead"};
  const Wait& wait = session.waits().what();
  switch (wait.what) {
    case Wait::For::nothing:
      return {};
    case Wait::For::transaction:
      return {"Lock", "transactionid"};
    case Wait::For::lock:
      break;
  }
  return {"Lock", wait.target.kind == LockTarget::Kind::table ? "relation" : "advisory"};
}

void activity_of(SessionState& each, const NamedDatabase& database, bool is_own, RowMaker& row) {
  using Status = session::TransactionStatus;
  auto status = each.transaction().status();
  std::string_view state = each.is_busy()               ? "active"
                           : status == Status::in_block ? "idle in transaction"
                           : status == Status::failed   ? "idle in transaction (aborted)"
                                                        : "idle";
  row.add()
      .set("datid", database.oid)
      .set("datname", database.name)
      .set("pid", each.login().pid)
      .set("usesysid", superuser_oid)
      .set("usename", each.login().user)
      .set("application_name", each.settings().text("application_name"))
      .set("query_start", Value(each.statement_time()))
      .set("state_change", Value(each.statement_time()))
      .set("state", state)
      .set("query", each.query())
      .set("backend_type", "client backend");
  if (const auto [kind, event] = awaited(each); !kind.empty())
    row.set("wait_event_type", kind).set("wait_event", event);
  const auto& client = each.login().client;
  if (client.host.empty())
    row.set("client_port", -1);
  else
    row.set("client_addr", host_of(client)).set("client_port", client.port);
  if (status != Status::idle || is_own) row.set("xact_start", Value(each.transaction_time()));
}

void produce_pg_stat_activity(const Table& table, SessionState& session, const Snapshot&, Rows& rows) {
  RowMaker row(table, rows);
  for (const auto& database : session.cluster().all())
    for (SessionState* each : database.contents->sessions) activity_of(*each, database, each == &session, row);
}

}  // namespace pgconform::engine
