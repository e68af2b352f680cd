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
    if (backend_) out_.set_encoding(backend_->encoding());
    switch (state_) {
      case State::startup:
        action = startup(now);
        break;
      case State::handshake:
        state_ = State::startup;
        // What the client sent behind its request is not plaintext to be read (CVE-2021-23214): it is the handshake's.
        return StartTls{input_.take_pending()};
      case State::login:
        action = login(now);
        break;
      case State::ready:
        action = ready(now);
        break;
      case State::query:
        action = query(now);
        break;
      case State::copy_in:
        action = copy_in(now);
        break;
      case State::closing:
        return Close{};
    }
    if (action) return std::move(*action);
  }
}

// --- While a query runs -------------------------------------------------------------------------------------------

void Session::begin_running(QueryCycle::Now now) {
  cancelled_ = false;
  timed_statement_ = 0;
  clocks_.begin_statement(now.steady, backend_->timeouts());
  state_ = State::query;
}

std::optional<Session::Action> Session::query(QueryCycle::Now now) {
  if (expire(now)) return std::nullopt;
  if (terminated_) {
    terminate();
    return std::nullopt;
  }
  if (cancelled_) {
    cancelled_ = false;
    auto report = error(sqlstate::query_canceled, "canceling statement due to user request");
    if (auto* running = copying()) report.where = running->context();
    abort(report);
    return end_query(now, true);
  }
  // Every statement of a string has its own time.
  if (cycle_ && std::exchange(timed_statement_, cycle_->statement()) != cycle_->statement())
    clocks_.begin_statement(now.steady, backend_->timeouts());
  std::expected<QueryCycle::Progress, Report> progress = cycle_      ? cycle_->advance(out_, now)
                                                         : function_ ? function_->advance(out_, now)
                                                                     : extended_->advance(out_, now);
  if (!progress) {
    abort(progress.error());
    return end_query(now, true);
  }
  switch (progress->state) {
    case QueryCycle::Progress::State::again:
      return Again{};
    case QueryCycle::Progress::State::waiting: {
      auto until = clocks_.next();
      if (!until || (progress->until && *progress->until < *until)) until = progress->until;
      return Wait{until};
    }
    case QueryCycle::Progress::State::copying_in:
      state_ = State::copy_in;
      return std::nullopt;
    case QueryCycle::Progress::State::done:
      return end_query(now, false);
  }
  return std::nullopt;
}

std::optional<Session::Action> Session::end_query(QueryCycle::Now now, bool failed) {
  const bool alone = std::exchange(alone_, false);
  cycle_.reset();
  function_.reset();
  clocks_.end_statement();
  state_ = State::ready;
  if (alone) {
    // PostgreSQL 18: what a Query ran behind unsynchronized messages stays open with them.
    extended_->settle();
    ready_for_query(now);
  } else {
    skipping_ = failed;
  }
  return std::nullopt;
}

bool Session::expire(QueryCycle::Now now) {
  auto fatal = [&](std::string_view sqlstate, std::string message) {
    backend_->abort_command();
    refuse(error(sqlstate, std::move(message)));
    return true;
  };
  switch (clocks_.expired(now.steady)) {
    case Clocks::Expired::nothing:
      return false;
    case Clocks::Expired::transaction:
      return fatal("25P04", "terminating connection due to transaction timeout");
    case Clocks::Expired::idle_in_transaction:
      return fatal(sqlstate::idle_in_transaction_session_timeout,
                   "terminating connection due to idle-in-transaction timeout");
    case Clocks::Expired::idle_session:
      return fatal(sqlstate::idle_session_timeout, "terminating connection due to idle-session timeout");
    case Clocks::Expired::statement:
      break;
  }
  auto report = error(sqlstate::query_canceled, "canceling statement due to statement timeout");
  if (auto* running = copying()) report.where = running->context();
  abort(report);
  end_query(now, true);
  return true;
}

Execution* Session::copying() {
  return cycle_ ? cycle_->execution() : extended_->execution();
}

// --- Endings ------------------------------------------------------------------------------------------------------

// abort: report an error that the session survives, and undo what it ends.
void Session::abort(const Report& report) {
  cycle_.reset();
  function_.reset();
  extended_->aborted();
  if (auto told = send_notices(out_, *backend_); !told)
    out_.report(told.error());
  else
    out_.report(report);
  backend_->abort_command();
  extended_->settle();
}

void Session::notify() {
  for (const auto& [pid, channel, payload] : backend_->take_notifications()) {
    const auto shown_channel = text_for_client(channel), shown_payload = text_for_client(payload);
    if (!shown_channel || !shown_payload) return;
    out_.send(protocol::NotificationResponse{pid, *shown_channel, *shown_payload});
  }
}

// text_for_client: what the client's encoding cannot say ends the session where no statement can fail for it.
std::optional<std::string> Session::text_for_client(const std::string& text) {
  if (!out_.encoding()) return text;
  auto converted = out_.encoding()->from_utf8(text);
  if (converted) return *converted;
  refuse(error(converted.error().sqlstate, converted.error().message));
  return std::nullopt;
}

void Session::report_settings() {
  for (const auto& [name, value] : backend_->take_changed_settings()) {
    const auto shown = text_for_client(value);
    if (!shown) return;
    out_.send(protocol::ParameterStatus{name, *shown});
  }
}

void Session::ready_for_query(QueryCycle::Now now) {
  state_ = State::ready;
  unsynchronized_ = false;
  const auto status = backend_->status();
  out_.set_encoding(backend_->encoding());
  if (status == TransactionStatus::idle) notify();
  report_settings();
  if (state_ == State::closing) return;
  out_.send(protocol::ReadyForQuery{static_cast<char>(status)});
  out_.flush();
  clocks_.begin_idle(now.steady, backend_->timeouts(), status);
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
  auto report = error(sqlstate::admin_shutdown, "terminating connection due to administrator command");
  if (state_ == State::copy_in)
    if (auto* running = copying()) report.where = running->context();
  state_ = State::closing;
  if (!backend_) return;
  backend_->abort_command();
  refuse(std::move(report));
}

}  // namespace pgconform::session
