#include <algorithm>

#include "engine/evaluate.hpp"
#include "engine/nodes/conditions.hpp"
#include "engine/nodes/nodes.hpp"
#include "engine/session_state.hpp"
#include "types/array.hpp"
#include "types/form.hpp"
#include "types/numeric.hpp"
#include "types/record.hpp"

// Where rows come from: tables, functions, VALUES.
namespace pgconform::engine {
namespace {

using types::is_null;
using types::Numeric;

class TableScan : public RowSource {
 public:
  TableScan(const Table& table, bool with_place) : table_(table), with_place_(with_place) {}
  Step next(Work& work, Row& row) override {
    while (place_ < table_.rows.size()) {
      if (!work.spend()) return Step::pause;
      const std::size_t place = place_++;
      const Version& version = table_.rows[place];
      if (!version.stamp.visible(work.snapshot)) continue;
      row = version.values;
      if (with_place_) row.emplace_back(static_cast<std::int64_t>(place));
      return Step::row;
    }
    return Step::done;
  }

 private:
  const Table& table_;
  bool with_place_;
  std::size_t place_ = 0;
};

// The rows that have a key of a unique index: more than one version of them may be there, of which one is visible.
class IndexScan : public RowSource {
 public:
  IndexScan(const Table& table, IndexKey key, bool with_place)
      : table_(table), key_(std::move(key)), with_place_(with_place) {}
  Step next(Work& work, Row& row) override {
    if (!found_) find(work.context);
    while (at_ < found_->size()) {
      if (!work.spend()) return Step::pause;
      const std::size_t place = (*found_)[at_++];
      const Version& version = table_.rows[place];
      if (!version.stamp.visible(work.snapshot)) continue;
      row = version.values;
      if (with_place_) row.emplace_back(static_cast<std::int64_t>(place));
      return Step::row;
    }
    return Step::done;
  }

 private:
  void find(Context& context) {
    Row key;
    for (const auto* value : key_.values) key.push_back(evaluate(*value, context));
    std::vector<std::size_t> found;
    if (std::ranges::none_of(key, is_null))
      for (auto [it, end] = key_.index->entries.equal_range(key); it != end; ++it) found.push_back(it->second);
    std::ranges::sort(found);
    found_ = std::move(found);
  }

  const Table& table_;
  IndexKey key_;
  bool with_place_;
  std::optional<std::vector<std::size_t>> found_;
  std::size_t at_ = 0;
};

// The rows of a system table, as they are when the first of them is asked for. With a key, only those that have its
// value in that column.
class SystemScan : public RowSource {
 public:
  SystemScan(const Table& table, const Expr* key, std::size_t column) : table_(table), key_(key), column_(column) {}
  Step next(Work& work, Row& row) override {
    if (!work.spend()) return Step::pause;
    if (!cached_) {
      Value value;
      if (key_) value = evaluate(*key_, work.context);
      cached_ = work.context.session.catalog().rows(table_, work.context.session, work.snapshot);
      if (key_ && !is_null(value)) places_ = cached_->find(column_, value);
    }
    if (place_ == (key_ ? places_.size() : cached_->rows().size())) return Step::done;
    row = cached_->rows()[key_ ? places_[place_] : place_];
    ++place_;
    return Step::row;
  }

 private:
  const Table& table_;
  const Expr* key_;
  std::size_t column_;
  std::shared_ptr<CatalogCache::Cached> cached_;
  CatalogCache::Places places_;
  std::size_t place_ = 0;
};

// The one row of a sequence, which is as its transactions left it for everybody.
class SequenceScan : public RowSource {
 public:
  explicit SequenceScan(const Sequence& sequence) : sequence_(sequence) {}
  Step next(Work&, Row& row) override {
    if (std::exchange(done_, true)) return Step::done;
    row = {sequence_.last, sequence_.logged, sequence_.called};
    return Step::row;
  }

 private:
  const Sequence& sequence_;
  bool done_ = false;
};

// generate_series of integers, numeric or timestamps.
class Series : public RowSource {
 public:
  explicit Series(const Expr& call) : call_(call) {}
  Step next(Work& work, Row& row) override {
    if (!work.spend()) return Step::pause;
    if (!started_) {
      std::vector<Value> args;
      for (const auto& arg : call_.args) {
        args.push_back(evaluate(*arg, work.context));
        if (is_null(args.back())) done_ = true;
      }
      args_ = std::move(args);
      started_ = true;
      if (done_) return Step::done;
      bool numeric = call_.type == types::numeric_oid;
      Oid step_type = call_.args.back()->type;
      step_ = args_.size() > 2 ? args_[2] : numeric ? Value(std::string("1")) : Value(std::int64_t{1});
      if (step_type == types::interval_oid)
        advance_ = find_implementation(call_.type == types::timestamp_oid ? "timestamp_pl_interval"
                                                                          : "timestamptz_pl_interval");
      Value zero = value_or_fail(types::parse_text(step_type, "0", {}));
      if (numeric) need_finite();
      direction_ = compare_values(step_type, step_, zero);
      if (direction_ == 0) fail(sqlstate::invalid_parameter_value, "step size cannot equal zero");
    }
    if (done_ || compare_values(call_.type, args_[0], args_[1]) * direction_ > 0) return Step::done;
    row.assign(1, args_[0]);
    if (advance_) {
      Value sides[] = {args_[0], step_};
      Call sum{sides, call_, work.context};
      args_[0] = advance_(sum);
    } else if (auto* integer = std::get_if<std::int64_t>(&args_[0])) {
      std::int64_t limit_low = call_.type == types::int4_oid ? INT32_MIN : INT64_MIN,
                   limit_high = call_.type == types::int4_oid ? INT32_MAX : INT64_MAX;
      done_ = __builtin_add_overflow(*integer, std::get<std::int64_t>(step_), integer) || *integer < limit_low ||
              *integer > limit_high;
    } else {
      const Numeric next =
          *Numeric::parse(std::get<std::string>(args_[0])) + *Numeric::parse(std::get<std::string>(step_));
      done_ = !next.fits();
      if (!done_) args_[0] = next.text();
    }
    return Step::row;
  }

 private:
  void need_finite() const {
    static constexpr const char* names[] = {"start value", "stop value", "step size"};
    for (std::size_t i = 0; i < args_.size(); ++i) {
      const auto kind = Numeric::parse(std::get<std::string>(args_[i]))->kind();
      if (kind != Numeric::Kind::finite)
        fail(sqlstate::invalid_parameter_value,
             fmt::format("{} cannot be {}", names[i], kind == Numeric::Kind::nan ? "NaN" : "infinity"));
    }
  }

  const Expr& call_;
  std::vector<Value> args_;
  Value step_;
  Implementation advance_ = nullptr;  // of what is stepped by an interval
  int direction_ = 0;
  bool started_ = false, done_ = false;
};

// A set-returning function, whose implementation answers an array of the members.
class Members : public RowSource {
 public:
  explicit Members(const Expr& call) : call_(call) {}
  Step next(Work& work, Row& row) override {
    if (!work.spend()) return Step::pause;
    if (!started_) {
      Value set = evaluate(call_, work.context);
      if (!is_null(set)) members_ = types::unpack(std::get<std::string>(set)).elements;
      started_ = true;
    }
    if (place_ == members_.size()) return Step::done;
    row.assign(1, std::move(members_[place_++]));
    return Step::row;
  }

 private:
  const Expr& call_;
  std::vector<Value> members_;
  std::size_t place_ = 0;
  bool started_ = false;
};

// One row: of nothing, as SELECT without FROM has it, or of a scalar function's result.
class Single : public RowSource {
 public:
  explicit Single(const Expr* expr) : expr_(expr) {}
  Step next(Work& work, Row& row) override {
    if (done_) return Step::done;
    if (!work.spend()) return Step::pause;
    row.clear();
    if (expr_) {
      row.push_back(evaluate(*expr_, work.context));
      work.context.remembered.clear();
    }
    done_ = true;
    return Step::row;
  }

 private:
  const Expr* expr_;
  bool done_ = false;
};

// Functions in FROM, side by side; one that is done goes on with NULL while another is not.
class FunctionScan : public RowSource {
 public:
  explicit FunctionScan(const FromItem& item) : item_(item) {
    for (const auto& function : item.functions)
      running_.push_back(
          {function.call->returns_set ? make_set(*function.call) : std::make_unique<Single>(function.call.get())});
  }
  Step next(Work& work, Row& row) override {
    bool any = false;
    for (auto& each : running_) {
      if (!each.asked && !each.done) {
        Step step = each.source->next(work, each.row);
        if (step == Step::pause) return step;
        each.asked = true;
        each.done = step == Step::done;
      }
      any = any || !each.done;
    }
    if (!any) return Step::done;
    Row made;
    for (std::size_t i = 0; i < running_.size(); ++i) {
      auto& each = running_[i];
      each.asked = false;
      put(item_.functions[i], each.done ? Value() : std::move(each.row[0]), made);
    }
    if (item_.ordinality) made.emplace_back(++number_);
    row = std::move(made);
    return Step::row;
  }

 private:
  static void put(const TableFunction& function, Value value, Row& row) {
    if (!function.spread) return row.push_back(std::move(value));
    const std::size_t end = row.size() + static_cast<std::size_t>(function.width);
    if (const auto* record = std::get_if<types::Record>(&value))
      for (auto& field : types::unpack_record(*record).values) row.push_back(std::move(field));
    row.resize(end);
  }
  struct Running {
    NodePtr source;
    bool asked = false, done = false;
    Row row{};
  };
  const FromItem& item_;
  std::vector<Running> running_;
  std::int64_t number_ = 0;
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

}  // namespace

NodePtr make_system_scan(const Table& table, const Expr* key, std::size_t column) {
  return std::make_unique<SystemScan>(table, key, column);
}

NodePtr make_table_scan(const FromItem& item, const Expr* where) {
  if (item.table->sequence) return std::make_unique<SequenceScan>(*item.table->sequence);
  if (item.table->system) return make_system_scan(*item.table, nullptr, 0);
  if (!item.cursor.empty()) return make_current_of(item);
  if (auto key = index_key(item, where); key.index)
    return std::make_unique<IndexScan>(*item.table, std::move(key), item.with_place);
  return std::make_unique<TableScan>(*item.table, item.with_place);
}

NodePtr make_set(const Expr& call) {
  if (call.implementation) return std::make_unique<Members>(call);
  return std::make_unique<Series>(call);
}

NodePtr make_function_scan(const FromItem& item) {
  const auto& first = item.functions[0];
  if (item.functions.size() > 1 || first.spread || item.ordinality) return std::make_unique<FunctionScan>(item);
  if (first.call->returns_set) return make_set(*first.call);
  return std::make_unique<Single>(first.call.get());
}

NodePtr make_values(const std::vector<std::vector<ExprPtr>>& rows) {
  return std::make_unique<ValuesRows>(rows);
}

NodePtr make_single_row() {
  return std::make_unique<Single>(nullptr);
}

}  // namespace pgconform::engine
