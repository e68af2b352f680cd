#include <algorithm>

#include "engine/evaluate.hpp"
#include "engine/execution/row_writer.hpp"
#include "engine/nodes/nodes.hpp"
#include "engine/session_state.hpp"
#include "engine/stack.hpp"

// FOR UPDATE and its kin: each row's rows are locked before it is handed up. One that has changed meanwhile is made
// anew from the newest versions, if they still fit: LockRows, EvalPlanQual().
namespace pgconform::engine {
namespace {

class LockRows : public RowSource {
 public:
  LockRows(NodePtr input, const Query& query) : input_(std::move(input)), query_(query) {}

  Step next(Work& work, Row& row) override {
    for (;;) {
      if (!pending_) {
        Step step = input_->next(work, current_);
        if (step != Step::row) return step;
        pending_ = true;
      }
      if (!work.spend()) return Step::pause;
      const bool keep = lock(work, row);
      work.context.remembered.clear();
      pending_ = false;
      if (keep) return Step::row;
    }
  }

 private:
  // lock: false if one of the rows is gone, or does not fit any more.
  bool lock(Work& work, Row& row) {
    SessionState& session = work.context.session;
    Row input(current_.begin() + static_cast<std::ptrdiff_t>(query_.input_at), current_.end());
    bool moved = false;
    for (const auto& each : query_.locks) {
      RowWriter writer(session, each.table);
      auto first = input.begin() + each.first;
      auto& place = first[static_cast<std::ptrdiff_t>(each.table->columns.size())];
      auto settled =
          writer.settle(static_cast<std::size_t>(std::get<std::int64_t>(place)), each.mode, "locking", each.blocked);
      if (!settled.row) return false;
      writer.hold(*settled.row, each.mode);
      if (!settled.moved) continue;
      moved = true;
      std::ranges::copy(each.table->rows[*settled.row].values, first);
    }
    if (!moved) {
      row = current_;
      return true;
    }
    work.context.row = input;
    if (!fits(*query_.from, input, work) || (query_.where && !is_true(evaluate(*query_.where, work.context))))
      return false;
    row.clear();
    for (const auto& target : query_.targets) row.push_back(evaluate(*target, work.context));
    return true;
  }

  // fits: what joined the row still holds. The side of an outer join that has no rows of its own to keep goes where it
  // does not.
  bool fits(const FromItem& item, Row& input, Work& work) const {
    StackBase::check();
    auto holds = [&](const Expr& condition) {
      work.context.row = input;
      return is_true(evaluate(condition, work.context));
    };
    for (const auto& filter : item.filters)
      if (!holds(*filter)) return false;
    if (item.kind != FromItem::Kind::join) return true;
    using Join = FromItem::Join;
    const bool has_left = item.join_kind == Join::inner || item.join_kind == Join::left;
    const bool has_right = item.join_kind == Join::inner || item.join_kind == Join::right;
    if (has_left && !fits(*item.left, input, work)) return false;
    if (has_right && !fits(*item.right, input, work)) return false;
    if (item.join_kind == Join::full || !item.condition || holds(*item.condition)) return true;
    if (item.join_kind == Join::inner) return false;
    const FromItem& missing = has_left ? *item.right : *item.left;
    std::fill_n(input.begin() + missing.first, missing.width, Value());
    return true;
  }

  NodePtr input_;
  const Query& query_;
  Row current_;
  bool pending_ = false;
};

}  // namespace

NodePtr make_lock_rows(NodePtr input, const Query& query) {
  return std::make_unique<LockRows>(std::move(input), query);
}

}  // namespace pgconform::engine
