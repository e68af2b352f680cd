#include "engine/evaluate.hpp"
#include "engine/nodes/nodes.hpp"

// Joins: nested loops over a right side that is read once and kept, or made anew for each left row if it looks there.
namespace pgconform::engine {
namespace {

class Join : public RowSource {
 public:
  explicit Join(const FromItem& item) : item_(item), left_(make_from(*item.left)), lateral_(item.right->lateral) {
    if (!lateral_) right_ = make_from(*item.right);
    auto end = item.right->first + item.right->width;
    current_.resize(static_cast<std::size_t>(end));
    using Kind = FromItem::Join;
    keep_left_ = item.join_kind == Kind::left || item.join_kind == Kind::full;
    keep_right_ = item.join_kind == Kind::right || item.join_kind == Kind::full;
  }

  Step next(Work& work, Row& row) override {
    while (!lateral_ && !kept_all_) {
      Row one;
      Step step = right_->next(work, one);
      if (step == Step::pause) return step;
      if (step == Step::done)
        kept_all_ = true;
      else
        kept_.push_back(std::move(one));
    }
    matched_right_.resize(keep_right_ ? kept_.size() : 0);
    while (!left_done_) {
      if (!have_left_) {
        Row one;
        Step step = left_->next(work, one);
        if (step == Step::pause) return step;
        if (step == Step::done) {
          left_done_ = true;
          place_ = 0;
          break;
        }
        put(item_.left->first, item_.left->width, one);
        have_left_ = true;
        matched_left_ = false;
        place_ = 0;
        if (lateral_) right_ = make_from(*item_.right);
      }
      Step step = candidate(work);
      if (step == Step::pause) return step;
      if (step == Step::row) {
        bool fits = true;
        if (item_.condition) {
          work.context.row = current_;
          fits = is_true(evaluate(*item_.condition, work.context));
          work.context.remembered.clear();
        }
        if (fits && !matched_right_.empty()) matched_right_[place_] = true;
        have_candidate_ = false;
        ++place_;
        if (!fits) continue;
        matched_left_ = true;
        return give(work, row);
      }
      have_left_ = false;
      if (!keep_left_ || matched_left_) continue;
      put(item_.right->first, item_.right->width, {});
      return give(work, row);
    }
    put(item_.left->first, item_.left->width, {});
    while (place_ < matched_right_.size()) {
      if (!work.spend()) return Step::pause;
      auto place = place_++;
      if (matched_right_[place]) continue;
      put(item_.right->first, item_.right->width, kept_[place]);
      return give(work, row);
    }
    return Step::done;
  }

 private:
  // The next right row for the left one, put in its place.
  Step candidate(Work& work) {
    if (have_candidate_) return Step::row;
    if (lateral_) {
      Row one;
      work.context.row = current_;
      Step step = right_->next(work, one);
      if (step == Step::row) put(item_.right->first, item_.right->width, one);
      have_candidate_ = step == Step::row;
      return step;
    }
    if (place_ == kept_.size()) return Step::done;
    if (!work.spend()) return Step::pause;
    put(item_.right->first, item_.right->width, kept_[place_]);
    have_candidate_ = true;
    return Step::row;
  }

  // A side's values; none stands for NULLs.
  void put(int first, int width, const Row& values) {
    for (int i = 0; i < width; ++i) {
      auto from = static_cast<std::size_t>(i);
      current_[static_cast<std::size_t>(first) + from] = from < values.size() ? values[from] : Value();
    }
  }

  Step give(Work& work, Row& row) {
    row.assign(current_.begin() + item_.first, current_.end());
    if (item_.merged.empty()) return Step::row;
    work.context.row = current_;
    for (const auto& expr : item_.merged) row.push_back(evaluate(*expr, work.context));
    return Step::row;
  }

  const FromItem& item_;
  NodePtr left_, right_;
  bool lateral_;
  bool keep_left_ = false, keep_right_ = false, kept_all_ = false, left_done_ = false;
  bool have_left_ = false, matched_left_ = false, have_candidate_ = false;
  Row current_;
  std::vector<Row> kept_;
  std::vector<bool> matched_right_;
  std::size_t place_ = 0;
};

// LATERAL (SELECT …): a query with a context of its own, which looks out at the row left of it.
class Lateral : public RowSource {
 public:
  explicit Lateral(const Query& query) : query_(query) {}
  Step next(Work& work, Row& row) override {
    if (!inner_) {
      inner_ = std::make_unique<Work>(Work{Context{work.context.session}, work.snapshot, 0});
      inner_->context.parameters = work.context.parameters;
      inner_->context.work = inner_.get();
      source_ = make_source(query_);
    }
    inner_->context.outer = &work.context;
    work.lend(*inner_);
    Step step = source_->next(*inner_, row);
    work.take_back(*inner_);
    return step;
  }

 private:
  const Query& query_;
  std::unique_ptr<Work> inner_;
  NodePtr source_;
};

}  // namespace

NodePtr make_join(const FromItem& item) {
  return std::make_unique<Join>(item);
}

NodePtr make_lateral(const Query& query) {
  return std::make_unique<Lateral>(query);
}

NodePtr make_from(const FromItem& item) {
  switch (item.kind) {
    case FromItem::Kind::table:
      return make_table_scan(*item.table);
    case FromItem::Kind::query:
      return item.own_context ? make_lateral(*item.query) : make_source(*item.query);
    case FromItem::Kind::function:
      return make_function_scan(item);
    case FromItem::Kind::common:
      return make_common_scan(item);
    case FromItem::Kind::join:
      break;
  }
  return make_join(item);
}

}  // namespace pgconform::engine
