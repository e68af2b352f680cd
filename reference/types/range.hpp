#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "types/packed.hpp"

// Ranges and multiranges, one mechanism over the type of their elements. Held as they cross the wire: a byte of flags
// and the bounds that are there, each behind its length; a multirange as the number of its ranges, and each range
// behind its length. rangetypes.
namespace pgconform::types {

// RangeKind: a range type, its multirange type and the type of its elements.
struct RangeKind {
  Oid range, multirange, element;
};
// range_kind: of a range or multirange type; null for any other type.
const RangeKind* range_kind(Oid type);
inline bool is_range(Oid type) {
  const auto* kind = range_kind(type);
  return kind && kind->range == type;
}
inline bool is_multirange(Oid type) {
  const auto* kind = range_kind(type);
  return kind && kind->multirange == type;
}

// Bound: one end of a range. One that is infinite has no value, and is not inclusive.
struct Bound {
  Value value{};
  bool is_lower = true, inclusive = false;
  bool infinite() const { return is_null(value); }
};
// Range: not empty. An empty one is none: what can be empty is held in Ranges.
struct Range {
  Bound lower{}, upper{};
};
// Ranges: those of a multirange, in order, none of them touching the next; a range is one of them or none.
using Ranges = std::vector<Range>;

// most_ranges: what one multirange may have here.
inline constexpr std::size_t most_ranges = 500'000;
std::unexpected<Failure> too_many_ranges();

// compare_bounds: as ends of ranges: an upper 5) comes before a lower [5.
int compare_bounds(Oid element, const Bound& a, const Bound& b);
// compare_element: a bound's value and one that is not a bound; an infinite bound lies outside of all.
int compare_element(Oid element, const Bound& bound, const Value& value);

// make_range: in its canonical form: [1,2) for (0,1] of whole numbers. No range: it is empty. 22000 if the bounds are
// the wrong way round.
Result<Ranges> make_range(Oid element, Bound lower, Bound upper);

// unpack_ranges · pack_ranges: of a value of a range or multirange type. A range type takes one range at most.
Ranges unpack_ranges(Oid type, std::string_view held);
std::string pack_ranges(Oid type, const Ranges& ranges);

Result<Value> range_from_text(Oid type, std::string_view text, const Style& style);
std::string range_to_text(Oid type, std::string_view held, const Style& style);
Result<Value> range_from_binary(Oid type, std::string_view bytes);
int compare_ranges(Oid type, std::string_view a, std::string_view b);

}  // namespace pgconform::types
