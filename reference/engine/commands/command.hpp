#pragma once

#include <memory>

#include "engine/plan.hpp"
#include "engine/session_state.hpp"

// Statements that are neither queries nor changes of rows, and that meet the protocol: COPY, EXECUTE, FETCH and the
// like. Each analyses what it needs in order to be described, and does the rest when it runs, as PostgreSQL's utility
// statements do.
namespace pgconform::engine {

class Analyzer;

// Command: such a statement, ready to run.
class Command {
 public:
  virtual ~Command() = default;
  // start: begin a run; throws SqlError.
  virtual std::unique_ptr<session::Execution> start(std::shared_ptr<const Prepared> statement,
                                                    SessionState& session) const = 0;
};

// analyze_command: make `prepared` this statement's command, with its columns; false where it is none of these.
bool analyze_command(const RawStatement& raw, SessionState& session, Analyzer& analyzer, Prepared& prepared);

// Each of them: null where the statement is another.
std::shared_ptr<const Command> analyze_copy(const RawStatement& raw);

// CommandRun: what runs of commands share: errors made into reports.
class CommandRun : public session::Execution {
 public:
  CommandRun(std::shared_ptr<const Prepared> statement, SessionState& session)
      : statement_(std::move(statement)), session_(session) {}
  std::expected<Progress, session::Report> step(const Sink& sink, std::int64_t limit,
                                                std::chrono::steady_clock::time_point now) final;

 protected:
  virtual Progress advance(const Sink& sink, std::int64_t limit, std::chrono::steady_clock::time_point now) = 0;
  const RawStatement& raw() const { return *statement_->raw; }

  std::shared_ptr<const Prepared> statement_;
  SessionState& session_;
};

}  // namespace pgconform::engine
