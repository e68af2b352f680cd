#include "compare/bindings.hpp"

#include <gtest/gtest.h>

namespace pgconform::compare {
namespace {

Bindings some() {
  Bindings bindings(
      [](const std::string& name) { return name == "USER" ? std::optional<std::string>("alice") : std::nullopt; });
  bindings.set("b.pid", 42);
  bindings.set("b.key", Json::parse(R"({"hex":"0011"})"));
  return bindings;
}

TEST(Bindings, AreSubstitutedAtAnyDepth) {
  auto sent = some().substitute(Json::parse(
      R"({"pid":{"$ref":"b.pid"},"keys":[{"$ref":"b.key"},null,"x"],"p":{"user":{"$env":"USER"}},"e":{},"f":[]})"));
  ASSERT_TRUE(sent) << sent.error();
  EXPECT_EQ(sent->dump(), R"({"pid":42,"keys":[{"hex":"0011"},null,"x"],"p":{"user":"alice"},"e":{},"f":[]})");
}

TEST(Bindings, LeaveLiesAndComputedValuesToTheEncoder) {
  const char* text = R"({"v":[{"$len":100,"value":"42"}],"d":{"$scram":"final","flip":"proof:0"},"$length":7})";
  EXPECT_EQ(some().substitute(Json::parse(text))->dump(), text);
  EXPECT_EQ(some().substitute(Json::parse(R"({"v":{"$len":9,"value":{"$ref":"b.pid"}}})"))->dump(),
            R"({"v":{"$len":9,"value":42}})");
}

TEST(Bindings, NameWhatIsMissing) {
  EXPECT_EQ(some().substitute(Json::parse(R"({"a":[{"$ref":"c.pid"}]})")).error(), "\"c.pid\" is not bound");
  EXPECT_EQ(some().substitute(Json::parse(R"({"a":{"$env":"HOST"}})")).error(), "environment variable HOST is not set");
}

TEST(Bindings, LastSetWins) {
  Bindings bindings = some();
  bindings.set("b.pid", 43);
  EXPECT_EQ(*bindings.find("b.pid"), 43);
  EXPECT_EQ(bindings.find("b"), nullptr);
}

}  // namespace
}  // namespace pgconform::compare
