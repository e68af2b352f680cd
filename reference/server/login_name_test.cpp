#include "server/login_name.hpp"

#include <gtest/gtest.h>

namespace pgconform::server {
namespace {

using namespace std::string_literals;

const std::string startup = "\0\0\0\x14\0\3\0\0user\0alice\0\0"s;
const std::string ssl_request = "\0\0\0\x8\x04\xd2\x16\x2f"s;

TEST(LoginName, ComesWithTheLastByteOfTheStartupMessageHoweverItArrives) {
  EXPECT_EQ(LoginName().feed(startup + "more"), "alice");
  LoginName name;
  for (std::size_t i = 0; i + 1 < startup.size(); ++i) EXPECT_EQ(name.feed(startup.substr(i, 1)), std::nullopt);
  EXPECT_EQ(name.feed(startup.substr(startup.size() - 1)), "alice");
}

TEST(LoginName, IsGivenOnce) {
  LoginName name;
  EXPECT_EQ(name.feed(startup), "alice");
  EXPECT_EQ(name.feed(startup), std::nullopt);
}

TEST(LoginName, FollowsARequestForEncryption) {
  EXPECT_EQ(LoginName().feed(ssl_request + startup), "alice");
  LoginName name;
  EXPECT_EQ(name.feed(ssl_request + "\x16\x03\x01\x02\x00\x01\x00\x01\xfc"s), std::nullopt);
  name.encrypted();
  EXPECT_EQ(name.feed(startup), "alice");
}

TEST(LoginName, IsNotSoughtInWhatIsNoStartupMessage) {
  for (const auto& other : {"\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\1\0\0\0\1"s, "GET / HTTP/1.1\r\n\r\n"s,
                            "\0\0\0\x7\0\3\0\0"s, "\0\0\0\x8\0\2\0\0"s})
    EXPECT_EQ(LoginName().feed(other), std::nullopt);
}

}  // namespace
}  // namespace pgconform::server
