#pragma once

#include <string>
#include <string_view>

#include "types/datetime.hpp"
#include "types/value.hpp"

// Types whose values are held packed: a std::string of the bytes of the binary form, or close to it. Who looks inside
// asks the header of the kind of type (bits.hpp, …); all others go through this table.
namespace pgconform::types {

// Packed: what one such type can do.
struct Packed {
  Result<Value> (*from_text)(Oid type, std::string_view text, const Style& style);
  std::string (*to_text)(Oid type, std::string_view held, const Style& style);
  Result<Value> (*from_binary)(Oid type, std::string_view bytes);
  std::string (*to_binary)(Oid type, std::string_view held) = nullptr;         // null: the bytes that are held
  int (*compare)(Oid type, std::string_view a, std::string_view b) = nullptr;  // null: byte by byte
  bool is_comparable = true;  // PostgreSQL knows when two of them are equal
};

// find_packed: null if values of this type are not held packed.
const Packed* find_packed(Oid type);

// too_short · no_data · wrong_form: how a binary form is refused that ends inside of a number · before a byte (08P01) ·
// that is none (22P03).
std::unexpected<Failure> too_short();
std::unexpected<Failure> no_data();
std::unexpected<Failure> wrong_form(std::string message = "incorrect binary data format");

}  // namespace pgconform::types
