#include "auth/scram_server.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "auth/scram_attributes.hpp"

namespace pgconform::auth {
namespace {

constexpr std::string_view end_point_header = "p=tls-server-end-point,,";

std::unexpected<AuthError> violation(std::string message, std::string detail = {}) {
  return std::unexpected(AuthError{"08P01", std::move(message), std::move(detail)});
}

std::unexpected<AuthError> unsupported(std::string message) {
  return std::unexpected(AuthError{"0A000", std::move(message), {}});
}

std::string shown_type(std::string_view type) {
  std::string shown(type.substr(0, 30));
  std::ranges::replace_if(shown, [](char c) { return c < 0x21 || c > 0x7E; }, '?');
  return shown;
}

bool printable(std::string_view nonce) {
  return std::ranges::all_of(nonce, [](char c) { return c >= 0x21 && c <= 0x7E && c != ','; });
}

}  // namespace

ScramServer::ScramServer(Config config) : config_(std::move(config)) {}

std::vector<std::string_view> ScramServer::mechanisms() const {
  if (config_.end_point.empty()) return {scram_sha_256};
  return {scram_sha_256_plus, scram_sha_256};
}

std::expected<SaslReply, AuthError> ScramServer::initial_response(std::string_view mechanism,
                                                                  std::optional<std::string_view> data) {
  auto offered = mechanisms();
  if (state_ != State::mechanism || std::ranges::find(offered, mechanism) == offered.end()) {
    state_ = State::over;
    return violation("client selected an invalid SASL authentication mechanism");
  }
  plus_ = mechanism == scram_sha_256_plus;
  state_ = State::client_first;
  if (!data) return SaslReply{};
  return response(*data);
}

std::expected<SaslReply, AuthError> ScramServer::response(std::string_view data) {
  auto reply = exchange(data);
  if (!reply || reply->authenticated) state_ = State::over;
  return reply;
}

std::expected<SaslReply, AuthError> ScramServer::exchange(std::string_view data) {
  if (data.size() > max_sasl_message - 4) return std::unexpected(password_failed(config_.user));
  if (data.empty()) return malformed("The message is empty.");
  if (data.contains('\0')) return malformed("Message length does not match input length.");
  if (state_ == State::client_first) return client_first(data);
  if (state_ == State::client_final) return client_final(data);
  return violation("invalid SCRAM exchange state");
}

std::expected<SaslReply, AuthError> ScramServer::client_first(std::string_view message) {
  auto rest = after_channel_binding_flag(message);
  if (!rest) return std::unexpected(rest.error());
  AttributeReader reader(*rest);
  if (reader.peek() == 'a') return unsupported("client uses authorization identity, but it is not supported");
  if (reader.peek() != ',')
    return malformed(
        fmt::format("Unexpected attribute \"{}\" in client-first-message.", shown_character(reader.peek())));
  auto bare = rest->substr(1);
  reader = AttributeReader(bare);
  if (reader.peek() == 'm') return unsupported("client requires an unsupported SCRAM extension");
  if (auto user = reader.expect('n'); !user) return std::unexpected(user.error());
  auto nonce = reader.expect('r');
  if (!nonce) return std::unexpected(nonce.error());
  if (!printable(*nonce)) return violation("non-printable characters in SCRAM nonce");
  while (!reader.at_end())
    if (auto extension = reader.any(); !extension) return std::unexpected(extension.error());

  client_first_bare_ = bare;
  nonce_ = std::string(*nonce) + scram_nonce(config_.random);
  const auto& verifier = config_.verifier;
  server_first_ = fmt::format("r={},s={},i={}", nonce_, base64_encode(verifier.salt), verifier.iterations);
  state_ = State::client_final;
  return SaslReply{server_first_};
}

// The GS2 header's first part, up to its first comma, says what the client thinks of channel binding: n: it cannot or
// will not bind; y: it can, and thinks that we cannot; p: it binds.
std::expected<std::string_view, AuthError> ScramServer::after_channel_binding_flag(std::string_view message) {
  flag_ = message.front();
  AttributeReader reader(message);
  if (flag_ == 'p') {
    if (!plus_)
      return malformed(
          "The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message includes channel binding "
          "data.");
    auto type = reader.expect('p');
    if (!type) return std::unexpected(type.error());
    if (*type != "tls-server-end-point")
      return violation(fmt::format("unsupported SCRAM channel-binding type \"{}\"", shown_type(*type)));
    return reader.rest();
  }
  if (flag_ != 'n' && flag_ != 'y')
    return malformed(fmt::format("Unexpected channel-binding flag \"{}\".", shown_character(flag_)));
  if (plus_)
    return malformed(
        "The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include channel binding data.");
  // We offered binding, so somebody in between took the offer out.
  if (flag_ == 'y' && !config_.end_point.empty())
    return std::unexpected(AuthError{"28000", "SCRAM channel binding negotiation error",
                                     "The client supports SCRAM channel binding but thinks the server does not.  "
                                     "However, this server does support channel binding."});
  reader = AttributeReader(message.substr(1));
  if (reader.peek() != ',')
    return malformed(fmt::format("Comma expected, but found character \"{}\".", shown_character(reader.peek())));
  return message.substr(2);
}

std::expected<SaslReply, AuthError> ScramServer::client_final(std::string_view message) {
  AttributeReader reader(message);
  auto binding = reader.expect('c');
  if (!binding) return std::unexpected(binding.error());
  if (auto right = check_channel_binding(*binding); !right) return std::unexpected(right.error());
  auto nonce = reader.expect('r');
  if (!nonce) return std::unexpected(nonce.error());
  std::string_view without_proof, proof;
  for (char name = 0; name != 'p';) {
    without_proof = message.substr(0, message.size() - reader.rest().size());
    auto attribute = reader.any();
    if (!attribute) return std::unexpected(attribute.error());
    name = attribute->name;
    proof = attribute->value;
  }
  without_proof.remove_suffix(1);  // the comma
  auto proof_bytes = base64_decode(proof);
  if (!proof_bytes || proof_bytes->size() != Key{}.size()) return malformed("Malformed proof in client-final-message.");
  if (!reader.at_end()) return malformed("Garbage found at the end of client-final-message.");
  if (!constant_time_equal(*nonce, nonce_)) return violation("invalid SCRAM response", "Nonce does not match.");

  auto auth_message = fmt::format("{},{},{}", client_first_bare_, server_first_, without_proof);
  if (!proof_is_right(*proof_bytes, auth_message) || config_.doomed)
    return std::unexpected(password_failed(config_.user));
  auto signature = hmac_sha256(as_bytes(config_.verifier.server_key), auth_message);
  return SaslReply{"v=" + base64_encode(as_bytes(signature)), true};
}

std::expected<void, AuthError> ScramServer::check_channel_binding(std::string_view value) const {
  if (plus_) {
    if (!constant_time_equal(value, base64_encode(std::string(end_point_header) + config_.end_point)))
      return std::unexpected(AuthError{"28000", "SCRAM channel binding check failed", {}});
  } else if (value != (flag_ == 'n' ? "biws" : "eSws")) {  // "n,," and "y,,"
    return violation("unexpected SCRAM channel-binding attribute in client-final-message");
  }
  return {};
}

bool ScramServer::proof_is_right(std::string_view proof, std::string_view auth_message) const {
  Key sent;
  std::ranges::copy(proof, sent.begin());
  Key key = exclusive_or(sent, hmac_sha256(as_bytes(config_.verifier.stored_key), auth_message));
  bool right = constant_time_equal(as_bytes(sha256(as_bytes(key))), as_bytes(config_.verifier.stored_key));
  wipe(key);
  return right;
}

}  // namespace pgconform::auth
