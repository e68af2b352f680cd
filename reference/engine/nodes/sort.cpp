#include <set>

#include "engine/nodes/nodes.hpp"

// ORDER BY and DISTINCT. Rows are put in their place as they come, so that no step takes long.
namespace pgconform::engine {

using types::is_null;

int RowOrder::compare(const Row& a, const Row& b) const {
  for (const auto& key : keys) {
    const Value &x = a[key.place], &y = b[key.place];
    if (is_null(x) || is_null(y)) {
      if (is_null(x) && is_null(y)) continue;
      return is_null(x) == key.nulls_first ? -1 : 1;
    }
    if (int order = compare_values(key.type, x, y); order != 0) return key.descending ? -order : order;
  }
  return 0;
}

RowOrder order_of(const std::vector<Oid>& types) {
  RowOrder order;
  for (std::size_t i = 0; i < types.size(); ++i) order.keys.push_back({i, types[i]});
  return order;
}

namespace {

class Sort : public RowSource {
 public:
  Sort(NodePtr input, RowOrder order) : input_(std::move(input)), rows_(std::move(order)) {}
  Step next(Work& work, Row& row) override {
    while (!read_all_) {
      Row one;
      Step step = input_->next(work, one);
      if (step == Step::pause) return step;
      if (step == Step::done)
        read_all_ = true;
      else
        rows_.insert(std::move(one));
    }
    if (rows_.empty()) return Step::done;
    if (!work.spend()) return Step::pause;
    row = std::move(rows_.extract(rows_.begin()).value());
    return Step::row;
  }

 private:
  NodePtr input_;
  std::multiset<Row, RowOrder> rows_;  // equal rows stay in the order in which they came
  bool read_all_ = false;
};

class Distinct : public RowSource {
 public:
  Distinct(NodePtr input, RowOrder order) : input_(std::move(input)), seen_(std::move(order)) {}
  Step next(Work& work, Row& row) override {
    for (;;) {
      Step step = input_->next(work, row);
      if (step != Step::row || seen_.insert(row).second) return step;
    }
  }

 private:
  NodePtr input_;
  std::set<Row, RowOrder> seen_;
};

// DISTINCT ON: the first of neighbours that agree.
class Unique : public RowSource {
 public:
  Unique(NodePtr input, RowOrder order) : input_(std::move(input)), order_(std::move(order)) {}
  Step next(Work& work, Row& row) override {
    for (;;) {
      Step step = input_->next(work, row);
      if (step != Step::row) return step;
      if (any_ && order_.compare(row, last_) == 0) continue;
      any_ = true;
      last_ = row;
      return step;
    }
  }

 private:
  NodePtr input_;
  RowOrder order_;
  Row last_;
  bool any_ = false;
};

}  // namespace

RowOrder order_of_keys(const Query& query) {
  RowOrder order;
  for (const auto& key : query.order) {
    auto place = static_cast<std::size_t>(key.target);
    order.keys.push_back({place, query.targets[place]->type, key.descending, key.nulls_first});
  }
  return order;
}

NodePtr make_sort(NodePtr input, RowOrder order) {
  return std::make_unique<Sort>(std::move(input), std::move(order));
}

NodePtr make_distinct(NodePtr input, RowOrder order) {
  return std::make_unique<Distinct>(std::move(input), std::move(order));
}

NodePtr make_unique(NodePtr input, RowOrder order) {
  return std::make_unique<Unique>(std::move(input), std::move(order));
}

}  // namespace pgconform::engine
