#include <algorithm>
#include <nlohmann/json.hpp>

#include "auth/scram_server.hpp"
#include "client/state.hpp"
#include "net/tls_session.hpp"

// The easy way in, as libpq goes it: TLS by sslmode, StartupMessage, whatever the server asks for, ReadyForQuery.
namespace pgconform::client {

using asio::awaitable;
using Json = nlohmann::ordered_json;

namespace {

using Kind = Failure::Kind;

std::unexpected<Failure> fail(Kind kind, std::string text, Event event = {}) {
  return std::unexpected(Failure{kind, std::move(text), std::move(event)});
}

// Way: what one attempt does about TLS.
enum class Way : std::uint8_t { plain, if_offered, negotiated, direct };

// ways: the attempts, in order. Only allow and prefer have a second one.
std::vector<Way> ways(const Target& target, Encryption encryption) {
  switch (encryption) {
    case Encryption::none:
      return {Way::plain};
    case Encryption::negotiated:
      return {Way::negotiated};
    case Encryption::direct:
      return {Way::direct};
    case Encryption::as_target:
      break;
  }
  if (target.over_unix_socket() || target.sslmode == SslMode::disable) return {Way::plain};
  if (target.sslmode == SslMode::allow) return {Way::plain, Way::negotiated};
  if (target.sslmode == SslMode::prefer) return {Way::if_offered, Way::plain};
  return {target.sslnegotiation == SslNegotiation::direct ? Way::direct : Way::negotiated};
}

// worth_another_way: could it be TLS, or its absence, that was the matter? Unlike libpq, a wrong password is not tried
// twice.
bool worth_another_way(const Failure& failure, bool handshaking) {
  if (handshaking) return failure.kind != Kind::usage && failure.event.kind != Event::Kind::timeout;
  return failure.kind == Kind::server && failure.event.error_field('C') == "28000";
}

Failure unexpected(const Event& event) {
  const bool gone = event.ended() || event.kind == Event::Kind::timeout;
  if (event.is("ErrorResponse")) return {Kind::server, "the login was refused: " + event.describe(), event};
  return {gone ? Kind::network : Kind::protocol, event.tell("during the login"), event};
}

std::expected<std::string_view, std::string> choose_mechanism(const Facts& facts, bool tls, bool channel_binding) {
  const auto offers = [&](std::string_view name) {
    return std::ranges::find(*facts.mechanisms, name) != facts.mechanisms->end();
  };
  if (tls && channel_binding && offers(auth::scram_sha_256_plus)) return auth::scram_sha_256_plus;
  if (offers(auth::scram_sha_256)) return auth::scram_sha_256;
  std::string list;
  for (const auto& name : *facts.mechanisms) list.append(list.empty() ? "" : ", ").append(name);
  return std::unexpected("the server offers no SASL mechanism that is known here, only: " + list);
}

Json startup_fields(const Target& target, const Credentials& credentials, const LoginOptions& options) {
  std::map<std::string, std::optional<std::string>> rest(options.parameters);
  Json parameters = Json::object();
  const auto put = [&](const std::string& name, const std::string& value) {
    const auto other = rest.extract(name);
    if (other.empty())
      parameters[name] = value;
    else if (other.mapped())
      parameters[name] = *other.mapped();
  };
  put("user", credentials.user);
  put("database", target.database);
  for (const auto& [name, value] : target.startup) put(name, value);
  for (const auto& [name, value] : rest)
    if (value) parameters[name] = *value;
  return {{"version", std::to_string(options.version >> 16) + "." + std::to_string(options.version & 0xffff)},
          {"parameters", std::move(parameters)}};
}

// refusal: the answer to SSLRequest that request_tls() has taken.
Event refusal() {
  return {.kind = Event::Kind::message, .name = "SSLResponse", .bytes = "N", .stage = protocol::Stage::ssl_answer};
}

// encrypt: TLS, the way that was chosen, on a connection that has said nothing.
awaitable<Expected<void>> encrypt(Connection& connection, Way way, net::TimePoint deadline) {
  if (way == Way::plain) co_return Expected<void>{};
  if (way != Way::direct) {
    auto offered = co_await connection.request_tls(deadline);
    if (!offered) co_return std::unexpected(offered.error());
    if (!*offered && way == Way::if_offered) co_return Expected<void>{};
    if (!*offered) co_return fail(Kind::server, "the server refuses TLS", refusal());
  }
  co_return co_await connection.start_tls(deadline);
}

}  // namespace

awaitable<Expected<void>> Connection::open(Encryption encryption, net::TimePoint deadline) {
  auto connected = co_await connect(deadline);
  if (!connected) co_return connected;
  co_return co_await encrypt(*this, ways(state_->target, encryption).front(), deadline);
}

awaitable<Expected<void>> Connection::State::log_in(Connection& connection, LoginOptions login,
                                                    net::TimePoint deadline) {
  facts.version = login.version;
  auto sent = co_await connection.send("StartupMessage", startup_fields(target, *credentials, login), deadline);
  if (!sent && sent.error().kind == Kind::usage) co_return sent;
  bool exchange = false;
  for (;;) {
    // Where sending failed, the reason may still be there to be read.
    auto event = co_await connection.receive(deadline);
    // What comes without a pause would never let the deadline pass.
    if (event.kind == Event::Kind::message && net::Clock::now() > deadline) event = timed_out();
    if (!login.until.empty() && event.is(login.until)) {
      ready.push_front(std::move(event));
      co_return Expected<void>{};
    }
    std::string_view answer;
    Json fields;
    if (event.is("ReadyForQuery")) {
      co_return Expected<void>{};
    } else if (event.is("AuthenticationOk")) {
      if (exchange && !facts.scram)
        co_return fail(Kind::protocol, "the server ended the SCRAM exchange without proving that it knows the password",
                       event);
    } else if (event.is("AuthenticationCleartextPassword") || event.is("AuthenticationMD5Password")) {
      if (credentials->password.empty())
        co_return fail(Kind::usage, "the server asks for a password, and there is none");
      answer = "PasswordMessage";
      fields = {{"password", {{event.is("AuthenticationMD5Password") ? "$md5" : "$password", true}}}};
    } else if (event.is("AuthenticationSASL")) {
      if (credentials->password.empty())
        co_return fail(Kind::usage, "the server asks for a password, and there is none");
      const auto mechanism = choose_mechanism(facts, tls() != nullptr, login.channel_binding);
      if (!mechanism) co_return fail(Kind::protocol, mechanism.error(), event);
      exchange = true;
      answer = "SASLInitialResponse";
      fields = {{"mechanism", *mechanism}, {"data", {{"$scram", "first"}}}};
      // Whoever could bind but does not want to must not claim that the server could not.
      if (!login.channel_binding) fields["data"]["gs2"] = "n,,";
    } else if (event.is("AuthenticationSASLContinue")) {
      answer = "SASLResponse";
      fields = {{"data", {{"$scram", "final"}}}};
    } else if (event.is("AuthenticationSASLFinal")) {
      if (!*facts.scram) co_return fail(Kind::protocol, facts.scram->error(), event);
    } else if (!event.is("ParameterStatus") && !event.is("BackendKeyData") && !event.is("NoticeResponse") &&
               !event.is("NegotiateProtocolVersion")) {
      co_return std::unexpected(unexpected(event));
    }
    if (answer.empty()) continue;
    sent = co_await connection.send(answer, fields, deadline);
    if (!sent && sent.error().kind != Kind::network) co_return sent;
  }
}

awaitable<Expected<void>> Connection::login(LoginOptions options, net::TimePoint deadline) {
  auto& s = *state_;
  const auto attempts = ways(s.target, options.encryption);
  bool fresh = is_open() && s.monitor.phase() == protocol::Phase::startup;
  Expected<void> result;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    if (!std::exchange(fresh, false)) {
      result = co_await connect(deadline);
      if (!result) co_return result;
    }
    // A caller who has started TLS already needs no other.
    if (!s.tls()) result = co_await encrypt(*this, attempts[i], deadline);
    const bool handshaking = !result;
    if (result) result = co_await s.log_in(*this, options, deadline);
    if (result || i + 1 == attempts.size() || !worth_another_way(result.error(), handshaking)) break;
    // Without TLS in the first attempt, an attempt without TLS would end alike.
    if (attempts[i] == Way::if_offered && !handshaking && !s.tls()) break;
    s.note(std::string("once more, ") + (attempts[i + 1] == Way::plain ? "without" : "with") +
           " TLS: " + result.error().text);
  }
  co_return result;
}

awaitable<Expected<Event>> send_cancel(Target target, std::int32_t pid, std::string key, Encryption encryption,
                                       net::TimePoint deadline) {
  Connection connection(std::move(target));
  auto opened = co_await connection.open(encryption, deadline);
  if (!opened) co_return std::unexpected(opened.error());
  constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : key) hex.append({digits[static_cast<unsigned char>(c) >> 4], digits[c & 15]});
  const Json fields{{"pid", pid}, {"key", {{"hex", hex}}}};
  auto sent = co_await connection.send("CancelRequest", fields, deadline);
  if (!sent) co_return std::unexpected(sent.error());
  co_return co_await connection.receive(deadline);
}

}  // namespace pgconform::client
