#include "types/range_sets.hpp"

#include <algorithm>

namespace pgconform::types {
namespace {

// The end of one range as the beginning of what follows it, or the other way round.
Bound turned(Bound bound) {
  bound.is_lower = !bound.is_lower;
  bound.inclusive = !bound.inclusive && !bound.infinite();
  return bound;
}

// Whether a lower bound lies no further than an upper one, so that there is something between them.
bool spans(Oid element, const Bound& lower, const Bound& upper) {
  return compare_bounds(element, lower, upper) <= 0;
}

// Whether an upper bound and a lower one meet, with neither a gap nor an overlap. Those of discrete types have one form
// only, and so need no other look.
bool meet(Oid element, const Bound& upper, const Bound& lower) {
  if (upper.infinite() || lower.infinite() || upper.inclusive == lower.inclusive) return false;
  return compare_element(element, Bound{upper.value, true, true}, lower.value) == 0;
}

}  // namespace

Ranges normalized(Oid element, Ranges ranges) {
  std::ranges::stable_sort(ranges, [&](const Range& a, const Range& b) {
    const int order = compare_bounds(element, a.lower, b.lower);
    return order != 0 ? order < 0 : compare_bounds(element, a.upper, b.upper) < 0;
  });
  Ranges apart;
  for (Range& next : ranges) {
    if (!apart.empty()) {
      Bound& end = apart.back().upper;
      if (spans(element, next.lower, end) || meet(element, end, next.lower)) {
        if (compare_bounds(element, end, next.upper) < 0) end = std::move(next.upper);
        continue;
      }
    }
    apart.push_back(std::move(next));
  }
  return apart;
}

Ranges together(Oid element, Ranges a, const Ranges& b) {
  a.insert(a.end(), b.begin(), b.end());
  return normalized(element, std::move(a));
}

Ranges in_both(Oid element, const Ranges& a, const Ranges& b) {
  Ranges common;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const Range &x = a[i], &y = b[j];
    const Bound& lower = compare_bounds(element, x.lower, y.lower) < 0 ? y.lower : x.lower;
    const bool x_ends = compare_bounds(element, x.upper, y.upper) < 0;
    const Bound& upper = x_ends ? x.upper : y.upper;
    if (spans(element, lower, upper)) common.emplace_back(lower, upper);
    ++(x_ends ? i : j);
  }
  return common;
}

Ranges without(Oid element, const Ranges& a, const Ranges& b) {
  Ranges left;
  std::size_t j = 0;
  for (const Range& range : a) {
    Bound lower = range.lower;
    bool is_used_up = false;
    while (j < b.size() && !spans(element, range.lower, b[j].upper)) ++j;
    // The last one looked at may reach into the next range.
    for (auto k = j; k < b.size() && !is_used_up && spans(element, b[k].lower, range.upper); ++k) {
      if (compare_bounds(element, lower, b[k].lower) < 0) left.emplace_back(lower, turned(b[k].lower));
      is_used_up = compare_bounds(element, b[k].upper, range.upper) >= 0;
      if (!is_used_up) lower = turned(b[k].upper), j = k + 1;
    }
    if (!is_used_up) left.emplace_back(lower, range.upper);
  }
  return left;
}

bool contains(Oid element, const Ranges& a, const Value& value) {
  // The last range that begins no later than the value.
  auto after = std::ranges::partition_point(
      a, [&](const Range& range) { return compare_element(element, range.lower, value) <= 0; });
  return after != a.begin() && compare_element(element, std::prev(after)->upper, value) >= 0;
}

bool contains(Oid element, const Ranges& a, const Ranges& b) {
  std::size_t i = 0;
  return std::ranges::all_of(b, [&](const Range& inner) {
    while (i < a.size() && compare_bounds(element, a[i].upper, inner.upper) < 0) ++i;
    return i < a.size() && compare_bounds(element, a[i].lower, inner.lower) <= 0;
  });
}

bool overlaps(Oid element, const Ranges& a, const Ranges& b) {
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (!spans(element, a[i].lower, b[j].upper))
      ++j;
    else if (!spans(element, b[j].lower, a[i].upper))
      ++i;
    else
      return true;
  }
  return false;
}

bool touches(Oid element, const Ranges& a, const Ranges& b) {
  if (a.empty() || b.empty()) return false;
  return meet(element, a.back().upper, b.front().lower) || meet(element, b.back().upper, a.front().lower);
}

}  // namespace pgconform::types
