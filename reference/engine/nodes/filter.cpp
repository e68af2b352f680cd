#include <algorithm>

#include "engine/evaluate.hpp"
#include "engine/nodes/conditions.hpp"
#include "engine/nodes/nodes.hpp"

// What is done to one row at a time: WHERE, results, LIMIT.
namespace pgconform::engine {
namespace {

using types::is_null;

class Filter : public RowSource {
 public:
  Filter(NodePtr input, const Expr& condition) : input_(std::move(input)), condition_(condition) {}
  Step next(Work& work, Row& row) override {
    for (;;) {
      if (!pending_) {
        Step step = input_->next(work, current_);
        if (step != Step::row) return step;
        pending_ = true;
      }
      work.context.row = current_;
      bool keep = is_true(evaluate(condition_, work.context));
      work.context.remembered.clear();
      pending_ = false;
      if (!keep) continue;
      row = std::move(current_);
      return Step::row;
    }
  }

 private:
  NodePtr input_;
  const Expr& condition_;
  Row current_;
  bool pending_ = false;
};

// What does not look at the row is asked before there is one: where it does not hold nothing else is worked out,
// neither a key that an index is asked for nor the rest of the condition.
class OneTimeFilter : public RowSource {
 public:
  OneTimeFilter(NodePtr input, std::vector<const Expr*> conditions)
      : input_(std::move(input)), conditions_(std::move(conditions)) {}
  Step next(Work& work, Row& row) override {
    for (; at_ < conditions_.size(); ++at_) {
      if (!is_true(evaluate(*conditions_[at_], work.context))) return Step::done;
      work.context.remembered.clear();
    }
    return input_->next(work, row);
  }

 private:
  NodePtr input_;
  std::vector<const Expr*> conditions_;
  std::size_t at_ = 0;
};

class Projection : public RowSource {
 public:
  Projection(NodePtr input, const std::vector<ExprPtr>& exprs) : input_(std::move(input)), exprs_(exprs) {}
  Step next(Work& work, Row& row) override {
    if (!pending_) {
      Step step = input_->next(work, current_);
      if (step != Step::row) return step;
      pending_ = true;
    }
    work.context.row = current_;
    Row made;
    made.reserve(exprs_.size());
    for (const auto& expr : exprs_) made.push_back(evaluate(*expr, work.context));
    work.context.remembered.clear();
    pending_ = false;
    row = std::move(made);
    return Step::row;
  }

 private:
  NodePtr input_;
  const std::vector<ExprPtr>& exprs_;
  Row current_;
  bool pending_ = false;
};

// Set-returning functions of the select list: each input row becomes as many as the longest of them has, the others
// going on with NULL: ProjectSet.
class SeriesProjection : public RowSource {
 public:
  SeriesProjection(NodePtr input, const Query& query, int stage) : input_(std::move(input)), query_(query) {
    for (std::size_t i = 0; i < query.series.size(); ++i)
      if (query.series_stages[i] == stage) own_.push_back(i);
  }
  Step next(Work& work, Row& row) override {
    for (;;) {
      if (running_.empty()) {
        Step step = input_->next(work, current_);
        if (step != Step::row) return step;
        for (auto i : own_) running_.emplace_back().source = make_set(*query_.series[i]);
      }
      work.context.row = current_;
      for (auto& each : running_) {
        if (each.asked || each.done) continue;
        Row one;
        Step step = each.source->next(work, one);
        if (step == Step::pause) return step;
        each.asked = true;
        each.done = step == Step::done;
        each.value = each.done ? Value() : std::move(one[0]);
      }
      bool all_done = true;
      row = current_;
      auto place = static_cast<std::size_t>(query_.series_at);
      row.resize(std::max(row.size(), place + query_.series.size()));
      for (std::size_t i = 0; i < running_.size(); ++i) {
        auto& each = running_[i];
        all_done = all_done && each.done;
        each.asked = false;
        row[place + own_[i]] = each.done ? Value() : std::move(each.value);
      }
      if (!all_done) return Step::row;
      running_.clear();
    }
  }

 private:
  struct Running {
    NodePtr source;
    bool asked = false, done = false;
    Value value{};
  };
  NodePtr input_;
  const Query& query_;
  std::vector<std::size_t> own_;  // which of the series
  Row current_;
  std::vector<Running> running_;
};

class Limit : public RowSource {
 public:
  Limit(NodePtr input, const Query& query) : input_(std::move(input)), query_(query), order_(order_of_keys(query)) {}
  Step next(Work& work, Row& row) override {
    if (!started_) {
      skip_ = bound(query_.offset.get(), 0, "OFFSET", sqlstate::invalid_row_count_in_result_offset_clause, work);
      left_ = bound(query_.limit.get(), INT64_MAX, "LIMIT", sqlstate::invalid_row_count_in_limit_clause, work);
      started_ = true;
    }
    for (;;) {
      if (left_ == 0 && (!query_.with_ties || last_.empty())) return Step::done;
      Step step = input_->next(work, row);
      if (step != Step::row) return step;
      if (skip_ > 0) {
        --skip_;
        continue;
      }
      if (left_ == 0) return order_.compare(row, last_) == 0 ? step : Step::done;
      if (--left_ == 0 && query_.with_ties) last_ = row;
      return Step::row;
    }
  }

 private:
  static std::int64_t bound(const Expr* expr, std::int64_t absent, std::string_view name, std::string_view code,
                            Work& work) {
    Value value = expr ? evaluate(*expr, work.context) : Value();
    if (is_null(value)) return absent;
    if (std::get<std::int64_t>(value) < 0) fail(code, fmt::format("{} must not be negative", name));
    return std::get<std::int64_t>(value);
  }
  NodePtr input_;
  const Query& query_;
  RowOrder order_;
  Row last_;  // the last that counted; WITH TIES lets follow what is equal to it
  std::int64_t skip_ = 0, left_ = 0;
  bool started_ = false;
};

}  // namespace

NodePtr make_one_time_filter(NodePtr input, const Expr& condition) {
  auto conditions = one_time_conditions(condition);
  if (conditions.empty()) return input;
  return std::make_unique<OneTimeFilter>(std::move(input), std::move(conditions));
}

NodePtr make_filter(NodePtr input, const Expr& condition) {
  return std::make_unique<Filter>(std::move(input), condition);
}

NodePtr make_projection(NodePtr input, const std::vector<ExprPtr>& exprs) {
  return std::make_unique<Projection>(std::move(input), exprs);
}

NodePtr make_series_projection(NodePtr input, const Query& query) {
  const int last = *std::ranges::max_element(query.series_stages);
  for (int stage = 0; stage <= last; ++stage)
    input = std::make_unique<SeriesProjection>(std::move(input), query, stage);
  return input;
}

NodePtr make_limit(NodePtr input, const Query& query) {
  return std::make_unique<Limit>(std::move(input), query);
}

}  // namespace pgconform::engine
