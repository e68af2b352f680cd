#pragma once

#include <asio/awaitable.hpp>
#include <chrono>
#include <set>
#include <string>

#include "client/connection.hpp"
#include "client/target.hpp"
#include "notation/ast.hpp"
#include "notation/sql_template.hpp"
#include "runner/result.hpp"

namespace pgconform::runner {

// Run: how cases are played.
struct Run {
  client::Target target;
  std::chrono::milliseconds timeout{5000};  // silence for that long is `no answer`
  notation::SqlTemplates::Dialect dialect;  // SQL that the target understands, from its profile
  std::string token;                        // tells this run from others that use the same server
  // live: if set, holds the connections of the cases being played, for whoever has to end them early.
  std::set<client::Connection*>* live = nullptr;
};

// execute: play one case and judge the answers. `id` is the case's path and name; `number` is different for every case
// that runs at the same time.
asio::awaitable<Result> execute(const Run& run, const notation::Case& test, std::string id, unsigned number);

}  // namespace pgconform::runner
