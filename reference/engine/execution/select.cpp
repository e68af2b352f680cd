#include "engine/execution/run.hpp"
#include "engine/fold.hpp"

namespace pgconform::engine {
namespace {

class SelectRun : public Run {
 public:
  SelectRun(std::shared_ptr<const Prepared> statement, SessionState& session, std::vector<Value> parameters,
            std::shared_ptr<CursorPlaces> places = nullptr)
      : Run(std::move(statement), session, std::move(parameters)), places_(std::move(places)) {}

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
      if (places_) note_places();
      row_.resize(statement_->columns_->size());
      ++count_;
      bool go_on = sink(row_);
      if (++portion == limit || !go_on) return More{};
    }
  }

 private:
  void note_places() {
    const Query& query = *statement_->query;
    std::vector<std::size_t> places;
    auto note = [&](std::size_t at) {
      const auto* place = std::get_if<std::int64_t>(&row_[at]);
      places.push_back(place ? static_cast<std::size_t>(*place) : SIZE_MAX);
    };
    if (query.place_at >= 0) note(static_cast<std::size_t>(query.place_at));
    for (const auto& lock : query.locks)
      note(query.input_at + static_cast<std::size_t>(lock.first) + lock.table->columns.size());
    if (!places_->keeps_all) places_->rows.clear();
    places_->rows.push_back(std::move(places));
  }

  std::shared_ptr<CursorPlaces> places_;
  std::unique_ptr<RowSource> source_;
  Tuple row_;
  std::int64_t count_ = 0;
};

}  // namespace

std::unique_ptr<Run> make_select(std::shared_ptr<const Prepared> s, SessionState& session, std::vector<Value> p) {
  return std::make_unique<SelectRun>(std::move(s), session, std::move(p));
}

std::unique_ptr<session::Execution> make_cursor(std::shared_ptr<const Prepared> query, SessionState& session,
                                                std::vector<Value> parameters, std::shared_ptr<CursorPlaces> places) {
  auto run = std::make_unique<SelectRun>(std::move(query), session, std::move(parameters), std::move(places));
  run->start();
  return run;
}

}  // namespace pgconform::engine
