#include "engine/aggregates/transition.hpp"
#include "engine/functions.hpp"
#include "engine/functions/calendar.hpp"
#include "engine/plan.hpp"
#include "types/bits.hpp"
#include "types/money.hpp"

// Sums of intervals and of money, and the bits that integers have in common.
namespace pgconform::engine {
namespace {

using types::is_null;

class Intervals : public Transition {
 public:
  explicit Intervals(bool average) : average_(average) {}
  void add(Row& args) override {
    if (is_null(args[0])) return;
    const auto& next = std::get<types::Interval>(args[0]);
    ++count_;
    sum_ = make_interval(types::Wide{sum_.months} + next.months, types::Wide{sum_.days} + next.days,
                         types::Wide{sum_.micros} + next.micros);
  }
  Value result() const override {
    if (count_ == 0) return {};
    return average_ ? divide_interval(sum_, static_cast<double>(count_)) : Value(sum_);
  }

 private:
  bool average_;
  types::Interval sum_;
  std::int64_t count_ = 0;
};

class Money : public Transition {
 public:
  void add(Row& args) override {
    if (is_null(args[0])) return;
    any_ = true;
    if (__builtin_add_overflow(cents_, types::cents_of(std::get<std::string>(args[0])), &cents_))
      fail(sqlstate::numeric_value_out_of_range, "money out of range");
  }
  Value result() const override { return any_ ? Value(types::money_of(cents_)) : Value(); }

 private:
  std::int64_t cents_ = 0;
  bool any_ = false;
};

template <class Operation>
class Bits : public Transition {
 public:
  void add(Row& args) override {
    if (is_null(args[0])) return;
    value_ =
        is_null(value_) ? args[0] : Value(Operation{}(std::get<std::int64_t>(value_), std::get<std::int64_t>(args[0])));
  }
  Value result() const override { return value_; }

 private:
  Value value_;
};

template <char operation>
class BitStrings : public Transition {
 public:
  void add(Row& args) override {
    if (is_null(args[0])) return;
    value_ = is_null(value_) ? std::move(args[0])
                             : value_or_fail(types::combine_bits(std::get<std::string>(value_),
                                                                 std::get<std::string>(args[0]), operation));
  }
  Value result() const override { return value_; }

 private:
  Value value_;
};

template <class Made>
std::unique_ptr<Transition> make(const Aggregate&) {
  return std::make_unique<Made>();
}

}  // namespace

MakeTransition find_sum(std::string_view name, Oid argument) {
  if (argument == types::interval_oid && name == "sum")
    return [](const Aggregate&) -> std::unique_ptr<Transition> { return std::make_unique<Intervals>(false); };
  if (argument == types::interval_oid && name == "avg")
    return [](const Aggregate&) -> std::unique_ptr<Transition> { return std::make_unique<Intervals>(true); };
  if (argument == types::money_oid && name == "sum") return make<Money>;
  if (argument == types::bit_oid) {
    if (name == "bit_and") return make<BitStrings<'&'>>;
    if (name == "bit_or") return make<BitStrings<'|'>>;
    if (name == "bit_xor") return make<BitStrings<'#'>>;
  }
  if (argument != types::int2_oid && argument != types::int4_oid && argument != types::int8_oid) return nullptr;
  if (name == "bit_and") return make<Bits<std::bit_and<>>>;
  if (name == "bit_or") return make<Bits<std::bit_or<>>>;
  if (name == "bit_xor") return make<Bits<std::bit_xor<>>>;
  return nullptr;
}

}  // namespace pgconform::engine
