#include "auth/secret.hpp"

#include <gtest/gtest.h>

#include "auth/md5.hpp"
#include "auth/test_support.hpp"

namespace pgconform::auth {
namespace {

TEST(Secret, OfEveryKindVerifiesACleartextPassword) {
  const Secret secrets[] = {CleartextSecret{"pencil"}, Md5Secret{md5_secret("alice", "pencil")},
                            // printf pencil | sha256sum; printf pencil | openssl sha1 -binary | sha1sum
                            *parse_sha256_secret("13809668fb436386706f67dcb052ed584a04ba16a8c02a17d66d34c30fceda21"),
                            *parse_double_sha1_secret("7614be58636c810a9d8970a50b3b2a78450413e4"),
                            make_verifier("pencil", "salt", 2)};
  for (const auto& secret : secrets) {
    EXPECT_TRUE(verify_cleartext(secret, "alice", Exact("pencil"))) << secret.index();
    EXPECT_FALSE(verify_cleartext(secret, "alice", Exact("pencil "))) << secret.index();
    EXPECT_FALSE(verify_cleartext(secret, "alice", "")) << secret.index();
  }
}

TEST(Secret, Md5DependsOnTheUser) {
  EXPECT_FALSE(verify_cleartext(Md5Secret{md5_secret("alice", "pencil")}, "bob", "pencil"));
}

TEST(Secret, NoPasswordLetsEverybodyIn) {
  EXPECT_TRUE(verify_cleartext(NoPassword{}, "alice", "anything"));
}

TEST(Secret, IsReadFromPostgresqlsCatalogue) {
  EXPECT_TRUE(std::holds_alternative<Md5Secret>(*parse_stored_secret("md50098e7fab7b4d8d091067152a80b3f12")));
  auto scram = print_verifier(make_verifier("pencil", "salt", 2));
  EXPECT_TRUE(std::holds_alternative<ScramVerifier>(*parse_stored_secret(scram)));
  EXPECT_FALSE(parse_stored_secret("pencil"));
  EXPECT_FALSE(parse_stored_secret(""));
}

TEST(Secret, HexFormsRefuseOtherLengths) {
  EXPECT_FALSE(parse_sha256_secret(std::string(40, 'a')));
  EXPECT_FALSE(parse_sha256_secret(std::string(64, 'g')));
  EXPECT_TRUE(parse_sha256_secret(std::string(64, 'A')));
  EXPECT_FALSE(parse_double_sha1_secret(std::string(64, 'a')));
  EXPECT_FALSE(parse_double_sha1_secret(""));
  EXPECT_TRUE(parse_double_sha1_secret(std::string(40, 'A')));
}

TEST(Secret, HexFormsArePrinted) {
  EXPECT_EQ(sha256_hex("pencil"), "13809668fb436386706f67dcb052ed584a04ba16a8c02a17d66d34c30fceda21");
  EXPECT_EQ(double_sha1_hex("pencil"), "7614be58636c810a9d8970a50b3b2a78450413e4");
}

TEST(ReadPassword, TakesOneStringAndNothingElse) {
  EXPECT_EQ(read_password(Exact(std::string_view("x\0", 2))), "x");
  const AuthError size{"08P01", "invalid password packet size", ""};
  for (std::string_view body : {std::string_view(), std::string_view("x"), std::string_view("x\0y", 3),
                                std::string_view("x\0\0", 3), std::string_view("\0x\0", 3)}) {
    auto password = read_password(Exact(body));
    ASSERT_FALSE(password);
    EXPECT_EQ(password.error(), size);
  }
}

TEST(ReadPassword, RefusesAnEmptyPassword) {
  auto password = read_password(Exact(std::string_view("\0", 1)));
  ASSERT_FALSE(password);
  EXPECT_EQ(password.error(), (AuthError{"28P01", "empty password returned by client", ""}));
}

}  // namespace
}  // namespace pgconform::auth
