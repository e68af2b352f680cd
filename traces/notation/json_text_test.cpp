#include "notation/json_text.hpp"

#include <gtest/gtest.h>

namespace pgconform::notation {
namespace {

std::string wrong(std::string_view text, Role role = Role::backend) {
  auto read = read_object(text, role);
  if (read) return "fine";
  return std::to_string(read.error().offset) + ": " + read.error().what;
}

TEST(ReadObject, StopsBehindTheObject) {
  auto read = read_object(R"({"a":[1,{"b":"}"}]}  # } comment)", Role::backend);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->length, 19U);
  EXPECT_EQ(read->value.dump(), R"({"a":[1,{"b":"}"}]})");
}

TEST(ReadObject, KeepsTheOrderOfKeys) {
  EXPECT_EQ(read_object(R"({"z":1,"a":2})", Role::frontend)->value.dump(), R"({"z":1,"a":2})");
}

TEST(ReadObject, TellsWhereJsonIsMalformed) {
  EXPECT_EQ(wrong(R"({"a":})"), "5: malformed JSON");
  EXPECT_EQ(wrong(R"({"a":1)"), "6: malformed JSON");
  EXPECT_EQ(wrong("{\"a\":\"\xff\"}"), "6: malformed JSON");
}

TEST(ReadObject, RejectsDuplicateKeysAndDepth) {
  EXPECT_EQ(wrong(R"({"a":1,"a":2})"), "7: duplicate key \"a\"");
  std::string deep = R"({"a":)" + std::string(100, '[');
  EXPECT_EQ(wrong(deep), "68: JSON nested too deep");
}

TEST(ReadObject, RejectsUnknownDollarKeys) {
  EXPECT_EQ(wrong(R"({"C":{"$rex":"a"}})"), R"(6: unknown key "$rex")");
  EXPECT_EQ(wrong(R"({"C":{"$any":true,"$mon":1}})"), R"(18: unknown key "$mon")");
}

TEST(ReadObject, RejectsDollarKeysOfTheOtherSide) {
  EXPECT_EQ(wrong(R"({"q":{"$any":true}})", Role::frontend), R"(6: misplaced key "$any")");
  EXPECT_EQ(wrong(R"({"q":{"$scram":"first"}})"), R"(6: misplaced key "$scram")");
  EXPECT_EQ(wrong(R"({"$any":true})"), R"(1: misplaced key "$any")");
  EXPECT_EQ(wrong(R"({"q":{"$length":7}})", Role::frontend), R"(6: misplaced key "$length")");
  EXPECT_EQ(wrong(R"({"user":{"$as":"x"}})", Role::verb), R"(9: misplaced key "$as")");
}

TEST(ReadObject, TakesEveryPattern) {
  EXPECT_EQ(wrong(R"({"a":{"$any":true},"b":{"$re":"a.*","$as":"x"},"c":{"$in":["I",{"$re":"T"}]},)"
                  R"("d":{"$not":null},"e":{"$min":1,"$max":2},"f":{"$ref":"b.pid"},"g":{"$absent":true},)"
                  R"("h":{"$env":"HOME"},"i":[{"hex":"00fF"}]})"),
            "fine");
}

TEST(ReadObject, TakesLiesAndComputedValues) {
  EXPECT_EQ(wrong(R"({"values":[{"$len":100,"value":"42"}],"$count":{"values":2},"$length":7})", Role::frontend),
            "fine");
  EXPECT_EQ(wrong(R"({"$length":7})", Role::frontend), "fine");
  EXPECT_EQ(wrong(R"({"data":{"$scram":"final","flip":"proof:0","binding":{"hex":"00"}}})", Role::frontend), "fine");
  EXPECT_EQ(wrong(R"({"password":{"$md5":true}})", Role::frontend), "fine");
  EXPECT_EQ(wrong(R"({"user":{"$env":"U"}})", Role::verb), "fine");
}

TEST(ReadObject, RejectsWrongArguments) {
  EXPECT_EQ(wrong(R"({"a":{"$any":1}})"), R"(6: wrong value for "$any")");
  EXPECT_EQ(wrong(R"({"a":{"$re":"("}})"), R"(6: wrong value for "$re")");
  EXPECT_EQ(wrong(R"({"a":{"$in":[]}})"), R"(6: wrong value for "$in")");
  EXPECT_EQ(wrong(R"({"a":{"$min":"1"}})"), R"(6: wrong value for "$min")");
  EXPECT_EQ(wrong(R"({"a":{"$as":""}})"), R"(6: wrong value for "$as")");
  EXPECT_EQ(wrong(R"({"a":{"$any":true,"b":1}})"), R"(5: key "b" beside "$any")");
  EXPECT_EQ(wrong(R"({"a":{"b":1,"$any":true}})"), R"(12: key "$any" after a plain key)");
  EXPECT_EQ(wrong(R"({"a":{"$absent":true,"$min":1}})"), R"(5: keys beside "$absent")");
  EXPECT_EQ(wrong(R"({"a":{"$len":1}})", Role::frontend), R"(5: incomplete "$len")");
  EXPECT_EQ(wrong(R"({"a":{"hex":"abc"}})"), "5: malformed bytes");
}

TEST(ReadObject, TakesEscapedDollarKeysAsData) {
  auto read = read_object(R"({"parameters":{"$$any":"x"}})", Role::frontend);
  ASSERT_TRUE(read);
  EXPECT_FALSE(is_special(read->value["parameters"]));
}

TEST(Values, AreRecognised) {
  EXPECT_TRUE(is_redacted(Json::parse(R"({"redacted":"password","length":7})")));
  EXPECT_FALSE(is_redacted(Json::parse(R"({"redacted":"password"})")));
  EXPECT_TRUE(is_bytes(Json::parse(R"({"hex":""})")));
  EXPECT_EQ(unhex("00fF"), std::string("\0\xff", 2));
  EXPECT_EQ(unhex("0"), std::nullopt);
  EXPECT_EQ(unhex("0g"), std::nullopt);
}

}  // namespace
}  // namespace pgconform::notation
