#include "engine/evaluate.hpp"
#include "engine/execution/row_writer.hpp"
#include "engine/execution/run.hpp"
#include "engine/fold.hpp"

// UPDATE and DELETE. A row that another transaction has changed meanwhile is waited for, and its newest version looked
// at again: EvalPlanQual(), transaction-iso.
namespace pgconform::engine {
namespace {

class ChangeRun : public WriteRun {
 public:
  using WriteRun::WriteRun;

 protected:
  LockMode mode_of(const Table& table) const override {
    return &table == statement_->change->table.get() ? LockMode::row_exclusive : LockMode::access_share;
  }

  void begin() override {
    plan_ = statement_->change.get();
    need_writable(*plan_->table, plan_->is_delete ? "DELETE" : "UPDATE");
    writer_.emplace(session_, plan_->table);
    last_ = plan_->table->rows.size();
    std::vector<std::size_t> changed;
    for (const auto& [target, expr] : plan_->assignments) changed.push_back(static_cast<std::size_t>(target));
    check_constants(*plan_, work_.context);
    mode_ = plan_->is_delete ? RowMode::update : writer_->mode_of_update(changed);
  }

  bool work_on() override {
    for (; place_ < last_; ++place_) {
      if (!work_.spend()) return false;
      const Version& version = plan_->table->rows[place_];
      if (!version.stamp.visible(work_.snapshot)) continue;
      if (matches(place_)) change(place_);
      work_.context.remembered.clear();
    }
    return true;
  }
  std::string tag() const override { return fmt::format("{} {}", plan_->is_delete ? "DELETE" : "UPDATE", count_); }
  const std::vector<ExprPtr>& returning() const override { return plan_->returning; }

 private:
  bool matches(std::size_t row) {
    work_.context.row = plan_->table->rows[row].values;
    return !plan_->where || is_true(evaluate(*plan_->where, work_.context));
  }

  void change(std::size_t seen) {
    auto settled = writer_->settle(seen, mode_, plan_->is_delete ? "deleting" : "updating");
    if (!settled.row) return;
    if (settled.moved && !matches(*settled.row)) return;
    Tuple row = plan_->table->rows[*settled.row].values;
    if (plan_->is_delete) {
      writer_->remove(*settled.row);
    } else {
      work_.context.row = plan_->table->rows[*settled.row].values;
      for (const auto& [target, expr] : plan_->assignments)
        row[static_cast<std::size_t>(target)] = evaluate(*expr, work_.context);
      writer_->check(row, work_.context);
      writer_->update(*settled.row, row);
    }
    work_.context.remembered.clear();
    keep_returned(row);
    ++count_;
  }

  const Change* plan_ = nullptr;
  std::optional<RowWriter> writer_;
  RowMode mode_ = RowMode::update;
  std::size_t place_ = 0, last_ = 0;
};

}  // namespace

std::unique_ptr<Run> make_change(std::shared_ptr<const Prepared> s, SessionState& session, std::vector<Value> p) {
  return std::make_unique<ChangeRun>(std::move(s), session, std::move(p));
}

}  // namespace pgconform::engine
