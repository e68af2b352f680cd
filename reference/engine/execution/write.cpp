#include "engine/execution/run.hpp"
#include "engine/fold.hpp"

// A statement that writes first does all its work and keeps what it returns; then it hands that out, as portals of
// PostgreSQL do whose strategy is to return what is stored.
namespace pgconform::engine {
namespace {

class WriteRun : public Run {
 public:
  WriteRun(std::shared_ptr<const Prepared> statement, SessionState& session, std::vector<Value> parameters,
           std::unique_ptr<RowSource> source = nullptr)
      : Run(std::move(statement), session, std::move(parameters)), source_(std::move(source)) {}

 protected:
  void begin() override {
    if (session_.settings().is_read_only())
      for (const auto& table : statement_->written)
        if (!table->temporary)
          fail(sqlstate::read_only_sql_transaction,
               fmt::format("cannot execute {} in a read-only transaction", name()));
    check_constants(*statement_, work_.context);
    node_ = source_ ? make_insertion(*statement_->insert, std::move(source_)) : make_source(*statement_);
  }

  Progress advance(const Sink& sink, std::int64_t limit) override {
    while (!worked_) {
      Tuple row;
      Step step = node_->next(work_, row);
      if (step == Step::pause) return More{};
      if (step == Step::done)
        worked_ = true;
      else
        keep(row);
    }
    // No row is told of that a foreign key undoes after all.
    session_.checks().end_statement();
    std::int64_t portion = 0;
    while (place_ < kept_.size()) {
      bool go_on = sink(kept_[place_++]);
      if (++portion == limit || !go_on) return More{};
    }
    const auto count = statement_->query ? static_cast<std::int64_t>(kept_.size()) : work_.changed;
    return Complete{fmt::format("{} {}", statement_->insert ? "INSERT 0" : name(), count)};
  }

 private:
  void keep(Tuple& row) {
    row.resize(statement_->columns_->size());
    kept_.push_back(std::move(row));
  }
  std::string_view name() const {
    if (statement_->query) return "SELECT";
    if (statement_->insert) return "INSERT";
    if (statement_->merge) return "MERGE";
    return statement_->change->is_delete ? "DELETE" : "UPDATE";
  }

  std::unique_ptr<RowSource> source_, node_;
  bool worked_ = false;
  std::vector<Tuple> kept_;
  std::size_t place_ = 0;
};

}  // namespace

std::unique_ptr<RowSource> make_source(const Plan& plan) {
  if (plan.query) return make_source(*plan.query);
  if (plan.merge) return make_merge(*plan.merge);
  return plan.insert ? make_insertion(*plan.insert, nullptr) : make_change(*plan.change);
}

std::unique_ptr<Run> make_write(std::shared_ptr<const Prepared> s, SessionState& session, std::vector<Value> p) {
  return std::make_unique<WriteRun>(std::move(s), session, std::move(p));
}

std::unique_ptr<session::Execution> make_insert(std::shared_ptr<const Prepared> statement, SessionState& session,
                                                std::unique_ptr<RowSource> source) {
  auto run = std::make_unique<WriteRun>(std::move(statement), session, std::vector<Value>{}, std::move(source));
  run->start();
  return run;
}

}  // namespace pgconform::engine
