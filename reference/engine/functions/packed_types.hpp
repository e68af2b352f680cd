#pragma once

#include "engine/functions.hpp"

// The functions of types that are held packed (types/packed.hpp).
namespace pgconform::engine {

void add_bits(Registry& registry);
void add_networks(Registry& registry);
void add_ranges(Registry& registry);
void add_money(Registry& registry);
void add_system_values(Registry& registry);

}  // namespace pgconform::engine
