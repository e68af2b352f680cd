#include "auth/secret.hpp"

#include <openssl/sha.h>

#include "auth/encoding.hpp"
#include "auth/md5.hpp"

namespace pgconform::auth {
namespace {

std::string sha1(std::string_view bytes) {
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return {reinterpret_cast<const char*>(digest), sizeof digest};
}

struct Check {
  std::string_view user, password;

  bool operator()(const NoPassword&) const { return true; }
  // Digests, because how long comparing the passwords took would tell how long ours is.
  bool operator()(const CleartextSecret& secret) const {
    return constant_time_equal(as_bytes(sha256(secret.password)), as_bytes(sha256(password)));
  }
  bool operator()(const Md5Secret& secret) const {
    return constant_time_equal(secret.stored, md5_secret(user, password));
  }
  bool operator()(const Sha256Secret& secret) const {
    return constant_time_equal(secret.digest, as_bytes(sha256(password)));
  }
  bool operator()(const DoubleSha1Secret& secret) const {
    return constant_time_equal(secret.digest, sha1(sha1(password)));
  }
  bool operator()(const ScramVerifier& verifier) const { return verify_password(verifier, password); }
};

}  // namespace

std::optional<Sha256Secret> parse_sha256_secret(std::string_view hex) {
  auto digest = hex_decode(hex);
  if (!digest || digest->size() != SHA256_DIGEST_LENGTH) return std::nullopt;
  return Sha256Secret{*std::move(digest)};
}

std::optional<DoubleSha1Secret> parse_double_sha1_secret(std::string_view hex) {
  auto digest = hex_decode(hex);
  if (!digest || digest->size() != SHA_DIGEST_LENGTH) return std::nullopt;
  return DoubleSha1Secret{*std::move(digest)};
}

std::optional<Secret> parse_stored_secret(std::string_view stored) {
  if (is_md5_secret(stored)) return Md5Secret{std::string(stored)};
  if (auto verifier = parse_verifier(stored)) return *std::move(verifier);
  return std::nullopt;
}

std::string sha256_hex(std::string_view password) {
  return hex_encode(as_bytes(sha256(password)));
}

std::string double_sha1_hex(std::string_view password) {
  return hex_encode(sha1(sha1(password)));
}

bool verify_cleartext(const Secret& secret, std::string_view user, std::string_view password) {
  return std::visit(Check{user, password}, secret);
}

std::expected<std::string_view, AuthError> read_password(std::string_view body) {
  if (body.find('\0') != body.size() - 1 || body.empty())
    return std::unexpected(AuthError{"08P01", "invalid password packet size", {}});
  if (body.size() == 1) return std::unexpected(AuthError{"28P01", "empty password returned by client", {}});
  return body.substr(0, body.size() - 1);
}

}  // namespace pgconform::auth
