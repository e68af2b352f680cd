#include "types/packed.hpp"

#include "sqlstate/sqlstate.hpp"
#include "types/bits.hpp"

namespace pgconform::types {

const Packed* find_packed(Oid type) {
  static constexpr Packed bits{bits_from_text, bits_to_text, bits_from_binary, nullptr, compare_bits};
  switch (type) {
    case bit_oid:
    case varbit_oid:
      return &bits;
    default:
      return nullptr;
  }
}

std::unexpected<Failure> too_short() {
  return std::unexpected(Failure{sqlstate::protocol_violation, "insufficient data left in message", {}, {}});
}

std::unexpected<Failure> wrong_form(std::string message) {
  return std::unexpected(Failure{sqlstate::invalid_binary_representation, std::move(message), {}, {}});
}

}  // namespace pgconform::types
