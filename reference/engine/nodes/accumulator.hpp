#pragma once

#include <cstdint>
#include <string_view>

#include "engine/plan.hpp"
#include "types/numeric.hpp"

namespace pgconform::engine {

// Accumulator: what an aggregate knows of the rows so far, over a group or a window's frame.
struct Accumulator {
  std::int64_t count = 0;
  Value value;
  types::Numeric sum;
  double float_sum = 0, float_squares = 0;
  std::shared_ptr<Transition> other{};

  // add: one row's arguments, which it may take away.
  void add(const Aggregate& a, Row& args);
  Value result(const Aggregate& a) const;

 private:
  void add_float(const Aggregate& a, double next);
  void append(std::string_view part);
};

}  // namespace pgconform::engine
