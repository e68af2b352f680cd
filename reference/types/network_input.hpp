#pragma once

#include <optional>
#include <string_view>

#include "types/network.hpp"

namespace pgconform::types {

// read_network: the address that a text means, before anything is asked of the bits behind the mask; nothing if it
// means none.
std::optional<Network> read_network(std::string_view text, bool is_cidr);

}  // namespace pgconform::types
