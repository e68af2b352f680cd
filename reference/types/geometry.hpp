#pragma once

#include "types/packed.hpp"

// Points and what is made of them. They are read, held and written; nothing is computed with them. datatype-geometric.
namespace pgconform::types {

inline constexpr Oid point_oid = 600, lseg_oid = 601, path_oid = 602, box_oid = 603, polygon_oid = 604, line_oid = 628,
                     circle_oid = 718, box_array_oid = 1020;

Result<Value> geometry_from_text(Oid type, std::string_view text, const Style& style);
std::string geometry_to_text(Oid type, std::string_view held, const Style& style);
Result<Value> geometry_from_binary(Oid type, std::string_view bytes);

}  // namespace pgconform::types
