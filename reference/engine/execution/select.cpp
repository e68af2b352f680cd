#include "engine/execution/run.hpp"
#include "engine/fold.hpp"

namespace pgconform::engine {
namespace {

class SelectRun : public Run {
 public:
  using Run::Run;

 protected:
  void begin() override {
    if (session_.settings().is_read_only())
      for (const auto& table : statement_->locked)
        if (!table->temporary)
          fail(sqlstate::read_only_sql_transaction,
               fmt::format("cannot execute SELECT {} in a read-only transaction", statement_->locking));
    source_ = make_source(*statement_->query);
    check_constants(*statement_, work_.context);
  }

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

}  // namespace

std::unique_ptr<Run> make_select(std::shared_ptr<const Prepared> s, SessionState& session, std::vector<Value> p) {
  return std::make_unique<SelectRun>(std::move(s), session, std::move(p));
}

}  // namespace pgconform::engine
