#include "engine/execution/run.hpp"

namespace pgconform::engine {
namespace {

// A statement without a plan. One that has to wait is undone, and run again.
class UtilityRun : public Run {
 public:
  using Run::Run;

 protected:
  bool needs_snapshot() const override { return false; }
  Progress advance(const Sink& sink, std::int64_t limit) override {
    const Node& node = statement_->raw->node();
    if (node.is("TransactionStmt")) return move_transaction();
    if (!node.is("VariableShowStmt")) return Complete{run_or_undo()};
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
  std::string run_or_undo() {
    try {
      return run_utility(*statement_, session_);
    } catch (const Suspend&) {
      session_.transaction().undo_command();
      // pg_sleep(), which would sleep again.
      if (!session_.waits().is_under_way()) refuse("a function that waits in this statement");
      throw;
    }
  }

  // A commit waits for others, if it has to, before it commits.
  Progress move_transaction() {
    if (!tag_) tag_ = run_utility(*statement_, session_);
    if (!session_.transaction().will_commit()) return Complete{*tag_};
    auto progress = session_.transaction().before_commit(work_.context.now);
    if (!std::holds_alternative<Complete>(progress)) return progress;
    return Complete{*tag_};
  }

  std::optional<std::string> tag_;
  bool shown_ = false;
  std::vector<Tuple> rows_;
  std::size_t place_ = 0;
};

}  // namespace

std::unique_ptr<Run> make_utility(std::shared_ptr<const Prepared> s, SessionState& session, std::vector<Value> p) {
  return std::make_unique<UtilityRun>(std::move(s), session, std::move(p));
}

}  // namespace pgconform::engine
