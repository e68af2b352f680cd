#include "engine/evaluate.hpp"
#include "engine/execution/row_writer.hpp"
#include "engine/execution/run.hpp"

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
      writer_->insert(row_);
      keep_returned(row_);
      ++count_;
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
      row_[place] = input_[i];
      given[place] = true;
    }
    writer_->defaults(row_, given, work_.context);
    work_.context.remembered.clear();
    writer_->check(row_, work_.context);
  }

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
