#pragma once

namespace pgconform::engine {

class Registry;

// add_bytes: functions of bytea. Called by add_strings().
void add_bytes(Registry& registry);

}  // namespace pgconform::engine
