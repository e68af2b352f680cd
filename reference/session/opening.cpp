#include "protocol/decode.hpp"
#include "session/extended.hpp"
#include "session/session.hpp"
#include "sqlstate/sqlstate.hpp"

// A session up to its first ReadyForQuery: encryption, the startup packet, authentication.
namespace pgconform::session {

using protocol::Stage;
using wire::FrameKind;

namespace {

constexpr std::uint32_t startup_limit = 10004;  // MAX_STARTUP_PACKET_LENGTH and the length word
constexpr char tls_handshake = 0x16;            // the first byte of a ClientHello; no startup packet is that long

constexpr std::uint32_t startup_length(char) {
  return startup_limit;
}
constexpr std::uint32_t password_length(char) {
  return auth::max_password_message;
}
constexpr std::uint32_t sasl_length(char) {
  return auth::max_sasl_message;
}

}  // namespace

std::optional<Session::Action> Session::startup(QueryCycle::Now now) {
  if (environment_.tls_available && !tls_ && !tls_asked_ && !gssenc_asked_ &&
      input_.pending().starts_with(tls_handshake)) {
    tls_ = direct_tls_ = true;
    state_ = State::handshake;
    return std::nullopt;
  }
  auto frame = input_.next(FrameKind::untagged, startup_length);
  if (!frame) {  // PostgreSQL says nothing: it may not be talking to a PostgreSQL client at all
    environment_.log(Severity::log, "invalid length of startup packet");
    return Close{};
  }
  if (!*frame) return Read{};
  const auto body = (*frame)->body;
  switch (wire::load_32(body.data())) {
    case protocol::CancelRequest::request_code: {
      state_ = State::closing;
      const auto request = protocol::decode_as<protocol::CancelRequest>(body.substr(4));
      if (!request || request->key.empty() || request->key.size() > 256) return Close{};
      return Cancel{request->pid, std::string(request->key)};
    }
    case protocol::SSLRequest::request_code:
      return encryption_request(true);
    case protocol::GSSENCRequest::request_code:
      return encryption_request(false);
    default:
      return start_login(body, now);
  }
}

std::optional<Session::Action> Session::encryption_request(bool tls) {
  bool& asked = tls ? tls_asked_ : gssenc_asked_;
  // Inside TLS that was not asked for, a request is one that can be said no to.
  if (asked || (tls_ && !direct_tls_)) {
    refuse(unsupported_protocol(tls ? protocol::SSLRequest::request_code : protocol::GSSENCRequest::request_code));
    return std::nullopt;
  }
  asked = true;
  if (tls && environment_.tls_available && !tls_) {
    out_.send(protocol::SSLResponse{'S'});
    out_.flush();
    tls_ = true;
    state_ = State::handshake;
    return std::nullopt;
  }
  if (tls)
    out_.send(protocol::SSLResponse{'N'});
  else
    out_.send(protocol::GSSENCResponse{'N'});
  out_.flush();
  if (!input_.pending().empty()) {
    auto report =
        error(sqlstate::protocol_violation, tls ? "received unencrypted data after SSL request"
                                                : "received unencrypted data after GSSAPI encryption request");
    report.detail = "This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.";
    refuse(std::move(report));
  }
  return std::nullopt;
}

void Session::tls_established(std::string end_point, std::string_view application_protocol) {
  end_point_ = std::move(end_point);
  // Without ALPN a client of another protocol could be brought to talk to us, and take our answers for its server's.
  if (direct_tls_ && application_protocol.empty()) {
    environment_.log(Severity::log,
                     "received direct SSL connection request without ALPN protocol negotiation extension");
    state_ = State::closing;
  }
}

std::optional<Session::Action> Session::start_login(wire::Bytes body, QueryCycle::Now now) {
  auto request = parse_startup(body);
  if (!request) {
    if (const auto asked = wire::load_32(body.data()); asked != 0 && asked >> 16 < 3) {
      out_.raw(protocol_2_error(request.error()));
      out_.flush();
      state_ = State::closing;
      return std::nullopt;
    }
    refuse(std::move(request.error()));
    return std::nullopt;
  }
  request_ = std::move(*request);
  if (request_.negotiate) {
    protocol::ListBuilder<protocol::CountedStringList> options;
    for (const auto& name : request_.unknown_options) options.add({name});
    out_.send(protocol::NegotiateProtocolVersion{request_.version, options.view()});
    out_.flush();
  }
  if (auto good = check_startup(request_); !good) {
    refuse(std::move(good.error()));
    return std::nullopt;
  }
  if (environment_.too_many) {
    refuse(error(sqlstate::too_many_connections, "sorry, too many clients already"));
    return std::nullopt;
  }
  if (environment_.tls_required && !tls_) {
    refuse(error(sqlstate::invalid_authorization_specification, "a secure connection is required: use TLS"));
    return std::nullopt;
  }
  dialogue_.emplace(request_.user, environment_.accounts.find(request_.user), environment_.accounts.any_scram(),
                    LoginDialogue::Secrets{environment_.mock_secret, end_point_, environment_.random});
  state_ = State::login;
  auto begun = dialogue_->begin(out_);
  if (!begun)
    refuse(begun.error());
  else if (*begun == LoginDialogue::Next::done)
    logged_in(now);
  return std::nullopt;
}

std::optional<Session::Action> Session::login(QueryCycle::Now now) {
  // The type is looked at before the length: it may not be the message that has this limit.
  const auto pending = input_.pending();
  if (pending.empty()) return Read{};
  if (pending[0] != 'p') {
    refuse(dialogue_->unexpected(pending[0]));
    return std::nullopt;
  }
  const bool sasl = dialogue_->stage() != Stage::password;
  auto frame = input_.next(FrameKind::tagged, sasl ? sasl_length : password_length);
  if (!frame) {
    if (auto complaint = dialogue_->oversized())
      refuse(*complaint);
    else
      state_ = State::closing;
    return std::nullopt;
  }
  if (!*frame) return Read{};
  auto answered = dialogue_->answer((*frame)->body, out_);
  if (!answered)
    refuse(answered.error());
  else if (*answered == LoginDialogue::Next::done)
    logged_in(now);
  return std::nullopt;
}

void Session::logged_in(QueryCycle::Now now) {
  dialogue_.reset();
  if (request_.replication) {
    auto report = error(sqlstate::insufficient_privilege, "permission denied to start WAL sender");
    report.detail = "Only roles with the REPLICATION attribute may start a WAL sender process.";
    return refuse(std::move(report));
  }

  Login login;
  login.user = request_.user;
  login.database = request_.database;
  login.options = request_.options;
  login.settings = request_.settings;
  login.pid = environment_.pid;
  login.wake = environment_.wake;
  login.signal = environment_.signal;
  login.client = environment_.client;
  login.server = environment_.server;
  login.names = &names_;
  auto backend = environment_.engine.connect(std::move(login));
  if (!backend) return refuse(std::move(backend.error()));
  backend_ = std::move(*backend);
  extended_ = std::make_unique<ExtendedQuery>(*backend_, names_);

  out_.set_encoding(backend_->encoding());
  if (auto told = send_notices(out_, *backend_); !told) return refuse(std::move(told.error()));
  report_settings();
  if (state_ == State::closing) return;
  cancel_key_.resize(request_.version >= 0x00030002 ? 32 : 4);
  environment_.random({reinterpret_cast<unsigned char*>(cancel_key_.data()), cancel_key_.size()});
  out_.send(protocol::BackendKeyData{environment_.pid, cancel_key_});
  ready_for_query(now);
}

}  // namespace pgconform::session
