#include "auth/md5.hpp"

#include <openssl/md5.h>

#include "auth/encoding.hpp"

namespace pgconform::auth {
namespace {

constexpr std::string_view prefix = "md5";

std::string prefixed_md5(std::string_view first, std::string_view second) {
  MD5_CTX context;
  unsigned char digest[MD5_DIGEST_LENGTH];
  MD5_Init(&context);
  MD5_Update(&context, first.data(), first.size());
  MD5_Update(&context, second.data(), second.size());
  MD5_Final(digest, &context);
  return std::string(prefix) + hex_encode({reinterpret_cast<const char*>(digest), sizeof digest});
}

}  // namespace

std::string md5_secret(std::string_view user, std::string_view password) {
  return prefixed_md5(password, user);
}

bool is_md5_secret(std::string_view stored) {
  return stored.size() == prefix.size() + 32 && stored.starts_with(prefix) &&
         stored.find_first_not_of("0123456789abcdef", prefix.size()) == stored.npos;
}

std::string md5_response(std::string_view user, std::string_view password, std::string_view salt) {
  return prefixed_md5(std::string_view(md5_secret(user, password)).substr(prefix.size()), salt);
}

bool verify_md5_response(std::string_view stored, std::string_view salt, std::string_view response) {
  return is_md5_secret(stored) && constant_time_equal(prefixed_md5(stored.substr(prefix.size()), salt), response);
}

}  // namespace pgconform::auth
