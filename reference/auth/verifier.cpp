#include "auth/verifier.hpp"

#include <algorithm>
#include <charconv>
#include <climits>
#include <optional>

#include "auth/encoding.hpp"
#include "auth/saslprep.hpp"

namespace pgconform::auth {
namespace {

constexpr std::string_view scheme = "SCRAM-SHA-256";

std::string_view take_until(std::string_view& rest, char delimiter) {
  auto end = rest.find(delimiter);
  auto part = rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  return part;
}

std::optional<Key> key_from(std::string_view bytes) {
  Key key;
  if (bytes.size() != key.size()) return std::nullopt;
  std::ranges::copy(bytes, key.begin());
  return key;
}

std::optional<Key> key_from_base64(std::string_view text) {
  auto bytes = base64_decode(text);
  return bytes ? key_from(*bytes) : std::nullopt;
}

ScramVerifier from_salted(const Key& salted, std::string_view salt, std::uint32_t iterations) {
  Key client = client_key(salted);
  ScramVerifier verifier{iterations, std::string(salt), sha256(as_bytes(client)), server_key(salted)};
  wipe(client);
  return verifier;
}

Key salted_from_clear(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  auto prepared = prepared_password(password);
  Key salted = salted_password(prepared, salt, iterations);
  wipe(prepared);
  return salted;
}

}  // namespace

ScramVerifier make_verifier(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  Key salted = salted_from_clear(password, salt, iterations);
  auto verifier = from_salted(salted, salt, iterations);
  wipe(salted);
  return verifier;
}

std::expected<ScramVerifier, std::string> verifier_from_salted_password(std::string_view hex, std::string_view salt,
                                                                        std::uint32_t iterations) {
  auto bytes = hex_decode(hex);
  if (!bytes || bytes->size() != Key{}.size())
    return std::unexpected("a salted SCRAM-SHA-256 password is 64 hexadecimal digits");
  Key salted = *key_from(*bytes);
  wipe(*bytes);
  auto verifier = from_salted(salted, salt, iterations);
  wipe(salted);
  return verifier;
}

std::expected<ScramVerifier, std::string> parse_verifier(std::string_view text) {
  if (take_until(text, '$') != scheme) return std::unexpected("a SCRAM verifier begins with SCRAM-SHA-256$");
  auto count = take_until(text, ':');
  std::uint32_t iterations = 0;
  auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), iterations);
  if (error != std::errc{} || end != count.data() + count.size() || iterations == 0 || iterations > INT_MAX)
    return std::unexpected("the iteration count of a SCRAM verifier is a number from 1 to 2147483647");
  auto salt = base64_decode(take_until(text, '$'));
  if (!salt) return std::unexpected("the salt of a SCRAM verifier is base64");
  auto stored = key_from_base64(take_until(text, ':'));
  if (!stored) return std::unexpected("the StoredKey of a SCRAM verifier is the base64 of 32 bytes");
  auto server = key_from_base64(text);
  if (!server) return std::unexpected("the ServerKey of a SCRAM verifier is the base64 of 32 bytes");
  return ScramVerifier{iterations, *std::move(salt), *stored, *server};
}

std::string print_verifier(const ScramVerifier& verifier) {
  std::string text(scheme);
  text += '$' + std::to_string(verifier.iterations) + ':' + base64_encode(verifier.salt);
  text += '$' + base64_encode(as_bytes(verifier.stored_key)) + ':' + base64_encode(as_bytes(verifier.server_key));
  return text;
}

bool verify_password(const ScramVerifier& verifier, std::string_view password) {
  Key salted = salted_from_clear(password, verifier.salt, verifier.iterations);
  Key key = server_key(salted);
  wipe(salted);
  return constant_time_equal(as_bytes(key), as_bytes(verifier.server_key));
}

ScramVerifier mock_verifier(std::string_view user, std::string_view server_secret, std::span<const MockForm> forms) {
  std::string bytes;  // as many as needed, the first of them to choose the form by
  const auto grow_to = [&](std::size_t size) {
    for (char block = 0; bytes.size() < size; ++block)
      bytes += as_bytes(hmac_sha256(server_secret, std::string(1, block) + std::string(user)));
  };
  constexpr std::size_t choice = 4;
  grow_to(choice);
  std::uint32_t number = 0;
  for (const char byte : bytes.substr(0, choice)) number = number << 8 | static_cast<unsigned char>(byte);
  const auto form = forms.empty() ? MockForm{} : forms[number % forms.size()];
  bytes.clear();
  grow_to(choice + form.salt_length);
  return {form.iterations, bytes.substr(choice, form.salt_length), {}, {}};
}

}  // namespace pgconform::auth
