#include "server/configuration/user.hpp"

#include <gmock/gmock.h>

#include "server/configuration/read_xml.hpp"
#include "server/configuration/test_directory.hpp"

namespace pgconform::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::string hex_32 = "04e7a70338d7af7bb6142fe7e19fef46d9b605f3e78b932a60e8200ef9154976";

class Users : public testing::Test {
 protected:
  std::vector<User> read(std::string_view content) {
    warnings_ = {};
    return read_users(parse_xml("<users>\n" + std::string(content) + "</users>", "users.xml"), warnings_);
  }
  // alice gives the one user with that content.
  User alice(std::string_view content) { return read("<alice>" + std::string(content) + "</alice>").at(0); }
  std::string error(std::string_view content) {
    return error_of([&] { alice(content); });
  }
  Warnings warnings_;
};

TEST_F(Users, HaveTheNameOfTheirElementAndAPlace) {
  const auto users = read("<default><no_password/></default>\n<alice><password>x</password></alice>");
  ASSERT_EQ(users.size(), 2U);
  EXPECT_EQ(users[0].name, "default");
  EXPECT_EQ(users[1].name, "alice");
  EXPECT_EQ(users[1].place, "users.xml:3");
}

TEST_F(Users, MayHaveNoPassword) {
  EXPECT_TRUE(std::holds_alternative<NoPassword>(alice("<no_password/>").authentication));
  EXPECT_TRUE(std::holds_alternative<NoPassword>(alice("<no_password>1</no_password>").authentication));
  EXPECT_THAT(error("<no_password>0</no_password>"), HasSubstr("<no_password>: is switched off"));
}

TEST_F(Users, KeepACleartextPasswordAsItIs) {
  EXPECT_EQ(std::get<CleartextPassword>(alice("<password> a&amp;b </password>").authentication).password, " a&b ");
}

TEST_F(Users, AnEmptyPasswordIsAPassword) {
  EXPECT_EQ(std::get<CleartextPassword>(alice("<password></password>").authentication).password, "");
  EXPECT_EQ(std::get<CleartextPassword>(alice("<password/>").authentication).password, "");
}

TEST_F(Users, APasswordOfWhiteSpaceOnlyIsRefused) {
  EXPECT_EQ(error("<password>\n</password>"),
            "users.xml:2: <password>: holds white space only, expected a password, or <password></password> for an "
            "empty one");
}

TEST_F(Users, MayHaveAHash) {
  const auto sha256 = alice("<password_sha256_hex>" + hex_32 + "</password_sha256_hex>").authentication;
  EXPECT_EQ(std::get<Sha256Password>(sha256).digest[0], 0x04);
  EXPECT_EQ(std::get<Sha256Password>(sha256).digest[31], 0x76);
  const auto sha1 =
      alice("<password_double_sha1_hex>\n e395796d6546b1b65db9d665cd43f0e858dd4303 </password_double_sha1_hex>")
          .authentication;
  EXPECT_EQ(std::get<DoubleSha1Password>(sha1).digest[19], 0x03);
}

TEST_F(Users, ScramHexIsTheSaltedPasswordWithAnEmptySalt) {
  const auto user = alice("<password_scram_sha256_hex>" + hex_32 + "</password_scram_sha256_hex>");
  const auto& scram = std::get<ScramSaltedPassword>(user.authentication);
  EXPECT_EQ(scram.salted_password[1], 0xe7);
  EXPECT_THAT(scram.salt, IsEmpty());
  EXPECT_EQ(scram.iterations, 4096U);
}

TEST_F(Users, ScramHexMayHaveASalt) {
  const auto user = alice("<password_scram_sha256_hex salt='c2FsdA=='>" + hex_32 + "</password_scram_sha256_hex>");
  EXPECT_THAT(std::get<ScramSaltedPassword>(user.authentication).salt, ElementsAre('s', 'a', 'l', 't'));
  EXPECT_THAT(error("<password_scram_sha256_hex salt='c2FsdA'>" + hex_32 + "</password_scram_sha256_hex>"),
              HasSubstr("the attribute salt is no base64"));
}

TEST_F(Users, MayHavePostgresqlsVerifier) {
  const auto user = alice(
      "<password_scram_sha256>\nSCRAM-SHA-256$4096:c2FsdA==$mdLEJ/y3eSlreRCmWGpUR+oFTyyZOxsELMwCgx8J72s=:"
      "EyAP+CgSt4YIEDK+M6ddz2MyF6+6OSKVvUapiyJ/mPE=\n</password_scram_sha256>");
  const auto& verifier = std::get<ScramVerifier>(user.authentication);
  EXPECT_EQ(verifier.iterations, 4096U);
  EXPECT_THAT(verifier.salt, ElementsAre('s', 'a', 'l', 't'));
  EXPECT_EQ(verifier.stored_key[0], 0x99);
  EXPECT_EQ(verifier.server_key[0], 0x13);
}

TEST_F(Users, AVerifierIsTakenWholeOrNotAtAll) {
  const std::string key(43, 'A');
  EXPECT_TRUE(parse_scram_verifier("SCRAM-SHA-256$1:$" + key + "=:" + key + "="));
  for (const std::string& bad :
       {std::string("md5abc"), "SCRAM-SHA-1$1:$" + key + "=:" + key + "=", "SCRAM-SHA-256$0:$" + key + "=:" + key + "=",
        "SCRAM-SHA-256$:$" + key + "=:" + key + "=", "SCRAM-SHA-256$x:$" + key + "=:" + key + "=",
        "SCRAM-SHA-256$1:$" + key + "=", "SCRAM-SHA-256$1:$" + key + "=:AAAA",
        "SCRAM-SHA-256$1:x$" + key + "=:" + key + "=", "SCRAM-SHA-256$4294967296:$" + key + "=:" + key + "=",
        std::string("SCRAM-SHA-256$"), std::string()}) {
    EXPECT_FALSE(parse_scram_verifier(bad)) << bad;
  }
}

TEST_F(Users, OfWrongHexAreRefusedWithoutRepeatingIt) {
  EXPECT_EQ(error("<password_sha256_hex>c0ffee</password_sha256_hex>"),
            "users.xml:2: <password_sha256_hex>: has 6 characters, expected 64 hexadecimal digits");
  EXPECT_THAT(error("<password_scram_sha256_hex/>"), HasSubstr("is empty, expected 64 hexadecimal digits"));
  EXPECT_THAT(error("<password_double_sha1_hex>" + hex_32 + "</password_double_sha1_hex>"),
              HasSubstr("expected 40 hexadecimal digits"));
  EXPECT_THAT(error("<password_scram_sha256>secret</password_scram_sha256>"), Not(HasSubstr("secret")));
}

TEST_F(Users, WithAMethodOfOtherServersAreKeptToBeRefusedAtLogin) {
  const auto user = alice("<ldap><server>x</server></ldap>");
  EXPECT_EQ(std::get<UnsupportedMethod>(user.authentication).name, "ldap");
  EXPECT_EQ(method_name(user.authentication), "ldap");
}

TEST_F(Users, WithoutAuthenticationAreRefusedWithWhatToWrite) {
  EXPECT_EQ(
      error("<profile>default</profile>"),
      "users.xml:2: <alice>: user alice has no authentication, expected exactly one of <no_password/>, <password>, "
      "<password_sha256_hex>, <password_scram_sha256_hex>, <password_scram_sha256>, <password_md5>, "
      "<password_double_sha1_hex>");
  EXPECT_THAT(error(""), HasSubstr("user alice has no authentication"));
}

TEST_F(Users, WithSeveralAuthenticationsAreRefusedWithThePlaceOfEach) {
  EXPECT_THAT(error("\n<password>x</password>\n<no_password/>"),
              StartsWith("users.xml:2: <alice>: user alice has both <password> (users.xml:3) and <no_password> "
                         "(users.xml:4), expected exactly one of "));
  EXPECT_THAT(error("<password>x</password><password>y</password>"), HasSubstr("has both <password>"));
  EXPECT_THAT(error("<password>x</password><ldap/>"), HasSubstr("has both <password>"));
}

TEST_F(Users, GivenTwiceAreRefused) {
  EXPECT_THAT(error_of([&] { read("<a><no_password/></a>\n<a><no_password/></a>"); }),
              StartsWith("users.xml:3: <a>: is given twice"));
}

TEST_F(Users, MustBeThere) {
  EXPECT_EQ(error_of([&] { read(""); }), "users.xml:1: <users>: is empty, expected at least one user");
  EXPECT_THAT(error_of([&] { read("alice"); }), HasSubstr("expected one element for each user"));
  EXPECT_THAT(error("secret"), HasSubstr("<alice>: user alice contains text between its elements"));
}

TEST_F(Users, UnknownElementsAreWarnedAbout) {
  alice("<no_password/><profile>default</profile><quota/>");
  EXPECT_THAT(warnings_.lines(),
              ElementsAre("users.xml:2: <profile>: has no meaning for user alice here and is ignored",
                          "users.xml:2: <quota>: has no meaning for user alice here and is ignored"));
}

TEST_F(Users, MayBeBoundToNetworks) {
  EXPECT_FALSE(alice("<no_password/>").networks.has_value());
  const auto networks = alice(
                            "<no_password/><networks><ip>::1</ip><ip>10.0.0.0/8</ip><host>db.example</host>"
                            "<host_regexp>^db\\d+$</host_regexp></networks>")
                            .networks.value();
  EXPECT_TRUE(networks.admits_address(*parse_ip("10.1.1.1")));
  EXPECT_TRUE(networks.admits_address(*parse_ip("::1")));
  EXPECT_FALSE(networks.admits_address(*parse_ip("127.0.0.1")));
  EXPECT_THAT(networks.hosts, ElementsAre("db.example"));
  EXPECT_THAT(networks.host_regexps, ElementsAre("^db\\d+$"));
}

TEST_F(Users, OfEmptyNetworksAreAdmittedFromNowhereWithAWarning) {
  const auto networks = alice("<no_password/><networks/>").networks.value();
  EXPECT_FALSE(networks.admits_address(*parse_ip("127.0.0.1")));
  EXPECT_THAT(warnings_.lines(), ElementsAre(HasSubstr("cannot log in from anywhere")));
}

TEST_F(Users, WrongNetworksAreRefused) {
  EXPECT_EQ(error("<no_password/><networks><ip>10.0.0.0/33</ip></networks>"),
            "users.xml:2: <ip>: \"10.0.0.0/33\" is wrong, expected an address, address/bits or address/mask");
  EXPECT_THAT(error("<no_password/><networks><ipp>::1</ipp></networks>"),
              HasSubstr("<ipp>: is unknown inside <networks>"));
  EXPECT_THAT(error("<no_password/><networks>::1</networks>"), HasSubstr("contains text between its elements"));
  EXPECT_THAT(error("<no_password/><networks/><networks/>"), HasSubstr("is given twice"));
}

}  // namespace
}  // namespace pgconform::server
