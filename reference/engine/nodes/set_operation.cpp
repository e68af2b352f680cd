#include <map>
#include <set>

#include "engine/nodes/nodes.hpp"

// UNION, INTERSECT, EXCEPT.
namespace pgconform::engine {
namespace {

class Append : public RowSource {
 public:
  Append(NodePtr first, NodePtr second) : first_(std::move(first)), second_(std::move(second)) {}
  Step next(Work& work, Row& row) override {
    if (first_) {
      Step step = first_->next(work, row);
      if (step != Step::done) return step;
      first_.reset();
    }
    return second_->next(work, row);
  }

 private:
  NodePtr first_, second_;
};

// The right side is counted first; then each left row finds out how it stands.
class CountedOperation : public RowSource {
 public:
  CountedOperation(NodePtr left, NodePtr right, const Query& query)
      : left_(std::move(left)), right_(std::move(right)), query_(query), counts_(order_of(query.operand_types)) {}
  Step next(Work& work, Row& row) override {
    while (!counted_) {
      Row one;
      Step step = right_->next(work, one);
      if (step == Step::pause) return step;
      if (step == Step::done)
        counted_ = true;
      else
        ++counts_[std::move(one)];
    }
    for (;;) {
      Step step = left_->next(work, row);
      if (step != Step::row || chosen(row)) return step;
    }
  }

 private:
  bool chosen(const Row& row) {
    auto& count = counts_[row];
    if (query_.operation == Query::Operation::intersect) {
      if (count <= 0) return false;
      count = query_.all ? count - 1 : 0;
      return true;
    }
    if (count > 0) {
      if (query_.all) --count;
      return false;
    }
    if (!query_.all) count = 1;  // once is enough
    return true;
  }

  NodePtr left_, right_;
  const Query& query_;
  std::map<Row, std::int64_t, RowOrder> counts_;
  bool counted_ = false;
};

NodePtr side(const Query& query, const std::vector<ExprPtr>& casts) {
  auto source = make_source(query);
  return casts.empty() ? std::move(source) : make_projection(std::move(source), casts);
}

// A side's rows carry no more than its columns, so that they can be compared whole.
class Cut : public RowSource {
 public:
  Cut(NodePtr input, std::size_t width) : input_(std::move(input)), width_(width) {}
  Step next(Work& work, Row& row) override {
    Step step = input_->next(work, row);
    if (step == Step::row) row.resize(width_);
    return step;
  }

 private:
  NodePtr input_;
  std::size_t width_;
};

}  // namespace

NodePtr make_set_operation(const Query& query) {
  auto width = query.operand_types.size();
  auto left = std::make_unique<Cut>(side(*query.left, query.left_casts), width);
  auto right = std::make_unique<Cut>(side(*query.right, query.right_casts), width);
  if (query.operation != Query::Operation::unite)
    return std::make_unique<CountedOperation>(std::move(left), std::move(right), query);
  auto both = std::make_unique<Append>(std::move(left), std::move(right));
  return query.all ? NodePtr(std::move(both)) : make_distinct(std::move(both), order_of(query.operand_types));
}

}  // namespace pgconform::engine
