#include <cmath>

#include "engine/aggregates/transition.hpp"
#include "engine/functions.hpp"
#include "engine/nodes/nodes.hpp"
#include "engine/plan.hpp"
#include "types/array.hpp"

// Aggregates with WITHIN GROUP: their rows come in order, each behind the direct arguments. functions-orderedset-table,
// functions-hypothetical-table; orderedsetaggs.c.
namespace pgconform::engine {
namespace {

using types::is_null;

// mode(): the most frequent value, of several the first.
class Mode : public Transition {
 public:
  explicit Mode(const Aggregate& a) : type_(a.args[0]->type) {}
  void add(Row& args) override {
    if (is_null(args[0])) return;
    if (run_ == 0 || compare_values(type_, args[0], current_) != 0) {
      current_ = std::move(args[0]);
      run_ = 0;
    }
    if (++run_ <= most_) return;
    most_ = run_;
    if (most_ == 1 || compare_values(type_, best_, current_) != 0) best_ = current_;
  }
  Value result() const override { return best_; }

 private:
  Oid type_;
  Value current_, best_;
  std::int64_t run_ = 0, most_ = 0;
};

class Percentile : public Transition {
 public:
  explicit Percentile(const Aggregate& a)
      : continuous_(a.name == "percentile_cont"), type_(a.type), element_(a.args[1]->type) {}
  void add(Row& args) override {
    if (!started_) wanted_ = std::move(args[0]);
    started_ = true;
    if (!is_null(args[1])) values_.push_back(std::move(args[1]));
  }
  Value result() const override {
    if (values_.empty() || is_null(wanted_)) return {};
    if (!types::is_array(type_) || std::holds_alternative<double>(wanted_)) return at(std::get<double>(wanted_));
    types::Array wanted = types::unpack(std::get<std::string>(wanted_));
    for (auto& each : wanted.elements)
      if (!is_null(each)) each = at(std::get<double>(each));
    wanted.element = element_;
    return types::pack(wanted);
  }

 private:
  Value at(double share) const {
    if (share < 0 || share > 1 || std::isnan(share))
      fail(sqlstate::numeric_value_out_of_range, fmt::format("percentile value {:g} is not between 0 and 1", share));
    const auto count = static_cast<double>(values_.size());
    if (!continuous_) {
      const double place = std::ceil(share * count);
      return values_[place < 1 ? 0 : static_cast<std::size_t>(place) - 1];
    }
    const double place = share * (count - 1), below = std::floor(place);
    const double low = std::get<double>(values_[static_cast<std::size_t>(below)]);
    if (below == std::ceil(place)) return low;
    const double high = std::get<double>(values_[static_cast<std::size_t>(below) + 1]);
    return low + (place - below) * (high - low);
  }

  bool continuous_, started_ = false;
  Oid type_, element_;
  Value wanted_;
  std::vector<Value> values_;
};

// rank() and its kin of a row that is not there: where it would stand.
class Hypothetical : public Transition {
 public:
  explicit Hypothetical(const Aggregate& a) : name_(a.name), direct_(a.direct) {
    for (const auto& key : a.order) {
      const auto place = static_cast<std::size_t>(key.target) - direct_;
      order_.keys.push_back({place, a.args[place + direct_]->type, key.descending, key.nulls_first});
    }
  }
  void add(Row& args) override {
    const auto middle = args.begin() + static_cast<std::ptrdiff_t>(direct_);
    Row given(args.begin(), middle), row(middle, args.end());
    ++rows_;
    const int order = order_.compare(row, given);
    if (order <= 0) ++not_after_;
    if (order >= 0) return;
    ++before_;
    if (groups_ == 0 || order_.compare(row, last_) != 0) ++groups_;
    last_ = std::move(row);
  }
  Value result() const override {
    if (name_ == "rank") return before_ + 1;
    if (name_ == "dense_rank") return groups_ + 1;
    if (name_ == "percent_rank") return rows_ == 0 ? 0.0 : static_cast<double>(before_) / static_cast<double>(rows_);
    return static_cast<double>(not_after_ + 1) / static_cast<double>(rows_ + 1);
  }

 private:
  std::string_view name_;
  std::size_t direct_;
  RowOrder order_;
  Row last_;
  std::int64_t rows_ = 0, before_ = 0, not_after_ = 0, groups_ = 0;
};

template <class T>
std::unique_ptr<Transition> make(const Aggregate& a) {
  return std::make_unique<T>(a);
}

}  // namespace

MakeTransition find_ordered_set(std::string_view name) {
  if (name == "mode") return make<Mode>;
  if (name == "percentile_cont" || name == "percentile_disc") return make<Percentile>;
  for (std::string_view each : {"rank", "dense_rank", "percent_rank", "cume_dist"})
    if (name == each) return make<Hypothetical>;
  return nullptr;
}

}  // namespace pgconform::engine
