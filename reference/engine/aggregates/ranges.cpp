#include "engine/aggregates/transition.hpp"
#include "engine/functions.hpp"
#include "engine/plan.hpp"
#include "types/range_sets.hpp"

// range_agg and range_intersect_agg: what ranges or multiranges cover together, or have in common.
namespace pgconform::engine {
namespace {

class Covered : public Transition {
 public:
  explicit Covered(const Aggregate& aggregate)
      : type_(aggregate.argument), result_(aggregate.type), element_(types::range_kind(type_)->element) {}

  void add(Row& args) override {
    if (types::is_null(args[0])) return;
    any_ = true;
    for (auto& range : types::unpack_ranges(type_, std::get<std::string>(args[0]))) ranges_.push_back(std::move(range));
    if (ranges_.size() < sorted_ * 2 + 1000) return;
    ranges_ = types::normalized(element_, std::move(ranges_));
    sorted_ = ranges_.size();
    if (sorted_ > types::most_ranges) fail(types::too_many_ranges().error());
  }
  Value result() const override {
    return any_ ? Value(types::pack_ranges(result_, types::normalized(element_, ranges_))) : Value();
  }

 private:
  Oid type_, result_, element_;
  types::Ranges ranges_;
  std::size_t sorted_ = 0;  // how many were left when they were last put in order
  bool any_ = false;
};

class Common : public Transition {
 public:
  explicit Common(const Aggregate& aggregate)
      : type_(aggregate.argument), element_(types::range_kind(type_)->element) {}

  void add(Row& args) override {
    if (types::is_null(args[0])) return;
    auto next = types::unpack_ranges(type_, std::get<std::string>(args[0]));
    ranges_ = any_ ? types::in_both(element_, ranges_, next) : std::move(next);
    any_ = true;
  }
  Value result() const override { return any_ ? Value(types::pack_ranges(type_, ranges_)) : Value(); }

 private:
  Oid type_, element_;
  types::Ranges ranges_;
  bool any_ = false;
};

}  // namespace

MakeTransition find_range_aggregate(std::string_view name) {
  if (name == "range_agg")
    return [](const Aggregate& a) -> std::unique_ptr<Transition> { return std::make_unique<Covered>(a); };
  if (name == "range_intersect_agg")
    return [](const Aggregate& a) -> std::unique_ptr<Transition> { return std::make_unique<Common>(a); };
  return nullptr;
}

}  // namespace pgconform::engine
