#include <nlohmann/json.hpp>

#include "auth/end_point.hpp"
#include "auth/md5.hpp"
#include "auth/scram_server.hpp"
#include "auth/verifier.hpp"
#include "client/test_support.hpp"
#include "net/tls_session.hpp"

namespace pgconform::client {
namespace {

using namespace testing;
using asio::awaitable;

constexpr std::string_view ssl_request("\0\0\0\x08\x04\xd2\x16\x2f", 8);

// logs_in: with these options against this server; gives the failure's text, and the log.
struct Outcome {
  Expected<void> result;
  std::string log;
  Facts facts;
  std::vector<std::string> violations;
  bool tls = false;
};

Outcome log_in(const std::string& parameters, Serve serve, LoginOptions login = {}, Options options = {}) {
  Outcome outcome;
  with_server(parameters, std::move(serve), [&](Target target) -> awaitable<void> {
    Connection connection(target, options);
    outcome.result = co_await connection.login(login, soon());
    outcome.log = testing::log(connection);
    outcome.facts = connection.facts();
    outcome.violations = connection.violations();
    outcome.tls = connection.tls() != nullptr;
  });
  return outcome;
}

awaitable<void> trusting(Peer& peer) {
  co_await peer.packet();
  co_await peer.say(greeting());
  co_await peer.wait();
}

TEST(Login, WithoutPasswordTellsWhatTheServerSaid) {
  const auto outcome = log_in("sslmode=disable", trusting);
  EXPECT_EQ(text(outcome.result), "") << outcome.log;
  EXPECT_EQ(outcome.facts.parameters.at("server_version"), "15.1");
  EXPECT_EQ(outcome.facts.pid, 7);
  EXPECT_EQ(outcome.facts.key, "\1\2\3\4");
  EXPECT_EQ(outcome.facts.version, 0x30000u);
  EXPECT_EQ(outcome.log,
            "F StartupMessage {\"parameters\":{\"user\":\"alice\",\"database\":\"db\"}}\n"
            "B AuthenticationOk\nB ParameterStatus {\"name\":\"server_version\",\"value\":\"15.1\"}\n"
            "B BackendKeyData {\"pid\":7,\"key\":{\"hex\":\"01020304\"}}\nB ReadyForQuery {\"status\":\"I\"}\n");
}

TEST(Login, SendsFurtherParametersAndAnotherVersion) {
  LoginOptions login;
  login.version = 0x30002;
  login.parameters = {{"database", std::nullopt}, {"user", "bob"}, {"x", "y"}};
  const auto outcome = log_in(
      "sslmode=disable&application_name=tests",
      [](Peer& peer) -> awaitable<void> {
        co_await peer.packet();
        co_await peer.say(message('v', std::string_view("\0\3\0\0\0\0\0\0", 8)) + greeting());
        co_await peer.wait();
      },
      login);
  EXPECT_EQ(text(outcome.result), "") << outcome.log;
  EXPECT_TRUE(
      outcome.log.starts_with("F StartupMessage {\"version\":\"3.2\",\"parameters\":{\"user\":\"bob\","
                              "\"application_name\":\"tests\",\"x\":\"y\"}}\n"))
      << outcome.log;
  EXPECT_EQ(outcome.facts.version, 0x30000u);
  EXPECT_TRUE(outcome.facts.unrecognized && outcome.facts.unrecognized->empty());
}

TEST(Login, GivesTheCleartextPasswordAndHidesItInTheLog) {
  std::string heard;
  const auto outcome = log_in("sslmode=disable", [&](Peer& peer) -> awaitable<void> {
    co_await peer.packet();
    co_await peer.say(authentication(3));
    heard = co_await peer.frame();
    co_await peer.say(greeting());
    co_await peer.wait();
  });
  EXPECT_EQ(text(outcome.result), "") << outcome.log;
  EXPECT_EQ(heard, std::string("secret\0", 7));
  EXPECT_FALSE(outcome.log.contains("secret"));
  EXPECT_TRUE(outcome.log.contains("F PasswordMessage {\"password\":{\"redacted\":\"password\",\"length\":6}}\n"))
      << outcome.log;
}

TEST(Login, AnswersMd5) {
  std::string heard;
  const auto outcome = log_in("sslmode=disable", [&](Peer& peer) -> awaitable<void> {
    co_await peer.packet();
    co_await peer.say(authentication(5, "salt"));
    heard = co_await peer.frame();
    co_await peer.say(greeting());
    co_await peer.wait();
  });
  EXPECT_EQ(text(outcome.result), "") << outcome.log;
  EXPECT_EQ(heard, auth::md5_response("alice", "secret", "salt") + '\0');
  EXPECT_TRUE(outcome.log.contains("\"length\":35")) << outcome.log;
}

TEST(Login, ReportsTheErrorResponse) {
  const auto outcome = log_in("sslmode=disable", [](Peer& peer) -> awaitable<void> {
    co_await peer.packet();
    co_await peer.say(authentication(3));
    co_await peer.frame();
    co_await peer.say(error("28P01", "no entry"));
  });
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().kind, Failure::Kind::server);
  EXPECT_EQ(text(outcome.result), "the login was refused: ErrorResponse 28P01 \"no entry\"");
  EXPECT_EQ(outcome.result.error().event.fields()["C"], "28P01");
  EXPECT_EQ(outcome.result.error().event.error_field('V'), "FATAL");
}

// scram: a server that knows the password; what it says last may be spoiled.
Serve scram(bool plus, std::function<std::string(std::string)> spoil = {}) {
  return [=](Peer& peer) -> awaitable<void> {
    auto first = co_await peer.packet();
    auth::ScramServer::Config config{.user = "alice", .verifier = auth::make_verifier("secret", "saltsalt")};
    if (first == ssl_request.substr(4)) {
      co_await peer.say("S");
      co_await peer.start_tls();
      co_await peer.packet();
      if (plus) config.end_point = *auth::tls_server_end_point(server_certificate());
    }
    auth::ScramServer server(config);
    std::string offer;
    for (const auto name : server.mechanisms()) offer.append(name).push_back('\0');
    co_await peer.say(authentication(10, offer + '\0'));
    const auto initial = co_await peer.frame();
    const auto nul = initial.find('\0');
    auto reply = server.initial_response(initial.substr(0, nul), std::string_view(initial).substr(nul + 5));
    if (!reply) {
      co_await peer.say(error(reply.error().sqlstate, reply.error().message));
      co_return;
    }
    co_await peer.say(authentication(11, reply->data));
    const auto final = co_await peer.frame();
    reply = server.response(final);
    if (!reply) {
      co_await peer.say(error(reply.error().sqlstate, reply.error().message));
      co_return;
    }
    auto last = authentication(12, reply->data);
    if (spoil) last = spoil(last);
    last += greeting();
    co_await peer.say(last);
    co_await peer.wait();
  };
}

TEST(Login, GoesThroughScram) {
  const auto outcome = log_in("sslmode=disable", scram(false));
  EXPECT_EQ(text(outcome.result), "") << outcome.log;
  EXPECT_TRUE(outcome.facts.scram && *outcome.facts.scram);
  EXPECT_EQ(outcome.facts.mechanisms, std::vector<std::string>{"SCRAM-SHA-256"});
  // What proves the password would let a reader of the log try passwords.
  EXPECT_TRUE(outcome.log.contains(",p=…\"}\n")) << outcome.log;
  EXPECT_TRUE(outcome.log.contains("{\"data\":\"v=…\"}\n")) << outcome.log;
  EXPECT_TRUE(outcome.violations.empty());
  EXPECT_TRUE(outcome.log.contains("\"n,,n=,r=")) << outcome.log;
}

TEST(Login, BindsTheChannelWhereTheServerOffersIt) {
  const auto outcome = log_in("sslmode=require", scram(true));
  EXPECT_EQ(text(outcome.result), "") << outcome.log;
  EXPECT_TRUE(outcome.tls);
  EXPECT_TRUE(outcome.log.contains("\"mechanism\":\"SCRAM-SHA-256-PLUS\"")) << outcome.log;
  EXPECT_TRUE(outcome.log.contains("F SSLRequest\nB SSLResponse {\"answer\":\"S\"}\n# TLS: TLSv1.3")) << outcome.log;
  EXPECT_EQ(text(log_in("sslmode=require", scram(false)).result), "");
  EXPECT_EQ(text(log_in("sslmode=require", scram(true), {.channel_binding = false}).result), "");
}

TEST(Login, RefusesAServerThatDoesNotKnowThePassword) {
  const auto wrong = log_in("sslmode=disable", scram(false, [](std::string last) {
                              last[12] = last[12] == 'A' ? 'B' : 'A';  // still base64
                              return last;
                            }));
  EXPECT_EQ(text(wrong.result), "server-final-message: the signature is wrong");
  EXPECT_EQ(wrong.result.error().kind, Failure::Kind::protocol);
  const auto none = log_in("sslmode=disable", scram(false, [](std::string) { return std::string(); }));
  EXPECT_EQ(text(none.result), "the server ended the SCRAM exchange without proving that it knows the password");
}

TEST(Login, FailsWithTheWrongPasswordAndWithNone) {
  const auto use = [](std::string password, Expected<void>& result) {
    with_server("sslmode=disable", scram(false), [&](Target target) -> awaitable<void> {
      target.credentials.password = password;
      Connection connection(target);
      result = co_await connection.login(soon());
    });
  };
  Expected<void> wrong, none;
  use("guess", wrong);
  EXPECT_EQ(text(wrong),
            "the login was refused: ErrorResponse 28P01 \"password authentication failed for user \\\"alice\\\"\"");
  use("", none);
  EXPECT_EQ(text(none), "the server asks for a password, and there is none");
}

TEST(Login, StopsBeforeAnsweringTheMessageItIsToldOf) {
  with_server("sslmode=disable", scram(false), [](Target target) -> awaitable<void> {
    Connection connection(target);
    const LoginOptions login{.until = "AuthenticationSASL"};
    EXPECT_EQ(text(co_await connection.login(login, soon())), "");
    auto offer = co_await connection.receive(soon());
    EXPECT_EQ(offer.fields()["mechanisms"][0], "SCRAM-SHA-256");
    const nlohmann::ordered_json first{{"mechanism", "SCRAM-SHA-256"}, {"data", {{"$scram", "first"}}}};
    EXPECT_EQ(text(co_await connection.send("SASLInitialResponse", first, soon())), "");
    auto challenge = co_await connection.receive(soon());
    EXPECT_TRUE(challenge.is("AuthenticationSASLContinue")) << challenge.describe();
    const nlohmann::ordered_json final{{"data", {{"$scram", "final"}, {"flip", "proof:0"}}}};
    EXPECT_EQ(text(co_await connection.send("SASLResponse", final, soon())), "");
    auto refusal = co_await connection.receive(soon());
    EXPECT_EQ(refusal.error_field('C'), "28P01");
    auto end = co_await connection.receive(soon());
    EXPECT_EQ(end.kind, Event::Kind::eof) << end.describe();
  });
}

TEST(Login, DoesWithoutTlsWhereItIsOnlyPreferred) {
  const auto refusing = [](Peer& peer) -> awaitable<void> {
    co_await peer.packet();
    co_await peer.say("N");
    co_await trusting(peer);
  };
  EXPECT_EQ(text(log_in("sslmode=prefer", refusing).result), "");
  const auto required = log_in("sslmode=require", refusing);
  EXPECT_EQ(text(required.result), "the server refuses TLS");
  EXPECT_EQ(required.result.error().kind, Failure::Kind::server);
}

TEST(Login, TriesAgainWithoutTlsAfterAHandshakeThatFailed) {
  int connections = 0;
  const auto outcome = log_in("sslmode=prefer", [&](Peer& peer) -> awaitable<void> {
    if (++connections == 2) co_return co_await trusting(peer);
    co_await peer.packet();
    co_await peer.say("S");
    co_await peer.read(5);
    co_await peer.say(std::string("\x15\x03\x01\x00\x02\x02\x28", 7));
  });
  EXPECT_EQ(text(outcome.result), "") << outcome.log;
  EXPECT_EQ(connections, 2);
  EXPECT_TRUE(outcome.log.contains("# once more, without TLS")) << outcome.log;
}

TEST(Login, TakesAnErrorInAnswerToSslRequest) {
  const auto v3 = log_in("sslmode=require", [](Peer& peer) -> awaitable<void> {
    co_await peer.packet();
    co_await peer.say(error("0A000", "no"));
  });
  EXPECT_EQ(text(v3.result), "in answer to SSLRequest came ErrorResponse 0A000 \"no\"");
  EXPECT_EQ(v3.result.error().kind, Failure::Kind::server);
  const auto v2 = log_in("sslmode=require", [](Peer& peer) -> awaitable<void> {
    co_await peer.packet();
    co_await peer.say(std::string("EFATAL:  old\n\0", 14));
  });
  EXPECT_EQ(text(v2.result),
            "in answer to SSLRequest came bad frame: an error in the form of protocol 2: \"FATAL:  old\\n\"");
  EXPECT_EQ(v2.result.error().event.bytes, std::string("EFATAL:  old\n\0", 14));
}

TEST(Login, RefusesWhatCameBeforeTheHandshake) {
  const auto outcome = log_in("sslmode=require", [](Peer& peer) -> awaitable<void> {
    co_await peer.packet();
    co_await peer.say("S" + greeting());
    co_await peer.wait();
  });
  EXPECT_TRUE(text(outcome.result).contains("unencrypted bytes arrived before the TLS handshake"))
      << text(outcome.result);
}

TEST(Login, GoesStraightToTls) {
  const auto outcome = log_in("sslmode=require&sslnegotiation=direct", [](Peer& peer) -> awaitable<void> {
    co_await peer.start_tls();
    co_await trusting(peer);
  });
  EXPECT_EQ(text(outcome.result), "") << outcome.log;
  EXPECT_TRUE(outcome.log.contains("ALPN postgresql")) << outcome.log;
}

TEST(Login, EndsWhereTheServerDoes) {
  const auto closed = log_in("sslmode=disable", [](Peer& peer) -> awaitable<void> { co_await peer.packet(); });
  EXPECT_EQ(text(closed.result), "during the login the server closed the connection");
  EXPECT_EQ(closed.result.error().kind, Failure::Kind::network);
  const auto cut = log_in("sslmode=disable", [](Peer& peer) -> awaitable<void> {
    co_await peer.packet();
    co_await peer.say("R\1");
  });
  EXPECT_EQ(text(cut.result),
            "during the login the server closed the connection after 2 bytes of an unfinished message");
  const auto garbage = log_in("sslmode=disable", [](Peer& peer) -> awaitable<void> {
    co_await peer.packet();
    co_await peer.say("HTTP/1.1 400 Bad Request\r\n");
    co_await peer.wait();
  });
  EXPECT_EQ(text(garbage.result),
            "during the login came bad frame: a message of type \"H\" with the length word 1414811695");
  const auto foreign = log_in("sslmode=disable", [](Peer& peer) -> awaitable<void> {
    co_await peer.packet();
    co_await peer.say(authentication(7));
    co_await peer.wait();
  });
  EXPECT_EQ(text(foreign.result), "during the login came AuthenticationGSS");
}

TEST(Login, KeepsItsDeadline) {
  with_server(
      "sslmode=disable", [](Peer& peer) { return peer.wait(); },
      [](Target target) -> awaitable<void> {
        Connection connection(target);
        auto result = co_await connection.login(short_wait());
        EXPECT_EQ(text(result), "during the login the server did not answer in time");
        EXPECT_EQ(result.error().kind, Failure::Kind::network);
        Connection nobody(target, {.role = "md5"});
        EXPECT_EQ(text(co_await nobody.login(soon())), "the target has no role \"md5\"");
      });
}

}  // namespace
}  // namespace pgconform::client
