#pragma once

namespace pgconform::engine {

class Registry;

// Called by add_mathematics(): powers and logarithms of numeric · trigonometry in degrees, hyperbolic functions.
void add_numerics(Registry& registry);
void add_trigonometry(Registry& registry);

}  // namespace pgconform::engine
