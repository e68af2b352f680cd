#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "engine/evaluate.hpp"
#include "engine/nodes/accumulator.hpp"
#include "engine/nodes/nodes.hpp"

// GROUP BY and aggregates.
namespace pgconform::engine {
namespace {

// One aggregate of one group: with DISTINCT or ORDER BY the rows are kept in order until all are there.
struct State {
  Accumulator accumulator;
  std::optional<std::multiset<Row, RowOrder>> kept{};

  void add(const Aggregate& a, const RowOrder& order, Row args) {
    if (a.order.empty()) return accumulator.add(a, args);
    if (!kept) kept.emplace(order);
    if (a.distinct && kept->contains(args)) return;
    kept->insert(std::move(args));
  }
  Value result(const Aggregate& a) {
    while (kept && !kept->empty()) {
      auto node = kept->extract(kept->begin());
      accumulator.add(a, node.value());
    }
    return accumulator.result(a);
  }
};

// Groups come out in the order in which their first rows came in. Without keys there is one, even of no rows.
class Aggregation : public RowSource {
 public:
  Aggregation(NodePtr input, const Query& query) : input_(std::move(input)), query_(query) {
    RowOrder by_key;
    for (std::size_t i = 0; i < query.keys.size(); ++i) by_key.keys.push_back({i, query.keys[i]->type});
    if (!query.sets.empty()) by_key.keys.push_back({query.keys.size(), types::int8_oid});
    places_ = std::map<Row, std::size_t, RowOrder>(by_key);
    for (const auto& aggregate : query.aggregates) {
      auto& order = orders_.emplace_back();
      for (const auto& key : aggregate.order) {
        auto place = static_cast<std::size_t>(key.target);
        order.keys.push_back({place, aggregate.args[place]->type, key.descending, key.nulls_first});
      }
    }
  }

  Step next(Work& work, Row& row) override {
    while (!read_all_) {
      if (!pending_) {
        Step step = input_->next(work, current_);
        if (step == Step::pause) return step;
        if (step == Step::done) {
          if (query_.sets.empty() && query_.keys.empty()) group({});
          for (std::size_t i = 0; i < query_.sets.size(); ++i)
            if (std::ranges::find(query_.sets[i], true) == query_.sets[i].end())
              group(key_of_set(Row(query_.keys.size()), i));
          read_all_ = true;
          break;
        }
        pending_ = true;
      }
      take(work);
      pending_ = false;
    }
    if (place_ == groups_.size()) return Step::done;
    if (!work.spend()) return Step::pause;
    auto& states = groups_[place_];
    row = std::move(keys_[place_]);
    Value set;
    if (!query_.sets.empty()) {
      set = std::move(row.back());
      row.pop_back();
    }
    for (std::size_t i = 0; i < states.size(); ++i) row.push_back(states[i].result(query_.aggregates[i]));
    if (!query_.sets.empty()) row.push_back(std::move(set));
    ++place_;
    return Step::row;
  }

 private:
  std::vector<State>& group(const Row& key) {
    auto [it, is_new] = places_.try_emplace(key, groups_.size());
    if (is_new) {
      keys_.push_back(key);
      groups_.emplace_back(query_.aggregates.size());
    }
    return groups_[it->second];
  }

  // Everything is worked out before anything is added: what has to wait is asked again.
  void take(Work& work) {
    Context& context = work.context;
    context.row = current_;
    Row key;
    for (const auto& expr : query_.keys) key.push_back(evaluate(*expr, context));
    std::vector<std::optional<Row>> args;
    for (const auto& aggregate : query_.aggregates) {
      auto& list = args.emplace_back();
      if (aggregate.filter && !is_true(evaluate(*aggregate.filter, context))) continue;
      list.emplace();
      for (const auto& arg : aggregate.args) list->push_back(evaluate(*arg, context));
    }
    context.remembered.clear();
    const std::size_t sets = std::max<std::size_t>(query_.sets.size(), 1);
    for (std::size_t set = 0; set < sets; ++set) {
      auto& states = group(query_.sets.empty() ? key : key_of_set(key, set));
      for (std::size_t i = 0; i < args.size(); ++i)
        if (args[i]) states[i].add(query_.aggregates[i], orders_[i], set + 1 == sets ? std::move(*args[i]) : *args[i]);
    }
  }

  // The keys that count in a set, the others NULL, and its number.
  Row key_of_set(Row key, std::size_t set) const {
    for (std::size_t i = 0; i < key.size(); ++i)
      if (!query_.sets[set][i]) key[i] = Value();
    key.emplace_back(static_cast<std::int64_t>(set + 1));
    return key;
  }

  NodePtr input_;
  const Query& query_;
  Row current_;
  bool pending_ = false, read_all_ = false;
  std::map<Row, std::size_t, RowOrder> places_;
  std::vector<RowOrder> orders_;
  std::vector<Row> keys_;
  std::vector<std::vector<State>> groups_;
  std::size_t place_ = 0;
};

}  // namespace

NodePtr make_aggregation(NodePtr input, const Query& query) {
  return std::make_unique<Aggregation>(std::move(input), query);
}

}  // namespace pgconform::engine
