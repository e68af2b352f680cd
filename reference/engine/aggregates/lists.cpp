#include "engine/aggregates/transition.hpp"
#include "engine/functions.hpp"
#include "engine/plan.hpp"
#include "types/array.hpp"
#include "types/json.hpp"

// Aggregates that keep every value: array_agg, json_agg, json_object_agg and their kin. functions-aggregate.
namespace pgconform::engine {
namespace {

using types::is_null;

std::size_t size_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return sizeof(Value) + (text ? text->size() : 0);
}

class Elements : public Transition {
 public:
  explicit Elements(Oid element) { array_.element = element; }
  void add(Row& args) override {
    bytes_ += size_of(args[0]);
    need_memory(bytes_);
    array_.elements.push_back(std::move(args[0]));
  }
  Value result() const override {
    return array_.elements.empty() ? Value() : types::pack(types::one_dimensional(array_.element, array_.elements));
  }

 private:
  types::Array array_;
  std::size_t bytes_ = 0;
};

// Arrays of one shape become an array with a dimension more: accumArrayResultArr().
class Arrays : public Transition {
 public:
  explicit Arrays(Oid type) { array_.element = types::element_of(type); }
  void add(Row& args) override {
    if (is_null(args[0])) fail(sqlstate::null_value_not_allowed, "cannot accumulate null arrays");
    types::Array next = types::unpack(std::get<std::string>(args[0]));
    if (next.dimensions.empty()) fail(sqlstate::array_subscript_error, "cannot accumulate empty arrays");
    if (next.dimensions.size() == types::most_dimensions)
      fail(sqlstate::program_limit_exceeded,
           fmt::format("number of array dimensions ({}) exceeds the maximum allowed ({})", next.dimensions.size() + 1,
                       types::most_dimensions));
    if (count_++ == 0)
      array_.dimensions = next.dimensions;
    else if (array_.dimensions != next.dimensions)
      fail(sqlstate::array_subscript_error, "cannot accumulate arrays of different dimensionality");
    for (auto& element : next.elements) {
      bytes_ += size_of(element);
      array_.elements.push_back(std::move(element));
    }
    need_memory(bytes_);
  }
  Value result() const override {
    if (count_ == 0) return {};
    types::Array whole = array_;
    whole.dimensions.insert(whole.dimensions.begin(), {count_, 1});
    return types::pack(whole);
  }

 private:
  types::Array array_;
  std::int32_t count_ = 0;
  std::size_t bytes_ = 0;
};

// The analysis has made json of the arguments, and text of an object's keys.
class Json : public Transition {
 public:
  Json(const Aggregate& aggregate, bool object)
      : object_(object),
        binary_(aggregate.type == types::jsonb_oid),
        structured_(!object && (types::is_array(aggregate.argument) || aggregate.argument == types::record_oid)) {}

  void add(Row& args) override {
    if (object_ && is_null(args[0])) fail(sqlstate::invalid_parameter_value, "field name must not be null");
    const Value& value = args[object_ ? 1 : 0];
    if (text_.empty())
      text_ = object_ ? "{ " : "[";
    else
      text_ += structured_ && !is_null(value) ? ", \n " : ", ";
    if (object_) text_ += types::quote_json(std::get<std::string>(args[0])) + " : ";
    text_ += is_null(value) ? "null" : std::get<std::string>(value);
    need_memory(text_.size());
  }
  Value result() const override {
    if (text_.empty()) return {};
    std::string whole = text_ + (object_ ? " }" : "]");
    return binary_ ? value_or_fail(types::normalize_json(whole)) : std::move(whole);
  }

 private:
  bool object_, binary_, structured_;
  std::string text_;
};

}  // namespace

std::unique_ptr<Transition> collect_array(Oid type) {
  if (types::is_array(type) && type != types::int2vector_oid && type != types::oidvector_oid)
    return std::make_unique<Arrays>(type);
  return std::make_unique<Elements>(type);
}

MakeTransition find_list(std::string_view name) {
  if (name == "array_agg") return [](const Aggregate& a) { return collect_array(a.argument); };
  if (name == "json_agg" || name == "jsonb_agg")
    return [](const Aggregate& a) -> std::unique_ptr<Transition> { return std::make_unique<Json>(a, false); };
  if (name == "json_object_agg" || name == "jsonb_object_agg")
    return [](const Aggregate& a) -> std::unique_ptr<Transition> { return std::make_unique<Json>(a, true); };
  return nullptr;
}

MakeTransition find_transition(std::string_view name, Oid argument) {
  if (auto make = find_list(name)) return make;
  if (auto make = find_range_aggregate(name)) return make;
  if (auto make = find_statistic(name, argument)) return make;
  return find_sum(name, argument);
}

}  // namespace pgconform::engine
