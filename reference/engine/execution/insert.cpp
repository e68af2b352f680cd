#include <algorithm>
#include <set>

#include "engine/evaluate.hpp"
#include "engine/execution/row_writer.hpp"
#include "engine/execution/run.hpp"
#include "engine/fold.hpp"

namespace pgconform::engine {
namespace {

class InsertRun : public WriteRun {
 public:
  InsertRun(std::shared_ptr<const Prepared> statement, SessionState& session, std::vector<Value> parameters,
            std::unique_ptr<RowSource> source = nullptr)
      : WriteRun(std::move(statement), session, std::move(parameters)), source_(std::move(source)) {}

 protected:
  LockMode mode_of(const Table& table) const override {
    return &table == statement_->insert->table.get() ? LockMode::row_exclusive : LockMode::access_share;
  }

  void begin() override {
    plan_ = statement_->insert.get();
    need_writable(*plan_->table, "INSERT");
    writer_.emplace(session_, plan_->table);
    if (plan_->source && !source_) source_ = make_source(*plan_->source);
    check_constants(*plan_, work_.context);
  }

  // A row that has to wait is kept as it is, so that its values are worked out once.
  bool work_on() override {
    for (;;) {
      if (stage_ == Stage::read) {
        input_.clear();
        if (source_) {
          Step step = source_->next(work_, input_);
          if (step == Step::pause) return false;
          if (step == Step::done) return true;
        } else if (std::exchange(read_, true)) {
          return true;
        }
        stage_ = Stage::make;
      }
      if (stage_ == Stage::make) {
        make_row();
        stage_ = Stage::put;
      }
      if (!plan_->conflict) {
        writer_->insert(row_);
        keep_returned(row_);
        ++count_;
      } else if (auto there = conflicting(); there) {
        if (plan_->conflict->update) update(*there);
      } else {
        made_.insert(writer_->insert(row_));
        keep_returned(row_);
        ++count_;
      }
      work_.context.remembered.clear();
      stage_ = Stage::read;
    }
  }
  std::string tag() const override { return fmt::format("INSERT 0 {}", count_); }
  const std::vector<ExprPtr>& returning() const override { return plan_->returning; }

 private:
  void make_row() {
    row_.assign(plan_->table->columns.size(), {});
    std::vector<bool> given(row_.size());
    for (std::size_t i = 0; i < plan_->places.size(); ++i) {
      auto place = static_cast<std::size_t>(plan_->places[i]);
      if (!plan_->user_values_count && plan_->table->columns[place].identity != 0) continue;
      row_[place] = input_[i];
      given[place] = true;
    }
    writer_->defaults(row_, given, work_.context);
    work_.context.remembered.clear();
    writer_->check(row_, work_.context);
  }

  // conflicting: a row that keeps this one out by a key that the statement names, or by any if it names none.
  std::optional<std::size_t> conflicting() {
    const auto& arbiters = plan_->conflict->arbiters;
    for (const auto& index : plan_->table->indexes) {
      if (!index.unique || (!arbiters.empty() && std::ranges::find(arbiters, index.oid) == arbiters.end())) continue;
      if (index.deferrable)
        throw violation(sqlstate::object_not_in_prerequisite_state,
                        "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters",
                        "", *plan_->table, index.name);
      auto found = writer_->find_equal(index, index.key(row_), RowWriter::none);
      if (!found) continue;
      if (session_.settings().keeps_snapshot() && !made_.contains(*found) &&
          !plan_->table->rows[*found].stamp.visible(work_.snapshot))
        fail(sqlstate::t_r_serialization_failure, "could not serialize access due to concurrent update");
      return found;
    }
    return std::nullopt;
  }

  // ExecOnConflictUpdate()
  void update(std::size_t there) {
    const Conflict& conflict = *plan_->conflict;
    if (made_.contains(there))
      fail(sqlstate::cardinality_violation, "ON CONFLICT DO UPDATE command cannot affect row a second time", -1,
           "Ensure that no rows proposed for insertion within the same command have duplicate constrained values.");
    std::vector<std::size_t> changed;
    for (const auto& [target, expr] : conflict.assignments) changed.push_back(static_cast<std::size_t>(target));
    auto settled = writer_->settle(there, writer_->mode_of_update(changed), "locking");
    if (!settled.row) return;
    Tuple row = plan_->table->rows[*settled.row].values, both = row;
    both.insert(both.end(), row_.begin(), row_.end());
    work_.context.row = both;
    if (conflict.where && !is_true(evaluate(*conflict.where, work_.context))) return;
    for (const auto& [target, expr] : conflict.assignments)
      row[static_cast<std::size_t>(target)] = evaluate(*expr, work_.context);
    writer_->check(row, work_.context);
    made_.insert(writer_->update(*settled.row, row));
    keep_returned(row);
    ++count_;
  }

  std::set<std::size_t> made_;  // by this command; kept for ON CONFLICT only
  enum class Stage : std::uint8_t { read, make, put } stage_ = Stage::read;
  const Insert* plan_ = nullptr;
  std::optional<RowWriter> writer_;
  std::unique_ptr<RowSource> source_;
  Tuple input_, row_;
  bool read_ = false;
};

}  // namespace

std::unique_ptr<Run> make_insertion(std::shared_ptr<const Prepared> s, SessionState& session, std::vector<Value> p) {
  return std::make_unique<InsertRun>(std::move(s), session, std::move(p));
}

std::unique_ptr<session::Execution> make_insert(std::shared_ptr<const Prepared> statement, SessionState& session,
                                                std::unique_ptr<RowSource> source) {
  auto run = std::make_unique<InsertRun>(std::move(statement), session, std::vector<Value>{}, std::move(source));
  run->start();
  return run;
}

}  // namespace pgconform::engine
