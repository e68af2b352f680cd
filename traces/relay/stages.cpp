#include "relay/stages.hpp"

namespace pgconform::relay {

using protocol::Sender;
using protocol::Stage;

Stage Stages::next(Sender sender, wire::Bytes pending) const {
  if (sender == Sender::frontend) return started_ ? asked_ : Stage::startup;
  // Servers that know no TLS may answer SSLRequest as any other packet that they do not like.
  if (bare_due_.empty() || pending.starts_with('E')) return Stage::normal;
  return bare_due_.front();
}

void Stages::passed(Sender sender, Stage stage, const wire::Frame& frame) {
  if (sender == Sender::frontend) {
    if (started_) return;
    const auto type = protocol::classify(sender, stage, frame);
    const auto name = type ? name_of(*type) : std::string_view();
    if (name == protocol::SSLRequest::name)
      bare_due_.push_back(Stage::ssl_answer);
    else if (name == protocol::GSSENCRequest::name)
      bare_due_.push_back(Stage::gssenc_answer);
    else
      started_ = true;
    return;
  }
  if (!bare_due_.empty()) bare_due_.pop_front();
  if (ready_) return;
  const auto type = protocol::classify(sender, stage, frame);
  if (!type) return;
  const auto name = name_of(*type);
  if (name == protocol::AuthenticationCleartextPassword::name || name == protocol::AuthenticationMD5Password::name)
    asked_ = Stage::password;
  else if (name == protocol::AuthenticationGSS::name || name == protocol::AuthenticationSSPI::name ||
           name == protocol::AuthenticationGSSContinue::name)
    asked_ = Stage::gss;
  else if (name == protocol::AuthenticationSASL::name)
    asked_ = Stage::sasl_initial;
  else if (name == protocol::AuthenticationSASLContinue::name)
    asked_ = Stage::sasl;
  else if (name == protocol::AuthenticationOk::name)
    asked_ = Stage::normal;
  else if (name == protocol::ReadyForQuery::name)
    ready_ = true;
}

}  // namespace pgconform::relay
