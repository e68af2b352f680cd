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
  virtual std::unique_ptr<session::Execution> start(std::shared_ptr<const Prepared> statement, SessionState& session,
                                                    std::vector<Value> parameters) const = 0;
};

// analyze_command: make `prepared` this statement's command, with its columns; false where it is none of these.
bool analyze_command(const RawStatement& raw, SessionState& session, Analyzer& analyzer, Prepared& prepared);

// analyze_inner: the query of DECLARE or CREATE TABLE AS, whose parameters are those of the statement.
std::shared_ptr<const Prepared> analyze_inner(const RawStatement& raw, const Node& query, Analyzer& analyzer,
                                              Prepared& prepared);

// Each of them: null where the statement is another.
std::shared_ptr<const Command> analyze_copy(const RawStatement& raw);
std::shared_ptr<const Command> analyze_create_table_as(const RawStatement& raw, Analyzer& analyzer, Prepared& prepared);
std::shared_ptr<const Command> analyze_notify(const RawStatement& raw);
std::shared_ptr<const Command> analyze_prepared(const RawStatement& raw, SessionState& session, Prepared& prepared);
std::shared_ptr<const Command> analyze_cursor(const RawStatement& raw, SessionState& session, Analyzer& analyzer,
                                              Prepared& prepared);

std::shared_ptr<const Command> analyze_explain(const RawStatement& raw, Analyzer& analyzer, Prepared& prepared);

// executed: the plan and the arguments of an EXECUTE with that body; no plan for a statement that is empty.
std::pair<std::shared_ptr<const Prepared>, std::vector<Value>> executed(const RawStatement& raw, const Node& body,
                                                                        SessionState& session);

// need_described: 42804 unless the rows that a command hands on are those that it was described with: what it names may
// have become another between Bind and Execute.
void need_described(const Prepared& command, const session::Statement& rows);

// statement_clock: when the statement came, as what it leaves behind remembers.
std::chrono::system_clock::time_point statement_clock(const SessionState& session);

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

// KeptRun: a command that has rows, and hands out none of them before it has all, as PostgreSQL's utility statements
// do: where it fails, there were none.
class KeptRun : public CommandRun {
 public:
  using CommandRun::CommandRun;

 protected:
  // work: go on; its rows go to `keep`.
  virtual Progress work(const Sink& keep, std::chrono::steady_clock::time_point now) = 0;
  Progress advance(const Sink& sink, std::int64_t limit, std::chrono::steady_clock::time_point now) final;

 private:
  std::optional<Complete> done_;
  std::vector<std::vector<Value>> rows_;
  std::size_t place_ = 0;
};

// AtOnce: a command that is done in one go and has no rows.
class AtOnce : public CommandRun {
 public:
  using Act = std::string (*)(const Prepared& statement, SessionState& session);
  AtOnce(std::shared_ptr<const Prepared> statement, SessionState& session, Act act)
      : CommandRun(std::move(statement), session), act_(act) {}

 protected:
  Progress advance(const Sink&, std::int64_t, std::chrono::steady_clock::time_point) override {
    return Complete{act_(*statement_, session_)};
  }

 private:
  Act act_;
};

// AtOnceCommand: `act` does it, and gives its tag.
class AtOnceCommand : public Command {
 public:
  explicit AtOnceCommand(AtOnce::Act act) : act_(act) {}
  std::unique_ptr<session::Execution> start(std::shared_ptr<const Prepared> statement, SessionState& session,
                                            std::vector<Value>) const override {
    return std::make_unique<AtOnce>(std::move(statement), session, act_);
  }

 private:
  AtOnce::Act act_;
};

}  // namespace pgconform::engine
