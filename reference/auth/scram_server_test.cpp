#include "auth/scram_server.hpp"

#include <gtest/gtest.h>

#include "auth/scram_client.hpp"
#include "auth/test_support.hpp"

// Every refusal here is what a PostgreSQL 15 answers to the same bytes.
namespace pgconform::auth {
namespace {

const std::string hash(32, '\x5A');
const AuthError wrong_mechanism{"08P01", "client selected an invalid SASL authentication mechanism", ""};
const AuthError wrong_password{"28P01", "password authentication failed for user \"alice\"", ""};

AuthError malformed_message(std::string detail) {
  return {"08P01", "malformed SCRAM message", std::move(detail)};
}

ScramServer server(bool tls = false) {
  return ScramServer({.user = "alice",
                      .verifier = make_verifier("pencil", "salt", 1),
                      .end_point = tls ? hash : "",
                      .random = nonce_random("7qRiKi3h8q1c+9Q+/D7akNun")});
}

AuthError none() {
  return {"00000", "", ""};
}

AuthError first_error(std::string_view message, bool tls = false, std::string_view mechanism = scram_sha_256) {
  auto target = server(tls);
  Exact exact(message);
  auto reply = target.initial_response(mechanism, exact.view());
  return reply ? none() : reply.error();
}

// The error for a client-final-message that `change` has made of a right one.
template <class Change>
AuthError final_error(Change change, bool tls = false) {
  auto target = server(tls);
  ScramClient client({.password = "pencil",
                      .binding = tls ? ChannelBinding::end_point : ChannelBinding::none,
                      .end_point = hash,
                      .random = fixed_random("x")});
  auto challenge = target.initial_response(client.mechanism(), client.first().message());
  if (!challenge) return challenge.error();
  auto final = client.unproved_final(challenge->data);
  std::string text;
  if constexpr (requires { change(*final); }) {
    change(*final);
    client.prove(*final);
    text = final->message();
  } else {
    client.prove(*final);
    text = change(final->without_proof(), base64_encode(final->proof));
  }
  auto reply = target.response(Exact(text));
  return reply ? none() : reply.error();
}

TEST(ScramServer, OffersChannelBindingFirstAndOnlyOverTls) {
  EXPECT_EQ(server().mechanisms(), (std::vector<std::string_view>{"SCRAM-SHA-256"}));
  EXPECT_EQ(server(true).mechanisms(), (std::vector<std::string_view>{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}));
}

TEST(ScramServer, RefusesMechanismsItDidNotOffer) {
  for (auto mechanism : {"SCRAM-SHA-1", "scram-sha-256", "", "SCRAM-SHA-256-PLUS"})
    EXPECT_EQ(first_error("n,,n=,r=a", false, mechanism), wrong_mechanism) << mechanism;
  // The mechanism is looked at before the message.
  EXPECT_EQ(first_error("", false, "PLAIN"), wrong_mechanism);
}

TEST(ScramServer, TakesTheFirstMessageLate) {
  auto target = server();
  auto empty = target.initial_response(scram_sha_256, std::nullopt);
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->data, "");
  EXPECT_FALSE(empty->authenticated);
  auto challenge = target.response(Exact("n,,n=,r=abc"));
  ASSERT_TRUE(challenge);
  EXPECT_EQ(challenge->data, "r=abc7qRiKi3h8q1c+9Q+/D7akNun,s=c2FsdA==,i=1");
}

TEST(ScramServer, TakesTheseFirstMessages) {
  for (auto message :
       {"n,,n=,r=", "n,,n=other,r=a", "y,,n=,r=a", "n,,n=,r=a,", "n,,n=,r=a,x=", "n,,n=,r=a,x=1,Y=2", "n,,n=,r=!~"})
    EXPECT_EQ(first_error(message), none()) << message;
  EXPECT_EQ(first_error("n,,n=,r=a", true), none());
  EXPECT_EQ(first_error("p=tls-server-end-point,,n=,r=a", true, scram_sha_256_plus), none());
}

TEST(ScramServer, RefusesTheseFirstMessages) {
  using namespace std::string_literals;
  const std::pair<std::string, std::string> cases[] = {
      {"", "The message is empty."},
      {"n,,n=,r=a\0"s, "Message length does not match input length."},
      {"\0"s, "Message length does not match input length."},
      {"x,,n=,r=a", "Unexpected channel-binding flag \"'x'\"."},
      {"\x01", "Unexpected channel-binding flag \"0x01\"."},
      {"n", "Comma expected, but found character \"0x00\"."},
      {"y", "Comma expected, but found character \"0x00\"."},
      {"nn", "Comma expected, but found character \"'n'\"."},
      {"n;,n=,r=a", "Comma expected, but found character \"';'\"."},
      {"n,", "Unexpected attribute \"0x00\" in client-first-message."},
      {"n,x,n=,r=a", "Unexpected attribute \"'x'\" in client-first-message."},
      {"n,,", "Expected attribute \"n\" but found \"0x00\"."},
      {"n,,r=a", "Expected attribute \"n\" but found \"'r'\"."},
      {"n,,\xC3=,r=a", "Expected attribute \"n\" but found \"0xc3\"."},
      {"n,,n", "Expected character \"=\" for attribute \"n\"."},
      {"n,,n:,r=a", "Expected character \"=\" for attribute \"n\"."},
      {"n,,n=", "Expected attribute \"r\" but found \"0x00\"."},
      {"n,,n=,", "Expected attribute \"r\" but found \"0x00\"."},
      {"n,,n=,r", "Expected character \"=\" for attribute \"r\"."},
      {"n,,n=,r=a,1=x", "Attribute expected, but found invalid character \"'1'\"."},
      {"n,,n=,r=a,\xC3=x", "Attribute expected, but found invalid character \"0xc3\"."},
      {"n,,n=,r=a,x=1,,", "Attribute expected, but found invalid character \"','\"."},
      {"n,,n=,r=a,x", "Expected character \"=\" for attribute \"x\"."},
      {"p=tls-server-end-point,,n=,r=a",
       "The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message includes channel binding "
       "data."}};
  for (const auto& [message, detail] : cases) EXPECT_EQ(first_error(message), malformed_message(detail)) << message;
}

TEST(ScramServer, RefusesNoncesThatDoNotPrint) {
  for (auto message : {"n,,n=,r=a b", "n,,n=,r=a\x7F", "n,,n=,r=\xC3\xA9", "n,,n=,r=\x1F"})
    EXPECT_EQ(first_error(message), (AuthError{"08P01", "non-printable characters in SCRAM nonce", ""}));
}

TEST(ScramServer, RefusesWhatItDoesNotSupport) {
  EXPECT_EQ(first_error("n,a=x,n=,r=a"),
            (AuthError{"0A000", "client uses authorization identity, but it is not supported", ""}));
  EXPECT_EQ(first_error("n,,m=1,n=,r=a"), (AuthError{"0A000", "client requires an unsupported SCRAM extension", ""}));
}

TEST(ScramServer, RefusesTheWrongChannelBindingFlag) {
  const auto no_data = malformed_message(
      "The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include channel binding data.");
  EXPECT_EQ(first_error("n,,n=,r=a", true, scram_sha_256_plus), no_data);
  EXPECT_EQ(first_error("y,,n=,r=a", true, scram_sha_256_plus), no_data);
  EXPECT_EQ(first_error("p=tls-server-end-point,,n=,r=a", true).message, "malformed SCRAM message");
  auto stripped = first_error("y,,n=,r=a", true);
  EXPECT_EQ(stripped.sqlstate, "28000");
  EXPECT_EQ(stripped.message, "SCRAM channel binding negotiation error");
  EXPECT_EQ(stripped.detail,
            "The client supports SCRAM channel binding but thinks the server does not.  However, this server does "
            "support channel binding.");
}

TEST(ScramServer, RefusesOtherTypesOfChannelBinding) {
  auto error = [](std::string_view message) { return first_error(message, true, scram_sha_256_plus); };
  auto type = [](std::string_view shown) {
    return AuthError{"08P01", "unsupported SCRAM channel-binding type \"" + std::string(shown) + "\"", ""};
  };
  EXPECT_EQ(error("p=tls-unique,,n=,r=a"), type("tls-unique"));
  EXPECT_EQ(error("p=tls-exporter,,n=,r=a"), type("tls-exporter"));
  EXPECT_EQ(error("p="), type(""));
  EXPECT_EQ(error("p=\xFF \x01"
                  "0123456789012345678901234567890123456789,,n=,r=a"),
            type("???012345678901234567890123456"));
  EXPECT_EQ(error("p"), malformed_message("Expected character \"=\" for attribute \"p\"."));
  EXPECT_EQ(error("px"), malformed_message("Expected character \"=\" for attribute \"p\"."));
  EXPECT_EQ(error("p=tls-server-end-point"),
            malformed_message("Unexpected attribute \"0x00\" in client-first-message."));
  EXPECT_EQ(error("p=tls-server-end-point,a=b,n=,r=a").sqlstate, "0A000");
}

TEST(ScramServer, ChecksTheChannelBindingOfTheFinalMessage) {
  const AuthError unexpected{"08P01", "unexpected SCRAM channel-binding attribute in client-final-message", ""};
  for (auto binding : {"y,,", "", "other", "p=tls-server-end-point,,"})
    EXPECT_EQ(final_error([&](ClientFinal& final) { final.channel_binding = binding; }), unexpected);
  const AuthError failed{"28000", "SCRAM channel binding check failed", ""};
  EXPECT_EQ(final_error([](ClientFinal& final) { final.channel_binding.back() ^= 1; }, true), failed);
  EXPECT_EQ(final_error([](ClientFinal& final) { final.channel_binding = "p=tls-server-end-point,,"; }, true), failed);
  // Before anything else in the message.
  EXPECT_EQ(final_error([](std::string, std::string) { return "c=AAAA"; }, true), failed);
}

TEST(ScramServer, HoldsYToY) {
  auto target = server();
  ScramClient client({.password = "pencil", .binding = ChannelBinding::not_offered});
  auto challenge = target.initial_response(client.mechanism(), client.first().message());
  auto final = client.unproved_final(challenge->data);
  final->channel_binding = "n,,";
  client.prove(*final);
  auto reply = target.response(final->message());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().message, "unexpected SCRAM channel-binding attribute in client-final-message");
}

TEST(ScramServer, RefusesAnotherNonce) {
  const AuthError refused{"08P01", "invalid SCRAM response", "Nonce does not match."};
  for (auto change : {+[](std::string& nonce) { nonce.pop_back(); }, +[](std::string& nonce) { nonce += 'x'; },
                      +[](std::string& nonce) { nonce.back() = '!'; }, +[](std::string& nonce) { nonce.resize(24); },
                      +[](std::string& nonce) { nonce += ' '; }, +[](std::string& nonce) { nonce.clear(); }})
    EXPECT_EQ(final_error([&](ClientFinal& final) { change(final.nonce); }), refused);
}

TEST(ScramServer, TakesTheseFinalMessages) {
  auto with = [](std::string extensions) {
    return final_error([&](ClientFinal& final) { final.extensions = extensions; });
  };
  EXPECT_EQ(with(""), none());
  EXPECT_EQ(with("x=1"), none());
  EXPECT_EQ(with("m=1,x="), none());
  EXPECT_EQ(final_error([](std::string rest, std::string proof) { return rest + ",p=" + proof + ","; }), none());
}

TEST(ScramServer, RefusesTheseFinalMessages) {
  using Change = std::string (*)(std::string, std::string);
  const std::pair<Change, std::string_view> cases[] = {
      {[](std::string, std::string) { return std::string(); }, "The message is empty."},
      {[](std::string r, std::string p) { return r + ",p=" + p + '\0'; },
       "Message length does not match input length."},
      {[](std::string r, std::string) { return r; }, "Attribute expected, but found end of string."},
      {[](std::string, std::string) { return std::string("biws"); }, "Expected attribute \"c\" but found \"'b'\"."},
      {[](std::string, std::string) { return std::string("c"); }, "Expected character \"=\" for attribute \"c\"."},
      {[](std::string, std::string) { return std::string("c=biws"); }, "Expected attribute \"r\" but found \"0x00\"."},
      {[](std::string, std::string) { return std::string("c=biws,q=a"); },
       "Expected attribute \"r\" but found \"'q'\"."},
      {[](std::string r, std::string p) { return r + ",1=1,p=" + p; },
       "Attribute expected, but found invalid character \"'1'\"."},
      {[](std::string r, std::string p) { return r + ",,p=" + p; },
       "Attribute expected, but found invalid character \"','\"."},
      {[](std::string r, std::string p) { return r + ",xx,p=" + p; }, "Expected character \"=\" for attribute \"x\"."},
      {[](std::string r, std::string) { return r + ",p="; }, "Malformed proof in client-final-message."},
      {[](std::string r, std::string p) { return r + ",p=" + p.substr(4); },
       "Malformed proof in client-final-message."},
      {[](std::string r, std::string p) { return r + ",p=" + p + "AAAA"; }, "Malformed proof in client-final-message."},
      {[](std::string r, std::string p) { return r + ",p=" + p + " "; }, "Malformed proof in client-final-message."},
      {[](std::string r, std::string) { return r + ",p=" + std::string(44, '!'); },
       "Malformed proof in client-final-message."},
      {[](std::string r, std::string p) { return r + ",p=" + p + ",x=1"; },
       "Garbage found at the end of client-final-message."},
      // The form is judged before the nonce.
      {[](std::string, std::string) { return std::string("c=biws,r=other,p="); },
       "Malformed proof in client-final-message."}};
  for (const auto& [change, detail] : cases) EXPECT_EQ(final_error(change), malformed_message(std::string(detail)));
}

TEST(ScramServer, RefusesEveryWrongBitOfTheProof) {
  for (std::size_t bit = 0; bit < 256; ++bit)
    EXPECT_EQ(final_error([&](std::string rest, std::string proof) {
                auto bytes = *base64_decode(proof);
                bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
                return rest + ",p=" + base64_encode(bytes);
              }),
              wrong_password);
}

TEST(ScramServer, AnswersAnOverlongMessageLikeAWrongPassword) {
  EXPECT_EQ(first_error("n,,n=,r=" + std::string(max_sasl_message, 'x')), wrong_password);
  auto longest = "c=biws,r=" + std::string(max_sasl_message - 4 - 9, 'x');
  EXPECT_EQ(final_error([&](std::string, std::string) { return longest; }).sqlstate, "08P01");
  EXPECT_EQ(final_error([&](std::string, std::string) { return longest + "x"; }), wrong_password);
}

TEST(ScramServer, RefusesARepeatedInitialResponse) {
  auto target = server();
  ASSERT_TRUE(target.initial_response(scram_sha_256, "n,,n=,r=abc"));
  auto reply = target.response(Exact(std::string_view("SCRAM-SHA-256\0\0\0\0\x01n", 19)));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error(), malformed_message("Message length does not match input length."));
}

TEST(ScramServer, IsOverAfterAnErrorAndAfterSuccess) {
  auto target = server();
  ASSERT_FALSE(target.initial_response(scram_sha_256, "x"));
  EXPECT_FALSE(target.response("n,,n=,r=abc"));
  EXPECT_FALSE(target.initial_response(scram_sha_256, "n,,n=,r=abc"));

  auto other = server();
  ScramClient client({.password = "pencil"});
  auto challenge = other.initial_response(scram_sha_256, client.first().message());
  auto final = client.final(challenge->data)->message();
  ASSERT_TRUE(other.response(final));
  EXPECT_FALSE(other.response(final));
}

TEST(ScramServer, GivesAFreshNonceToEachExchange) {
  auto challenge = [] {
    ScramServer target({.user = "alice", .verifier = make_verifier("pencil", "salt", 1)});
    return target.initial_response(scram_sha_256, "n,,n=,r=")->data;
  };
  EXPECT_NE(challenge(), challenge());
}

}  // namespace
}  // namespace pgconform::auth
