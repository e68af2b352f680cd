#include "engine/commands/command.hpp"

#include <algorithm>

#include "engine/analyze/parts.hpp"
#include "engine/analyzer.hpp"
#include "engine/stack.hpp"

namespace pgconform::engine {

bool analyze_command(const RawStatement& raw, SessionState& session, Analyzer& analyzer, Prepared& prepared) {
  auto& command = prepared.command;
  (command = analyze_copy(raw)) || (command = analyze_notify(raw)) ||
      (command = analyze_create_table_as(raw, analyzer, prepared)) ||
      (command = analyze_explain(raw, analyzer, prepared)) || (command = analyze_prepared(raw, session, prepared)) ||
      (command = analyze_cursor(raw, session, analyzer, prepared));
  return command != nullptr;
}

std::shared_ptr<const Prepared> analyze_inner(const RawStatement& raw, const Node& query, Analyzer& analyzer,
                                              Prepared& prepared) {
  const bool itself = &query == &raw.node();
  if (const Node& into = into_clause(query.body()); !into.is_empty() && !itself)
    fail(sqlstate::syntax_error, "SELECT ... INTO is not allowed here", into["rel"].location());
  auto analyzed = analyzer.analyze(raw.part(query), itself);
  prepared.parameter_types_ = analyzed->parameter_types_;
  analyzer.set_source(raw);
  return analyzed;
}

void need_described(const Prepared& command, const session::Statement& rows) {
  const auto &said = command.columns(), &found = rows.columns();
  const bool same = said.has_value() == found.has_value() &&
                    (!said || std::ranges::equal(*said, *found, {}, &session::Column::type, &session::Column::type));
  if (!same) fail(sqlstate::datatype_mismatch, "query result type does not match portal result type");
}

std::chrono::system_clock::time_point statement_clock(const SessionState& session) {
  const std::chrono::system_clock::time_point zero;
  return zero + std::chrono::microseconds(session.statement_time() - types::from_clock(zero));
}

std::expected<session::Execution::Progress, session::Report> CommandRun::step(
    const Sink& sink, std::int64_t limit, std::chrono::steady_clock::time_point now) {
  StackBase base;
  types::use_made_types(&session_.types());
  try {
    Progress progress = advance(sink, limit, now);
    if (std::holds_alternative<Complete>(progress)) session_.transaction().advance_command();
    return progress;
  } catch (SqlError& error) {
    auto& report = error.report;
    if (report.position == 0) report.position = raw().source().position(error.location);
    if (report.where.empty()) report.where = context();
    return std::unexpected(std::move(report));
  } catch (const std::exception& exception) {
    return std::unexpected(internal_failure(exception));
  }
}

session::Execution::Progress KeptRun::advance(const Sink& sink, std::int64_t limit,
                                              std::chrono::steady_clock::time_point now) {
  if (!done_) {
    auto progress = work(
        [&](Row row) {
          rows_.emplace_back(row.begin(), row.end());
          return true;
        },
        now);
    auto* done = std::get_if<Complete>(&progress);
    if (!done) return progress;
    done_ = std::move(*done);
  }
  for (std::int64_t sent = 0; place_ < rows_.size();)
    if (const bool go_on = sink(rows_[place_++]); ++sent == limit || !go_on) return More{};
  return *done_;
}

}  // namespace pgconform::engine
