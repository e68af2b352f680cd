#include "runner/needs.hpp"

#include <gmock/gmock.h>

#include "notation/parser.hpp"

namespace pgconform::runner {
namespace {

using testing::ElementsAre;

notation::Case one(std::string header, std::string lines = "F Sync") {
  auto file = notation::parse_cases("=== a\ntitle: t\n" + header + "\n\n" + lines + "\n", "t");
  if (!file) return ADD_FAILURE() << file.error().text(), notation::Case();
  return file->cases[0];
}

client::Target target() {
  client::Target target;
  target.roles["md5"] = {"md5", "x"};
  return target;
}

TEST(Needs, UnknownCapabilityCountsAsThere) {
  EXPECT_EQ(unmet(one("needs: tls"), {}, target()), "");
  EXPECT_EQ(unmet(one("needs: !tls"), {}, target()), "needs a target without tls");
}

TEST(Needs, ProfileDecides) {
  EXPECT_EQ(unmet(one("needs: tls"), {{"tls", "false"}}, target()), "needs tls");
  EXPECT_EQ(unmet(one("needs: !tls"), {{"tls", "false"}}, target()), "");
  EXPECT_EQ(unmet(one("needs: listen"), {{"listen", "ignored"}}, target()), "needs listen");
  EXPECT_EQ(unmet(one("needs: tls ext"), {{"tls", "true"}, {"ext", "refused"}}, target()), "needs ext");
}

TEST(Needs, RolesAreThoseOfTheDescription) {
  EXPECT_EQ(unmet(one("needs: role:md5"), {}, target()), "");
  EXPECT_EQ(unmet(one("needs: role:scram"), {}, target()), "needs role scram");
  EXPECT_EQ(unmet(one("needs: !role:scram"), {}, target()), "");
  EXPECT_EQ(unmet(one("needs: !role:md5"), {}, target()), "needs a target without role md5");
}

TEST(Needs, LoggingInAsARoleNeedsIt) {
  const auto test = one("needs: ext", R"([b] connect {"as":"scram","until":"AuthenticationSASL"}
any-order
[b] B AuthenticationSASL
end
[c] connect raw
[c] F StartupMessage {"parameters":{"user":{"$ref":"role.reject.user"}}})");
  EXPECT_THAT(roles_of(test), ElementsAre("reject", "scram"));
  EXPECT_EQ(unmet(test, {}, target()), "needs role reject");
}

TEST(Versions, SinceNamesBranchMinors) {
  const auto test = one("since: 14.7 15.2");
  EXPECT_NE(outside(test, "13"), "");
  EXPECT_EQ(outside(test, "14.6"), "since 14.7 15.2");
  EXPECT_EQ(outside(test, "14.7"), "");
  EXPECT_NE(outside(test, "15.1"), "");
  EXPECT_EQ(outside(test, "15.10"), "");
  EXPECT_EQ(outside(test, "15"), "") << "without minor the newest of the branch is meant";
  EXPECT_EQ(outside(test, "16.0"), "");
}

TEST(Versions, UntilIncludesItsVersion) {
  const auto test = one("until: 14.6 15.1");
  EXPECT_EQ(outside(test, "13"), "");
  EXPECT_EQ(outside(test, "14.6"), "");
  EXPECT_NE(outside(test, "14.7"), "");
  EXPECT_NE(outside(test, "15"), "");
  EXPECT_NE(outside(test, "16"), "");
  EXPECT_EQ(outside(one("until: 17"), "17.9"), "");
  EXPECT_EQ(outside(one("until: 17"), "18"), "until 17");
}

TEST(Needs, KnowsACleanRefusal) {
  EXPECT_TRUE(refuses("tls", R"(B SSLResponse {"answer":"N"})"));
  EXPECT_TRUE(refuses("gss", R"(B GSSENCResponse {"answer":"N"})"));
  EXPECT_FALSE(refuses("tls", R"(B GSSENCResponse {"answer":"N"})"));
  EXPECT_FALSE(refuses("tls", R"(B ErrorResponse {"S":"FATAL","C":"0A000"})")) << "it has to answer with a byte";
  EXPECT_TRUE(refuses("listen", R"(B ErrorResponse {"S":"ERROR","C":"0A000"})"));
  EXPECT_FALSE(refuses("listen", R"(B ErrorResponse {"S":"ERROR","C":"42601"})"));
  EXPECT_FALSE(refuses("ext", R"(B SSLResponse {"answer":"N"})"));
}

TEST(Needs, KnowsACaseThatWaitsForTheRefusal) {
  EXPECT_FALSE(expects_refusal(one("", "B ErrorResponse {\"C\":\"42601\"}")));
  EXPECT_TRUE(expects_refusal(one("", "B ErrorResponse {\"C\":\"0A000\"}")));
  EXPECT_TRUE(expects_refusal(one("", "B ErrorResponse {\"C\":{\"$in\":[\"0A000\",\"42601\"]}}")));
  EXPECT_TRUE(expects_refusal(one("", "either\nx: B close\ny: B ErrorResponse {\"C\":\"0A000\"}\nend")));
}

}  // namespace
}  // namespace pgconform::runner
