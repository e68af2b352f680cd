#include "auth/verifier.hpp"

#include <gtest/gtest.h>

#include <map>

#include "auth/test_support.hpp"

namespace pgconform::auth {
namespace {

// What PostgreSQL 15 stored for CREATE ROLE … PASSWORD 'pencil' and for U&'I\00ADX'.
constexpr std::string_view pencil =
    "SCRAM-SHA-256$4096:2sEkoSWUHVgSgm0OI7miEA==$OFNVUuricJEJNvyZRDnJYQQmMRK8Qc04dhVxJQuX1K0=:"
    "yCNQyHQ76rJ1QBYtwU2Pp+wtHz65MSNP/vgIlgk2c2E=";
constexpr std::string_view soft_hyphen =
    "SCRAM-SHA-256$4096:K8LDp03nBTkAnwoYULtk6A==$jjos4Vw+Ihvrmyggw01+a7pg5cK7MorVK3E5yMqDH1A=:"
    "12mXIAMdkll/DaCIvpJpJSsuPQUrcecRiw863G5GZ6A=";

TEST(ScramVerifier, MadeByPostgresqlVerifies) {
  auto verifier = parse_verifier(Exact(pencil));
  ASSERT_TRUE(verifier);
  EXPECT_TRUE(verify_password(*verifier, "pencil"));
  EXPECT_FALSE(verify_password(*verifier, "Pencil"));
  EXPECT_FALSE(verify_password(*verifier, ""));
  EXPECT_EQ(make_verifier("pencil", verifier->salt), *verifier);
}

TEST(ScramVerifier, AppliesSaslprep) {
  auto verifier = parse_verifier(soft_hyphen);
  ASSERT_TRUE(verifier);
  EXPECT_TRUE(verify_password(*verifier, "IX"));
  EXPECT_TRUE(verify_password(*verifier, "I\u00ADX"));
  EXPECT_EQ(make_verifier("\u2168", verifier->salt), *verifier);
}

TEST(ScramVerifier, TakesPasswordsWithoutAPreparedFormAsBytes) {
  auto verifier = make_verifier("\xFFsecret", "salt", 1);
  EXPECT_TRUE(verify_password(verifier, "\xFFsecret"));
  EXPECT_FALSE(verify_password(verifier, "\xFEsecret"));
}

TEST(ScramVerifier, IsMadeFromTheDocumentedHash) {
  auto verifier =
      verifier_from_salted_password(Exact("04e7a70338d7af7bb6142fe7e19fef46d9b605f3e78b932a60e8200ef9154976"));
  ASSERT_TRUE(verifier);
  EXPECT_EQ(print_verifier(*verifier),
            "SCRAM-SHA-256$4096:$mdLEJ/y3eSlreRCmWGpUR+oFTyyZOxsELMwCgx8J72s=:"
            "EyAP+CgSt4YIEDK+M6ddz2MyF6+6OSKVvUapiyJ/mPE=");
  EXPECT_EQ(*verifier, make_verifier("abacaba", ""));
  EXPECT_TRUE(verify_password(*verifier, "abacaba"));
}

TEST(ScramVerifier, IsMadeFromASaltedPasswordWithASalt) {
  auto verifier = verifier_from_salted_password(hex_encode(as_bytes(salted_password("pencil", "NaCl", 7))), "NaCl", 7);
  ASSERT_TRUE(verifier);
  EXPECT_EQ(*verifier, make_verifier("pencil", "NaCl", 7));
}

TEST(ScramVerifier, RefusesAnythingButSixtyFourDigits) {
  EXPECT_FALSE(verifier_from_salted_password(""));
  EXPECT_FALSE(verifier_from_salted_password(std::string(62, '0')));
  EXPECT_FALSE(verifier_from_salted_password(std::string(66, '0')));
  EXPECT_FALSE(verifier_from_salted_password(std::string(63, '0') + "x"));
}

TEST(ScramVerifier, PrintsWhatItParses) {
  EXPECT_EQ(print_verifier(*parse_verifier(pencil)), pencil);
  auto unsalted = make_verifier("x", "", 20000);
  EXPECT_EQ(parse_verifier(Exact(print_verifier(unsalted))), unsalted);
}

TEST(ScramVerifier, SaysWhichPartIsWrongButNotWhatStoodThere) {
  auto replaced = [](std::string_view part, std::string_view with) {
    std::string text(pencil);
    return text.replace(text.find(part), part.size(), with);
  };
  for (const auto& [text, word] : std::initializer_list<std::pair<std::string, std::string_view>>{
           {"", "begins"},
           {"pencil", "begins"},
           {replaced("256", "1"), "begins"},
           {replaced("4096", ""), "iteration"},
           {replaced("4096", "0"), "iteration"},
           {replaced("4096", "-1"), "iteration"},
           {replaced("4096", "4096x"), "iteration"},
           {replaced("4096", "2147483648"), "iteration"},
           {replaced("4096", "99999999999999999999"), "iteration"},
           {replaced("2sEk", "!!!!"), "salt"},
           {replaced("A==$", "A==:"), "salt"},
           {replaced("OFNV", ""), "StoredKey"},
           {replaced("K0=:", "K0="), "StoredKey"},
           {replaced("yCNQ", ""), "ServerKey"},
           {std::string(pencil) + "AAAA", "ServerKey"},
           {std::string(pencil.substr(0, pencil.size() - 1)), "ServerKey"}}) {
    auto verifier = parse_verifier(Exact(text));
    ASSERT_FALSE(verifier) << text;
    EXPECT_NE(verifier.error().find(word), std::string::npos) << text << ": " << verifier.error();
    EXPECT_EQ(verifier.error().find("OFNV"), std::string::npos);
  }
}

TEST(MockVerifier, HasASaltThatIsStablePerName) {
  auto a = mock_verifier("alice", "secret"), again = mock_verifier("alice", "secret");
  EXPECT_EQ(a, again);
  EXPECT_EQ(a.salt.size(), 16u);
  EXPECT_EQ(a.iterations, 4096u);
  EXPECT_NE(a.salt, mock_verifier("bob", "secret").salt);
  EXPECT_NE(a.salt, mock_verifier("alice", "other").salt);
}

TEST(MockVerifier, HasTheFormOfOneThatThereIs) {
  const MockForm without_salt[] = {{0, 4096}}, long_salt[] = {{100, 15000}};
  EXPECT_EQ(mock_verifier("alice", "secret", without_salt).salt, "");
  auto verifier = mock_verifier("alice", "secret", long_salt);
  EXPECT_EQ(verifier.salt.size(), 100u);
  EXPECT_NE(verifier.salt.substr(0, 32), verifier.salt.substr(32, 32));
  EXPECT_EQ(verifier.iterations, 15000u);
}

TEST(MockVerifier, SpreadsTheNamesOverTheFormsAndStaysWithItsChoice) {
  const MockForm forms[] = {{0, 4096}, {16, 4096}, {16, 10000}};
  std::map<std::pair<std::size_t, std::uint32_t>, int> seen;
  for (int i = 0; i < 300; ++i) {
    auto name = "user" + std::to_string(i);
    auto verifier = mock_verifier(name, "secret", forms);
    EXPECT_EQ(verifier, mock_verifier(name, "secret", forms));
    ++seen[{verifier.salt.size(), verifier.iterations}];
  }
  EXPECT_EQ(seen.size(), 3u);
  for (auto& [form, count] : seen) EXPECT_GT(count, 50);
}

}  // namespace
}  // namespace pgconform::auth
