#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "engine/catalog/system_tables.hpp"

namespace pgconform::engine {

// RowMaker: rows of a system table, whose columns are set by name. Those that are not set are NULL, or false, 0 or ""
// where NULL is not possible.
class RowMaker {
 public:
  RowMaker(const Table& table, Rows& rows);

  // add: begin a row. set: one of its columns.
  RowMaker& add() {
    rows_.push_back(blank_);
    return *this;
  }
  RowMaker& set(std::string_view column, Value value);
  RowMaker& set(std::string_view column, const std::string& text) { return set(column, Value(text)); }
  RowMaker& set(std::string_view column, std::string_view text) { return set(column, Value(std::string(text))); }
  RowMaker& set(std::string_view column, const char* text) { return set(column, Value(std::string(text))); }
  RowMaker& set(std::string_view column, char c) { return set(column, Value(std::string(1, c))); }
  RowMaker& set(std::string_view column, bool truth) { return set(column, Value(truth)); }
  template <class Integer>
    requires std::is_integral_v<Integer>
  RowMaker& set(std::string_view column, Integer n) {
    return set(column, Value(static_cast<std::int64_t>(n)));
  }

 private:
  const Table& table_;
  Rows& rows_;
  Row blank_;
};

// list_of: an array of small integers or OIDs, of that element type; vector_of: int2vector or oidvector.
template <class Numbers>
Value list_of(Oid element, const Numbers& numbers, std::int32_t lower = 1);
template <class Numbers>
Value vector_of(Oid element, const Numbers& numbers) {
  return list_of(element, numbers, 0);
}

}  // namespace pgconform::engine

#include "types/array.hpp"

namespace pgconform::engine {

template <class Numbers>
Value list_of(Oid element, const Numbers& numbers, std::int32_t lower) {
  std::vector<Value> values;
  for (auto n : numbers) values.emplace_back(static_cast<std::int64_t>(n));
  auto array = types::one_dimensional(element, std::move(values));
  if (!array.dimensions.empty()) array.dimensions[0].lower = lower;
  return types::pack(array);
}

}  // namespace pgconform::engine
