#pragma once

#include <asio/awaitable.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "client/target.hpp"
#include "compare/alignment.hpp"
#include "replay/session.hpp"

// A recorded session, played against a server: what the frontend said is said again, with a login of its own, and what
// the backend answers is held against what was answered then. A write begins where one began, and is held back until
// everything has come that had come before it.
namespace pgconform::replay {

struct Options {
  client::Target target;
  std::optional<std::string> user, database;  // in place of the recorded ones
  std::optional<std::string> password;        // of whoever logs in; else the target's for that user
  std::chrono::milliseconds timeout{5000};    // silence for that long is `no answer`
};

struct Outcome {
  std::string unreachable{};  // why nothing was played: no connection
  std::string unusable{};     // why nothing could be played: a password is missing
  std::vector<compare::Departure> departures{};
  std::size_t sent = 0, received = 0;  // messages

  bool as_recorded() const { return unreachable.empty() && unusable.empty() && departures.empty(); }
};

// replay: play `session`. However the target behaves, it ends: after `timeout` without progress at the latest.
asio::awaitable<Outcome> replay(const Session& session, const Options& options);

// place_of: where the recorded answer of a departure stands: `FILE:LINE`.
std::string place_of(const Session& session, const compare::Departure& departure);

// describe: a departure for people, recorded and answered side by side.
std::string describe(const Session& session, const compare::Departure& departure);

}  // namespace pgconform::replay
