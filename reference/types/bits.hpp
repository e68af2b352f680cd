#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "types/packed.hpp"

// bit(n) and bit varying(n), held as they cross the wire: how many bits (Int32), then the bytes, whose last one ends
// with zeros. datatype-bit.
namespace pgconform::types {

inline constexpr Oid bit_oid = 1560, varbit_oid = 1562;

// BitString: taken apart. The bits past `length` are zeros.
struct BitString {
  std::int64_t length = 0;
  std::string bytes{};
};
BitString unpack_bits(std::string_view held);
std::string pack_bits(BitString bits);
// length_of_bits: without taking it apart.
std::int64_t length_of_bits(std::string_view held);

// zeros: so many bits. resize_bits: cut behind, or filled up with zeros.
BitString zeros(std::int64_t length);
void resize_bits(BitString& bits, std::int64_t length);
// get_bit · set_bit: counted from 0, from the left.
bool get_bit(const BitString& bits, std::int64_t place);
void set_bit(BitString& bits, std::int64_t place, bool value);
// slice · joined: some of the bits, all of which are there · one string behind the other.
BitString slice(const BitString& bits, std::int64_t start, std::int64_t length);
BitString joined(const BitString& a, const BitString& b);

// combine_bits: & | or #, bit by bit; 22026 for strings of different lengths.
Result<Value> combine_bits(std::string_view a, std::string_view b, char operation);

// fit_bits: to the length that bit(n) or bit varying(n) wants: 22026 or 22001 unless it may be changed.
Result<Value> fit_bits(Oid type, std::string_view held, std::int32_t length, bool is_explicit);

Result<Value> bits_from_text(Oid type, std::string_view text, const Style& style);
std::string bits_to_text(Oid type, std::string_view held, const Style& style);
Result<Value> bits_from_binary(Oid type, std::string_view bytes);
int compare_bits(Oid type, std::string_view a, std::string_view b);

}  // namespace pgconform::types
