#include <algorithm>
#include <set>

#include "engine/evaluate.hpp"
#include "engine/executor.hpp"
#include "types/form.hpp"
#include "types/numeric.hpp"

namespace pgconform::engine {
namespace {

using types::is_null;
using types::Numeric;

class TableScan : public RowSource {
 public:
  explicit TableScan(const Table& table) : table_(table) {}
  Step next(Work& work, Row& row) override {
    while (place_ < table_.rows.size()) {
      if (!work.spend()) return Step::pause;
      const Version& version = table_.rows[place_++];
      if (!version.stamp.visible(work.snapshot)) continue;
      row = version.values;
      return Step::row;
    }
    return Step::done;
  }

 private:
  const Table& table_;
  std::size_t place_ = 0;
};

// generate_series of integers or numeric.
class Series : public RowSource {
 public:
  explicit Series(const Expr& call) : call_(call) {}
  Step next(Work& work, Row& row) override {
    if (!work.spend()) return Step::pause;
    if (!started_) {
      for (const auto& arg : call_.args) {
        args_.push_back(evaluate(*arg, work.context));
        if (is_null(args_.back())) done_ = true;
      }
      started_ = true;
      if (done_) return Step::done;
      bool numeric = call_.type == types::numeric_oid;
      step_ = args_.size() > 2 ? args_[2] : numeric ? Value(std::string("1")) : Value(std::int64_t{1});
      Value zero = numeric ? Value(std::string("0")) : Value(std::int64_t{0});
      direction_ = compare_values(call_.type, step_, zero);
      if (direction_ == 0) fail(sqlstate::invalid_parameter_value, "step size cannot equal zero");
      if (numeric)
        for (const auto& arg : args_)
          if (Numeric::parse(std::get<std::string>(arg))->kind() != Numeric::Kind::finite)
            fail(sqlstate::invalid_parameter_value, "generate_series takes finite numbers only");
    }
    if (done_ || compare_values(call_.type, args_[0], args_[1]) * direction_ > 0) return Step::done;
    row.assign(1, args_[0]);
    if (auto* integer = std::get_if<std::int64_t>(&args_[0])) {
      std::int64_t limit_low = call_.type == types::int4_oid ? INT32_MIN : INT64_MIN,
                   limit_high = call_.type == types::int4_oid ? INT32_MAX : INT64_MAX;
      done_ = __builtin_add_overflow(*integer, std::get<std::int64_t>(step_), integer) || *integer < limit_low ||
              *integer > limit_high;
    } else {
      args_[0] =
          (*Numeric::parse(std::get<std::string>(args_[0])) + *Numeric::parse(std::get<std::string>(step_))).text();
    }
    return Step::row;
  }

 private:
  const Expr& call_;
  std::vector<Value> args_;
  Value step_;
  int direction_ = 0;
  bool started_ = false, done_ = false;
};

// One row of expressions: SELECT without FROM (no expressions), a scalar function in FROM.
class Single : public RowSource {
 public:
  explicit Single(const Expr* expr) : expr_(expr) {}
  Step next(Work& work, Row& row) override {
    if (done_) return Step::done;
    row.clear();
    if (expr_) row.push_back(evaluate(*expr_, work.context));
    done_ = true;
    return Step::row;
  }

 private:
  const Expr* expr_;
  bool done_ = false;
};

class ValuesRows : public RowSource {
 public:
  explicit ValuesRows(const std::vector<std::vector<ExprPtr>>& rows) : rows_(rows) {}
  Step next(Work& work, Row& row) override {
    if (place_ == rows_.size()) return Step::done;
    if (!work.spend()) return Step::pause;
    Row made;
    for (const auto& expr : rows_[place_]) made.push_back(evaluate(*expr, work.context));
    work.context.remembered.clear();
    ++place_;
    row = std::move(made);
    return Step::row;
  }

 private:
  const std::vector<std::vector<ExprPtr>>& rows_;
  std::size_t place_ = 0;
};

// Every row of the left with every row of the right, which is read once and kept.
class Cross : public RowSource {
 public:
  Cross(std::unique_ptr<RowSource> left, std::unique_ptr<RowSource> right)
      : left_(std::move(left)), right_(std::move(right)) {}
  Step next(Work& work, Row& row) override {
    while (!kept_all_) {
      Row one;
      Step step = right_->next(work, one);
      if (step == Step::pause) return step;
      if (step == Step::done)
        kept_all_ = true;
      else
        kept_.push_back(std::move(one));
    }
    for (;;) {
      if (!have_left_) {
        Step step = left_->next(work, current_);
        if (step != Step::row) return step;
        have_left_ = true;
        place_ = 0;
      }
      if (place_ < kept_.size()) {
        if (!work.spend()) return Step::pause;
        row = current_;
        row.insert(row.end(), kept_[place_].begin(), kept_[place_].end());
        ++place_;
        return Step::row;
      }
      have_left_ = false;
    }
  }

 private:
  std::unique_ptr<RowSource> left_, right_;
  std::vector<Row> kept_;
  Row current_;
  std::size_t place_ = 0;
  bool kept_all_ = false, have_left_ = false;
};

class Filter : public RowSource {
 public:
  Filter(std::unique_ptr<RowSource> input, const Expr& condition) : input_(std::move(input)), condition_(condition) {}
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
  std::unique_ptr<RowSource> input_;
  const Expr& condition_;
  Row current_;
  bool pending_ = false;
};

// One aggregate's state.
struct Accumulator {
  std::int64_t count = 0;
  Value value;
  Numeric sum;
  double float_sum = 0;
  std::set<std::string> seen;

  void add(const Aggregate& a, Context& context) {
    using Kind = Aggregate::Kind;
    if (a.kind == Kind::count_all) {
      ++count;
      return;
    }
    Value next = evaluate(*a.args[0], context);
    if (is_null(next)) return;
    Oid type = a.args[0]->type;
    if (a.distinct && !seen.insert(types::print_text(type, next, {})).second) return;
    ++count;
    switch (a.kind) {
      case Kind::sum:
      case Kind::average:
        if (std::holds_alternative<float>(next))
          float_sum += std::get<float>(next);
        else if (std::holds_alternative<double>(next))
          float_sum += std::get<double>(next);
        else
          sum = sum + *Numeric::parse(types::print_text(type, next, {}));
        break;
      case Kind::least:
      case Kind::greatest: {
        int order = is_null(value) ? 0 : compare_values(type, next, value);
        if (is_null(value) || (a.kind == Kind::least ? order < 0 : order > 0)) value = std::move(next);
        break;
      }
      case Kind::every:
      case Kind::some: {
        bool so_far = is_null(value) ? std::get<bool>(next) : std::get<bool>(value);
        value = a.kind == Kind::every ? so_far && std::get<bool>(next) : so_far || std::get<bool>(next);
        break;
      }
      case Kind::join: {
        Value separator = evaluate(*a.args[1], context);
        if (is_null(value))
          value = std::move(next);
        else
          value = std::get<std::string>(value) + (is_null(separator) ? "" : std::get<std::string>(separator)) +
                  std::get<std::string>(next);
        break;
      }
      default:
        break;
    }
  }

  Value result(const Aggregate& a) const {
    using Kind = Aggregate::Kind;
    switch (a.kind) {
      case Kind::count_all:
      case Kind::count:
        return count;
      case Kind::sum:
      case Kind::average: {
        if (count == 0) return {};
        bool average = a.kind == Kind::average;
        if (a.type == types::float4_oid) return static_cast<float>(float_sum);
        if (a.type == types::float8_oid) return average ? float_sum / static_cast<double>(count) : float_sum;
        if (average) return Numeric::divide(sum, Numeric(count))->text();
        if (a.type == types::int8_oid) return value_or_fail(sum.as_integer(INT64_MIN, INT64_MAX, "bigint"));
        return sum.text();
      }
      default:
        return value;
    }
  }
};

// Plain aggregates: the whole input becomes one row, which carries only the aggregates' results.
class Aggregation : public RowSource {
 public:
  Aggregation(std::unique_ptr<RowSource> input, const std::vector<Aggregate>& aggregates)
      : input_(std::move(input)), aggregates_(aggregates), states_(aggregates.size()) {}
  Step next(Work& work, Row& row) override {
    if (done_) return Step::done;
    for (;;) {
      Row one;
      Step step = input_->next(work, one);
      if (step == Step::pause) return step;
      if (step == Step::done) break;
      work.context.row = one;
      for (std::size_t i = 0; i < aggregates_.size(); ++i) states_[i].add(aggregates_[i], work.context);
    }
    row.clear();
    for (std::size_t i = 0; i < aggregates_.size(); ++i) row.push_back(states_[i].result(aggregates_[i]));
    done_ = true;
    return Step::row;
  }

 private:
  std::unique_ptr<RowSource> input_;
  const std::vector<Aggregate>& aggregates_;
  std::vector<Accumulator> states_;
  bool done_ = false;
};

class Projection : public RowSource {
 public:
  Projection(std::unique_ptr<RowSource> input, const Query& query) : input_(std::move(input)), query_(query) {}
  Step next(Work& work, Row& row) override {
    if (!pending_) {
      Step step = input_->next(work, current_);
      if (step != Step::row) return step;
      pending_ = true;
    }
    (query_.is_aggregated ? work.context.aggregates : work.context.row) = current_;
    Row made;
    made.reserve(query_.targets.size());
    for (const auto& target : query_.targets) made.push_back(evaluate(*target, work.context));
    work.context.remembered.clear();
    pending_ = false;
    row = std::move(made);
    return Step::row;
  }

 private:
  std::unique_ptr<RowSource> input_;
  const Query& query_;
  Row current_;
  bool pending_ = false;
};

class Sort : public RowSource {
 public:
  Sort(std::unique_ptr<RowSource> input, const Query& query) : input_(std::move(input)), query_(query) {}
  Step next(Work& work, Row& row) override {
    while (!sorted_) {
      Row one;
      Step step = input_->next(work, one);
      if (step == Step::pause) return step;
      if (step == Step::row) {
        rows_.push_back(std::move(one));
        continue;
      }
      std::ranges::stable_sort(rows_, [&](const Row& a, const Row& b) { return before(a, b); });
      sorted_ = true;
    }
    if (place_ == rows_.size()) return Step::done;
    row = std::move(rows_[place_++]);
    return Step::row;
  }

 private:
  bool before(const Row& a, const Row& b) const {
    for (const auto& key : query_.order) {
      auto i = static_cast<std::size_t>(key.target);
      if (is_null(a[i]) || is_null(b[i])) {
        if (is_null(a[i]) == is_null(b[i])) continue;
        return is_null(a[i]) == key.nulls_first;
      }
      int order = compare_values(query_.targets[i]->type, a[i], b[i]);
      if (order != 0) return key.descending ? order > 0 : order < 0;
    }
    return false;
  }

  std::unique_ptr<RowSource> input_;
  const Query& query_;
  std::vector<Row> rows_;
  std::size_t place_ = 0;
  bool sorted_ = false;
};

class Distinct : public RowSource {
 public:
  Distinct(std::unique_ptr<RowSource> input, const Query& query)
      : input_(std::move(input)), less_{&query}, seen_(less_) {}
  Step next(Work& work, Row& row) override {
    for (;;) {
      Step step = input_->next(work, row);
      if (step != Step::row || seen_.insert(row).second) return step;
    }
  }

 private:
  struct Less {
    const Query* query;
    bool operator()(const Row& a, const Row& b) const {
      for (std::size_t i = 0; i < a.size(); ++i) {
        if (is_null(a[i]) || is_null(b[i])) {
          if (is_null(a[i]) != is_null(b[i])) return is_null(b[i]);
          continue;
        }
        if (int order = compare_values(query->targets[i]->type, a[i], b[i]); order != 0) return order < 0;
      }
      return false;
    }
  };
  std::unique_ptr<RowSource> input_;
  Less less_;
  std::set<Row, Less> seen_;
};

class Limit : public RowSource {
 public:
  Limit(std::unique_ptr<RowSource> input, const Query& query) : input_(std::move(input)), query_(query) {}
  Step next(Work& work, Row& row) override {
    if (!started_) {
      skip_ = bound(query_.offset.get(), 0, "OFFSET", sqlstate::invalid_row_count_in_result_offset_clause, work);
      left_ = bound(query_.limit.get(), INT64_MAX, "LIMIT", sqlstate::invalid_row_count_in_limit_clause, work);
      started_ = true;
    }
    for (;;) {
      if (left_ == 0) return Step::done;
      Step step = input_->next(work, row);
      if (step != Step::row) return step;
      if (skip_ > 0) {
        --skip_;
        continue;
      }
      --left_;
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
  std::unique_ptr<RowSource> input_;
  const Query& query_;
  std::int64_t skip_ = 0, left_ = 0;
  bool started_ = false;
};

std::unique_ptr<RowSource> make_item(const FromItem& item) {
  switch (item.kind) {
    case FromItem::Kind::table:
      return std::make_unique<TableScan>(*item.table);
    case FromItem::Kind::query:
      return make_source(*item.query);
    case FromItem::Kind::function:
      break;
  }
  if (item.series) return std::make_unique<Series>(*item.function);
  return std::make_unique<Single>(item.function.get());
}

}  // namespace

std::unique_ptr<RowSource> make_source(const Query& query) {
  std::unique_ptr<RowSource> source;
  if (!query.values.empty()) source = std::make_unique<ValuesRows>(query.values);
  for (const auto& item : query.from) {
    auto next = make_item(item);
    source = source ? std::make_unique<Cross>(std::move(source), std::move(next)) : std::move(next);
  }
  if (!source) source = std::make_unique<Single>(nullptr);
  if (query.where) source = std::make_unique<Filter>(std::move(source), *query.where);
  if (query.is_aggregated) source = std::make_unique<Aggregation>(std::move(source), query.aggregates);
  source = std::make_unique<Projection>(std::move(source), query);
  if (query.distinct) source = std::make_unique<Distinct>(std::move(source), query);
  if (!query.order.empty()) source = std::make_unique<Sort>(std::move(source), query);
  if (query.limit || query.offset) source = std::make_unique<Limit>(std::move(source), query);
  return source;
}

}  // namespace pgconform::engine
