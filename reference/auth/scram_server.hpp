#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/encoding.hpp"
#include "auth/error.hpp"
#include "auth/verifier.hpp"

namespace pgconform::auth {

// scram_sha_256 · scram_sha_256_plus: the two mechanisms' names in AuthenticationSASL.
inline constexpr std::string_view scram_sha_256 = "SCRAM-SHA-256";
inline constexpr std::string_view scram_sha_256_plus = "SCRAM-SHA-256-PLUS";

// max_sasl_message: the greatest length word of a SASLInitialResponse or SASLResponse. PostgreSQL answers a longer one,
// or one below 4, as it answers a wrong password.
inline constexpr std::size_t max_sasl_message = 1024;

// SaslReply: what a server says next: `data` in AuthenticationSASLContinue or, when authenticated, in
// AuthenticationSASLFinal with AuthenticationOk right behind it.
struct SaslReply {
  std::string data;
  bool authenticated = false;
};

// ScramServer: the server's side of one SCRAM exchange (manual: sasl-scram-sha-256; RFC 5802).
//
//     server  AuthenticationSASL          SCRAM-SHA-256-PLUS, SCRAM-SHA-256
//     client  SASLInitialResponse         n,,n=,r=fyko+d2lbbFgONRv9qkxdawL
//     server  AuthenticationSASLContinue  r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096
//     client  SASLResponse                c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=…
//     server  AuthenticationSASLFinal     v=…
//
// It classifies whatever is wrong as PostgreSQL does. After an error or after success the exchange is over.
class ScramServer {
 public:
  struct Config {
    std::string user = {};        // the name in StartupMessage; the one inside SCRAM is ignored
    ScramVerifier verifier = {};  // for a user without one, mock_verifier() and doomed
    bool doomed = false;          // go through the whole exchange and then refuse, whatever the proof
    std::string end_point = {};   // tls_server_end_point() of our certificate; empty: no TLS, so no channel binding
    Random random = secure_random;
  };

  explicit ScramServer(Config config);

  // mechanisms: what AuthenticationSASL offers, the preferred one first.
  std::vector<std::string_view> mechanisms() const;

  // initial_response: takes a SASLInitialResponse. `data` is nothing when its length was -1; the client then gets an
  // empty challenge and sends its first message in a SASLResponse.
  std::expected<SaslReply, AuthError> initial_response(std::string_view mechanism,
                                                       std::optional<std::string_view> data);

  // response: takes a SASLResponse. (A second SASLInitialResponse arrives here too: the tag is the same.)
  std::expected<SaslReply, AuthError> response(std::string_view data);

 private:
  enum class State { mechanism, client_first, client_final, over };

  std::expected<SaslReply, AuthError> exchange(std::string_view data);
  std::expected<SaslReply, AuthError> client_first(std::string_view message);
  std::expected<std::string_view, AuthError> after_channel_binding_flag(std::string_view message);
  std::expected<SaslReply, AuthError> client_final(std::string_view message);
  std::expected<void, AuthError> check_channel_binding(std::string_view value) const;
  bool proof_is_right(std::string_view proof, std::string_view auth_message) const;

  Config config_;
  State state_ = State::mechanism;
  bool plus_ = false;
  char flag_ = 0;
  std::string client_first_bare_, nonce_, server_first_;
};

}  // namespace pgconform::auth
