#include <nlohmann/json.hpp>

#include "client/state.hpp"
#include "protocol/decode.hpp"
#include "protocol/json/json.hpp"

// Bytes to messages, in both directions: cut as the monitor's stage says, shown to the monitor and to the log. What a
// frontend that breaks the rules has sent must be cut too, where the monitor has given up: then the few things that
// decide about frames (was there a StartupMessage, is a bare answer due, what does `p` answer) are known here.
namespace pgconform::client {

using protocol::Sender;
using protocol::Stage;

namespace {

constexpr std::size_t longest_login_error = 30000;  // as libpq has it
constexpr std::size_t most_parameters = 1000;       // no server has as many; whoever sends more means harm

std::string quoted(std::string_view text) {
  return nlohmann::ordered_json(text).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string redacted(std::size_t length) {
  return R"({"redacted":"password","length":)" + std::to_string(length) + "}";
}

}  // namespace

std::chrono::microseconds Connection::State::now() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(net::Clock::now() - begun);
}

Stage Connection::State::frontend_stage() const {
  if (!monitor.frontend_broke()) return monitor.stage(Sender::frontend);
  return started ? login_stage : Stage::startup;
}

Stage Connection::State::backend_stage() const {
  return bare_due.empty() ? Stage::normal : bare_due.front();
}

void Connection::State::note(std::string text) {
  log_partial();
  conversation.add({.what = Said::What::note, .at = now(), .bytes = std::move(text)});
}

void Connection::State::log_sent(std::size_t from, wire::Bytes bytes, Said::What what, Stage stage) {
  Said said{.what = what, .sender = Sender::frontend, .stage = stage, .at = now()};
  for (const auto& secret : secrets) {
    if (from >= secret.end || from + bytes.size() <= secret.begin) continue;
    const bool whole = what == Said::What::frame && from == secret.begin && from + bytes.size() == secret.end;
    said.name = whole ? secret.name : std::string(protocol::json::raw_name);
    said.redacted = whole ? secret.shown : redacted(bytes.size());
  }
  if (said.redacted.empty() && stage == Stage::password && what == Said::What::frame && bytes[0] == 'p') {
    said.name = "PasswordMessage";
    said.redacted = R"({"password":)" + redacted(bytes.size() - std::min<std::size_t>(6, bytes.size())) + "}";
  }
  if (said.redacted.empty() && what == Said::What::raw && credentials && !credentials->password.empty() &&
      bytes.contains(credentials->password)) {
    said.name = protocol::json::raw_name;
    said.redacted = redacted(bytes.size());
  }
  if (said.redacted.empty()) said.bytes = bytes;
  conversation.add(std::move(said));
}

void Connection::State::log_partial() {
  const auto rest = out.pending().substr(std::min(logged, out.pending().size()));
  if (rest.empty()) return;
  log_sent(cut_from + logged, rest, Said::What::raw, frontend_stage());
  logged += rest.size();
}

void Connection::State::tell(std::string_view bytes) {
  out.feed(bytes);
  while (!out_broken) {
    const auto stage = frontend_stage();
    const auto next = out.next(protocol::frame_kind(Sender::frontend, stage));
    if (!next) {
      // The backend will not make sense of it either; nor of anything behind it.
      out_broken = true;
      static_cast<void>(monitor.frontend({}));
      break;
    }
    if (!*next) return;
    const auto& frame = **next;
    if (logged > 0)
      log_sent(cut_from + logged, frame.whole.substr(std::min(logged, frame.whole.size())), Said::What::raw, stage);
    else
      log_sent(cut_from, frame.whole, Said::What::frame, stage);
    logged = 0;
    cut_from += frame.whole.size();
    if (const auto type = protocol::classify(Sender::frontend, stage, frame)) {
      const auto name = name_of(*type);
      if (name == protocol::SSLRequest::name) bare_due.push_back(Stage::ssl_answer);
      if (name == protocol::GSSENCRequest::name) bare_due.push_back(Stage::gssenc_answer);
      if (name == protocol::StartupMessage::name || name == protocol::CancelRequest::name) started = true;
    }
    static_cast<void>(monitor.frontend(frame));
  }
  log_partial();
  cut_from += out.take_pending().size();
  logged = 0;
}

// cut_protocol_2: before protocol 3 an error was `E`, a text and a NUL. Servers still say it to whom they take for old.
std::optional<Event> Connection::State::cut_protocol_2() {
  const auto pending = in.pending();
  const auto nul = pending.find('\0');
  if (nul == pending.npos && pending.size() < longest_login_error && !over) return std::nullopt;
  const auto text = pending.substr(1, nul == pending.npos ? nul : nul - 1);
  Event event{.kind = Event::Kind::bad_frame, .at = now()};
  event.text = "an error in the form of protocol 2: " + quoted(text);
  auto all = in.take_pending();
  const auto size = std::min(nul, all.size() - 1) + 1;
  event.bytes = all.substr(0, size);
  in.feed(std::string_view(all).substr(size));
  log_partial();
  conversation.add({.what = Said::What::raw, .sender = Sender::backend, .at = event.at, .bytes = event.bytes});
  note(event.text);
  bare_due.clear();
  return event;
}

// cut_alert: from a server that was ready for TLS and did not like what it got. No message begins like this.
Event Connection::State::cut_alert(int alert) {
  over = Event{.kind = Event::Kind::tls_alert, .alert = alert, .at = now()};
  log_partial();
  conversation.add({.what = Said::What::raw, .sender = Sender::backend, .at = over->at, .bytes = in.take_pending()});
  note(over->describe());
  return *over;
}

std::optional<Event> Connection::State::cut() {
  if (in_broken) return in_broken;
  const auto pending = in.pending();
  if (pending.empty()) return std::nullopt;
  if (const auto alert = tls_alert(pending); alert && !tls()) return cut_alert(*alert);
  auto stage = backend_stage();
  auto kind = protocol::frame_kind(Sender::backend, stage);
  // Servers that know no TLS may answer SSLRequest as any other packet that they do not like.
  if (kind == wire::FrameKind::bare && pending[0] == 'E') {
    stage = Stage::normal;
    kind = wire::FrameKind::tagged;
  }
  const auto broken = [&](std::string text) {
    in_broken =
        Event{.kind = Event::Kind::bad_frame, .bytes = std::string(pending.substr(0, 1024)), .text = std::move(text)};
    in_broken->at = now();
    log_partial();
    conversation.add({.what = Said::What::raw, .sender = Sender::backend, .at = now(), .bytes = in_broken->bytes});
    note("bad frame: " + in_broken->text);
    return in_broken;
  };
  if (kind == wire::FrameKind::tagged && pending.size() >= 5) {
    const auto length = wire::load_32(pending.data() + 1);
    // Text where the length should be: protocol 3 would mean half a gigabyte.
    if (pending[0] == 'E' && pending[1] >= ' ' && monitor.phase() < protocol::Phase::authenticated)
      return cut_protocol_2();
    if (length > options.max_message)
      return broken("a message of type " + quoted(pending.substr(0, 1)) + " with the length word " +
                    std::to_string(length));
  }
  const auto next = in.next(kind);
  if (!next)
    return broken("a message of type " + quoted(pending.substr(0, 1)) + " with the length word " +
                  std::to_string(next.error().length));
  if (!*next) return std::nullopt;
  return message(**next, stage);
}

Event Connection::State::message(const wire::Frame& frame, Stage stage) {
  log_partial();
  if (!bare_due.empty()) bare_due.pop_front();
  Event event{.kind = Event::Kind::message, .bytes = std::string(frame.whole), .stage = stage, .at = now()};
  conversation.add({.sender = Sender::backend, .stage = stage, .at = event.at, .bytes = event.bytes});
  remember(frame, stage, event);
  if (auto sound = monitor.backend(frame); !sound) {
    violations.push_back(describe(sound.error()));
    note("against the protocol: " + violations.back());
  }
  return event;
}

// remember: decode, and keep what a login or a later message needs.
void Connection::State::remember(const wire::Frame& frame, Stage stage, Event& event) {
  const auto decoded = protocol::decode(Sender::backend, stage, frame, [&]<class M>(protocol::MessageType, const M& m) {
    event.name = M::name;
    if constexpr (requires { M::code; }) login_stage = Stage::normal;
    if constexpr (std::is_same_v<M, protocol::ParameterStatus>) {
      if (facts.parameters.size() < most_parameters) facts.parameters[std::string(m.parameter)] = m.value;
    } else if constexpr (std::is_same_v<M, protocol::BackendKeyData>) {
      facts.pid = m.pid;
      facts.key = m.key;
    } else if constexpr (std::is_same_v<M, protocol::NegotiateProtocolVersion>) {
      facts.version = m.version;
      facts.unrecognized.emplace();
      for (const auto& option : m.options) facts.unrecognized->emplace_back(option.value);
    } else if constexpr (std::is_same_v<M, protocol::AuthenticationCleartextPassword>) {
      login_stage = Stage::password;
    } else if constexpr (std::is_same_v<M, protocol::AuthenticationMD5Password>) {
      login_stage = Stage::password;
      computed().salt(m.salt);
    } else if constexpr (std::is_same_v<M, protocol::AuthenticationGSS> ||
                         std::is_same_v<M, protocol::AuthenticationSSPI> ||
                         std::is_same_v<M, protocol::AuthenticationGSSContinue>) {
      login_stage = Stage::gss;
    } else if constexpr (std::is_same_v<M, protocol::AuthenticationSASL>) {
      login_stage = Stage::sasl_initial;
      facts.mechanisms.emplace();
      for (const auto& mechanism : m.mechanisms) facts.mechanisms->emplace_back(mechanism.value);
      computed().mechanisms(*facts.mechanisms);
    } else if constexpr (std::is_same_v<M, protocol::AuthenticationSASLContinue>) {
      login_stage = Stage::sasl;
      computed().server_first(m.data);
    } else if constexpr (std::is_same_v<M, protocol::AuthenticationSASLFinal>) {
      facts.scram = computed().verify(m.data);
    }
  });
  if (decoded) return;
  event.kind = Event::Kind::bad_frame;
  event.name.clear();
  event.text = describe(decoded.error());
}

Event Connection::State::ended() {
  auto event = *over;
  if (!in.pending().empty()) event.bytes = in.pending().substr(0, 64 * 1024);
  return event;
}

Event Connection::State::timed_out() {
  Event event{.kind = Event::Kind::timeout, .bytes = std::string(in.pending().substr(0, 64 * 1024)), .at = now()};
  event.text = "nothing came before the deadline";
  return event;
}

void Connection::State::end(const net::NetError& error) {
  if (over) return;
  over = ended_by(error);
  over->at = now();
  note(over->describe());
}

}  // namespace pgconform::client
