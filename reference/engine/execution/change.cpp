#include "engine/evaluate.hpp"
#include "engine/execution/returning.hpp"
#include "engine/execution/row_writer.hpp"
#include "engine/nodes/nodes.hpp"
#include "engine/session_state.hpp"

// UPDATE and DELETE. A row that another transaction has changed meanwhile is waited for, and its newest version looked
// at again: EvalPlanQual(), transaction-iso.
namespace pgconform::engine {
namespace {

class ChangeNode : public RowSource {
 public:
  explicit ChangeNode(const Change& plan) : plan_(plan), input_(make_from(*plan.from)) {
    if (plan.where) input_ = make_filter(std::move(input_), *plan.where);
  }

  // A row that has to wait is kept, and tried again.
  Step next(Work& work, Row& row) override {
    if (!writer_) {
      writer_.emplace(work.context.session, plan_.table);
      std::vector<std::size_t> changed;
      for (const auto& [target, expr] : plan_.assignments) changed.push_back(static_cast<std::size_t>(target));
      mode_ = plan_.is_delete ? RowMode::update : writer_->mode_of_update(changed);
    }
    for (;;) {
      if (!pending_) {
        Step step = input_->next(work, row_);
        if (step != Step::row) return step;
        pending_ = true;
      }
      bool done = change(work);
      work.context.remembered.clear();
      pending_ = false;
      if (!done) continue;
      ++work.changed;
      if (plan_.returning.empty()) continue;
      row = returned(plan_.returning, row_, work);
      return Step::row;
    }
  }

 private:
  std::size_t width() const { return plan_.table->columns.size(); }
  std::size_t place() const { return static_cast<std::size_t>(std::get<std::int64_t>(row_[width()])); }

  // change: false if the row is not to be changed after all.
  bool change(Work& work) {
    const Stamp& stamp = plan_.table->rows[place()].stamp;
    // Joined with several rows, it is changed for the first of them.
    if (work.snapshot.is_own(stamp.ended) && stamp.ended_in == work.snapshot.command) return false;
    auto settled = writer_->settle(place(), mode_, plan_.is_delete ? "deleting" : "updating");
    if (!settled.row) return false;
    Row current = row_;
    const Row& newest = plan_.table->rows[*settled.row].values;
    std::ranges::copy(newest, current.begin());
    work.context.row = current;
    if (settled.moved && plan_.where && !is_true(evaluate(*plan_.where, work.context))) return false;
    if (plan_.is_delete) {
      writer_->remove(*settled.row);
      row_ = std::move(current);
      return true;
    }
    Row made = newest;
    for (const auto& [target, expr] : plan_.assignments)
      made[static_cast<std::size_t>(target)] = evaluate(*expr, work.context);
    writer_->check(made, work.context);
    writer_->update(*settled.row, made);
    std::ranges::move(made, row_.begin());
    return true;
  }

  const Change& plan_;
  NodePtr input_;
  std::optional<RowWriter> writer_;
  RowMode mode_ = RowMode::update;
  Row row_;
  bool pending_ = false;
};

}  // namespace

NodePtr make_change(const Change& change) {
  NodePtr node = std::make_unique<ChangeNode>(change);
  return change.with.empty() ? std::move(node) : make_with(std::move(node), change.with);
}

}  // namespace pgconform::engine
