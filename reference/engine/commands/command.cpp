#include "engine/commands/command.hpp"

#include "engine/stack.hpp"

namespace pgconform::engine {

bool analyze_command(const RawStatement& raw, SessionState&, Analyzer&, Prepared& prepared) {
  if ((prepared.command = analyze_copy(raw))) return true;
  return false;
}

std::expected<session::Execution::Progress, session::Report> CommandRun::step(
    const Sink& sink, std::int64_t limit, std::chrono::steady_clock::time_point now) {
  StackBase base;
  try {
    Progress progress = advance(sink, limit, now);
    if (std::holds_alternative<Complete>(progress)) session_.transaction().advance_command();
    return progress;
  } catch (SqlError& error) {
    auto& report = error.report;
    if (report.position == 0) report.position = raw().source().position(error.location);
    if (report.where.empty()) report.where = context();
    return std::unexpected(std::move(report));
  }
}

}  // namespace pgconform::engine
