#include "net/certificates.hpp"

#include <gtest/gtest.h>

#include "net/host_name.hpp"
#include "net/test_support.hpp"

namespace pgconform::net {
namespace {

using namespace testing;

TEST(SelfSigned, IsTakenAsItsOwnAuthority) {
  auto made = must(make_self_signed({"localhost", {"localhost"}}));
  TlsServerOptions server;
  server.certificate = pem_text(made.certificate);
  server.private_key = pem_text(made.private_key);
  TlsClientOptions client;
  client.mode = SslMode::verify_full;
  client.ca = pem_text(made.certificate);
  TlsSession a(must(TlsClientContext::make(client)), "localhost"), b(must(TlsServerContext::make(server)));
  EXPECT_EQ(shake(a, b).client, TlsSession::Status::ok) << a.error().text;
}

TEST(SelfSigned, ServesForTls12) {
  TlsServerOptions server = server_options();
  server.max_version = TlsVersion::tls1_2;
  TlsSession a(must(TlsClientContext::make({})), "localhost"), b(must(TlsServerContext::make(server)));
  EXPECT_EQ(shake(a, b).client, TlsSession::Status::ok);
  EXPECT_EQ(a.version(), "TLSv1.2");
}

TEST(ServerEndPoint, IsTheHashOfTheCertificate) {
  auto context = must(TlsServerContext::make(server_options()));
  EXPECT_EQ(server_end_point(context.certificate()).size(), 32u);
  EXPECT_EQ(server_end_point("nonsense"), "");
}

TEST(Wildcard, StandsForOneLabelAtTheStart) {
  EXPECT_TRUE(wildcard_matches("db.example.org", "DB.example.ORG"));
  EXPECT_TRUE(wildcard_matches("*.example.org", "db.Example.org"));
  EXPECT_FALSE(wildcard_matches("*.example.org", "example.org"));
  EXPECT_FALSE(wildcard_matches("*.example.org", ".example.org"));
  EXPECT_FALSE(wildcard_matches("*.example.org", "a.b.example.org"));
  EXPECT_FALSE(wildcard_matches("d*.example.org", "db.example.org"));
  EXPECT_FALSE(wildcard_matches("*", "db"));
  EXPECT_FALSE(wildcard_matches("*.", "db."));
}

TEST(IpAddress, IsToldFromAName) {
  EXPECT_TRUE(is_ip_address("127.0.0.1"));
  EXPECT_TRUE(is_ip_address("::1"));
  EXPECT_FALSE(is_ip_address("localhost"));
  EXPECT_FALSE(is_ip_address("127.0.0"));
  EXPECT_FALSE(is_ip_address(""));
}

}  // namespace
}  // namespace pgconform::net
