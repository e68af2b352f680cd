#include "auth/md5.hpp"

#include <gtest/gtest.h>

#include "auth/test_support.hpp"

namespace pgconform::auth {
namespace {

// What PostgreSQL 15 stores for CREATE ROLE md5user PASSWORD 'pencil' with password_encryption = md5.
constexpr std::string_view stored = "md50098e7fab7b4d8d091067152a80b3f12";
const std::string salt("\x01\x00\xFE,", 4);

TEST(Md5, MakesTheSecretThatPostgresqlStores) {
  EXPECT_EQ(md5_secret("md5user", "pencil"), stored);
}

TEST(Md5, AnswersItsOwnChallenge) {
  auto response = md5_response("md5user", "pencil", salt);
  // printf '%b' '0098e7fab7b4d8d091067152a80b3f12\x01\x00\xfe,' | md5sum
  EXPECT_EQ(response, "md5438a3ac46a933687dc09909a980876dc");
  EXPECT_TRUE(verify_md5_response(stored, salt, Exact(response)));
}

TEST(Md5, RefusesAnyOtherAnswer) {
  auto response = md5_response("md5user", "pencil", salt);
  EXPECT_FALSE(verify_md5_response(stored, salt, md5_response("md5user", "Pencil", salt)));
  EXPECT_FALSE(verify_md5_response(stored, salt, md5_response("other", "pencil", salt)));
  EXPECT_FALSE(verify_md5_response(stored, "abcd", response));
  EXPECT_FALSE(verify_md5_response(stored, salt, "pencil"));
  EXPECT_FALSE(verify_md5_response(stored, salt, stored));
  EXPECT_FALSE(verify_md5_response("pencil", salt, response));
  EXPECT_FALSE(verify_md5_response("x", salt, response));
  EXPECT_FALSE(verify_md5_response("MD5" + std::string(stored.substr(3)), salt, response));
  auto upper = response;
  std::ranges::transform(upper, upper.begin(), [](char c) { return c >= 'a' && c <= 'f' ? char(c - 32) : c; });
  EXPECT_FALSE(verify_md5_response(stored, salt, upper));
}

TEST(Md5, KnowsItsSecretsByTheirForm) {
  EXPECT_TRUE(is_md5_secret(Exact(stored)));
  EXPECT_FALSE(is_md5_secret(Exact(stored.substr(1))));
  EXPECT_FALSE(is_md5_secret(Exact(stored.substr(0, 34))));
  EXPECT_FALSE(is_md5_secret("MD50098e7fab7b4d8d091067152a80b3f12"));
  EXPECT_FALSE(is_md5_secret("md50098E7FAB7B4D8D091067152A80B3F12"));
  EXPECT_FALSE(is_md5_secret(""));
}

}  // namespace
}  // namespace pgconform::auth
