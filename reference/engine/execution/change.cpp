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
  explicit ChangeNode(const Change& plan)
      : plan_(plan), input_(make_from(*plan.from, plan.where.get())), returning_(plan.returning) {}

  // A row that has to wait is kept, and tried again.
  Step next(Work& work, Row& row) override {
    if (!writer_) writer_.emplace(work.context.session, plan_.table);
    while (!returning_.is_unfinished()) {
      if (!pending_) {
        Step step = input_->next(work, row_);
        if (step != Step::row) return step;
        pending_ = true;
      }
      const bool done = writer_->is_unfinished() ? finish() : change(work);
      work.context.remembered.clear();
      pending_ = false;
      made_.reset();
      moved_to_.reset();
      if (!done) continue;
      ++work.changed;
      if (returning_.is_asked()) break;
    }
    row = returning_.of(row_, work);
    return Step::row;
  }

 private:
  std::size_t width() const { return plan_.table->columns.size(); }
  std::size_t place() const { return static_cast<std::size_t>(std::get<std::int64_t>(row_[width()])); }
  bool finish() {
    writer_->finish();
    return true;
  }

  // make: what becomes of a row, and how it has to be locked for that. After Pause it goes on where it was.
  void make(const Row& around, std::size_t old, Work& work) {
    if (!making_) {
      making_.emplace(around.begin(), around.begin() + static_cast<std::ptrdiff_t>(width()));
      assigned_ = 0;
    }
    work.context.row = around;
    for (; assigned_ < plan_.assignments.size(); ++assigned_) {
      const auto& [target, expr] = plan_.assignments[assigned_];
      (*making_)[static_cast<std::size_t>(target)] = evaluate(*expr, work.context);
    }
    writer_->check(*making_, work.context);
    mode_ = writer_->mode_of_update(old, *making_);
    made_ = std::exchange(making_, std::nullopt);
  }

  // change: false if the row is not to be changed after all. Its new values are made before it is waited for, and again
  // if it was another one then: heap_update() is given them.
  bool change(Work& work) {
    const Stamp& stamp = plan_.table->rows[place()].stamp;
    // Joined with several rows, it is changed for the first of them.
    if (work.snapshot.is_own(stamp.ended) && stamp.ended_in == work.snapshot.command) return false;
    if (!plan_.is_delete && !made_) make(row_, place(), work);
    auto settled = writer_->settle(place(), mode_, plan_.is_delete ? "deleting" : "updating");
    if (!settled.row) return false;
    if (settled.moved) {
      if (std::exchange(moved_to_, settled.row) != settled.row) {
        work.context.remembered.clear();
        making_.reset();
      }
      Row current = row_;
      std::ranges::copy(plan_.table->rows[*settled.row].values, current.begin());
      current[width()] = static_cast<std::int64_t>(*settled.row);
      work.context.row = current;
      if (plan_.where && !is_true(evaluate(*plan_.where, work.context))) return false;
      if (!plan_.is_delete) {
        const RowMode before = mode_;
        make(current, *settled.row, work);
        if (mode_ > before) writer_->settle(*settled.row, mode_, "updating");
      }
      row_ = std::move(current);
    }
    if (plan_.is_delete) {
      writer_->remove(*settled.row);
      return true;
    }
    std::ranges::copy(*made_, row_.begin());
    writer_->update(*settled.row, std::move(*made_));
    return true;
  }

  const Change& plan_;
  NodePtr input_;
  std::optional<RowWriter> writer_;
  RowMode mode_ = RowMode::update;
  Row row_;
  std::optional<Row> making_, made_;
  std::size_t assigned_ = 0;
  std::optional<std::size_t> moved_to_;  // the version that is looked at instead of the one that was found
  Returning returning_;
  bool pending_ = false;
};

}  // namespace

NodePtr make_change(const Change& change) {
  NodePtr node = std::make_unique<ChangeNode>(change);
  return change.with.empty() ? std::move(node) : make_with(std::move(node), change.with);
}

}  // namespace pgconform::engine
