#pragma once

#include <cstdint>

#include "types/packed.hpp"

// money, as the C locale has it: $1,234.50. Held as the eight bytes of its cents. datatype-money.
namespace pgconform::types {

inline constexpr Oid money_oid = 790;

std::int64_t cents_of(std::string_view held);
std::string money_of(std::int64_t cents);

Result<Value> money_from_text(Oid type, std::string_view text, const Style& style);
std::string money_to_text(Oid type, std::string_view held, const Style& style);
int compare_money(Oid type, std::string_view a, std::string_view b);

}  // namespace pgconform::types
