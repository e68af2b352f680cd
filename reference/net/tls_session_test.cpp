#include "net/tls_session.hpp"

#include <gtest/gtest.h>

#include "net/test_support.hpp"

namespace pgconform::net {
namespace {

using namespace testing;
using Status = TlsSession::Status;

struct Sessions {
  TlsSession client, server;
};

Sessions sessions(const TlsClientOptions& client = client_options(), const TlsServerOptions& server = server_options(),
                  std::string_view host = "localhost") {
  return {TlsSession(must(TlsClientContext::make(client)), host), TlsSession(must(TlsServerContext::make(server)))};
}

class TlsSessionOf : public ::testing::TestWithParam<TlsVersion> {
 protected:
  TlsClientOptions options() {
    auto o = client_options();
    o.min_version = o.max_version = GetParam();
    return o;
  }
  std::string_view name() { return GetParam() == TlsVersion::tls1_2 ? "TLSv1.2" : "TLSv1.3"; }
};
INSTANTIATE_TEST_SUITE_P(Versions, TlsSessionOf, ::testing::Values(TlsVersion::tls1_2, TlsVersion::tls1_3),
                         [](auto& info) { return info.param == TlsVersion::tls1_2 ? "Tls12" : "Tls13"; });

TEST_P(TlsSessionOf, CarriesTextBothWays) {
  auto [client, server] = sessions(options());
  auto shaken = shake(client, server);
  ASSERT_EQ(shaken.client, Status::ok) << client.error().text;
  ASSERT_EQ(shaken.server, Status::ok) << server.error().text;
  EXPECT_EQ(client.version(), name());
  EXPECT_EQ(server.version(), name());
  EXPECT_EQ(client.write("to the server"), 13u);
  EXPECT_EQ(server.write("to the client"), 13u);
  deliver(client, server);
  deliver(server, client);
  EXPECT_EQ(read_all(server), "to the server");
  EXPECT_EQ(read_all(client), "to the client");
}

TEST_P(TlsSessionOf, ShakesHandsByteByByte) {
  auto [client, server] = sessions(options());
  auto shaken = shake(client, server, 1);
  EXPECT_EQ(shaken.client, Status::ok) << client.error().text;
  EXPECT_EQ(shaken.server, Status::ok) << server.error().text;
}

TEST_P(TlsSessionOf, TellsCloseNotifyFromACutConnection) {
  auto [client, server] = sessions(options());
  shake(client, server);
  server.write("last words");
  server.shutdown();
  deliver(server, client);
  client.end_of_input();
  EXPECT_EQ(read_all(client), "last words");
  char c;
  EXPECT_EQ(client.read({&c, 1}).status, Status::closed);
  EXPECT_EQ(client.alert_received(), 0);
  EXPECT_EQ(client.write("still heard"), 11u);
  deliver(client, server);
  EXPECT_EQ(read_all(server), "still heard");

  server.end_of_input();
  EXPECT_EQ(server.read({&c, 1}).status, Status::failed);
  EXPECT_EQ(server.error().kind, ErrorKind::truncated);
}

TEST_P(TlsSessionOf, OffersNoSessionTickets) {
  auto [client, server] = sessions(options());
  shake(client, server);
  EXPECT_TRUE(server.handshake_done());
  EXPECT_FALSE(server.has_output());
}

TEST_P(TlsSessionOf, LogsItsKeys) {
  auto o = options();
  std::string log;
  o.key_log = [&](std::string_view line) { log.append(line).append("\n"); };
  auto [client, server] = sessions(o);
  shake(client, server);
  EXPECT_NE(log.find(GetParam() == TlsVersion::tls1_2 ? "CLIENT_RANDOM " : "CLIENT_TRAFFIC_SECRET_0 "),
            std::string::npos)
      << log;
}

TEST_P(TlsSessionOf, ShowsBothSidesTheServersCertificate) {
  auto [client, server] = sessions(options());
  shake(client, server);
  EXPECT_FALSE(server.own_certificate().empty());
  EXPECT_EQ(client.peer_certificate(), server.own_certificate());
  EXPECT_EQ(server.peer_certificate(), "");
}

TEST(TlsSession, SaysThatTheHandshakeWasCut) {
  auto [client, server] = sessions();
  client.handshake();
  client.end_of_input();
  EXPECT_EQ(client.handshake(), Status::failed);
  EXPECT_EQ(client.error().kind, ErrorKind::eof);
}

TEST(TlsSession, HoldsALimitedAmountOfOutput) {
  auto [client, server] = sessions();
  shake(client, server);
  std::string big(1'000'000, 'x');
  auto taken = client.write(big);
  EXPECT_LT(taken, TlsSession::output_limit + 16 * 1024);
  EXPECT_LT(client.take_output().size(), TlsSession::output_limit + 17 * 1024);
  EXPECT_GT(client.write(big), 0u);
}

TEST(TlsSession, TakesALimitedAmountOfInput) {
  auto [client, server] = sessions();
  std::string big(1'000'000, 'x');
  EXPECT_LT(server.feed(big), 20'000u);
  EXPECT_EQ(server.feed(big), 0u);
}

TEST(TlsSession, AnswersGarbageWithAnAlert) {
  auto [client, server] = sessions();
  server.feed(std::string("\x16garbage, surely", 16));
  EXPECT_EQ(server.handshake(), Status::failed);
  EXPECT_EQ(server.error().kind, ErrorKind::tls);
  EXPECT_GT(server.alert_sent(), 0);
  EXPECT_TRUE(server.has_output());
}

TEST(TlsSession, FailsOnADamagedRecord) {
  auto [client, server] = sessions();
  shake(client, server);
  client.write("text");
  auto bytes = client.take_output();
  bytes.back() ^= 1;
  server.feed(bytes);
  char c;
  EXPECT_EQ(server.read({&c, 1}).status, Status::failed);
  EXPECT_EQ(server.alert_sent(), 20) << "bad_record_mac";
  EXPECT_EQ(server.write("no more"), 0u);
  deliver(server, client);
  EXPECT_EQ(client.read({&c, 1}).status, Status::failed);
  EXPECT_EQ(client.error().kind, ErrorKind::tls_alert);
  EXPECT_EQ(client.error().alert, 20);
}

TEST(TlsSession, RefusesVersionsBelowTheServersFloor) {
  auto old = client_options();
  old.min_version = TlsVersion::tls1_0;
  old.max_version = TlsVersion::tls1_1;
  auto [client, server] = sessions(old);
  auto shaken = shake(client, server);
  EXPECT_EQ(shaken.server, Status::failed);
  EXPECT_EQ(client.error().kind, ErrorKind::tls_alert);
  EXPECT_EQ(client.error().alert, 70) << "protocol_version";
}

TEST(TlsSession, KeepsTheFloorWhenTheOptionsAskForLess) {
  auto low = server_options();
  low.min_version = TlsVersion::tls1_0;
  auto old = client_options();
  old.min_version = TlsVersion::tls1_0;
  old.max_version = TlsVersion::tls1_1;
  auto [client, server] = sessions(old, low);
  EXPECT_EQ(shake(client, server).server, Status::failed);
}

std::string negotiated_alpn(std::vector<std::string> offer, bool select = true) {
  auto o = client_options();
  o.alpn = std::move(offer);
  auto s = server_options();
  s.select_alpn = select;
  auto [client, server] = sessions(o, s);
  auto shaken = shake(client, server);
  if (shaken.client == Status::failed) return "alert " + std::to_string(client.error().alert);
  EXPECT_EQ(client.alpn(), server.alpn());
  return std::string(client.alpn());
}

TEST(TlsSession, ChoosesAlpn) {
  EXPECT_EQ(negotiated_alpn({"postgresql"}), "postgresql");
  EXPECT_EQ(negotiated_alpn({"h2", "postgresql"}), "postgresql");
  EXPECT_EQ(negotiated_alpn({}), "");
  EXPECT_EQ(negotiated_alpn({"h2"}), "alert 120");
}

TEST(TlsSession, IgnoresAlpnAsBeforeVersion17) {
  EXPECT_EQ(negotiated_alpn({"postgresql"}, false), "");
  EXPECT_EQ(negotiated_alpn({"h2"}, false), "");
}

TEST(TlsSession, SendsTheServerNameForNamesOnly) {
  auto named = [](std::string_view host, bool sni = true) {
    auto o = client_options();
    o.sni = sni;
    auto [client, server] = sessions(o, server_options(), host);
    shake(client, server);
    return std::string(server.server_name());
  };
  EXPECT_EQ(named("db.example.org"), "db.example.org");
  EXPECT_EQ(named("127.0.0.1"), "");
  EXPECT_EQ(named("::1"), "");
  EXPECT_EQ(named(""), "");
  EXPECT_EQ(named("db.example.org", false), "");
}

TEST(TlsSession, OutlivesTheReplacementOfItsContext) {
  auto context = must(TlsServerContext::make(server_options()));
  TlsSession client(must(TlsClientContext::make(client_options())), "localhost");
  TlsSession server(context);
  auto old = context.certificate();
  auto other = server_options();
  auto made = must(make_self_signed({"new", {"localhost"}}));
  other.certificate = pem_text(made.certificate);
  other.private_key = pem_text(made.private_key);
  context = must(TlsServerContext::make(other));
  EXPECT_EQ(shake(client, server).client, Status::ok);
  EXPECT_EQ(client.peer_certificate(), old);
  EXPECT_NE(context.certificate(), old);
}

}  // namespace
}  // namespace pgconform::net
