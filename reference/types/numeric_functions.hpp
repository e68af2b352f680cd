#pragma once

#include "types/numeric.hpp"

// Roots, logarithms and powers of numeric, to the scale that numeric.c selects for each. functions-math.
namespace pgconform::types {

// square_root: 2201F of a negative number.
Result<Numeric> square_root(const Numeric& a);
// exponential: e to the power of a; 22003 where it is too large.
Result<Numeric> exponential(const Numeric& a);
// natural_logarithm · logarithm: 2201E of what is not positive.
Result<Numeric> natural_logarithm(const Numeric& a);
Result<Numeric> logarithm(const Numeric& base, const Numeric& a);
// power: 2201F for what has no real value.
Result<Numeric> power(const Numeric& base, const Numeric& exponent);
// factorial: 22003 of a negative number or too large a result.
Result<Numeric> factorial(std::int64_t n);
// common_divisor · common_multiple: NaN if one of them is infinite or none.
Numeric common_divisor(const Numeric& a, const Numeric& b);
Result<Numeric> common_multiple(const Numeric& a, const Numeric& b);
// shortest_scale: the least scale that loses nothing.
int shortest_scale(const Numeric& a);

}  // namespace pgconform::types
