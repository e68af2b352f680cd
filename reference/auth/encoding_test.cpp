#include "auth/encoding.hpp"

#include <gtest/gtest.h>

#include "auth/test_support.hpp"

namespace pgconform::auth {
namespace {

TEST(Base64, EncodesTheVectorsOfRfc4648) {
  EXPECT_EQ(base64_encode(""), "");
  EXPECT_EQ(base64_encode("f"), "Zg==");
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_encode("foo"), "Zm9v");
  EXPECT_EQ(base64_encode("foob"), "Zm9vYg==");
  EXPECT_EQ(base64_encode("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_encode("\xFF\xFE\xFB"), "//77");
}

TEST(Base64, DecodesWhatItEncodes) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    EXPECT_EQ(base64_decode(Exact(base64_encode(bytes))), bytes);
    bytes += static_cast<char>(i);
  }
}

TEST(Base64, RefusesWhatPostgresqlRefuses) {
  for (auto text : {"Z", "Zg", "Zg=", "Zm8", "Z===", "=", "====", "Zg= =", " Zg==", "Zg==\n", "Zm9\tv", "Zm9-", "Zm9_",
                    "Zm\xC3\xA9", "Zg==="})
    EXPECT_EQ(base64_decode(Exact(text)), std::nullopt) << text;
  EXPECT_EQ(base64_decode(std::string_view("Zm9\0", 4)), std::nullopt);
}

TEST(Base64, TakesLeftOverBitsAndTextAfterPaddingAsPostgresqlDoes) {
  EXPECT_EQ(base64_decode("Zh=="), "f");
  EXPECT_EQ(base64_decode("Zm9="), "fo");
  EXPECT_EQ(base64_decode("Zg=A"), "f");
  EXPECT_EQ(base64_decode("Zg==Zm9v"), "ff");
}

TEST(Hex, GoesBothWays) {
  EXPECT_EQ(hex_encode(std::string_view("\0\x7F\x80\xFF", 4)), "007f80ff");
  EXPECT_EQ(hex_decode("007f80FF"), std::string("\0\x7F\x80\xFF", 4));
  EXPECT_EQ(hex_decode(""), "");
  EXPECT_EQ(hex_decode(Exact("0")), std::nullopt);
  EXPECT_EQ(hex_decode(Exact("0g")), std::nullopt);
  EXPECT_EQ(hex_decode(Exact("/0")), std::nullopt);
}

TEST(ConstantTimeEqual, ComparesContentAndLength) {
  EXPECT_TRUE(constant_time_equal("", ""));
  EXPECT_TRUE(constant_time_equal("abc", "abc"));
  EXPECT_FALSE(constant_time_equal("abc", "abd"));
  EXPECT_FALSE(constant_time_equal("abc", "ab"));
}

TEST(SecureRandom, GivesOtherBytesEachTime) {
  unsigned char a[32] = {}, b[32] = {};
  secure_random(a);
  secure_random(b);
  EXPECT_FALSE(std::ranges::equal(a, b));
}

TEST(Wipe, LeavesNothing) {
  std::string secret = "secret";
  wipe(secret);
  EXPECT_EQ(secret, "");
  unsigned char key[] = {1, 2, 3};
  wipe(key);
  EXPECT_EQ(key[0] | key[1] | key[2], 0);
}

}  // namespace
}  // namespace pgconform::auth
