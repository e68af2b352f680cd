#include "runner/profile.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

namespace pgconform::runner {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ProfileTest : public testing::Test {
 protected:
  ProfileTest() { std::filesystem::create_directory(directory_); }
  ~ProfileTest() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) { std::ofstream(directory_ / (name + ".json")) << text; }
  // what: the rest of a profile; gives the error.
  std::string wrong(const std::string& rest) {
    write("bad", R"({"format":1,"name":"bad")" + rest + "}");
    auto loaded = profiles_.load("bad");
    return loaded ? "" : loaded.error();
  }

  std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("profile_test" + std::to_string(::getpid()));
  Profiles profiles_{directory_};
};

TEST_F(ProfileTest, ReadsEveryKey) {
  write("full", R"x({"format":1,"name":"full","catalogue":"1.0","gate":"should","postgresql":"15.3",
    "capabilities":{"tx":true,"tls":false,"listen":"ignored"},"sql":{"sleep":"SELECT wait(${1})"},
    "expect":[{"cases":"a/**","facet":"sqlstate","verdict":"fail","actual":"B ErrorResponse","reason":"r",
               "expires":"2027-06","when":{"delivery":"bytewise"}}]})x");
  const auto profile = profiles_.load("full");
  ASSERT_TRUE(profile) << profile.error();
  EXPECT_EQ(profile->gate, Level::should);
  EXPECT_EQ(profile->postgresql, "15.3");
  EXPECT_EQ(profile->capabilities.at("tls"), "false");
  EXPECT_EQ(profile->capabilities.at("listen"), "ignored");
  EXPECT_EQ(profile->sql.at("sleep"), "SELECT wait(${1})");
  ASSERT_EQ(profile->expect.size(), 1U);
  EXPECT_EQ(profile->expect[0].facet, "sqlstate");
  EXPECT_EQ(profile->expect[0].expires, "2027-06");
  EXPECT_THAT(profile->expect[0].origin, HasSubstr("full.json: /expect/0"));
}

TEST_F(ProfileTest, ExtendsAnother) {
  write("base", R"({"format":1,"name":"base","gate":"must","postgresql":"14","capabilities":{"tls":true,"tx":true},
    "expect":[{"cases":"a","verdict":"fail","reason":"of base"}]})");
  write("child", R"({"format":1,"name":"child","extends":"base","postgresql":"15","capabilities":{"tls":false},
    "expect":[{"cases":"a","verdict":"pass","reason":"of child"}]})");
  const auto profile = profiles_.load("child");
  ASSERT_TRUE(profile) << profile.error();
  EXPECT_EQ(profile->name, "child");
  EXPECT_EQ(profile->gate, Level::must);
  EXPECT_EQ(profile->postgresql, "15");
  EXPECT_EQ(profile->capabilities.at("tls"), "false");
  EXPECT_EQ(profile->capabilities.at("tx"), "true");
  ASSERT_EQ(profile->expect.size(), 2U);
  EXPECT_EQ(profile->expect[0].reason, "of child");
}

TEST_F(ProfileTest, NamesFilePlaceAndWhatWasExpected) {
  EXPECT_THAT(wrong(R"(,"gate":"may")"),
              AllOf(HasSubstr("bad.json: /gate: expected one of must, should, postgresql"), HasSubstr("got \"may\"")));
  EXPECT_THAT(wrong(R"(,"capabilties":{})"), HasSubstr("/capabilties: unknown key"));
  EXPECT_THAT(wrong(R"(,"capabilities":{"telepathy":true})"), HasSubstr("/capabilities/telepathy: unknown key"));
  EXPECT_THAT(wrong(R"(,"capabilities":{"tls":1})"), HasSubstr("/capabilities/tls: expected true, false"));
  EXPECT_THAT(wrong(R"(,"postgresql":"fifteen")"), HasSubstr("/postgresql: expected a version"));
  EXPECT_THAT(wrong(R"(,"expect":{})"), HasSubstr("/expect: expected an array"));
  EXPECT_THAT(wrong(R"(,"expect":[{"cases":"a","verdict":"fail"}])"), HasSubstr("/expect/0: expected the key reason"));
  EXPECT_THAT(wrong(R"(,"expect":[{"cases":"a","verdict":"flaky","reason":"r"}])"),
              HasSubstr("/expect/0/verdict: expected one of pass, fail, unsupported, varies"));
  EXPECT_THAT(wrong(R"(,"expect":[{"cases":"a","verdict":"fail","reason":"r","expires":"soon"}])"),
              HasSubstr("/expect/0/expires: expected a month"));
}

TEST_F(ProfileTest, UnknownNameListsTheKnown) {
  write("b", "{}");
  write("a", "{}");
  EXPECT_THAT(profiles_.names(), ElementsAre("a", "b"));
  EXPECT_EQ(profiles_.load("c").error(), "there is no profile c; known are a, b");
}

TEST_F(ProfileTest, RefusesWhatIsNoProfile) {
  write("broken", "{\"format\":1,");
  EXPECT_THAT(profiles_.load("broken").error(), HasSubstr("not JSON"));
  write("old", R"({"name":"old"})");
  EXPECT_THAT(profiles_.load("old").error(), HasSubstr("the key format with the value 1"));
  write("loop", R"({"format":1,"name":"loop","extends":"loop"})");
  EXPECT_THAT(profiles_.load("loop").error(), HasSubstr("extends itself"));
  write("orphan", R"({"format":1,"name":"orphan","extends":"nobody"})");
  EXPECT_THAT(profiles_.load("orphan").error(), HasSubstr("/extends: expected one of"));
}

}  // namespace
}  // namespace pgconform::runner
