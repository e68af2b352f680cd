#include "compare/pattern.hpp"

#include <gtest/gtest.h>

namespace pgconform::compare {
namespace {

Bindings bindings() {
  Bindings some(
      [](const std::string& name) { return name == "USER" ? std::optional<std::string>("alice") : std::nullopt; });
  some.set("b.pid", 42);
  some.set("b.key", Json::parse(R"({"hex":"4142"})"));
  return some;
}

// The differences as lines `path: expected/actual/facet`; empty for a match.
std::string against(std::string_view name, std::string_view pattern, std::string_view actual) {
  std::string text;
  for (const Difference& d : match(name, Json::parse(pattern), Json::parse(actual), bindings()).differences) {
    text += d.path + ": " + d.expected + " / " + d.actual;
    if (d.facet != Facet::none) text += " (" + std::string(facet_name(d.facet)) + ")";
    text += '\n';
  }
  return text;
}
// The same for one field `v` of a message without facets.
std::string value(std::string_view pattern, std::string_view actual) {
  return against("M", "{\"v\":" + std::string(pattern) + "}", "{\"v\":" + std::string(actual) + "}");
}
std::string missing(std::string_view pattern) {
  return against("M", "{\"v\":" + std::string(pattern) + "}", R"({"w":1})");
}

TEST(Match, ComparesNamedFieldsOnly) {
  EXPECT_EQ(against("M", "{}", R"({"a":1})"), "");
  EXPECT_EQ(against("M", R"({"a":1})", R"({"b":2,"a":1})"), "");
  EXPECT_EQ(against("M", R"({"a":1,"c":"x"})", R"({"b":2,"a":3})"), "a: 1 / 3\nc: \"x\" / nothing\n");
  EXPECT_EQ(value(R"({"x":1})", R"({"y":2,"x":1})"), "");
  EXPECT_EQ(value(R"({"x":1})", R"({"y":2})"), "v.x: 1 / nothing\n");
}

TEST(Match, ComparesArraysElementByElementAndInLength) {
  EXPECT_EQ(value(R"(["1",null])", R"(["1",null])"), "");
  EXPECT_EQ(value(R"(["1",null])", R"(["2",""])"), "v[0]: \"1\" / \"2\"\nv[1]: null / \"\"\n");
  EXPECT_EQ(value(R"(["1"])", R"(["1","2"])"), "v: 1 elements: [\"1\"] / [\"1\",\"2\"]\n");
  EXPECT_EQ(value("[]", "[]"), "");
  EXPECT_EQ(value(R"([{"name":"a"}])", R"([{"name":"a","oid":23}])"), "");
}

TEST(Match, IsStrictAboutTypes) {
  EXPECT_EQ(value("1", "\"1\""), "v: 1 / \"1\"\n");
  EXPECT_EQ(value("\"1\"", "1"), "v: \"1\" / 1\n");
  EXPECT_EQ(value("0", "false"), "v: 0 / false\n");
  EXPECT_EQ(value("null", "\"\""), "v: null / \"\"\n");
  EXPECT_EQ(value("\"\"", "null"), "v: \"\" / null\n");
  EXPECT_EQ(value("{}", "[]"), "v: {} / []\n");
  EXPECT_EQ(value("-1", "18446744073709551615"), "v: -1 / 18446744073709551615\n");
}

TEST(Match, TakesBytesHoweverTheyAreWritten) {
  EXPECT_EQ(value(R"({"hex":"00Ff"})", R"({"hex":"00ff"})"), "");
  EXPECT_EQ(value(R"({"hex":"4142"})", R"("AB")"), "");
  EXPECT_EQ(value(R"("AB")", R"({"hex":"4142"})"), "");
  EXPECT_EQ(value(R"({"hex":"41"})", R"("AB")"), "v: {\"hex\":\"41\"} / \"AB\"\n");
  EXPECT_EQ(value(R"({"hex":""})", "null"), "v: {\"hex\":\"\"} / null\n");
  EXPECT_EQ(against("raw", R"({"hex":"0A"})", R"({"hex":"0a"})"), "");
}

TEST(Match, AnyAndAbsent) {
  EXPECT_EQ(value(R"({"$any":true})", "null"), "");
  EXPECT_EQ(missing(R"({"$any":true})"), "v: {\"$any\":true} / nothing\n");
  EXPECT_EQ(missing(R"({"$absent":true})"), "");
  EXPECT_EQ(value(R"({"$absent":true})", "1"), "v: nothing / 1\n");
}

TEST(Match, RegularExpressionsMatchTheWholeValue) {
  EXPECT_EQ(value(R"({"$re":"SELECT \\d+"})", R"("SELECT 12")"), "");
  EXPECT_EQ(value(R"({"$re":"SELECT"})", R"("SELECT 12")"), "v: a match of SELECT / \"SELECT 12\"\n");
  EXPECT_EQ(value(R"({"$re":"a.*b"})", R"("a\nb")"), "");
  EXPECT_EQ(value(R"({"$re":"A."})", R"({"hex":"4142"})"), "");
  EXPECT_NE(value(R"({"$re":"1"})", "1"), "");
}

TEST(Match, InAndNotTakePatterns) {
  EXPECT_EQ(value(R"({"$in":["I",{"$re":"T."}]})", R"("Tx")"), "");
  EXPECT_EQ(value(R"({"$in":["I","T"]})", R"("E")"), "v: one of [\"I\",\"T\"] / \"E\"\n");
  EXPECT_EQ(missing(R"({"$in":[{"$absent":true},1]})"), "");
  EXPECT_EQ(value(R"({"$not":"I"})", R"("T")"), "");
  EXPECT_EQ(value(R"({"$not":{"$ref":"b.pid"}})", "42"), "v: not {\"$ref\":\"b.pid\"} / 42\n");
}

TEST(Match, BoundsAreForNumbers) {
  EXPECT_EQ(value(R"({"$min":1,"$max":3})", "1"), "");
  EXPECT_EQ(value(R"({"$min":1,"$max":3})", "3"), "");
  EXPECT_EQ(value(R"({"$min":1,"$max":3})", "4"), "v: at most 3 / 4\n");
  EXPECT_EQ(value(R"({"$min":1})", "0"), "v: at least 1 / 0\n");
  EXPECT_EQ(value(R"({"$min":1})", "\"5\""), "v: at least 1 / \"5\"\n");
  EXPECT_EQ(value(R"({"$max":-1})", "18446744073709551615"), "v: at most -1 / 18446744073709551615\n");
  EXPECT_EQ(value(R"({"$min":0.5,"$max":1.5})", "1"), "");
  EXPECT_EQ(value(R"({"$max":1})", "null"), "v: at most 1 / null\n");
}

TEST(Match, ReferencesAndEnvironment) {
  EXPECT_EQ(value(R"({"$ref":"b.pid"})", "42"), "");
  EXPECT_EQ(value(R"({"$ref":"b.pid"})", "41"), "v: 42 (b.pid) / 41\n");
  EXPECT_EQ(value(R"({"$ref":"b.key"})", "\"AB\""), "");
  EXPECT_EQ(value(R"({"$ref":"c.pid"})", "41"), "v: the value of \"c.pid\", which is not bound / 41\n");
  EXPECT_EQ(value(R"({"$env":"USER"})", "\"alice\""), "");
  EXPECT_EQ(value(R"({"$env":"USER"})", "\"bob\""), "v: \"alice\" / \"bob\"\n");
  EXPECT_EQ(value(R"({"$env":"HOST"})", "\"x\""), "v: the value of HOST, which is not set / \"x\"\n");
}

TEST(Match, AsBindsWhatFits) {
  auto bound = [](std::string_view pattern, std::string_view actual) {
    std::string text;
    for (const auto& [name, value] : match("M", Json::parse(pattern), Json::parse(actual), bindings()).bound)
      text += name + "=" + value.dump() + " ";
    return text;
  };
  EXPECT_EQ(bound(R"({"a":{"$as":"x"},"b":[{"$min":1,"$as":"y"}]})", R"({"a":null,"b":[2]})"), "x=null y=2 ");
  EXPECT_EQ(bound(R"({"b":{"$min":1,"$as":"y"}})", R"({"b":0})"), "");
  EXPECT_EQ(bound(R"({"b":{"$in":[{"$re":"a","$as":"p"},{"$re":"b","$as":"q"}]}})", R"({"b":"b"})"), "q=\"b\" ");
  EXPECT_EQ(bound(R"({"b":{"$not":{"$as":"y"}}})", R"({"b":0})"), "");
  EXPECT_EQ(missing(R"({"$as":"x"})"), "v: {\"$as\":\"x\"} / nothing\n");
  EXPECT_EQ(against("M", R"({"a":{"$as":"x"},"b":{"$ref":"x"}})", R"({"a":1,"b":2})"), "b: 1 (x) / 2\n");
}

TEST(Match, RedactedSecretsMatchAnything) {
  EXPECT_EQ(value(R"({"redacted":"password","length":7})", "\"secret!\""), "");
}

TEST(MatchError, NeverComparesTexts) {
  EXPECT_EQ(against("ErrorResponse", R"({"C":"42601","M":"x","D":"x","H":"x","W":"x","F":"x","L":"1","R":"x"})",
                    R"({"C":"42601","M":"y"})"),
            "");
  EXPECT_EQ(against("ErrorResponse", R"({"P":"8"})", R"({"P":"9"})"), "P: \"8\" / \"9\"\n");
  EXPECT_EQ(against("CopyData", R"({"M":"x"})", R"({"M":"y"})"), "M: \"x\" / \"y\"\n");
  // Whether there is one can be asked for.
  EXPECT_EQ(against("ErrorResponse", R"({"M":{"$any":true},"H":{"$absent":true}})", R"({"M":"y"})"), "");
  EXPECT_EQ(against("ErrorResponse", R"({"M":{"$any":true}})", R"({"C":"42601"})"), "M: {\"$any\":true} / nothing\n");
  EXPECT_EQ(against("ErrorResponse", R"({"H":{"$absent":true}})", R"({"H":"y"})"), "H: nothing / \"y\"\n");
}

TEST(MatchError, FallsBackFromVToS) {
  EXPECT_EQ(against("ErrorResponse", R"({"V":"ERROR"})", R"({"S":"ERROR"})"), "");
  EXPECT_EQ(against("ErrorResponse", R"({"V":"ERROR"})", R"({"S":"FEHLER","V":"ERROR"})"), "");
  EXPECT_EQ(against("NoticeResponse", R"({"V":"ERROR"})", R"({"S":"LOG"})"), "V: \"ERROR\" / \"LOG\" (severity)\n");
  EXPECT_EQ(against("ErrorResponse", R"({"V":{"$absent":true}})", R"({"S":"ERROR"})"), "");
}

TEST(Match, MarksFacets) {
  EXPECT_EQ(against("ErrorResponse", R"({"C":"42601","S":"ERROR"})", R"({"C":"42000","S":"FATAL"})"),
            "C: \"42601\" / \"42000\" (sqlstate)\nS: \"ERROR\" / \"FATAL\" (severity)\n");
  EXPECT_EQ(against("CommandComplete", R"({"tag":"SELECT 1"})", R"({"tag":"SELECT 2"})"),
            "tag: \"SELECT 1\" / \"SELECT 2\" (tag)\n");
  EXPECT_EQ(against("X", R"({"tag":"a","C":"b"})", "{}"), "tag: \"a\" / nothing\nC: \"b\" / nothing\n");
  auto both =
      match("ErrorResponse", Json::parse(R"({"C":"a","P":"1"})"), Json::parse(R"({"C":"b","P":"2"})"), bindings());
  EXPECT_FALSE(both.only_facets());
  EXPECT_TRUE(
      match("ErrorResponse", Json::parse(R"({"C":"a"})"), Json::parse(R"({"C":"b"})"), bindings()).only_facets());
}

}  // namespace
}  // namespace pgconform::compare
