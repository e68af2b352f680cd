#include "engine/session_state.hpp"

#include "types/form.hpp"

namespace pgconform::engine {

SessionState::~SessionState() {
  transaction_.abort_all();
  // A temporary table lives as long as its session.
  std::erase_if(database_.tables, [&](const auto& table) { return table->temporary && table->owner == this; });
}

void SessionState::raise(session::Severity severity, std::string_view sqlstate, std::string message) {
  session::Report report;
  report.severity = severity;
  report.sqlstate = sqlstate;
  report.message = std::move(message);
  notices_.push_back(std::move(report));
}

std::string SessionState::version() const {
  return fmt::format("PostgreSQL {} (pgreference) on x86_64-pc-linux-gnu, 64-bit", options_.server_version);
}

Value SessionState::current(std::string_view name, std::int32_t modifier) {
  std::int64_t now = transaction_time();
  auto local = [&](std::int64_t utc) {
    return settings_.style().zone ? utc + settings_.style().zone->offset_at(utc) * 1'000'000LL : utc;
  };
  if (name == "current_date") {
    std::int64_t day = local(now) / types::microseconds_per_day;
    return day - (local(now) % types::microseconds_per_day < 0);
  }
  if (name == "current_timestamp")
    return value_or_fail(types::apply_modifier(types::timestamptz_oid, now, modifier, true));
  if (name == "localtimestamp")
    return value_or_fail(types::apply_modifier(types::timestamp_oid, local(now), modifier, true));
  if (name == "current_catalog") return login_.database;
  if (name == "current_schema") {
    // The only schemas are public and pg_catalog, so it is the first of these that the path names.
    std::string path = *settings_.show("search_path", false);
    auto p = path.find("public"), c = path.find("pg_catalog");
    if (p == path.npos && c == path.npos) return {};
    return std::string(p < c ? "public" : "pg_catalog");
  }
  return login_.user;
}

std::shared_ptr<Table> SessionState::find_table(std::string_view schema, std::string_view name) {
  // Names are looked up in the catalogue as it is now, whatever the isolation level, as PostgreSQL does.
  Snapshot snapshot = transaction_.newest();
  std::shared_ptr<Table> found;
  for (const auto& table : database_.tables) {
    if (table->name != name || !table->stamp.visible(snapshot)) continue;
    if (table->temporary ? table->owner != this || schema == "public" : schema == "pg_temp") continue;
    if (!found || table->temporary) found = table;  // a temporary table hides a permanent one
  }
  return found;
}

bool SessionState::is_current(const Table& table) {
  return find_table(table.temporary ? "pg_temp" : table.schema, table.name).get() == &table;
}

}  // namespace pgconform::engine
