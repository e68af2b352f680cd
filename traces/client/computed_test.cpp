#include "client/computed.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "auth/scram_server.hpp"
#include "auth/verifier.hpp"

namespace pgconform::client {
namespace {

using Json = nlohmann::ordered_json;

const Credentials alice{"alice", "secret"};

std::string resolved(Computed& computed, Json value, std::string_view mechanism = "SCRAM-SHA-256", bool tls = false) {
  Json fields{{"mechanism", mechanism}, {"data", std::move(value)}};
  bool secret = false;
  const auto done = computed.resolve(fields, tls, secret);
  return done ? fields["data"].get<std::string>() : "error: " + done.error().text;
}

// proved: how a server that knows the password takes an exchange with these values: its SQLSTATE, empty for success.
std::string proved(const Json& first, const Json& final) {
  Computed computed(alice, [] { return std::expected<std::string, std::string>("end point"); });
  auth::ScramServer server({.user = "alice", .verifier = auth::make_verifier("secret", "salt"), .doomed = false});
  computed.mechanisms({"SCRAM-SHA-256"});
  auto reply = server.initial_response("SCRAM-SHA-256", resolved(computed, first));
  if (!reply) return std::string(reply.error().sqlstate);
  computed.server_first(reply->data);
  reply = server.response(resolved(computed, final));
  if (!reply) return std::string(reply.error().sqlstate);
  EXPECT_TRUE(computed.verify(reply->data));
  return "";
}

TEST(Computed, ProvesWhatItSays) {
  const Json first{{"$scram", "first"}}, final{{"$scram", "final"}};
  EXPECT_EQ(proved(first, final), "");
  EXPECT_EQ(proved({{"$scram", "first"}, {"username", "a,b=c"}, {"nonce", "mine"}}, final), "");
  EXPECT_EQ(proved(first, {{"$scram", "final"}, {"extensions", "x=1"}}), "");
}

TEST(Computed, SpoilsOnePartAtATime) {
  const Json first{{"$scram", "first"}};
  EXPECT_EQ(proved(first, {{"$scram", "final"}, {"flip", "proof:0"}}), "28P01");
  EXPECT_EQ(proved(first, {{"$scram", "final"}, {"flip", "nonce:3"}}), "08P01");
  EXPECT_EQ(proved(first, {{"$scram", "final"}, {"flip", "binding:0"}}), "08P01");
  EXPECT_EQ(proved(first, {{"$scram", "final"}, {"binding", {{"hex", "792c2c"}}}}), "08P01");
  EXPECT_EQ(proved(first, {{"$scram", "final"}, {"proof", {{"hex", "00"}}}}), "08P01");
  EXPECT_EQ(proved({{"$scram", "first"}, {"password", "guess"}}, {{"$scram", "final"}}), "28P01");
  EXPECT_EQ(proved({{"$scram", "first"}, {"mandatory", "m=x"}}, {{"$scram", "final"}}), "0A000");
}

TEST(Computed, ChoosesTheGs2HeaderByTlsAndMechanism) {
  Computed computed(alice, [] { return std::expected<std::string, std::string>("end point"); });
  const Json first{{"$scram", "first"}};
  computed.mechanisms({"SCRAM-SHA-256"});
  EXPECT_TRUE(resolved(computed, first).starts_with("n,,n=,r="));
  EXPECT_TRUE(resolved(computed, first, "SCRAM-SHA-256", true).starts_with("y,,n=,r="));
  computed.mechanisms({"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"});
  EXPECT_TRUE(resolved(computed, first, "SCRAM-SHA-256", true).starts_with("n,,n=,r="));
  EXPECT_TRUE(resolved(computed, first, "SCRAM-SHA-256-PLUS", true).starts_with("p=tls-server-end-point,,n=,r="));
  EXPECT_EQ(resolved(computed, {{"$scram", "first"}, {"gs2", "z"}, {"nonce", "r"}, {"suffix", ",x"}}), "zn=,r=r,x");
}

TEST(Computed, TellsWhetherAPasswordWentIn) {
  Computed computed(alice, [] { return std::expected<std::string, std::string>("end point"); });
  Json fields{{"password", {{"$password", true}}}};
  bool secret = false;
  EXPECT_TRUE(computed.resolve(fields, false, secret));
  EXPECT_EQ(fields["password"], "secret");
  EXPECT_TRUE(secret);
  computed.salt("salt");
  EXPECT_TRUE(resolved(computed, {{"$md5", true}}).starts_with("md5"));
}

TEST(Computed, SaysWhatCannotBeComputed) {
  Computed computed(alice, [] { return std::expected<std::string, std::string>(std::unexpected("there is no TLS")); });
  EXPECT_EQ(resolved(computed, {{"$scram", "first"}}, "SCRAM-SHA-256-PLUS"),
            "error: there is nothing to bind the channel to: there is no TLS");
  EXPECT_EQ(resolved(computed, {{"$scram", "second"}}), "error: \"$scram\" is neither \"first\" nor \"final\"");
  EXPECT_TRUE(resolved(computed, {{"$scram", "first"}}).starts_with("n,,"));
  EXPECT_EQ(resolved(computed, {{"$scram", "final"}}),
            "error: there was no AuthenticationSASLContinue to answer with {\"$scram\":\"final\"}");
  computed.server_first("r=other,s=c2FsdA==,i=4096");
  EXPECT_EQ(resolved(computed, {{"$scram", "final"}}),
            "error: server-first-message: the nonce does not continue the client's");
}

}  // namespace
}  // namespace pgconform::client
