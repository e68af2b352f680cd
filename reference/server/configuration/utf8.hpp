#pragma once

#include <cstddef>
#include <string_view>

namespace pgconform::server {

// character_length gives how many bytes the UTF-8 character at the beginning of `text` has, or 0 where none that is
// well-formed stands there: overlong forms, surrogates and what is above U+10FFFF are no characters.
constexpr std::size_t character_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
  if (length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // Only the second byte's range depends on the first.
    const unsigned low = i > 1 ? 0x80U : lead == 0xe0 ? 0xa0U : lead == 0xf0 ? 0x90U : 0x80U;
    const unsigned high = i > 1 ? 0xbfU : lead == 0xed ? 0x9fU : lead == 0xf4 ? 0x8fU : 0xbfU;
    if (byte < low || byte > high) return 0;
  }
  return length;
}

}  // namespace pgconform::server
