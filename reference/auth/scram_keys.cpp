#include "auth/scram_keys.hpp"

#include <openssl/digest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

namespace pgconform::auth {
namespace {

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

Key sha256(std::string_view bytes) {
  Key out;
  SHA256(octets(bytes), bytes.size(), out.data());
  return out;
}

Key hmac_sha256(std::string_view key, std::string_view bytes) {
  Key out;
  HMAC(EVP_sha256(), key.data(), key.size(), octets(bytes), bytes.size(), out.data(), nullptr);
  return out;
}

Key salted_password(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  Key out;
  PKCS5_PBKDF2_HMAC(password.data(), password.size(), octets(salt), salt.size(), iterations, EVP_sha256(), out.size(),
                    out.data());
  return out;
}

Key client_key(const Key& salted_password) {
  return hmac_sha256(as_bytes(salted_password), "Client Key");
}

Key server_key(const Key& salted_password) {
  return hmac_sha256(as_bytes(salted_password), "Server Key");
}

Key exclusive_or(const Key& a, const Key& b) {
  Key out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = a[i] ^ b[i];
  return out;
}

std::string scram_nonce(const Random& random) {
  std::array<unsigned char, 18> bytes;
  random(bytes);
  return base64_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace pgconform::auth
