#pragma once

#include "engine/evaluate.hpp"
#include "engine/executor.hpp"

namespace pgconform::engine {

// Returning: what a change says of each of its rows.
class Returning {
 public:
  explicit Returning(const std::vector<ExprPtr>& list) : list_(list) {}

  bool is_asked() const { return !list_.empty(); }
  // is_unfinished: Pause or Suspend has come out of of(), which is to be called again for the same row.
  bool is_unfinished() const { return is_unfinished_; }
  Row of(const Row& row, Work& work) {
    is_unfinished_ = true;
    work.context.row = row;
    while (values_.size() < list_.size()) values_.push_back(evaluate(*list_[values_.size()], work.context));
    work.context.remembered.clear();
    is_unfinished_ = false;
    return std::exchange(values_, {});
  }

 private:
  const std::vector<ExprPtr>& list_;
  Row values_;
  bool is_unfinished_ = false;
};

}  // namespace pgconform::engine
