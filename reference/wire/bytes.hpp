#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// Bytes on the wire are passed around as std::string_view: the protocol is mostly text, the views are compared and
// printed as such, and no conversion stands between a frame and the fields inside it.
namespace pgconform::wire {

// Bytes: a view of bytes that somebody else owns.
using Bytes = std::string_view;

// load_16 · load_32 · load_64: the big-endian integer at `p`, which must have that many bytes.
inline std::uint16_t load_16(const char* p) {
  auto u = reinterpret_cast<const unsigned char*>(p);
  return static_cast<std::uint16_t>(u[0] << 8 | u[1]);
}
inline std::uint32_t load_32(const char* p) {
  return std::uint32_t{load_16(p)} << 16 | load_16(p + 2);
}
inline std::uint64_t load_64(const char* p) {
  return std::uint64_t{load_32(p)} << 32 | load_32(p + 4);
}

// store_16 · store_32 · store_64: write `value` big-endian at `p`, which must have room for it.
inline void store_16(char* p, std::uint16_t value) {
  p[0] = static_cast<char>(value >> 8);
  p[1] = static_cast<char>(value);
}
inline void store_32(char* p, std::uint32_t value) {
  store_16(p, static_cast<std::uint16_t>(value >> 16));
  store_16(p + 2, static_cast<std::uint16_t>(value));
}
inline void store_64(char* p, std::uint64_t value) {
  store_32(p, static_cast<std::uint32_t>(value >> 32));
  store_32(p + 4, static_cast<std::uint32_t>(value));
}

}  // namespace pgconform::wire
