#pragma once

#include <memory>
#include <vector>

#include "engine/executor.hpp"
#include "engine/session_state.hpp"

// What the executions of statements share.
namespace pgconform::engine {

using session::Execution;
using Tuple = Row;  // inside an Execution, Row is what goes to the sink

// Run: the locks, the snapshot, the slices, errors made into reports.
class Run : public Execution {
 public:
  Run(std::shared_ptr<const Prepared> statement, SessionState& session, std::vector<Value> parameters);
  ~Run() override { session_.waits().stop(); }

  // start: begin at once if no lock has to be waited for; else the first step begins.
  void start();
  std::expected<Progress, session::Report> step(const Sink& sink, std::int64_t limit,
                                                std::chrono::steady_clock::time_point now) override;

 protected:
  // begin: the locks are held, the plan is good, the snapshot is taken: make ready. Throws SqlError.
  virtual void begin() {}
  virtual Progress advance(const Sink& sink, std::int64_t limit) = 0;
  virtual bool needs_snapshot() const { return true; }
  // mode_of: the lock that the statement needs on a table of its plan.
  virtual LockMode mode_of(const Table& table) const;

  std::shared_ptr<const Prepared> statement_;
  SessionState& session_;
  std::vector<Value> parameters_;
  Work work_;

 private:
  void begin_run();
  // take_back: notices of a row that will be evaluated again, which will say them again.
  void take_back(std::size_t said);
  bool can_lock_all() const;
  bool begun_ = false;
  std::optional<Complete> finished_;  // but for what is to be checked at its end
};

std::unique_ptr<Run> make_select(std::shared_ptr<const Prepared> s, SessionState& session, std::vector<Value> p);
std::unique_ptr<Run> make_write(std::shared_ptr<const Prepared> s, SessionState& session, std::vector<Value> p);
std::unique_ptr<Run> make_utility(std::shared_ptr<const Prepared> s, SessionState& session, std::vector<Value> p);

}  // namespace pgconform::engine
