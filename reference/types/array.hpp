#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "types/datetime.hpp"
#include "types/value.hpp"

// Arrays. A Value holds one as the bytes of its binary form: one allocation however many elements it has, four bytes
// beside each element instead of a whole Value, a copy is one copy of memory, and sending it in binary is no work. Who
// looks inside unpacks it. int2vector and oidvector are held alike, with the lower bound 0.
namespace pgconform::types {

struct Dimension {
  std::int32_t length, lower;
  bool operator==(const Dimension&) const = default;
};

// Array: an array taken apart; no dimensions: empty.
struct Array {
  Oid element = 0;
  std::vector<Dimension> dimensions{};
  std::vector<Value> elements{};  // the last subscript runs fastest
};

inline constexpr int most_dimensions = 6;
inline constexpr std::int64_t most_elements = 134'217'727;

// one_dimensional: these elements, counted from 1.
Array one_dimensional(Oid element, std::vector<Value> elements);

// pack · unpack: to and from what a Value holds.
std::string pack(const Array& array);
Array unpack(std::string_view packed);
// with_element: the same bytes under another element type, whose values look the same.
std::string with_element(std::string packed, Oid element);

// array_from_binary: checked as array_recv() checks it; nothing is allocated for elements that have not arrived.
Result<Value> array_from_binary(Oid type, std::string_view bytes);
Result<Value> array_from_text(Oid type, std::string_view text, const Style& style);
std::string array_text(Oid type, std::string_view packed, const Style& style);

}  // namespace pgconform::types
