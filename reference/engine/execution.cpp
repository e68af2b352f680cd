#include "engine/commands/command.hpp"
#include "engine/evaluate.hpp"
#include "engine/executor.hpp"
#include "engine/fold.hpp"
#include "engine/session_state.hpp"
#include "engine/stack.hpp"
#include "types/form.hpp"

namespace pgconform::engine {
namespace {

using session::Execution;
using Tuple = Row;  // inside an Execution, Row is what goes to the sink
using types::is_null;

constexpr int slice = 4096;

// PostgreSQL's detail of a constraint violation: the row as it would have been.
std::string shown_row(const Table& table, const Tuple& row, const types::Style& style);

// Run: what all executions share: the snapshot, the slices, errors made into reports.
class Run : public Execution {
 public:
  Run(std::shared_ptr<const Prepared> statement, SessionState& session, std::vector<Value> parameters)
      : statement_(std::move(statement)),
        session_(session),
        parameters_(std::move(parameters)),
        work_{Context{session_}, {}, 0} {
    work_.context.parameters = parameters_;
  }

  std::expected<Progress, session::Report> step(const Sink& sink, std::int64_t limit,
                                                std::chrono::steady_clock::time_point now) override {
    StackBase base;
    work_.budget = slice;
    work_.context.now = now;
    work_.context.style = session_.style();
    try {
      Progress progress = advance(sink, limit);
      // What it has written is there for the next statement of the same transaction: CommandCounterIncrement().
      if (std::holds_alternative<Complete>(progress)) session_.transaction().advance_command();
      return progress;
    } catch (const Suspend& suspend) {
      return Progress{Wait{suspend.until}};
    } catch (SqlError& error) {
      error.report.position =
          error.report.position != 0 ? error.report.position : statement_->raw->source().position(error.location);
      return std::unexpected(std::move(error.report));
    }
  }

 protected:
  virtual Progress advance(const Sink& sink, std::int64_t limit) = 0;
  void take_snapshot() { work_.snapshot = session_.transaction().snapshot(); }

  std::shared_ptr<const Prepared> statement_;
  SessionState& session_;
  std::vector<Value> parameters_;
  Work work_;
};

class SelectRun : public Run {
 public:
  SelectRun(std::shared_ptr<const Prepared> statement, SessionState& session, std::vector<Value> parameters)
      : Run(std::move(statement), session, std::move(parameters)), source_(make_source(*statement_->query)) {
    take_snapshot();
    work_.context.style = session_.style();
    check_constants(*statement_->query, work_.context);
  }

 protected:
  Progress advance(const Sink& sink, std::int64_t limit) override {
    std::int64_t portion = 0;
    for (;;) {
      Step step = source_->next(work_, row_);
      if (step == Step::pause) return More{};
      if (step == Step::done) return Complete{fmt::format("SELECT {}", count_)};
      row_.resize(statement_->columns_->size());
      ++count_;
      bool go_on = sink(row_);
      if (++portion == limit || !go_on) return More{};
    }
  }

 private:
  std::unique_ptr<RowSource> source_;
  Tuple row_;
  std::int64_t count_ = 0;
};

void need_writable(SessionState& session, const Table& table, std::string_view command) {
  if (session.settings().is_read_only() && !table.temporary)
    fail(sqlstate::read_only_sql_transaction, fmt::format("cannot execute {} in a read-only transaction", command));
}

void check_not_null(const Table& table, const Tuple& row, const types::Style& style) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!table.columns[i].not_null || !is_null(row[i])) continue;
    SqlError error;
    error.report.sqlstate = sqlstate::not_null_violation;
    error.report.message = fmt::format("null value in column \"{}\" of relation \"{}\" violates not-null constraint",
                                       table.columns[i].name, table.name);
    error.report.detail = shown_row(table, row, style);
    error.report.schema = table.temporary ? "pg_temp" : "public";
    error.report.table = table.name;
    error.report.column = table.columns[i].name;
    throw error;
  }
}

std::string shown_row(const Table& table, const Tuple& row, const types::Style& style) {
  std::string list;
  for (std::size_t i = 0; i < row.size(); ++i) {
    std::string value = is_null(row[i]) ? "null" : types::print_text(table.columns[i].type, row[i], style);
    if (types::count_characters(value) > 64) value = value.substr(0, types::byte_of_character(value, 64)) + "...";
    list += (list.empty() ? "" : ", ") + value;
  }
  return fmt::format("Failing row contains ({}).", list);
}

// A writing statement first does all its work and keeps what RETURNING has to say; then it hands that out.
class WriteRun : public Run {
 public:
  using Run::Run;

 protected:
  // work_on: one slice of the work; true when it is all done.
  virtual bool work_on() = 0;
  virtual std::string tag() const = 0;
  virtual const std::vector<ExprPtr>& returning() const = 0;

  Progress advance(const Sink& sink, std::int64_t limit) override {
    if (!worked_) {
      if (!work_on()) return More{};
      worked_ = true;
    }
    std::int64_t portion = 0;
    while (place_ < returned_.size()) {
      bool go_on = sink(returned_[place_++]);
      if (++portion == limit || !go_on) return More{};
    }
    return Complete{tag()};
  }

  void keep_returned(const Tuple& row) {
    if (returning().empty()) return;
    work_.context.row = row;
    auto& kept = returned_.emplace_back();
    for (const auto& expr : returning()) kept.push_back(evaluate(*expr, work_.context));
  }

  std::int64_t count_ = 0;

 private:
  bool worked_ = false;
  std::vector<Tuple> returned_;
  std::size_t place_ = 0;
};

class InsertRun : public WriteRun {
 public:
  InsertRun(std::shared_ptr<const Prepared> statement, SessionState& session, std::vector<Value> parameters,
            std::unique_ptr<RowSource> source = nullptr)
      : WriteRun(std::move(statement), session, std::move(parameters)),
        insert_(*statement_->insert),
        source_(std::move(source)) {
    need_writable(session_, *insert_.table, "INSERT");
    take_snapshot();
    if (insert_.source && !source_) source_ = make_source(*insert_.source);
  }

 protected:
  bool work_on() override {
    Table& table = *insert_.table;
    for (;;) {
      if (!pending_) {
        input_.clear();
        if (source_) {
          Step step = source_->next(work_, input_);
          if (step == Step::pause) return false;
          if (step == Step::done) return true;
        } else if (count_ > 0) {
          return true;
        }
        pending_ = true;
      }
      Tuple row(table.columns.size());
      std::vector<bool> given(row.size());
      for (std::size_t i = 0; i < insert_.places.size(); ++i) {
        auto place = static_cast<std::size_t>(insert_.places[i]);
        row[place] = input_[i];
        given[place] = true;
      }
      for (std::size_t i = 0; i < row.size(); ++i)
        if (!given[i] && table.columns[i].default_value)
          row[i] = evaluate(*table.columns[i].default_value, work_.context);
      pending_ = false;
      check_not_null(table, row, work_.context.style);
      keep_returned(row);
      table.rows.push_back({{session_.transaction().xid(), 0, session_.transaction().command(), 0}, std::move(row)});
      ++count_;
    }
  }
  std::string tag() const override { return fmt::format("INSERT 0 {}", count_); }
  const std::vector<ExprPtr>& returning() const override { return insert_.returning; }

 private:
  const Insert& insert_;
  std::unique_ptr<RowSource> source_;
  Tuple input_;
  bool pending_ = false;
};

class ChangeRun : public WriteRun {
 public:
  ChangeRun(std::shared_ptr<const Prepared> statement, SessionState& session, std::vector<Value> parameters)
      : WriteRun(std::move(statement), session, std::move(parameters)),
        change_(*statement_->change),
        last_(change_.table->rows.size()) {
    need_writable(session_, *change_.table, change_.is_delete ? "DELETE" : "UPDATE");
    take_snapshot();
  }

 protected:
  bool work_on() override {
    auto& rows = change_.table->rows;
    for (; place_ < last_; ++place_) {
      if (!work_.spend()) return false;
      if (!rows[place_].stamp.visible(work_.snapshot)) continue;
      work_.context.row = rows[place_].values;
      if (change_.where && !is_true(evaluate(*change_.where, work_.context))) continue;
      auto& transactions = session_.database().transactions;
      Stamp& stamp = rows[place_].stamp;
      Xid own = session_.transaction().xid();
      if (stamp.ended != 0 && !session_.transaction().is_own(stamp.ended)) {
        // Somebody else has written this row; whether that stands is not decided, or it was after this snapshot.
        if (transactions.is_running(stamp.ended)) refuse("waiting for another transaction's change of the same row");
        if (!transactions.is_aborted(stamp.ended)) {
          if (session_.settings().keeps_snapshot())
            fail(sqlstate::t_r_serialization_failure, "could not serialize access due to concurrent update");
          continue;
        }
      }
      Tuple row = rows[place_].values;
      if (!change_.is_delete) {
        for (const auto& [target, expr] : change_.assignments)
          row[static_cast<std::size_t>(target)] = evaluate(*expr, work_.context);
        check_not_null(*change_.table, row, work_.context.style);
      }
      work_.context.remembered.clear();
      stamp.ended = own;
      stamp.ended_in = session_.transaction().command();
      keep_returned(row);
      if (!change_.is_delete) rows.push_back({{own, 0, session_.transaction().command(), 0}, std::move(row)});
      ++count_;
    }
    return true;
  }
  std::string tag() const override { return fmt::format("{} {}", change_.is_delete ? "DELETE" : "UPDATE", count_); }
  const std::vector<ExprPtr>& returning() const override { return change_.returning; }

 private:
  const Change& change_;
  std::size_t place_ = 0, last_;
};

class UtilityRun : public Run {
 public:
  using Run::Run;

 protected:
  Progress advance(const Sink& sink, std::int64_t limit) override {
    const Node& node = statement_->raw->node();
    if (!node.is("VariableShowStmt")) return Complete{run_utility(*statement_, session_)};
    if (!shown_) {
      std::string_view name = node.body().text("name");
      if (name == "all") {
        for (auto& [key, value] : session_.settings().all())
          rows_.push_back({Value(key), Value(value), Value(std::string())});
      } else {
        rows_.push_back({Value(*session_.settings().show(name, false))});
      }
      shown_ = true;
    }
    std::int64_t portion = 0;
    while (place_ < rows_.size()) {
      bool go_on = sink(rows_[place_++]);
      if (++portion == limit || !go_on) return More{};
    }
    return Complete{"SHOW"};
  }

 private:
  bool shown_ = false;
  std::vector<Tuple> rows_;
  std::size_t place_ = 0;
};

}  // namespace

std::unique_ptr<session::Execution> make_insert(std::shared_ptr<const Prepared> statement, SessionState& session,
                                                std::unique_ptr<RowSource> source) {
  return std::make_unique<InsertRun>(std::move(statement), session, std::vector<Value>{}, std::move(source));
}

std::unique_ptr<session::Execution> make_execution(std::shared_ptr<const Prepared> s, SessionState& session,
                                                   std::vector<Value> parameters) {
  if (s->query) return std::make_unique<SelectRun>(std::move(s), session, std::move(parameters));
  if (s->insert) return std::make_unique<InsertRun>(std::move(s), session, std::move(parameters));
  if (s->command) {
    const auto command = s->command;
    return command->start(std::move(s), session);
  }
  if (s->change) return std::make_unique<ChangeRun>(std::move(s), session, std::move(parameters));
  return std::make_unique<UtilityRun>(std::move(s), session, std::move(parameters));
}

}  // namespace pgconform::engine
