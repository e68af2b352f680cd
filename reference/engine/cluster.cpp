#include "engine/cluster.hpp"

#include <algorithm>

#include "engine/engine.hpp"
#include "engine/error.hpp"
#include "engine/user_types.hpp"

namespace pgconform::engine {
namespace {

// The numbers of PostgreSQL's own databases; another's comes from its name, so that it is the same in every run.
Oid first_oid_for(std::string_view name) {
  if (name == "template1") return 1;
  if (name == "template0") return 4;
  if (name == "postgres") return 5;
  Oid hash = 2166136261;
  for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  return Database::first_oid + hash % 1'000'000;
}

}  // namespace

Cluster::Cluster(const Options& options) : takes_any_(options.databases.empty()) {
  for (const auto& name : options.databases) add(name);
  for (std::string_view name : {"template1", "template0"}) {
    NamedDatabase* there = find(name);
    NamedDatabase& database = there ? *there : add(name);
    database.is_template = true;
    database.allows_connections = name != "template0";
  }
}

NamedDatabase* Cluster::find(std::string_view name) {
  auto it = std::ranges::find(databases_, name, &NamedDatabase::name);
  return it == databases_.end() ? nullptr : &*it;
}

NamedDatabase& Cluster::add(std::string_view name) {
  Oid oid = first_oid_for(name);
  while (std::ranges::find(databases_, oid, &NamedDatabase::oid) != databases_.end()) ++oid;
  NamedDatabase& made = databases_.emplace_back();
  made.oid = oid;
  made.name = name;
  return made;
}

void Cluster::remove(const NamedDatabase& database) {
  std::erase_if(databases_, [&](const NamedDatabase& each) { return &each == &database; });
}

NamedDatabase& Cluster::to_connect(std::string_view name) {
  NamedDatabase* found = find(name);
  if (!found && takes_any_) found = &add(name);
  if (!found) fail(sqlstate::undefined_database, fmt::format("database \"{}\" does not exist", name));
  if (!found->allows_connections)
    fail(sqlstate::object_not_in_prerequisite_state,
         fmt::format("database \"{}\" is not currently accepting connections", name));
  if (found->connection_limit >= 0 &&
      static_cast<std::int64_t>(found->contents->sessions.size()) >= found->connection_limit)
    fail(sqlstate::too_many_connections, fmt::format("too many connections for database \"{}\"", name));
  return *found;
}

}  // namespace pgconform::engine
