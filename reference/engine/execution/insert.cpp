#include <algorithm>
#include <set>

#include "engine/evaluate.hpp"
#include "engine/execution/returning.hpp"
#include "engine/execution/row_writer.hpp"
#include "engine/index_keys.hpp"
#include "engine/nodes/nodes.hpp"
#include "engine/session_state.hpp"

namespace pgconform::engine {
namespace {

class InsertNode : public RowSource {
 public:
  InsertNode(const Insert& plan, NodePtr input)
      : plan_(plan),
        input_(input || !plan.source ? std::move(input) : make_source(*plan.source)),
        returning_(plan.returning) {}

  // A row that has to wait is kept as it is, so that its values are worked out once.
  Step next(Work& work, Row& row) override {
    if (!writer_) writer_.emplace(work.context.session, plan_.table);
    while (!returning_.is_unfinished()) {
      if (stage_ == Stage::read) {
        given_.clear();
        if (input_) {
          Step step = input_->next(work, given_);
          if (step != Step::row) return step;
        } else if (std::exchange(read_, true)) {
          return Step::done;
        }
        stage_ = Stage::make;
      }
      if (stage_ == Stage::make) {
        make_row(work.context);
        stage_ = Stage::put;
      }
      const bool put = writer_->is_unfinished() ? finish() : put_or_settle(work);
      work.context.remembered.clear();
      stage_ = Stage::read;
      if (!put) continue;
      ++work.changed;
      if (returning_.is_asked()) break;
    }
    row = returning_.of(row_, work);
    return Step::row;
  }

 private:
  // put_or_settle: whether a row was written, which is then row_.
  bool put_or_settle(Work& work) {
    if (plan_.conflict)
      if (auto there = conflicting(work)) return plan_.conflict->update && update(*there, work);
    return made(writer_->insert(row_));
  }
  bool finish() { return made(writer_->finish()); }
  bool made(std::size_t row) {
    if (plan_.conflict) made_.insert(row);
    return true;
  }

  void make_row(Context& context) {
    row_.assign(plan_.table->columns.size(), {});
    std::vector<bool> given(row_.size());
    for (std::size_t i = 0; i < plan_.places.size(); ++i) {
      auto place = static_cast<std::size_t>(plan_.places[i]);
      if (!plan_.user_values_count && plan_.table->columns[place].identity != 0) continue;
      row_[place] = given_[i];
      given[place] = true;
    }
    writer_->defaults(row_, given, context);
    context.remembered.clear();
    writer_->check(row_, context);
  }

  // conflicting: a row that keeps this one out by a key that the statement names, or by any if it names none.
  std::optional<std::size_t> conflicting(const Work& work) const {
    const auto& arbiters = plan_.conflict->arbiters;
    for (const auto& index : plan_.table->indexes) {
      if (!index.unique || (!arbiters.empty() && std::ranges::find(arbiters, index.oid) == arbiters.end())) continue;
      if (index.deferrable)
        throw violation(sqlstate::object_not_in_prerequisite_state,
                        "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters",
                        "", *plan_.table, index.name);
      const auto key = key_of(index, row_, work.context.session);
      const auto found = key ? writer_->find_equal(index, *key, RowWriter::none) : std::nullopt;
      if (!found) continue;
      if (work.context.session.settings().keeps_snapshot() && !made_.contains(*found) &&
          !plan_.table->rows[*found].stamp.visible(work.snapshot))
        fail(sqlstate::t_r_serialization_failure, "could not serialize access due to concurrent update");
      return found;
    }
    return std::nullopt;
  }

  // ExecOnConflictUpdate()
  bool update(std::size_t there, Work& work) {
    const Conflict& conflict = *plan_.conflict;
    if (made_.contains(there))
      fail(sqlstate::cardinality_violation, "ON CONFLICT DO UPDATE command cannot affect row a second time", -1,
           "Ensure that no rows proposed for insertion within the same command have duplicate constrained values.");
    std::vector<std::size_t> changed;
    for (const auto& [target, expr] : conflict.assignments) changed.push_back(static_cast<std::size_t>(target));
    auto settled = writer_->settle(there, writer_->mode_of_update(changed), "locking");
    if (!settled.row) return false;
    Row row = plan_.table->rows[*settled.row].values, both = row;
    both.insert(both.end(), row_.begin(), row_.end());
    work.context.row = both;
    if (conflict.where && !is_true(evaluate(*conflict.where, work.context))) return false;
    for (const auto& [target, expr] : conflict.assignments)
      row[static_cast<std::size_t>(target)] = evaluate(*expr, work.context);
    writer_->check(row, work.context);
    row_ = std::move(row);
    return made(writer_->update(*settled.row, row_));
  }

  const Insert& plan_;
  NodePtr input_;
  std::optional<RowWriter> writer_;
  enum class Stage : std::uint8_t { read, make, put } stage_ = Stage::read;
  std::set<std::size_t> made_;  // by this command; kept for ON CONFLICT only
  Row given_, row_;
  Returning returning_;
  bool read_ = false;
};

}  // namespace

NodePtr make_insertion(const Insert& insert, NodePtr source) {
  NodePtr node = std::make_unique<InsertNode>(insert, std::move(source));
  return insert.with.empty() ? std::move(node) : make_with(std::move(node), insert.with);
}

}  // namespace pgconform::engine
