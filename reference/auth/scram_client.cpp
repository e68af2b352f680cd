#include "auth/scram_client.hpp"

#include <charconv>
#include <utility>

#include "auth/saslprep.hpp"
#include "auth/scram_attributes.hpp"
#include "auth/scram_server.hpp"

namespace pgconform::auth {
namespace {

struct ServerFirst {
  std::string_view nonce;
  std::string salt;
  std::uint32_t iterations = 0;
};

std::unexpected<std::string> wrong(std::string_view message, std::string_view what) {
  return std::unexpected(std::string(message) + ": " + std::string(what));
}

std::expected<void, std::string> skip_extensions(AttributeReader& reader, std::string_view message) {
  while (!reader.at_end())
    if (auto extension = reader.any(); !extension) return wrong(message, extension.error().detail);
  return {};
}

std::expected<ServerFirst, std::string> parse_server_first(std::string_view text) {
  constexpr std::string_view message = "server-first-message";
  if (text.contains('\0')) return wrong(message, "it contains a NUL");
  AttributeReader reader(text);
  if (reader.peek() == 'm') return wrong(message, "it requires an extension");
  auto nonce = reader.expect('r');
  if (!nonce) return wrong(message, nonce.error().detail);
  auto salt_text = reader.expect('s');
  if (!salt_text) return wrong(message, salt_text.error().detail);
  auto salt = base64_decode(*salt_text);
  if (!salt) return wrong(message, "the salt is not base64");
  auto count = reader.expect('i');
  if (!count) return wrong(message, count.error().detail);
  ServerFirst parsed{*nonce, *std::move(salt)};
  auto [end, error] = std::from_chars(count->data(), count->data() + count->size(), parsed.iterations);
  if (error != std::errc{} || end != count->data() + count->size() || parsed.iterations == 0)
    return wrong(message, "the iteration count is not a positive number");
  if (auto rest = skip_extensions(reader, message); !rest) return std::unexpected(rest.error());
  return parsed;
}

}  // namespace

std::string ClientFirst::bare() const {
  std::string text = mandatory.empty() ? "" : mandatory + ",";
  // RFC 5802 §5.1: a comma or an equals sign in the name would end or split it.
  text += "n=";
  for (char c : user) {
    if (c == ',')
      text += "=2C";
    else if (c == '=')
      text += "=3D";
    else
      text += c;
  }
  text += ",r=" + nonce;
  return extensions.empty() ? text : text + "," + extensions;
}

std::string ClientFinal::without_proof() const {
  auto text = "c=" + base64_encode(channel_binding) + ",r=" + nonce;
  return extensions.empty() ? text : text + "," + extensions;
}

ScramClient::ScramClient(Config config) : config_(std::move(config)) {
  switch (config_.binding) {
    case ChannelBinding::none:
      first_.gs2_header = "n,,";
      break;
    case ChannelBinding::not_offered:
      first_.gs2_header = "y,,";
      break;
    case ChannelBinding::end_point:
      first_.gs2_header = "p=tls-server-end-point,,";
      break;
  }
  first_.user = config_.user;
  first_.nonce = scram_nonce(config_.random);
}

ScramClient::~ScramClient() {
  wipe(config_.password);
  wipe(salted_password_);
}

std::string_view ScramClient::mechanism() const {
  return config_.binding == ChannelBinding::end_point ? scram_sha_256_plus : scram_sha_256;
}

std::expected<ClientFinal, std::string> ScramClient::final(std::string_view server_first) {
  auto final = unproved_final(server_first);
  if (final) prove(*final);
  return final;
}

std::expected<ClientFinal, std::string> ScramClient::unproved_final(std::string_view server_first) {
  auto parsed = parse_server_first(server_first);
  if (!parsed) return std::unexpected(parsed.error());
  if (!parsed->nonce.starts_with(first_.nonce) || parsed->nonce.size() == first_.nonce.size())
    return wrong("server-first-message", "the nonce does not continue the client's");
  if (parsed->iterations > config_.max_iterations)
    return wrong("server-first-message", "the iteration count is above " + std::to_string(config_.max_iterations));

  auto prepared = prepared_password(config_.password);
  salted_password_ = salted_password(prepared, parsed->salt, parsed->iterations);
  wipe(prepared);
  server_first_ = server_first;
  ClientFinal final{first_.gs2_header, std::string(parsed->nonce), {}, {}};
  if (config_.binding == ChannelBinding::end_point) final.channel_binding += config_.end_point;
  return final;
}

void ScramClient::prove(ClientFinal& final) {
  auto auth_message = first_.bare() + "," + server_first_ + "," + final.without_proof();
  Key key = client_key(salted_password_);
  Key proof = exclusive_or(key, hmac_sha256(as_bytes(sha256(as_bytes(key))), auth_message));
  final.proof = as_bytes(proof);
  server_signature_ = hmac_sha256(as_bytes(server_key(salted_password_)), auth_message);
  wipe(key);
}

std::expected<void, std::string> ScramClient::verify(std::string_view server_final) const {
  constexpr std::string_view message = "server-final-message";
  if (server_final.contains('\0')) return wrong(message, "it contains a NUL");
  AttributeReader reader(server_final);
  if (reader.peek() == 'e') {
    auto error = reader.expect('e');
    return wrong(message, error ? "error " + std::string(*error) : error.error().detail);
  }
  auto value = reader.expect('v');
  if (!value) return wrong(message, value.error().detail);
  auto signature = base64_decode(*value);
  if (!signature) return wrong(message, "the signature is not base64");
  if (auto rest = skip_extensions(reader, message); !rest) return rest;
  if (!constant_time_equal(*signature, as_bytes(server_signature_))) return wrong(message, "the signature is wrong");
  return {};
}

}  // namespace pgconform::auth
