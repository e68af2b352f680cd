#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// Bytes on the wire are passed around as std::string_view: the protocol is mostly text, the views are compared and
// printed as such, and no conversion stands between a frame and the fields inside it.
namespace pgconform::wire {

// Bytes: a view of bytes that somebody else owns.
using Bytes = std::string_view;

namespace detail {

template <class Unsigned>
Unsigned swapped(Unsigned value) {
  return std::endian::native == std::endian::big ? value : std::byteswap(value);
}
template <class Unsigned>
Unsigned load(const char* p) {
  Unsigned value;
  std::memcpy(&value, p, sizeof value);
  return swapped(value);
}
template <class Unsigned>
void store(char* p, Unsigned value) {
  value = swapped(value);
  std::memcpy(p, &value, sizeof value);
}

}  // namespace detail

// load_16 · load_32 · load_64: the big-endian integer at `p`, which must have that many bytes.
inline std::uint16_t load_16(const char* p) {
  return detail::load<std::uint16_t>(p);
}
inline std::uint32_t load_32(const char* p) {
  return detail::load<std::uint32_t>(p);
}
inline std::uint64_t load_64(const char* p) {
  return detail::load<std::uint64_t>(p);
}

// store_16 · store_32 · store_64: write `value` big-endian at `p`, which must have room for it.
inline void store_16(char* p, std::uint16_t value) {
  detail::store(p, value);
}
inline void store_32(char* p, std::uint32_t value) {
  detail::store(p, value);
}
inline void store_64(char* p, std::uint64_t value) {
  detail::store(p, value);
}

}  // namespace pgconform::wire
