#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "engine/storage.hpp"

namespace pgconform::engine {

struct Options;

// NamedDatabase: one of the server's databases, as pg_database describes it.
struct NamedDatabase {
  Oid oid = 0;
  std::string name;
  bool is_template = false;        // not to be dropped
  bool allows_connections = true;  // ALLOW_CONNECTIONS
  std::int64_t connection_limit = -1;
  std::unique_ptr<Database> contents = std::make_unique<Database>();
};

// Cluster: all databases of a server. What is done to one of them as a whole is done at once and for good, outside of
// transactions. manage-ag-overview.
class Cluster {
 public:
  // With the databases of the options, template1 and template0.
  explicit Cluster(const Options& options);

  // find: the database of that name; null if there is none.
  NamedDatabase* find(std::string_view name);
  // add: an empty one, which is not there yet.
  NamedDatabase& add(std::string_view name);
  void remove(const NamedDatabase& database);
  // to_connect: the one to log in to: 3D000, 55000, 53300.
  NamedDatabase& to_connect(std::string_view name);
  const std::list<NamedDatabase>& all() const { return databases_; }

 private:
  std::list<NamedDatabase> databases_;
  bool takes_any_;  // a login to any other makes it
};

}  // namespace pgconform::engine
