#pragma once

#include "types/numeric.hpp"

namespace pgconform::engine {

class Registry;

// numeric_value: a result as a value; 22003 where it has too many digits for one.
types::Value numeric_value(const types::Numeric& result);

// Called by add_mathematics(): powers and logarithms of numeric · trigonometry in degrees, hyperbolic functions.
void add_numerics(Registry& registry);
void add_trigonometry(Registry& registry);

}  // namespace pgconform::engine
