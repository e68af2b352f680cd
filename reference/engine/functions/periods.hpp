#pragma once

namespace pgconform::engine {

class Registry;

// add_periods: OVERLAPS and date_bin(). Called by add_fields().
void add_periods(Registry& registry);

}  // namespace pgconform::engine
