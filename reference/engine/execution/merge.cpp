#include <algorithm>

#include "engine/evaluate.hpp"
#include "engine/execution/row_writer.hpp"
#include "engine/nodes/nodes.hpp"
#include "engine/session_state.hpp"

// MERGE. A row that another transaction has changed meanwhile is waited for, and its newest version looked at again; if
// it no longer matches, its row of the source is one that nothing matches: ExecMergeMatched(), ExecMergeNotMatched().
namespace pgconform::engine {
namespace {

class MergeNode : public RowSource {
 public:
  explicit MergeNode(const Merge& plan) : plan_(plan), input_(make_from(*plan.from)) {}

  // A row that has to wait is kept, and tried again.
  Step next(Work& work, Row&) override {
    if (!writer_) writer_.emplace(work.context.session, plan_.table);
    for (;;) {
      if (!pending_) {
        Step step = input_->next(work, row_);
        if (step != Step::row) return step;
        pending_ = true;
      }
      if (writer_->is_unfinished() ? finish() : merge(work)) ++work.changed;
      work.context.remembered.clear();
      pending_ = false;
      moved_to_.reset();
    }
  }

 private:
  using Action = Merge::When::Action;
  std::size_t width() const { return plan_.table->columns.size(); }

  bool finish() {
    writer_->finish();
    return true;
  }

  // merge: whether a row was inserted, updated or deleted.
  bool merge(Work& work) {
    if (types::is_null(row_[width()])) return insert(work);
    const auto place = static_cast<std::size_t>(std::get<std::int64_t>(row_[width()]));
    work.context.row = row_;
    const auto* when = first(true, work);
    if (!when || when->action == Action::nothing) return false;
    const Stamp& stamp = plan_.table->rows[place].stamp;
    if (work.context.session.transaction().is_own(stamp.ended) && stamp.ended_in == work.snapshot.command)
      fail(sqlstate::cardinality_violation, "MERGE command cannot affect row a second time", -1,
           "Ensure that not more than one source row matches any one target row.");
    auto settled = writer_->settle(place, mode_of(*when), when->action == Action::remove ? "deleting" : "updating");
    if (!settled.row) return insert(work);
    Row current;
    if (settled.moved) {
      current = row_;
      std::ranges::copy(plan_.table->rows[*settled.row].values, current.begin());
      work.context.row = current;
      if (std::exchange(moved_to_, settled.row) != settled.row) work.context.remembered.clear();
      if (!is_true(evaluate(*plan_.from->condition, work.context))) return insert(work);
      when = first(true, work);
      if (!when || when->action == Action::nothing) return false;
    }
    if (when->action == Action::remove) {
      writer_->remove(*settled.row);
      return true;
    }
    Row made = plan_.table->rows[*settled.row].values;
    for (const auto& [target, expr] : when->assignments)
      made[static_cast<std::size_t>(target)] = evaluate(*expr, work.context);
    writer_->check(made, work.context);
    writer_->update(*settled.row, std::move(made));
    return true;
  }

  bool insert(Work& work) {
    Row unmatched = row_;
    std::fill_n(unmatched.begin(), width() + 1, Value());
    work.context.row = unmatched;
    const auto* when = first(false, work);
    if (!when || when->action == Action::nothing) return false;
    Row made(width());
    std::vector<bool> given(width());
    for (const auto& [target, expr] : when->assignments) {
      const auto place = static_cast<std::size_t>(target);
      if (!when->user_values_count && plan_.table->columns[place].identity != 0) continue;
      made[place] = evaluate(*expr, work.context);
      given[place] = true;
    }
    writer_->defaults(made, given, work.context);
    writer_->check(made, work.context);
    writer_->insert(std::move(made));
    return true;
  }

  const Merge::When* first(bool matched, Work& work) const {
    for (const auto& when : plan_.whens)
      if (when.matched == matched && (!when.condition || is_true(evaluate(*when.condition, work.context))))
        return &when;
    return nullptr;
  }

  RowMode mode_of(const Merge::When& when) const {
    if (when.action == Action::remove) return RowMode::update;
    std::vector<std::size_t> changed;
    for (const auto& [target, expr] : when.assignments) changed.push_back(static_cast<std::size_t>(target));
    return writer_->mode_of_update(changed);
  }

  const Merge& plan_;
  NodePtr input_;
  std::optional<RowWriter> writer_;
  Row row_;
  bool pending_ = false;
  std::optional<std::size_t> moved_to_;  // the version that is looked at instead of the one that was found
};

}  // namespace

NodePtr make_merge(const Merge& merge) {
  NodePtr node = std::make_unique<MergeNode>(merge);
  return merge.with.empty() ? std::move(node) : make_with(std::move(node), merge.with);
}

}  // namespace pgconform::engine
