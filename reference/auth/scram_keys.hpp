#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "auth/encoding.hpp"

// The functions of RFC 5802 §3 over SHA-256, shared by both sides of SCRAM.
namespace pgconform::auth {

// Key: 32 bytes: a SHA-256 digest or something made of one.
using Key = std::array<unsigned char, 32>;

// as_bytes: a view of a key's bytes.
inline std::string_view as_bytes(const Key& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

// sha256 · hmac_sha256: the digest of `bytes`.
Key sha256(std::string_view bytes);
Key hmac_sha256(std::string_view key, std::string_view bytes);

// salted_password: Hi() of the RFC, PBKDF2-HMAC-SHA256. `password` is already prepared; the salt may be empty.
Key salted_password(std::string_view password, std::string_view salt, std::uint32_t iterations);

// client_key · server_key: what the two sides prove to have; both are made from a salted password.
Key client_key(const Key& salted_password);
Key server_key(const Key& salted_password);

// exclusive_or: byte by byte. The client's proof is its key XOR its signature.
Key exclusive_or(const Key& a, const Key& b);

// scram_nonce: 24 printable characters, from 18 random bytes as PostgreSQL makes it.
std::string scram_nonce(const Random& random);

}  // namespace pgconform::auth
