#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "auth/error.hpp"
#include "auth/scram_server.hpp"
#include "protocol/stage.hpp"
#include "session/accounts.hpp"
#include "session/output.hpp"

namespace pgconform::session {

// LoginDialogue: the authentication of one connection, from the first Authentication message to AuthenticationOk.
//
//     B AuthenticationCleartextPassword      B AuthenticationMD5Password     B AuthenticationSASL
//     F PasswordMessage                      F PasswordMessage               F SASLInitialResponse
//     B AuthenticationOk                     B AuthenticationOk              B AuthenticationSASLContinue …
class LoginDialogue {
 public:
  // Secrets: what the server itself contributes.
  struct Secrets {
    std::string mock;       // makes mock salts stable; never leaves the server
    std::string end_point;  // tls-server-end-point of our certificate when TLS is on
    auth::Random random = auth::secure_random;
  };

  enum class Next { answer_wanted, done };

  LoginDialogue(std::string user, std::optional<Account> account, bool prefer_scram, Secrets secrets);

  // begin: ask the client for what the account needs; done at once if that is nothing.
  std::expected<Next, auth::AuthError> begin(Output& out);
  // answer: the body of the client's `p`.
  std::expected<Next, auth::AuthError> answer(std::string_view body, Output& out);

  // stage: what `p` means now.
  protocol::Stage stage() const { return stage_; }
  // unexpected: the complaint about another message than `p`.
  auth::AuthError unexpected(char tag) const;
  // oversized: the complaint about a length word out of bounds; nothing: close in silence.
  std::optional<auth::AuthError> oversized() const;

 private:
  std::expected<Next, auth::AuthError> sasl(std::expected<auth::SaslReply, auth::AuthError> reply, Output& out);

  std::string user_;
  std::optional<Account> account_;
  bool prefer_scram_;
  Secrets secrets_;
  protocol::Stage stage_ = protocol::Stage::password;
  std::optional<auth::ScramServer> scram_;
  std::string salt_;  // of MD5
};

}  // namespace pgconform::session
