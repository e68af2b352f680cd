#include "auth/scram_client.hpp"

#include <gtest/gtest.h>

#include "auth/test_support.hpp"

namespace pgconform::auth {
namespace {

// RFC 7677 §3.
constexpr std::string_view server_first =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr std::string_view server_final = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

ScramClient rfc_client() {
  ScramClient client({.user = "user", .password = "pencil", .random = fixed_random("x")});
  client.first().nonce = "rOprNGfwEbeRWgbNEkqO";
  return client;
}

std::string final_error(std::string_view message) {
  auto client = rfc_client();
  auto final = client.final(Exact(message));
  return final ? "" : final.error();
}

std::string verify_error(std::string_view message) {
  auto client = rfc_client();
  EXPECT_TRUE(client.final(server_first));
  auto verified = client.verify(Exact(message));
  return verified ? "" : verified.error();
}

TEST(ScramClient, GivesTheVectorOfRfc7677) {
  auto client = rfc_client();
  EXPECT_EQ(client.mechanism(), "SCRAM-SHA-256");
  EXPECT_EQ(client.first().message(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  auto final = client.final(Exact(server_first));
  ASSERT_TRUE(final);
  EXPECT_EQ(final->message(),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_TRUE(client.verify(Exact(server_final)));
}

TEST(ScramClient, SendsAnEmptyNameAndAFreshNonce) {
  ScramClient a({.password = "pencil"}), b({.password = "pencil"});
  EXPECT_EQ(a.first().message().substr(0, 8), "n,,n=,r=");
  EXPECT_EQ(a.first().nonce.size(), 24u);
  EXPECT_NE(a.first().nonce, b.first().nonce);
}

TEST(ScramClient, EscapesTheName) {
  ScramClient client({.user = "a,b=c"});
  EXPECT_TRUE(client.first().bare().starts_with("n=a=2Cb=3Dc,r="));
}

TEST(ScramClient, SaysWhatItThinksOfChannelBinding) {
  ScramClient not_offered({.binding = ChannelBinding::not_offered}), plus({.binding = ChannelBinding::end_point});
  EXPECT_TRUE(not_offered.first().message().starts_with("y,,n=,r="));
  EXPECT_EQ(not_offered.mechanism(), "SCRAM-SHA-256");
  EXPECT_TRUE(plus.first().message().starts_with("p=tls-server-end-point,,n=,r="));
  EXPECT_EQ(plus.mechanism(), "SCRAM-SHA-256-PLUS");
}

TEST(ScramClient, RefusesABadServerFirst) {
  EXPECT_EQ(final_error("r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=1,x=1"), "");
  for (auto message : {"", "r", "r=", "s=QQ==,i=1", "r=rOprNGfwEbeRWgbNEkqO,s=QQ==,i=1", "r=other,s=QQ==,i=1",
                       "r=rOprNGfwEbeRWgbNEkqOx", "r=rOprNGfwEbeRWgbNEkqOx,s=Q,i=1", "r=rOprNGfwEbeRWgbNEkqOx,s=QQ==",
                       "r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=", "r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=0",
                       "r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=-1", "r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=1x",
                       "r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=4294967295", "r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=4294967296",
                       "r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=1,1", "m=1,r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=1"})
    EXPECT_TRUE(final_error(message).starts_with("server-first-message: ")) << message;
  EXPECT_NE(final_error(std::string(server_first) + '\0'), "");
}

TEST(ScramClient, RefusesAServerThatDoesNotKnowTheVerifier) {
  EXPECT_EQ(verify_error(server_final), "");
  EXPECT_EQ(verify_error("v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            "server-final-message: the signature is wrong");
  EXPECT_EQ(verify_error("v=6rri"), "server-final-message: the signature is wrong");
  EXPECT_EQ(verify_error("v=!"), "server-final-message: the signature is not base64");
  EXPECT_EQ(verify_error("e=other-error"), "server-final-message: error other-error");
  for (auto message : {"", "v", "x=1", "v=", "e", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,1"})
    EXPECT_NE(verify_error(message), "") << message;
  EXPECT_NE(verify_error(std::string(server_final) + '\0'), "");
}

TEST(ScramClient, CanBeMadeToLie) {
  auto client = rfc_client();
  client.first().extensions = "x=1";
  client.first().mandatory = "m=2";
  EXPECT_EQ(client.first().message(), "n,,m=2,n=user,r=rOprNGfwEbeRWgbNEkqO,x=1");
  auto final = client.unproved_final(server_first);
  ASSERT_TRUE(final);
  EXPECT_EQ(final->proof, "");
  final->channel_binding = "other";
  final->nonce = "short";
  final->extensions = "y=3";
  client.prove(*final);
  EXPECT_TRUE(final->message().starts_with("c=b3RoZXI=,r=short,y=3,p="));
  auto before = final->proof;
  final->extensions = "y=4";
  client.prove(*final);
  EXPECT_NE(final->proof, before);
}

}  // namespace
}  // namespace pgconform::auth
