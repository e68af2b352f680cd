#include <unordered_map>

#include "engine/catalog/cache.hpp"
#include "engine/evaluate.hpp"
#include "engine/nodes/conditions.hpp"
#include "engine/nodes/nodes.hpp"

// Joins: a right side that is read once and kept, by the hash of what has to be equal where there is such; or that is
// made anew for each left row if it looks there.
namespace pgconform::engine {
namespace {

class Join : public RowSource {
  // Key: two expressions that the condition wants to be equal, one on each side.
  struct Key {
    const Expr *left, *right;
  };

 public:
  explicit Join(const FromItem& item) : item_(item), left_(make_from(*item.left)), lateral_(item.right->lateral) {
    if (!lateral_) right_ = make_from(*item.right);
    auto end = item.right->first + item.right->width;
    current_.resize(static_cast<std::size_t>(end));
    using Kind = FromItem::Join;
    keep_left_ = item.join_kind == Kind::left || item.join_kind == Kind::full;
    keep_right_ = item.join_kind == Kind::right || item.join_kind == Kind::full;
    if (!lateral_ && item.condition) find_keys(*item.condition);
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
    if (!hash_right(work)) return Step::pause;
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
        found_ = nullptr;
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
        if (fits && !matched_right_.empty()) matched_right_[found_ ? (*found_)[place_] : place_] = true;
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
    if (!keys_.empty() && !found_) find_right(work);
    if (place_ == (found_ ? found_->size() : kept_.size())) return Step::done;
    if (!work.spend()) return Step::pause;
    put(item_.right->first, item_.right->width, kept_[found_ ? (*found_)[place_] : place_]);
    have_candidate_ = true;
    return Step::row;
  }

  // What the condition wants to be equal, if one side of it looks at the left, the other at the right.
  void find_keys(const Expr& condition) {
    int middle = item_.right->first, end = middle + item_.right->width;
    each_conjunct(condition, [&](const Expr& part) {
      if (!is_hashable(part)) return;
      for (std::size_t side : {0u, 1u})
        if (reach_of(*part.args[side]).within(item_.first, middle) &&
            reach_of(*part.args[1 - side]).within(middle, end)) {
          keys_.push_back({part.args[side].get(), part.args[1 - side].get()});
          return;
        }
    });
  }

  // The hash of one side's keys for the row that is in place; nothing where one is NULL, as that equals nothing.
  std::optional<std::size_t> hash(Work& work, const Expr* Key::* side) {
    std::size_t sum = 0;
    work.context.row = current_;
    for (const Key& key : keys_) {
      Value value = evaluate(*(key.*side), work.context);
      if (types::is_null(value)) return std::nullopt;
      sum = sum * 31 + hash_of(value);
    }
    return sum;
  }

  // False when the slice is used up before all are hashed.
  bool hash_right(Work& work) {
    if (keys_.empty()) return true;
    for (; hashed_ < kept_.size(); ++hashed_) {
      if (!work.spend()) return false;
      put(item_.right->first, item_.right->width, kept_[hashed_]);
      if (auto sum = hash(work, &Key::right)) by_hash_[*sum].push_back(hashed_);
    }
    return true;
  }

  void find_right(Work& work) {
    static const std::vector<std::size_t> none;
    auto sum = hash(work, &Key::left);
    auto it = sum ? by_hash_.find(*sum) : by_hash_.end();
    found_ = it == by_hash_.end() ? &none : &it->second;
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
  std::vector<Key> keys_;
  std::unordered_map<std::size_t, std::vector<std::size_t>> by_hash_;  // places of right rows
  const std::vector<std::size_t>* found_ = nullptr;                    // those that the left row may go with
  std::size_t hashed_ = 0;
  std::size_t place_ = 0;  // in found_, or among all right rows
};

// An item's own conditions. They count columns as the whole row does.
class ItemFilter : public RowSource {
 public:
  ItemFilter(NodePtr input, const FromItem& item) : input_(std::move(input)), item_(item) {
    current_.resize(static_cast<std::size_t>(item.first + item.width));
  }
  Step next(Work& work, Row& row) override {
    for (;;) {
      if (!pending_) {
        Step step = input_->next(work, row_);
        if (step != Step::row) return step;
        pending_ = true;
      }
      std::ranges::copy(row_, current_.begin() + item_.first);
      auto around = std::exchange(work.context.row, current_);
      bool keep =
          std::ranges::all_of(item_.filters, [&](const auto& f) { return is_true(evaluate(*f, work.context)); });
      work.context.row = around;
      work.context.remembered.clear();
      pending_ = false;
      if (!keep) continue;
      row = std::move(row_);
      return Step::row;
    }
  }

 private:
  NodePtr input_;
  const FromItem& item_;
  Row row_, current_;
  bool pending_ = false;
};

NodePtr make_unfiltered(const FromItem& item, const Expr* where) {
  switch (item.kind) {
    case FromItem::Kind::table: {
      if (!item.table->system) return make_table_scan(item, where);
      SystemKey key = system_key(item);
      return make_system_scan(*item.table, key.value, key.column);
    }
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

NodePtr make_from(const FromItem& item, const Expr* where) {
  NodePtr node = make_unfiltered(item, where);
  const bool is_inner = item.kind == FromItem::Kind::join && item.join_kind == FromItem::Join::inner;
  if (is_inner && item.condition) node = make_one_time_filter(std::move(node), *item.condition);
  if (!item.filters.empty()) node = std::make_unique<ItemFilter>(std::move(node), item);
  return where ? make_filter(make_one_time_filter(std::move(node), *where), *where) : std::move(node);
}

}  // namespace pgconform::engine
