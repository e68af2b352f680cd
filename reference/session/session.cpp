#include "session/session.hpp"

#include "session/extended.hpp"
#include "sqlstate/sqlstate.hpp"

namespace pgconform::session {

Session::Session(Environment environment) : environment_(std::move(environment)) {}
Session::~Session() = default;

Session::Action Session::next(QueryCycle::Now now) {
  for (;;) {
    if (out_.due()) return Write{out_.take()};
    std::optional<Action> action;
    switch (state_) {
      case State::startup:
        action = startup();
        break;
      case State::handshake:
        state_ = State::startup;
        // What the client sent behind its request is not plaintext to be read (CVE-2021-23214): it is the handshake's.
        return StartTls{input_.take_pending()};
      case State::login:
        action = login();
        break;
      case State::ready:
        action = ready(now);
        break;
      case State::query:
        action = query(now);
        break;
      case State::copy_in:
        action = copy_in();
        break;
      case State::closing:
        return Close{};
    }
    if (action) return std::move(*action);
  }
}

// --- While a query runs -------------------------------------------------------------------------------------------

std::optional<Session::Action> Session::query(QueryCycle::Now now) {
  const bool simple = cycle_.has_value();
  if (cancelled_) {
    cancelled_ = false;
    auto report = error(sqlstate::query_canceled, "canceling statement due to user request");
    if (auto* running = copying()) report.where = running->context();
    abort(report);
    return end_query(simple, true);
  }
  std::expected<QueryCycle::Progress, Report> progress =
      simple ? cycle_->advance(out_, now) : extended_->advance(out_, now);
  if (!progress) {
    abort(progress.error());
    return end_query(simple, true);
  }
  switch (progress->state) {
    case QueryCycle::Progress::State::again:
      return Again{};
    case QueryCycle::Progress::State::waiting:
      return Wait{progress->until};
    case QueryCycle::Progress::State::copying_in:
      state_ = State::copy_in;
      return std::nullopt;
    case QueryCycle::Progress::State::done:
      return end_query(simple, false);
  }
  return std::nullopt;
}

std::optional<Session::Action> Session::end_query(bool simple, bool failed) {
  cycle_.reset();
  state_ = State::ready;
  if (simple) {
    // PostgreSQL 18: what a Query ran behind unsynchronized messages stays open with them.
    extended_->settle();
    ready_for_query();
  } else {
    skipping_ = failed;
  }
  return std::nullopt;
}

Execution* Session::copying() {
  return cycle_ ? cycle_->execution() : extended_->execution();
}

// --- Endings ------------------------------------------------------------------------------------------------------

// abort: report an error that the session survives, and undo what it ends.
void Session::abort(const Report& report) {
  cycle_.reset();
  extended_->aborted();
  for (const auto& notice : backend_->take_notices()) out_.report(notice);
  out_.report(report);
  backend_->abort_command();
  extended_->settle();
}

void Session::ready_for_query() {
  state_ = State::ready;
  for (const auto& [name, value] : backend_->take_changed_settings()) out_.send(protocol::ParameterStatus{name, value});
  out_.send(protocol::ReadyForQuery{static_cast<char>(backend_->status())});
  out_.flush();
}

void Session::refuse(Report report) {
  report.severity = Severity::fatal;
  environment_.log(Severity::error, report.message);
  out_.report(report);
  state_ = State::closing;
}

void Session::refuse(const auth::AuthError& problem) {
  auto report = error(problem.sqlstate, problem.message);
  report.detail = problem.detail;
  refuse(std::move(report));
}

void Session::terminate() {
  if (state_ == State::closing) return;
  state_ = State::closing;
  if (!backend_) return;
  backend_->abort_command();
  refuse(error(sqlstate::admin_shutdown, "terminating connection due to administrator command"));
}

}  // namespace pgconform::session
