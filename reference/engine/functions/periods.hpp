#pragma once

namespace pgconform::engine {

class Registry;

// Called by add_fields(): OVERLAPS and date_bin() · comparisons of dates with timestamps.
void add_periods(Registry& registry);
void add_moments(Registry& registry);

}  // namespace pgconform::engine
