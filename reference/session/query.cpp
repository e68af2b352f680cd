#include "session/query.hpp"

#include "sqlstate/sqlstate.hpp"

namespace pgconform::session {

std::expected<QueryCycle::Progress, Report> QueryCycle::advance(Output& out, Now now) {
  using State = Progress::State;
  if (!begun_) {
    begun_ = true;
    if (auto begun = begin(now); !begun) return std::unexpected(std::move(begun.error()));
    if (statements_.empty()) {
      if (auto committed = backend_.commit_command(); !committed) return std::unexpected(std::move(committed.error()));
      out.send(protocol::EmptyQueryResponse{});
      return Progress{State::done, {}};
    }
  }
  if (!run_) {
    if (auto begun = begin_statement(out); !begun) return std::unexpected(std::move(begun.error()));
  }
  auto slice = run_->advance(out, backend_, now.steady);
  if (auto told = send_notices(out, backend_); !told) return std::unexpected(std::move(told.error()));
  if (!slice) return std::unexpected(std::move(slice.error()));
  switch (slice->state) {
    case Slice::State::waiting:
      return Progress{State::waiting, slice->until};
    case Slice::State::copying_in:
      return Progress{State::copying_in, {}};
    case Slice::State::complete:
      if (auto ended = end_statement(out, std::move(slice->tag)); !ended)
        return std::unexpected(std::move(ended.error()));
      return Progress{at_ == statements_.size() ? State::done : State::again, {}};
    default:
      return Progress{State::again, {}};
  }
}

std::expected<void, Report> QueryCycle::begin(Now now) {
  received_ = now.wall;
  backend_.start_command(received_);
  if (in_pipeline_) backend_.begin_implicit_block();
  auto parsed = backend_.parse(sql_);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  statements_ = std::move(*parsed);
  return {};
}

std::expected<void, Report> QueryCycle::begin_statement(Output& out) {
  const auto& parsed = statements_[at_];
  if (backend_.status() == TransactionStatus::failed && !parsed->ends_failed_transaction())
    return std::unexpected(error(sqlstate::in_failed_sql_transaction,
                                 "current transaction is aborted, commands ignored until end of transaction block"));
  backend_.start_command(received_);
  if (in_pipeline_ || statements_.size() > 1) backend_.begin_implicit_block();

  auto statement = backend_.analyze(parsed, {});
  if (!statement) return std::unexpected(std::move(statement.error()));
  if (!(*statement)->parameter_types().empty())
    return std::unexpected(error(sqlstate::undefined_parameter, "there is no parameter $1"));
  auto execution = backend_.execute(*statement, {});
  if (!execution) return std::unexpected(std::move(execution.error()));
  if (auto told = send_notices(out, backend_); !told) return told;
  const auto& columns = (*statement)->columns();
  const Formats formats((*statement)->is_binary() ? std::vector<std::int16_t>{1} : std::vector<std::int16_t>{});
  run_.emplace(std::move(*execution), columns ? *columns : std::vector<Column>{}, formats);
  if (columns && (*statement)->is_query()) return send_row_description(out, *columns, formats);
  if (columns) run_->describe();
  return {};
}

std::expected<void, Report> QueryCycle::end_statement(Output& out, std::string tag) {
  run_.reset();
  const bool transaction_statement = statements_[at_]->is_transaction_statement();
  ++at_;
  if (at_ == statements_.size()) {
    if (statements_.size() > 1) backend_.end_implicit_block();
    if (auto committed = backend_.commit_command(); !committed) return committed;
  } else if (transaction_statement) {
    if (auto committed = backend_.commit_command(); !committed) return committed;
  }
  if (auto told = send_notices(out, backend_); !told) return told;
  out.send(protocol::CommandComplete{tag});
  return {};
}

}  // namespace pgconform::session
