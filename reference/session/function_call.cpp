#include "session/function_call.hpp"

#include "session/rows.hpp"
#include "session/values.hpp"
#include "sqlstate/sqlstate.hpp"

namespace pgconform::session {

namespace {

std::unexpected<Report> no(std::string_view sqlstate, std::string message) {
  return std::unexpected(error(sqlstate, std::move(message)));
}

}  // namespace

// The order of checks is HandleFunctionRequest's.
std::expected<void, Report> FunctionCycle::begin(const protocol::FunctionCall& message, QueryCycle::Now now) {
  backend_.start_command(now.wall);
  if (backend_.status() == TransactionStatus::failed)
    return no(sqlstate::in_failed_sql_transaction,
              "current transaction is aborted, commands ignored until end of transaction block");
  auto statement = backend_.function(message.function);
  if (!statement) return std::unexpected(std::move(statement.error()));
  statement_ = std::move(*statement);
  const auto given = message.arguments.size(), formats = message.argument_formats.size();
  const auto wanted = statement_->parameter_types().size();
  if (given != wanted)
    return no(sqlstate::protocol_violation, "function call message contains " + std::to_string(given) +
                                                " arguments but function requires " + std::to_string(wanted));
  if (formats > 1 && formats != given)
    return no(sqlstate::protocol_violation, "function call message contains " + std::to_string(formats) +
                                                " argument formats but " + std::to_string(given) + " arguments");
  auto arguments = read_values(message.argument_formats, message.arguments, statement_->parameter_types(),
                               backend_.style(), {{}, "function argument", backend_.encoding()});
  if (!arguments) return std::unexpected(std::move(arguments.error()));
  format_ = message.result_format;
  auto execution = backend_.execute(statement_, std::move(*arguments));
  if (!execution) return std::unexpected(std::move(execution.error()));
  execution_ = std::move(*execution);
  return {};
}

std::expected<QueryCycle::Progress, Report> FunctionCycle::advance(Output& out, QueryCycle::Now now) {
  using State = QueryCycle::Progress::State;
  auto progress = execution_->step(
      [&](Execution::Row row) {
        result_ = row[0];
        return true;
      },
      0, now.steady);
  if (auto told = send_notices(out, backend_); !told) return std::unexpected(std::move(told.error()));
  if (!progress) return std::unexpected(std::move(progress.error()));
  if (auto* wait = std::get_if<Execution::Wait>(&*progress)) return QueryCycle::Progress{State::waiting, wait->until};
  if (!std::holds_alternative<Execution::Complete>(*progress)) return QueryCycle::Progress{State::again, {}};
  execution_.reset();

  const auto type = statement_->columns()->at(0).type;
  if (types::is_null(result_)) {
    out.send(protocol::FunctionCallResponse{{true, {}}});
  } else if (format_ == 0 || format_ == 1) {
    const auto value = print_value(type, format_, result_, backend_.style(), out.encoding());
    if (!value) return std::unexpected(value.error());
    out.send(protocol::FunctionCallResponse{{false, *value}});
  } else {
    return no(sqlstate::invalid_parameter_value, "unsupported format code: " + std::to_string(format_));
  }
  if (auto committed = backend_.commit_command(); !committed) return std::unexpected(std::move(committed.error()));
  return QueryCycle::Progress{State::done, {}};
}

}  // namespace pgconform::session
