#include "engine/expr.hpp"
#include "engine/functions/packed_types.hpp"
#include "types/array.hpp"
#include "types/range_sets.hpp"

// Ranges and multiranges. functions-range. A range is a multirange of one range or none, so that what is asked of
// either is asked of both, and mixed, by one function.
namespace pgconform::engine {
namespace {

using types::Bound;
using types::Ranges;

Oid type_at(Call& c, std::size_t i) {
  return c.expr.args[i]->type;
}
Ranges ranges_at(Call& c, std::size_t i) {
  return types::unpack_ranges(type_at(c, i), c.text(i));
}
Oid element_of(Oid type) {
  return types::range_kind(type)->element;
}
// answer: a value of the call's type.
Value answer(Call& c, const Ranges& ranges) {
  return types::pack_ranges(c.expr.type, ranges);
}

// The flags "[)" and their like; of a NULL and of anything else nothing can be made.
Value construct(Call& c) {
  std::string_view flags = "[)";
  if (c.args.size() > 2) {
    if (types::is_null(c.args[2])) fail(sqlstate::data_exception, "range constructor flags argument must not be null");
    flags = c.text(2);
    const bool known =
        flags.size() == 2 && (flags[0] == '[' || flags[0] == '(') && (flags[1] == ']' || flags[1] == ')');
    if (!known)
      fail(sqlstate::syntax_error, "invalid range bound flags", -1,
           "Valid values are \"[]\", \"[)\", \"(]\", and \"()\".");
  }
  Bound lower{std::move(c.args[0]), true, flags[0] == '['}, upper{std::move(c.args[1]), false, flags[1] == ']'};
  return answer(c, value_or_fail(types::make_range(element_of(c.expr.type), std::move(lower), std::move(upper))));
}

Value construct_multirange(Call& c) {
  const Oid element = element_of(c.expr.type);
  Ranges all;
  if (!c.args.empty() && !types::is_array(type_at(c, 0))) all = ranges_at(c, 0);
  if (!c.args.empty() && types::is_array(type_at(c, 0))) {
    const types::Array array = types::unpack(c.text(0));
    if (array.dimensions.size() > 1)
      fail(sqlstate::cardinality_violation, "multiranges cannot be constructed from multidimensional arrays");
    for (const Value& each : array.elements) {
      if (types::is_null(each)) fail(sqlstate::null_value_not_allowed, "multirange values cannot contain null members");
      for (auto& range : types::unpack_ranges(array.element, std::get<std::string>(each)))
        all.push_back(std::move(range));
    }
  }
  return answer(c, types::normalized(element, std::move(all)));
}

// The lowest bound and the highest.
template <bool upper>
const Bound* end_of(const Ranges& ranges) {
  if (ranges.empty()) return nullptr;
  return upper ? &ranges.back().upper : &ranges.front().lower;
}

template <bool upper>
Value bound(Call& c) {
  const Ranges ranges = ranges_at(c, 0);
  const Bound* end = end_of<upper>(ranges);
  return end ? end->value : Value();
}
template <bool upper>
Value is_inclusive(Call& c) {
  const Ranges ranges = ranges_at(c, 0);
  const Bound* end = end_of<upper>(ranges);
  return end && end->inclusive;
}
template <bool upper>
Value is_infinite(Call& c) {
  const Ranges ranges = ranges_at(c, 0);
  const Bound* end = end_of<upper>(ranges);
  return end && end->infinite();
}
Value is_empty(Call& c) {
  return ranges_at(c, 0).empty();
}

// Questions about two of them.
using Question = bool (*)(Oid element, const Ranges& a, const Ranges& b);
template <Question question>
Value ask(Call& c) {
  return question(element_of(type_at(c, 0)), ranges_at(c, 0), ranges_at(c, 1));
}
template <Question question>
Value ask_other(Call& c) {
  return question(element_of(type_at(c, 0)), ranges_at(c, 1), ranges_at(c, 0));
}

bool is_before(Oid element, const Ranges& a, const Ranges& b) {
  return !a.empty() && !b.empty() && types::compare_bounds(element, a.back().upper, b.front().lower) < 0;
}
bool ends_no_later(Oid element, const Ranges& a, const Ranges& b) {
  return !a.empty() && !b.empty() && types::compare_bounds(element, a.back().upper, b.back().upper) <= 0;
}
bool begins_no_earlier(Oid element, const Ranges& a, const Ranges& b) {
  return !a.empty() && !b.empty() && types::compare_bounds(element, a.front().lower, b.front().lower) >= 0;
}

template <std::size_t whole>
Value contains_element(Call& c) {
  return types::contains(element_of(type_at(c, whole)), ranges_at(c, whole), c.args[1 - whole]);
}

// A range has no gap.
Value one_range(Call& c, const Ranges& ranges, std::string_view operation) {
  if (ranges.size() > 1)
    fail(sqlstate::data_exception, fmt::format("result of range {} would not be contiguous", operation));
  return answer(c, ranges);
}

Ranges sum(Call& c) {
  return types::together(element_of(c.expr.type), ranges_at(c, 0), ranges_at(c, 1));
}
Ranges difference(Call& c) {
  return types::without(element_of(c.expr.type), ranges_at(c, 0), ranges_at(c, 1));
}
Value intersection(Call& c) {
  return answer(c, types::in_both(element_of(c.expr.type), ranges_at(c, 0), ranges_at(c, 1)));
}

// The smallest range that all lie in.
Value merge(Call& c) {
  Ranges all = ranges_at(c, 0);
  if (c.args.size() > 1) all = sum(c);
  if (all.size() > 1) {
    all.front().upper = std::move(all.back().upper);
    all.resize(1);
  }
  return answer(c, all);
}

Value order_of(Call& c) {
  return std::int64_t{types::compare_ranges(type_at(c, 0), c.text(0), c.text(1))};
}

Value members(Call& c) {
  std::vector<Value> all;
  for (const auto& range : ranges_at(c, 0)) all.emplace_back(types::pack_ranges(c.expr.type, {range}));
  return types::pack(types::one_dimensional(c.expr.type, std::move(all)));
}

// A question under the names that it has for ranges, for multiranges and for one of each.
void add_question(Registry& r, const std::string& word, Implementation implementation) {
  r.add("range_" + word, implementation);
  for (const char* names : {"multirange_{}_multirange", "multirange_{}_range", "range_{}_multirange"})
    r.add(fmt::format(fmt::runtime(names), word), implementation);
}

}  // namespace

void add_ranges(Registry& r) {
  add_question(r, "contains", ask<types::contains>);
  add_question(r, "contained_by", ask_other<types::contains>);
  add_question(r, "overlaps", ask<types::overlaps>);
  add_question(r, "before", ask<is_before>);
  add_question(r, "after", ask_other<is_before>);
  add_question(r, "overleft", ask<ends_no_later>);
  add_question(r, "overright", ask<begins_no_earlier>);
  add_question(r, "adjacent", ask<types::touches>);
  for (std::string kind : {"range_", "multirange_"}) {
    r.add(kind + "lower", bound<false>);
    r.add(kind + "upper", bound<true>);
    r.add(kind + "lower_inc", is_inclusive<false>);
    r.add(kind + "upper_inc", is_inclusive<true>);
    r.add(kind + "lower_inf", is_infinite<false>);
    r.add(kind + "upper_inf", is_infinite<true>);
    r.add(kind + "empty", is_empty);
    r.add(kind + "cmp", order_of);
    r.add(kind + "intersect", intersection);
    r.add(kind + "contains_elem", contains_element<0>);
  }
  r.add({{"range_constructor2", construct},
         {"range_constructor3", construct},
         {"multirange_constructor0", construct_multirange},
         {"multirange_constructor1", construct_multirange},
         {"multirange_constructor2", construct_multirange},
         {"elem_contained_by_range", contains_element<1>},
         {"elem_contained_by_multirange", contains_element<1>},
         {"range_union", [](Call& c) { return one_range(c, sum(c), "union"); }},
         {"range_minus", [](Call& c) { return one_range(c, difference(c), "difference"); }},
         {"multirange_union", [](Call& c) { return answer(c, sum(c)); }},
         {"multirange_minus", [](Call& c) { return answer(c, difference(c)); }},
         {"range_merge", merge},
         {"range_merge_from_multirange", merge},
         {"multirange_unnest", members}});
}

}  // namespace pgconform::engine
