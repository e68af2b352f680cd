#include "engine/execution/run.hpp"

#include <algorithm>

#include "engine/analyzer.hpp"
#include "engine/commands/command.hpp"
#include "engine/evaluate.hpp"
#include "engine/fold.hpp"
#include "engine/stack.hpp"

namespace pgconform::engine {
namespace {

constexpr auto longest_slice = std::chrono::milliseconds(20);

// A plan whose tables are no longer what their names mean is made anew.
std::shared_ptr<const Prepared> current(const std::shared_ptr<const Prepared>& prepared, SessionState& session) {
  const bool is_same = prepared->tables.empty() || prepared->path == session.settings().text("search_path");
  if (is_same && std::ranges::all_of(prepared->tables, [&](const auto& table) { return session.is_current(*table); }))
    return prepared;
  Analyzer analyzer(session, prepared->parameter_types());
  if (prepared->query && prepared->query->place_at >= 0) analyzer.set_for_cursor();
  auto renewed = analyzer.analyze(prepared->raw, prepared->query != nullptr);
  auto shape = [](const Prepared& p) {
    std::vector<std::tuple<Oid, std::int32_t, std::string>> columns;
    if (p.columns())
      for (const auto& column : *p.columns()) columns.emplace_back(column.type, column.type_modifier, column.name);
    return columns;
  };
  if (shape(*renewed) != shape(*prepared)) throw SqlError{session::plan_changed()};
  return renewed;
}

}  // namespace

Run::Run(std::shared_ptr<const Prepared> statement, SessionState& session, std::vector<Value> parameters)
    : statement_(std::move(statement)),
      session_(session),
      parameters_(std::move(parameters)),
      work_{Context{session_}, {}} {
  work_.context.parameters = parameters_;
  work_.context.work = &work_;
}

LockMode Run::mode_of(const Table& table) const {
  bool is_written = std::ranges::any_of(statement_->written, [&](const auto& each) { return each.get() == &table; });
  bool is_locked = std::ranges::any_of(statement_->locked, [&](const auto& each) { return each.get() == &table; });
  if (is_locked && !is_written) return LockMode::row_share;
  return is_written ? LockMode::row_exclusive : LockMode::access_share;
}

bool Run::can_lock_all() const {
  return std::ranges::all_of(statement_->tables,
                             [&](const auto& table) { return session_.waits().can_lock(*table, mode_of(*table)); });
}

void Run::start() {
  try {
    statement_ = current(statement_, session_);
  } catch (SqlError& error) {
    // The statement at hand may be an EXECUTE of this one.
    if (error.report.position == 0) error.report.position = statement_->raw->source().position(error.location);
    throw;
  }
  if (can_lock_all()) begin_run();
}

// While a lock is waited for, the table may become another, or none.
void Run::begin_run() {
  for (;;) {
    for (const auto& table : statement_->tables) session_.waits().lock(*table, mode_of(*table));
    auto good = current(statement_, session_);
    if (good == statement_) break;
    statement_ = std::move(good);
  }
  if (needs_snapshot()) work_.snapshot = session_.transaction().snapshot();
  work_.context.style = session_.style();
  if (statement_->planning_failure) throw SqlError(*statement_->planning_failure);
  begin();
  begun_ = true;
}

void Run::take_back(std::size_t said) {
  auto& notices = session_.notices();
  notices.resize(std::min(said, notices.size()));
}

std::expected<Execution::Progress, session::Report> Run::step(const Sink& sink, std::int64_t limit,
                                                              std::chrono::steady_clock::time_point now) {
  StackBase base;
  types::use_made_types(&session_.types());
  work_.budget = session_.options().rows_per_slice;
  work_.until = std::chrono::steady_clock::now() + longest_slice;
  work_.context.now = now;
  work_.context.style = session_.style();
  session_.waits().set_now(now);
  std::size_t said = session_.notices().size();
  try {
    if (!begun_) begin_run();
    if (!finished_) {
      Progress progress = advance(sink, limit);
      auto* complete = std::get_if<Complete>(&progress);
      if (!complete) return progress;
      finished_ = std::move(*complete);
    }
    session_.checks().end_statement();
    // What it has written is there for the next statement of the same transaction: CommandCounterIncrement().
    session_.transaction().advance_command();
    return Progress{std::move(*finished_)};
  } catch (const Pause&) {
    take_back(said);
    return Progress{More{}};
  } catch (const Suspend& suspend) {
    take_back(said);
    return Progress{Wait{suspend.until}};
  } catch (SqlError& error) {
    error.report.position =
        error.report.position != 0 ? error.report.position : statement_->raw->source().position(error.location);
    return std::unexpected(std::move(error.report));
  } catch (const std::exception& exception) {
    return std::unexpected(internal_failure(exception));
  }
}

void check_plan(const Prepared& statement, SessionState& session, std::span<const Value> parameters) {
  if (statement.planning_failure) throw SqlError(*statement.planning_failure);
  Context context{session};
  context.parameters = parameters;
  context.style = session.style();
  check_constants(statement, context);
}

std::unique_ptr<session::Execution> make_execution(std::shared_ptr<const Prepared> s, SessionState& session,
                                                   std::vector<Value> parameters) {
  if (s->command) {
    const auto command = s->command;
    return command->start(std::move(s), session, std::move(parameters));
  }
  auto* make = !s->written.empty() ? make_write : s->query ? make_select : make_utility;
  auto run = make(std::move(s), session, std::move(parameters));
  run->start();
  return run;
}

}  // namespace pgconform::engine
