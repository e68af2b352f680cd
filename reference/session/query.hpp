#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "session/engine.hpp"
#include "session/output.hpp"
#include "session/rows.hpp"

namespace pgconform::session {

// QueryCycle: the answer to one Query, statement after statement, up to but without its ReadyForQuery
// (protocol-flow-simple-query, protocol-flow-multi-statement). The order of steps is exec_simple_query's.
class QueryCycle {
 public:
  // in_pipeline: it follows messages of an extended query that no Sync has ended, and runs in their implicit block,
  // which stays open (PostgreSQL 18).
  QueryCycle(Backend& backend, std::string sql, bool in_pipeline)
      : backend_(backend), sql_(std::move(sql)), in_pipeline_(in_pipeline) {}

  struct Now {
    std::chrono::steady_clock::time_point steady;
    std::chrono::system_clock::time_point wall;
  };
  // Progress: done, or to be called again at once, or after `until` (nullopt: when woken), or when the client has sent
  // copy data.
  struct Progress {
    enum class State : std::uint8_t { done, again, waiting, copying_in } state;
    std::optional<std::chrono::steady_clock::time_point> until;
  };

  // advance: say some more. An error ends the cycle; reporting it is the caller's.
  std::expected<Progress, Report> advance(Output& out, Now now);
  // statement: which of the string's is being run, from 0.
  std::size_t statement() const { return at_; }
  // execution: of the statement that is being run.
  Execution* execution() { return run_ ? &run_->execution() : nullptr; }

 private:
  std::expected<void, Report> begin(Now now);
  std::expected<void, Report> begin_statement(Output& out);
  std::expected<void, Report> end_statement(Output& out, std::string tag);

  Backend& backend_;
  std::string sql_;
  std::chrono::system_clock::time_point received_;  // the time of every statement of the string
  bool in_pipeline_, begun_ = false;
  std::vector<std::shared_ptr<const Parsed>> statements_;
  std::size_t at_ = 0;  // the statement being run, or to be run next
  std::optional<Run> run_;
};

}  // namespace pgconform::session
