#include "session/session.hpp"

#include "protocol/decode.hpp"
#include "protocol/phases.hpp"
#include "session/extended.hpp"
#include "sqlstate/sqlstate.hpp"

namespace pgconform::session {

using protocol::Sender;
using protocol::Stage;
using wire::FrameKind;

namespace {

constexpr std::uint32_t startup_limit = 10004;  // MAX_STARTUP_PACKET_LENGTH and the length word
constexpr char tls_handshake = 0x16;            // the first byte of a ClientHello; no startup packet is that long
constexpr std::uint32_t small_limit = 10000;
constexpr std::uint32_t large_limit = 0x3ffffffe;

constexpr std::uint32_t startup_length(char) {
  return startup_limit;
}
constexpr std::uint32_t password_length(char) {
  return auth::max_password_message;
}
constexpr std::uint32_t sasl_length(char) {
  return auth::max_sasl_message;
}
constexpr std::uint32_t message_length(char tag) {
  return std::string_view("CDEHSXcf").find(tag) == std::string_view::npos ? large_limit : small_limit;
}

bool is_frontend_type(char tag) {
  bool known = false;
  protocol::FrontendMessages::each(
      [&]<class M>() { known |= protocol::stage_of<M>() == Stage::normal && protocol::tag_of<M>() == tag; });
  return known;
}

// TextCheck: the visitor that looks at a message's strings, which PostgreSQL checks before it acts on any of them.
struct TextCheck {
  std::expected<void, Report> result{};
  void cstring(const char*, std::string_view text) {
    if (result) result = check_text(text);
  }
  void byte(const char*, char) {}
  void int32(const char*, std::int32_t) {}
  template <class L>
  void list(const char*, const L&) {}
};

// read: the message in `body`, with strings that are text.
template <class M>
std::expected<M, Report> read(wire::Bytes body) {
  auto message = protocol::decode_as<M>(body);
  if (!message) return std::unexpected(malformed(message.error()));
  TextCheck check;
  M::layout(check, *message);
  if (!check.result) return std::unexpected(std::move(check.result.error()));
  return *message;
}

}  // namespace

Session::Session(Environment environment) : environment_(std::move(environment)) {}
Session::~Session() = default;

Session::Action Session::next(QueryCycle::Now now) {
  for (;;) {
    if (out_.due()) return Write{out_.take()};
    std::optional<Action> action;
    switch (state_) {
      case State::startup:
        action = startup();
        break;
      case State::handshake:
        state_ = State::startup;
        // What the client sent behind its request is not plaintext to be read (CVE-2021-23214): it is the handshake's.
        return StartTls{input_.take_pending()};
      case State::login:
        action = login();
        break;
      case State::ready:
        action = ready(now);
        break;
      case State::query:
        action = query(now);
        break;
      case State::closing:
        return Close{};
    }
    if (action) return std::move(*action);
  }
}

// --- Before login -------------------------------------------------------------------------------------------------

std::optional<Session::Action> Session::startup() {
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
      return start_login(body);
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

std::optional<Session::Action> Session::start_login(wire::Bytes body) {
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
    logged_in();
  return std::nullopt;
}

std::optional<Session::Action> Session::login() {
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
    logged_in();
  return std::nullopt;
}

void Session::logged_in() {
  dialogue_.reset();
  if (request_.replication)
    return refuse(error(sqlstate::insufficient_privilege, "permission denied to start WAL sender"));

  Login login;
  login.user = request_.user;
  login.database = request_.database;
  login.options = request_.options;
  login.settings = request_.settings;
  login.pid = environment_.pid;
  login.wake = environment_.wake;
  auto backend = environment_.engine.connect(std::move(login));
  if (!backend) return refuse(std::move(backend.error()));
  backend_ = std::move(*backend);
  extended_ = std::make_unique<ExtendedQuery>(*backend_);

  for (const auto& notice : backend_->take_notices()) out_.report(notice);
  for (const auto& [name, value] : backend_->take_changed_settings()) out_.send(protocol::ParameterStatus{name, value});
  cancel_key_.resize(request_.version >= 0x00030002 ? 32 : 4);
  environment_.random({reinterpret_cast<unsigned char*>(cancel_key_.data()), cancel_key_.size()});
  out_.send(protocol::BackendKeyData{environment_.pid, cancel_key_});
  ready_for_query();
}

// --- Between requests ---------------------------------------------------------------------------------------------

std::optional<Session::Action> Session::ready(QueryCycle::Now now) {
  const auto pending = input_.pending();
  if (pending.empty()) {
    input_.trim();
    return Read{};
  }
  if (!is_frontend_type(pending[0])) {
    refuse(error(sqlstate::protocol_violation,
                 "invalid frontend message type " + std::to_string(static_cast<unsigned char>(pending[0]))));
    return std::nullopt;
  }
  auto frame = input_.next(FrameKind::tagged, message_length);
  if (!frame) return Close{};  // in silence: the stream cannot be read any further
  if (!*frame) return Read{};
  message(**frame, now);
  return std::nullopt;
}

void Session::message(const wire::Frame& frame, QueryCycle::Now now) {
  using namespace protocol;
  const char tag = frame.tag;
  if (tag == Terminate::tag) {
    state_ = State::closing;
    return;
  }
  if (tag == CopyData::tag || tag == CopyDone::tag || tag == CopyFail::tag) return;  // left over from a failed copy
  if (skipping_ && tag != Sync::tag) return;

  // fails: the error of an extended-query message: nothing more is done up to the next Sync.
  auto fails = [&](const Report& report) {
    abort(report);
    skipping_ = true;
  };
  auto handle = [&]<class M>(auto&& act) {
    auto decoded = read<M>(frame.body);
    ExtendedQuery::Done done = decoded ? act(*decoded) : std::unexpected(std::move(decoded.error()));
    if (!done) fails(done.error());
  };
  switch (tag) {
    case Query::tag: {
      auto query = read<Query>(frame.body);
      if (query) {
        extended_->query_came();
        cancelled_ = false;
        cycle_.emplace(*backend_, std::string(query->query), extended_->in_pipeline());
        state_ = State::query;
        return;
      }
      abort(query.error());
      return ready_for_query();
    }
    case FunctionCall::tag:
      abort(error(sqlstate::feature_not_supported, "function calls are not supported"));
      return ready_for_query();
    case Sync::tag: {
      skipping_ = false;
      auto decoded = read<Sync>(frame.body);
      ExtendedQuery::Done done = decoded ? extended_->sync() : std::unexpected(std::move(decoded.error()));
      if (!done) abort(done.error());
      return ready_for_query();
    }
    case Flush::tag:
      return handle.template operator()<Flush>([&](const Flush&) {
        out_.flush();
        return ExtendedQuery::Done{};
      });
    case Parse::tag:
      return handle.template operator()<Parse>([&](const Parse& m) { return extended_->parse(m, out_, now); });
    case Bind::tag:
      return handle.template operator()<Bind>([&](const Bind& m) { return extended_->bind(m, out_, now); });
    case Describe::tag:
      return handle.template operator()<Describe>([&](const Describe& m) { return extended_->describe(m, out_, now); });
    case protocol::Close::tag:
      return handle.template operator()<protocol::Close>(
          [&](const protocol::Close& m) { return extended_->close(m, out_); });
    case Execute::tag:
      handle.template operator()<Execute>([&](const Execute& m) { return extended_->execute(m, out_, now); });
      cancelled_ = false;
      if (extended_->executing()) state_ = State::query;
      return;
    default:
      return;
  }
}

// --- While a query runs -------------------------------------------------------------------------------------------

std::optional<Session::Action> Session::query(QueryCycle::Now now) {
  const bool simple = cycle_.has_value();
  if (cancelled_) {
    cancelled_ = false;
    abort(error(sqlstate::query_canceled, "canceling statement due to user request"));
    return end_query(simple, true);
  }
  std::expected<QueryCycle::Progress, Report> progress =
      simple ? cycle_->advance(out_, now) : extended_->advance(out_, now);
  if (!progress) {
    abort(progress.error());
    return end_query(simple, true);
  }
  switch (progress->state) {
    case QueryCycle::Progress::State::again:
      return Again{};
    case QueryCycle::Progress::State::waiting:
      return Wait{progress->until};
    case QueryCycle::Progress::State::done:
      if (simple && cycle_->discarded()) extended_->discarded();
      return end_query(simple, false);
  }
  return std::nullopt;
}

std::optional<Session::Action> Session::end_query(bool simple, bool failed) {
  cycle_.reset();
  state_ = State::ready;
  if (simple) {
    // PostgreSQL 18: what a Query ran behind unsynchronized messages stays open with them.
    extended_->settle();
    ready_for_query();
  } else {
    skipping_ = failed;
  }
  return std::nullopt;
}

// --- Endings ------------------------------------------------------------------------------------------------------

// abort: report an error that the session survives, and undo what it ends.
void Session::abort(const Report& report) {
  cycle_.reset();
  extended_->aborted();
  for (const auto& notice : backend_->take_notices()) out_.report(notice);
  out_.report(report);
  backend_->abort_command();
  extended_->settle();
}

void Session::ready_for_query() {
  state_ = State::ready;
  for (const auto& [name, value] : backend_->take_changed_settings()) out_.send(protocol::ParameterStatus{name, value});
  out_.send(protocol::ReadyForQuery{static_cast<char>(backend_->status())});
  out_.flush();
}

void Session::refuse(Report report) {
  report.severity = Severity::fatal;
  environment_.log(Severity::error, report.message);
  out_.report(report);
  state_ = State::closing;
}

void Session::refuse(const auth::AuthError& problem) {
  auto report = error(problem.sqlstate, problem.message);
  report.detail = problem.detail;
  refuse(std::move(report));
}

void Session::terminate() {
  if (state_ == State::closing) return;
  state_ = State::closing;
  if (!backend_) return;
  backend_->abort_command();
  refuse(error(sqlstate::admin_shutdown, "terminating connection due to administrator command"));
}

}  // namespace pgconform::session
