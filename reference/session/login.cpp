#include "session/login.hpp"

#include "auth/md5.hpp"
#include "protocol/decode.hpp"
#include "session/rows.hpp"

namespace pgconform::session {

using auth::AuthError;
using protocol::Stage;

LoginDialogue::LoginDialogue(std::string user, std::optional<Account> account, bool prefer_scram, Secrets secrets)
    : user_(std::move(user)), account_(std::move(account)), prefer_scram_(prefer_scram), secrets_(std::move(secrets)) {}

std::expected<LoginDialogue::Next, AuthError> LoginDialogue::begin(Output& out) {
  if (account_ && !account_->supported)
    return std::unexpected(AuthError{"0A000", "Authentication method is not supported", ""});

  const auth::ScramVerifier* verifier = account_ ? std::get_if<auth::ScramVerifier>(&account_->secret) : nullptr;
  if (verifier || (!account_ && prefer_scram_)) {
    auth::ScramServer::Config config;
    config.user = user_;
    config.doomed = !account_ || !account_->may_come_from;
    config.verifier = verifier ? *verifier : auth::mock_verifier(user_, secrets_.mock);
    config.end_point = secrets_.end_point;
    config.random = secrets_.random;
    scram_.emplace(std::move(config));
    protocol::ListBuilder<protocol::StringList> mechanisms;
    for (const auto name : scram_->mechanisms()) mechanisms.add({name});
    stage_ = Stage::sasl_initial;
    out.send(protocol::AuthenticationSASL{mechanisms.view()});
  } else if (account_ && std::holds_alternative<auth::Md5Secret>(account_->secret)) {
    unsigned char salt[4];
    secrets_.random(salt);
    salt_.assign(reinterpret_cast<const char*>(salt), sizeof salt);
    out.send(protocol::AuthenticationMD5Password{salt_});
  } else if (account_ && std::holds_alternative<auth::NoPassword>(account_->secret)) {
    if (!account_->may_come_from) return std::unexpected(auth::password_failed(user_));
    out.send(protocol::AuthenticationOk{});
    return Next::done;
  } else {
    out.send(protocol::AuthenticationCleartextPassword{});
  }
  out.flush();
  return Next::answer_wanted;
}

std::expected<LoginDialogue::Next, AuthError> LoginDialogue::answer(std::string_view body, Output& out) {
  if (stage_ == Stage::sasl_initial) {
    const auto message = protocol::decode_as<protocol::SASLInitialResponse>(body);
    if (!message) {
      const auto report = malformed(message.error());
      return std::unexpected(AuthError{report.sqlstate, report.message, ""});
    }
    stage_ = Stage::sasl;
    return sasl(scram_->initial_response(message->mechanism,
                                         message->data.is_null ? std::nullopt : std::optional(message->data.bytes)),
                out);
  }
  if (stage_ == Stage::sasl) return sasl(scram_->response(body), out);

  const auto password = auth::read_password(body);
  if (!password) return std::unexpected(password.error());
  const bool right =
      account_ && account_->may_come_from &&
      (salt_.empty() ? auth::verify_cleartext(account_->secret, user_, *password)
                     : auth::verify_md5_response(std::get<auth::Md5Secret>(account_->secret).stored, salt_, *password));
  if (!right) return std::unexpected(auth::password_failed(user_));
  out.send(protocol::AuthenticationOk{});
  return Next::done;
}

std::expected<LoginDialogue::Next, AuthError> LoginDialogue::sasl(std::expected<auth::SaslReply, AuthError> reply,
                                                                  Output& out) {
  if (!reply) return std::unexpected(reply.error());
  if (!reply->authenticated) {
    out.send(protocol::AuthenticationSASLContinue{reply->data});
    out.flush();
    return Next::answer_wanted;
  }
  out.send(protocol::AuthenticationSASLFinal{reply->data});
  out.send(protocol::AuthenticationOk{});
  return Next::done;
}

AuthError LoginDialogue::unexpected(char tag) const {
  return {"08P01",
          std::string("expected ") + (scram_ ? "SASL" : "password") + " response, got message type " +
              std::to_string(static_cast<unsigned char>(tag)),
          ""};
}

std::optional<AuthError> LoginDialogue::oversized() const {
  if (!scram_) return std::nullopt;
  return auth::password_failed(user_);
}

}  // namespace pgconform::session
