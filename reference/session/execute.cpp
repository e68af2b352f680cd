#include <algorithm>

#include "session/extended.hpp"
#include "sqlstate/sqlstate.hpp"

// Execute, and what a Sync ends.
namespace pgconform::session {

namespace {

std::unexpected<Report> cannot_run(std::string_view portal) {
  return std::unexpected(
      error(sqlstate::object_not_in_prerequisite_state, "portal \"" + std::string(portal) + "\" cannot be run"));
}

// recounted: the tag of a portal's last portion counts the rows of that portion only.
std::string recounted(const std::string& tag, std::int64_t rows) {
  const auto space = tag.rfind(' ');
  if (space == std::string::npos || !std::all_of(tag.begin() + static_cast<long>(space) + 1, tag.end(), ::isdigit))
    return tag;
  return tag.substr(0, space + 1) + std::to_string(rows);
}

}  // namespace

ExtendedQuery::Done ExtendedQuery::execute(const protocol::Execute& message, Output& out, QueryCycle::Now now) {
  auto found = find_portal(message.portal);
  if (!found) return std::unexpected(std::move(found.error()));
  const auto portal = *found;
  if (!portal->prepared.parsed) {
    out.send(protocol::EmptyQueryResponse{});
    return {};
  }
  start_command(now);
  if (auto allowed = check_failed(portal->prepared); !allowed) return allowed;
  const bool has_rows = portal->prepared.statement->columns().has_value();
  if (portal->failed || portal->complete) return cannot_run(message.portal);
  if (!portal->execution && !portal->held && portal->tag.empty()) {
    auto execution = backend_.execute(portal->prepared.statement, portal->parameters);
    if (!execution) return std::unexpected(std::move(execution.error()));
    portal->execution = std::move(*execution);
  }
  // A limit only counts for statements that return rows.
  if (has_rows) {
    move_ = Move{true, message.max_rows > 0 ? message.max_rows : Move::all, true};
  } else {
    run_.emplace(std::move(portal->execution), std::vector<Column>{}, Formats());
  }
  running_ = portal;
  portal->active = true;
  return {};
}

std::expected<QueryCycle::Progress, Report> ExtendedQuery::advance(Output& out, QueryCycle::Now now) {
  auto step = run_ ? advance_command(out, now) : advance_rows(out, now);
  return step;
}

ExtendedQuery::Step ExtendedQuery::advance_rows(Output& out, QueryCycle::Now now) {
  using State = QueryCycle::Progress::State;
  const auto& columns = *running_->prepared.statement->columns();
  const Formats formats(running_->result_formats);
  std::optional<Report> failure;
  auto sink = [&](Execution::Row row) {
    auto sent = send_notices(out, backend_);
    if (sent) sent = send_row(out, columns, formats, row, backend_.style());
    if (!sent) {
      failure = std::move(sent.error());
      return false;
    }
    return !out.due();
  };
  auto progress = running_->move(move_, sink, now.steady);
  if (auto told = send_notices(out, backend_); !told) return std::unexpected(std::move(told.error()));
  if (!progress) return std::unexpected(std::move(progress.error()));
  if (failure) return std::unexpected(std::move(*failure));
  if (auto* wait = std::get_if<Execution::Wait>(&*progress)) return QueryCycle::Progress{State::waiting, wait->until};
  if (!std::holds_alternative<Execution::Complete>(*progress)) return QueryCycle::Progress{State::again, {}};
  if (running_->at_end()) return complete(out, recounted(running_->tag, move_.done));
  out.send(protocol::PortalSuspended{});
  pipelining_ = true;
  running_->active = false;
  running_.reset();
  return QueryCycle::Progress{State::done, {}};
}

ExtendedQuery::Step ExtendedQuery::advance_command(Output& out, QueryCycle::Now now) {
  using State = QueryCycle::Progress::State;
  auto slice = run_->advance(out, backend_, now.steady);
  if (auto told = send_notices(out, backend_); !told) return std::unexpected(std::move(told.error()));
  if (!slice) return std::unexpected(std::move(slice.error()));
  switch (slice->state) {
    case Slice::State::going_on:
      return QueryCycle::Progress{State::again, {}};
    case Slice::State::waiting:
      return QueryCycle::Progress{State::waiting, slice->until};
    case Slice::State::copying_in:
      return QueryCycle::Progress{State::copying_in, {}};
    case Slice::State::complete:
      break;
  }
  run_.reset();
  running_->complete = true;
  return complete(out, slice->tag);
}

ExtendedQuery::Step ExtendedQuery::complete(Output& out, const std::string& tag) {
  const auto portal = std::exchange(running_, nullptr);
  portal->active = false;
  if (portal->prepared.parsed->is_transaction_statement()) {
    if (auto committed = backend_.commit_command(); !committed) return std::unexpected(std::move(committed.error()));
    if (auto told = send_notices(out, backend_); !told) return std::unexpected(std::move(told.error()));
    pipelining_ = false;
    settle();
  } else {
    pipelining_ = true;
  }
  out.send(protocol::CommandComplete{tag});
  return QueryCycle::Progress{QueryCycle::Progress::State::done, {}};
}

ExtendedQuery::Done ExtendedQuery::sync() {
  pipelining_ = false;
  backend_.end_implicit_block();
  return backend_.commit_command();
}

void ExtendedQuery::aborted() {
  if (running_) {
    running_->active = false;
    running_->failed = true;
    running_->execution.reset();
  }
  running_.reset();
  run_.reset();
  pipelining_ = false;
}

void ExtendedQuery::query_came() {
  names_.statements.erase("");
  names_.portals.erase("");
}

void ExtendedQuery::settle() {
  if (backend_.status() == TransactionStatus::idle) pipelining_ = false;
}

}  // namespace pgconform::session
