#include "engine/session_state.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <random>

#include "engine/catalog/system_tables.hpp"
#include "engine/setting_values.hpp"
#include "types/form.hpp"

namespace pgconform::engine {

SessionState::~SessionState() {
  transaction_.abort_all();
  database_.locks.release_all(this, true);
  database_.locks.wake_all();
  database_.sessions.erase(this);
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

std::vector<session::Report> SessionState::take_notices() {
  auto taken = std::exchange(notices_, {});
  if (taken.empty()) return taken;
  static constexpr std::string_view levels[] = {"debug5", "debug4", "debug3",  "debug2", "debug1",
                                                "log",    "notice", "warning", "error"};
  auto level = [&](std::string_view name) { return std::ranges::find(levels, name) - std::begin(levels); };
  const auto least = level(settings_.text("client_min_messages"));
  std::erase_if(taken, [&](const session::Report& report) {
    using enum session::Severity;
    switch (report.severity) {
      case debug:
        return level("debug1") < least;
      case log:
        return level("log") < least;
      case notice:
        return level("notice") < least;
      case warning:
        return level("warning") < least;
      default:
        return false;
    }
  });
  return taken;
}

double SessionState::random() {
  if (!random_) {
    std::random_device entropy;
    random_ = std::uint64_t{entropy()} << 32 | entropy();
  }
  *random_ += 0x9e3779b97f4a7c15;
  std::uint64_t z = *random_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1.0p-53;
}

void SessionState::seed_random(double seed) {
  random_ = std::bit_cast<std::uint64_t>(seed);
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
  if (name == "localtime" || name == "current_time") {
    const std::int64_t day = types::microseconds_per_day, micros = (local(now) % day + day) % day;
    const types::ZonedTime zoned{micros, static_cast<std::int32_t>((now - local(now)) / 1'000'000)};
    return name == "localtime" ? value_or_fail(types::apply_modifier(types::time_oid, micros, modifier, true))
                               : value_or_fail(types::apply_modifier(types::timetz_oid, zoned, modifier, true));
  }
  if (name == "current_catalog") return login_.database;
  if (name == "current_schema") {
    for (const auto& name : search_path())
      if (name == "pg_catalog" || has_schema(name)) return name;
    return {};
  }
  return login_.user;
}

const std::vector<std::string>& SessionState::search_path() {
  const std::string& text = settings_.text("search_path");
  if (text != path_text_) {
    path_text_ = text;
    path_ = name_list(text).value_or(std::vector<std::string>());
    for (auto& name : path_)
      if (name == "$user") name = login_.user;
  }
  return path_;
}

bool SessionState::has_schema(std::string_view name) {
  return std::ranges::any_of(database_.schemas, [&](const Schema& s) { return s.name == name && is_visible(s.stamp); });
}

bool SessionState::has_temporary() {
  return std::ranges::any_of(database_.tables, [&](const auto& table) {
    return table->temporary && table->owner == this && is_visible(table->stamp);
  });
}

std::optional<std::string> SessionState::creation_schema() {
  for (const auto& name : search_path())
    if (has_schema(name)) return name;
  return std::nullopt;
}

// Names are looked up in the catalogue as it is now, whatever the isolation level, as PostgreSQL does.
std::shared_ptr<Table> SessionState::find_table(std::string_view schema, std::string_view name) {
  std::shared_ptr<Table> found;
  auto found_at = path_.size();
  std::optional<Snapshot> newest;
  for (const auto& table : database_.tables) {
    if (table->name != name) continue;
    if (table->temporary ? table->owner != this || (!schema.empty() && schema != "pg_temp" && schema != table->schema)
                         : !schema.empty() && table->schema != schema)
      continue;
    if (!newest) newest = transaction_.newest();
    if (!table->stamp.visible(*newest)) continue;
    // A temporary table hides a permanent one; then the path decides.
    if (table->temporary) return table;
    if (!schema.empty()) {
      found = table;
      break;
    }
    const auto& path = search_path();
    auto at = static_cast<std::size_t>(std::ranges::find(path, table->schema) - path.begin());
    if (at < path.size() && (!found || at < found_at)) {
      found = table;
      found_at = at;
    }
  }
  if (!schema.empty()) return found ? found : find_system_table(schema, name);
  // The catalogue comes before the path, unless the path names it.
  const auto& path = search_path();
  for (std::string_view system : {"pg_catalog", "information_schema"}) {
    auto at = static_cast<std::size_t>(std::ranges::find(path, system) - path.begin());
    bool first = at == path.size() && system == "pg_catalog";
    if (first && !name.starts_with("pg_")) continue;
    if (!first && (at == path.size() || (found && found_at < at))) continue;
    if (auto table = find_system_table(system, name)) {
      found = table;
      found_at = at;
    }
  }
  return found;
}

std::shared_ptr<Table> SessionState::find_table(Oid oid) {
  for (const auto& table : database_.tables)
    if (table->oid == oid && is_visible(table->stamp)) return table;
  return oid < Database::first_oid ? find_system_table(oid) : nullptr;
}

Oid SessionState::relation_named(std::string_view text, int location) {
  if (!text.empty() && text.find_first_not_of("0123456789") == text.npos)
    return static_cast<Oid>(std::strtoul(std::string(text).c_str(), nullptr, 10));
  return static_cast<Oid>(
      std::get<std::int64_t>(value_or_fail(types::parse_text(types::regclass_oid, text, style()), location)));
}

bool SessionState::is_current(const Table& table) {
  if (table.oid < Database::first_oid) return true;
  return find_table(table.schema, table.name).get() == &table;
}

}  // namespace pgconform::engine
