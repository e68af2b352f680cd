#pragma once

#include "types/packed.hpp"

// macaddr and macaddr8: the six or eight bytes of a hardware address. datatype-macaddr.
namespace pgconform::types {

inline constexpr Oid macaddr_oid = 829, macaddr8_oid = 774;

// widened: six bytes as eight, with FF FE in their middle.
std::string widened(std::string_view six);

Result<Value> mac_from_text(Oid type, std::string_view text, const Style& style);
std::string mac_to_text(Oid type, std::string_view held, const Style& style);
Result<Value> mac_from_binary(Oid type, std::string_view bytes);

}  // namespace pgconform::types
