#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runner/catalogue.hpp"
#include "runner/execute.hpp"
#include "runner/needs.hpp"

// Many cases at a time, on one thread.
namespace pgconform::runner {

// SuiteOptions: how the selected cases are run.
struct SuiteOptions {
  Run run;
  Capabilities capabilities;                          // what a profile knows of the target
  std::string postgresql;                             // the version whose answers are expected; empty: any
  unsigned jobs = 1;                                  // how many cases at a time
  std::optional<std::chrono::milliseconds> deadline;  // for the whole run
  bool fail_fast = false;
  bool allow_disruptive = false;
  // stops: whether this result ends a --fail-fast run.
  std::function<bool(const Entry&, const Result&)> stops;
  // progress: called when a case has ended: how many of how many have.
  std::function<void(const Entry&, const Result&, std::size_t done, std::size_t of)> progress;
};

// SuiteOutcome: results in the order of the entries, whatever the order in which they came.
struct SuiteOutcome {
  std::string unreachable;  // why no case was run
  std::vector<Result> results;
  bool interrupted = false;  // by SIGINT or SIGTERM
  bool cut_short = false;    // by the deadline
  std::chrono::milliseconds duration{};
};

// run_suite: run `entries`; those marked `alone` one by one after the others. On SIGINT or SIGTERM, and at the
// deadline, no further case is begun, those that run end and clean up behind them; a second signal ends at once.
SuiteOutcome run_suite(SuiteOptions options, std::span<const Entry* const> entries);

}  // namespace pgconform::runner
