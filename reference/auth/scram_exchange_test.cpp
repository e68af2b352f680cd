#include <gtest/gtest.h>

#include "auth/scram_client.hpp"
#include "auth/scram_server.hpp"
#include "auth/test_support.hpp"

// Client and server against each other, and our server against what PostgreSQL 15 said in the same exchange.
namespace pgconform::auth {
namespace {

constexpr std::string_view stored =
    "SCRAM-SHA-256$4096:2sEkoSWUHVgSgm0OI7miEA==$OFNVUuricJEJNvyZRDnJYQQmMRK8Qc04dhVxJQuX1K0=:"
    "yCNQyHQ76rJ1QBYtwU2Pp+wtHz65MSNP/vgIlgk2c2E=";
const std::string hash(32, '\x5A');

ScramServer server_for(std::string_view password, std::string end_point = {}) {
  return ScramServer(
      {.user = "alice", .verifier = make_verifier(password, "salt", 3), .end_point = std::move(end_point)});
}

// The whole exchange; "" when both sides are content.
std::string log_in(ScramServer server, ScramClient client) {
  auto challenge = server.initial_response(client.mechanism(), Exact(client.first().message()).view());
  if (!challenge) return challenge.error().message;
  auto final = client.final(Exact(challenge->data));
  if (!final) return final.error();
  auto reply = server.response(Exact(final->message()));
  if (!reply) return reply.error().message;
  if (!reply->authenticated) return "not authenticated";
  auto verified = client.verify(Exact(reply->data));
  return verified ? "" : verified.error();
}

TEST(ScramExchange, IsWordForWordWhatPostgresqlSays) {
  ScramServer server(
      {.user = "alice", .verifier = *parse_verifier(stored), .random = nonce_random("7qRiKi3h8q1c+9Q+/D7akNun")});
  auto first = server.initial_response("SCRAM-SHA-256", "n,,n=,r=fyko+d2lbbFgONRv9qkxdawL");
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->authenticated);
  EXPECT_EQ(first->data, "r=fyko+d2lbbFgONRv9qkxdawL7qRiKi3h8q1c+9Q+/D7akNun,s=2sEkoSWUHVgSgm0OI7miEA==,i=4096");
  auto final = server.response(
      "c=biws,r=fyko+d2lbbFgONRv9qkxdawL7qRiKi3h8q1c+9Q+/D7akNun,p=piGvVbQb3lSSjEtzLS2kJjzZlX4T6xr/36E/b/t1Nkw=");
  ASSERT_TRUE(final);
  EXPECT_TRUE(final->authenticated);
  EXPECT_EQ(final->data, "v=xgL2DHy2UarLoblzXt8imRPx6Ymgkd+ItZMQ8wLf5fI=");
}

TEST(ScramExchange, IsWordForWordWhatPostgresqlSaysWithChannelBinding) {
  ScramServer server({.user = "alice",
                      .verifier = *parse_verifier(stored),
                      .end_point = *hex_decode("56aed1482607a468cca851cc65398cf610a321d522d2f612a3dd60673cfe6354"),
                      .random = nonce_random("qmkfHFRQNORSZrVKj39rPMIk")});
  auto first = server.initial_response("SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,n=,r=fyko+d2lbbFgONRv9qkxdawL");
  ASSERT_TRUE(first);
  auto final = server.response(
      "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsVq7RSCYHpGjMqFHMZTmM9hCjIdUi0vYSo91gZzz+Y1Q=,"
      "r=fyko+d2lbbFgONRv9qkxdawLqmkfHFRQNORSZrVKj39rPMIk,p=6qJ28G+bQYqkXW3LUWu56aGfaLFfzGV6Dsdh3/mIuSs=");
  ASSERT_TRUE(final);
  EXPECT_EQ(final->data, "v=/WY/GpyQOd0zcyAjTmY5KHdCaszn5uONRY7x+iwSH/A=");
}

TEST(ScramExchange, SucceedsWithEveryChoiceOfChannelBinding) {
  auto client = [](ChannelBinding binding) {
    return ScramClient({.password = "pencil", .binding = binding, .end_point = hash});
  };
  EXPECT_EQ(log_in(server_for("pencil"), client(ChannelBinding::none)), "");
  EXPECT_EQ(log_in(server_for("pencil"), client(ChannelBinding::not_offered)), "");
  EXPECT_EQ(log_in(server_for("pencil", hash), client(ChannelBinding::none)), "");
  EXPECT_EQ(log_in(server_for("pencil", hash), client(ChannelBinding::end_point)), "");
  EXPECT_EQ(log_in(server_for("pencil", hash), client(ChannelBinding::not_offered)),
            "SCRAM channel binding negotiation error");
  EXPECT_EQ(log_in(server_for("pencil", std::string(32, 'x')), client(ChannelBinding::end_point)),
            "SCRAM channel binding check failed");
}

TEST(ScramExchange, RefusesAWrongPassword) {
  EXPECT_EQ(log_in(server_for("pencil"), ScramClient({.password = "Pencil"})),
            "password authentication failed for user \"alice\"");
  EXPECT_EQ(log_in(server_for("pencil"), ScramClient({.password = ""})),
            "password authentication failed for user \"alice\"");
}

TEST(ScramExchange, PreparesPasswordsOnBothSides) {
  EXPECT_EQ(log_in(server_for("I\u00ADX"), ScramClient({.password = "\u2168"})), "");
  EXPECT_EQ(log_in(server_for("\xFF"), ScramClient({.password = "\xFF"})), "");
}

TEST(ScramExchange, LetsTheDocumentedUserIn) {
  ScramServer server(
      {.user = "user_with_sha256",
       .verifier = *verifier_from_salted_password("04e7a70338d7af7bb6142fe7e19fef46d9b605f3e78b932a60e8200ef9154976"),
       .random = nonce_random("7qRiKi3h8q1c+9Q+/D7akNun")});
  ScramClient client({.password = "abacaba"});
  auto first = server.initial_response(client.mechanism(), client.first().message());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->data, "r=" + client.first().nonce + "7qRiKi3h8q1c+9Q+/D7akNun,s=,i=4096");
  auto final = server.response(client.final(first->data)->message());
  ASSERT_TRUE(final);
  EXPECT_TRUE(client.verify(final->data));
}

TEST(ScramExchange, WithADoomedUserLooksLikeAnyOtherUntilItsEnd) {
  ScramServer server({.user = "nobody", .verifier = mock_verifier("nobody", "secret"), .doomed = true});
  ScramClient client({.password = "pencil"});
  auto first = server.initial_response(client.mechanism(), client.first().message());
  ASSERT_TRUE(first);
  auto final = server.response(client.final(first->data)->message());
  ASSERT_FALSE(final);
  EXPECT_EQ(final.error(), password_failed("nobody"));
}

TEST(ScramExchange, RefusesADoomedUserEvenWithTheRightProof) {
  ScramServer server({.user = "alice", .verifier = make_verifier("pencil", "salt", 3), .doomed = true});
  EXPECT_EQ(log_in(std::move(server), ScramClient({.password = "pencil"})),
            "password authentication failed for user \"alice\"");
}

TEST(ScramExchange, CountsExtensionsAndTheNameInTheProof) {
  auto server = server_for("pencil");
  ScramClient client({.user = "other", .password = "pencil"});
  client.first().extensions = "x=1,y=";
  auto challenge = server.initial_response(client.mechanism(), client.first().message());
  ASSERT_TRUE(challenge);
  auto final = client.unproved_final(challenge->data);
  ASSERT_TRUE(final);
  final->extensions = "m=1,z=2";
  client.prove(*final);
  auto reply = server.response(final->message());
  ASSERT_TRUE(reply);
  EXPECT_TRUE(client.verify(reply->data));
}

// Whatever single byte of client-final-message becomes whatever other byte, the login is refused, except where the
// text still stands for the same proof: base64 has two bits to spare at its end.
TEST(ScramExchange, RefusesEveryMutationOfClientFinal) {
  const ScramServer::Config config{.user = "alice",
                                   .verifier = make_verifier("pencil", "salt", 1),
                                   .random = nonce_random("7qRiKi3h8q1c+9Q+/D7akNun")};
  for (auto binding : {ChannelBinding::none, ChannelBinding::end_point}) {
    auto server_config = config;
    if (binding == ChannelBinding::end_point) server_config.end_point = hash;
    ScramClient client({.password = "pencil", .binding = binding, .end_point = hash, .random = fixed_random("x")});
    auto first = client.first().message();
    auto challenge = ScramServer(server_config).initial_response(client.mechanism(), first);
    ASSERT_TRUE(challenge);
    const auto right = client.final(challenge->data)->message();
    const auto proof_at = right.find(",p=") + 3;
    int same_proof = 0;
    for (std::size_t i = 0; i < right.size(); ++i) {
      for (int byte = 0; byte < 256; ++byte) {
        auto mutated = right;
        mutated[i] = static_cast<char>(byte);
        bool same = base64_decode(std::string_view(mutated).substr(proof_at)) == client.final(challenge->data)->proof &&
                    mutated.substr(0, proof_at) == right.substr(0, proof_at);
        ScramServer server(server_config);
        ASSERT_TRUE(server.initial_response(client.mechanism(), first));
        EXPECT_EQ(server.response(Exact(mutated)).has_value(), same) << i << " " << byte;
        if (same && mutated != right) ++same_proof;
      }
    }
    EXPECT_EQ(same_proof, 3);
  }
}

TEST(ScramExchange, RefusesEveryTruncationOfClientFinal) {
  ScramClient client({.password = "pencil"});
  const ScramServer::Config config{
      .user = "alice", .verifier = make_verifier("pencil", "salt", 1), .random = fixed_random("y")};
  auto first = client.first().message();
  auto challenge = ScramServer(config).initial_response(client.mechanism(), first);
  const auto right = client.final(challenge->data)->message();
  for (std::size_t size = 0; size < right.size(); ++size) {
    ScramServer server(config);
    ASSERT_TRUE(server.initial_response(client.mechanism(), first));
    EXPECT_FALSE(server.response(Exact(right.substr(0, size)))) << size;
  }
}

TEST(ScramExchange, ClientRefusesEveryMutationOfServerFinal) {
  auto server = server_for("pencil");
  ScramClient client({.password = "pencil"});
  auto challenge = server.initial_response(client.mechanism(), client.first().message());
  auto reply = server.response(client.final(challenge->data)->message());
  ASSERT_TRUE(reply);
  for (std::size_t i = 0; i < reply->data.size(); ++i) {
    auto mutated = reply->data;
    mutated[i] ^= 0x20;
    EXPECT_FALSE(client.verify(Exact(mutated))) << i;
  }
}

}  // namespace
}  // namespace pgconform::auth
