#pragma once

#include <memory>
#include <string>

#include "types/datetime.hpp"

namespace pgconform::engine {

class Registry;

// zone_argument: a time zone by its abbreviation, its name or a rule as POSIX writes it, which counts west; 22023.
std::shared_ptr<const types::Zone> zone_argument(const std::string& name);
// made_zone: the same for make_timestamptz(), where numbers count east and need a sign.
std::shared_ptr<const types::Zone> made_zone(const std::string& name);

// add_zones: AT TIME ZONE. Called by add_fields().
void add_zones(Registry& registry);

}  // namespace pgconform::engine
