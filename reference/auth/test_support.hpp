#pragma once

#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "auth/encoding.hpp"
#include "auth/error.hpp"

namespace pgconform::auth {

// Exact: text in heap memory of exactly its size, so that a sanitizer sees a read one byte past it.
class Exact {
 public:
  explicit Exact(std::string_view text) : bytes_(new char[text.size()]), size_(text.size()) {
    std::ranges::copy(text, bytes_.get());
  }
  operator std::string_view() const { return {bytes_.get(), size_}; }
  std::string_view view() const { return *this; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

// fixed_random: gives these bytes, over and over.
inline Random fixed_random(std::string bytes) {
  return [bytes](std::span<unsigned char> out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<unsigned char>(bytes[i % bytes.size()]);
  };
}

// nonce_random: the randomness from which scram_nonce makes this nonce.
inline Random nonce_random(std::string_view nonce) {
  return fixed_random(*base64_decode(nonce));
}

inline void PrintTo(const AuthError& error, std::ostream* out) {
  *out << error.sqlstate << ": " << error.message << " (" << error.detail << ")";
}

}  // namespace pgconform::auth
