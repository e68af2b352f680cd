#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "engine/evaluate.hpp"
#include "engine/nodes/nodes.hpp"
#include "types/form.hpp"
#include "types/numeric.hpp"

// GROUP BY and aggregates.
namespace pgconform::engine {
namespace {

using types::is_null;
using types::Numeric;

constexpr std::size_t longest_string = 0x3fffffff;  // MaxAllocSize

// One aggregate's state.
struct Accumulator {
  std::int64_t count = 0;
  Value value;
  Numeric sum;
  double float_sum = 0, float_squares = 0;
  std::shared_ptr<Transition> other{};

  // float4 is summed in its own precision; an average keeps the sum of squares too, whose overflow is one of the whole:
  // float8_accum().
  void add_float(const Aggregate& a, double next) {
    double before = float_sum;
    float_sum += next;
    if (a.type == types::float4_oid) float_sum = static_cast<float>(float_sum);
    if (a.kind == Aggregate::Kind::average && count > 1) {
      auto n = static_cast<double>(count);
      double off = next * n - float_sum;
      float_squares += off * off / (n * (n - 1));
    }
    if (!std::isinf(float_sum) && !std::isinf(float_squares)) return;
    if (!std::isinf(before) && !std::isinf(next))
      fail(sqlstate::numeric_value_out_of_range, "value out of range: overflow");
    float_squares = std::numeric_limits<double>::quiet_NaN();
  }

  void append(std::string_view part) {
    auto& joined = std::get<std::string>(value);
    if (part.size() >= longest_string - joined.size())
      fail(sqlstate::program_limit_exceeded, "out of memory", -1, {},
           fmt::format("Cannot enlarge string buffer containing {} bytes by {} more bytes.", joined.size(),
                       part.size()));
    joined += part;
  }

  void add(const Aggregate& a, Row& args) {
    using Kind = Aggregate::Kind;
    if (a.kind == Kind::count_all) {
      ++count;
      return;
    }
    if (a.kind == Kind::other) {
      if (!other) other = a.make(a);
      return other->add(args);
    }
    Value& next = args[0];
    if (is_null(next)) return;
    Oid type = a.args[0]->type;
    ++count;
    switch (a.kind) {
      case Kind::sum:
      case Kind::average:
        if (std::holds_alternative<float>(next))
          add_float(a, std::get<float>(next));
        else if (std::holds_alternative<double>(next))
          add_float(a, std::get<double>(next));
        else
          sum = sum + *Numeric::parse(types::print_text(type, next, {}));
        break;
      case Kind::least:
      case Kind::greatest: {
        // Of equal values that print differently, such as 1.0 and 1.00, the last one stays.
        int order = is_null(value) ? 0 : compare_values(type, next, value);
        if (a.kind == Kind::least ? order <= 0 : order >= 0) value = std::move(next);
        break;
      }
      case Kind::every:
      case Kind::some: {
        bool so_far = is_null(value) ? std::get<bool>(next) : std::get<bool>(value);
        value = a.kind == Kind::every ? so_far && std::get<bool>(next) : so_far || std::get<bool>(next);
        break;
      }
      case Kind::join: {
        const Value& separator = args[1];
        if (is_null(value)) {
          value = std::move(next);
          break;
        }
        if (!is_null(separator)) append(std::get<std::string>(separator));
        append(std::get<std::string>(next));
        break;
      }
      default:
        break;
    }
  }

  Value result(const Aggregate& a) const {
    using Kind = Aggregate::Kind;
    switch (a.kind) {
      case Kind::other:
        return other ? other->result() : a.make(a)->result();
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
          if (query_.keys.empty() && groups_.empty()) group({});
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
    for (std::size_t i = 0; i < states.size(); ++i) row.push_back(states[i].result(query_.aggregates[i]));
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
    auto& states = group(key);
    for (std::size_t i = 0; i < args.size(); ++i)
      if (args[i]) states[i].add(query_.aggregates[i], orders_[i], std::move(*args[i]));
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
