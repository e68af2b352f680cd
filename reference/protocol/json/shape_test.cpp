#include "protocol/json/shape.hpp"

#include <gtest/gtest.h>

namespace pgconform::protocol::json {
namespace {

std::string wrong(Sender sender, std::string_view name, const char* fields) {
  const auto found = misnamed(sender, name, nlohmann::ordered_json::parse(fields));
  return found ? found->what + "; " + found->expected : "";
}
std::string b(std::string_view name, const char* fields) {
  return wrong(Sender::backend, name, fields);
}
std::string f(std::string_view name, const char* fields) {
  return wrong(Sender::frontend, name, fields);
}

TEST(Shape, KnowsTheFieldsOfAMessage) {
  EXPECT_EQ(b("CommandComplete", R"({"tag":"SELECT 1"})"), "");
  EXPECT_EQ(b("CommandComplete", R"({"tags":"SELECT 1"})"), "CommandComplete has no field \"tags\"; tag");
  EXPECT_EQ(b("NoData", R"({"tag":1})"), "NoData has no field \"tag\"; no fields");
  EXPECT_EQ(f("Query", R"({"query":"SELECT 1","$length":7})"), "");
  EXPECT_EQ(f("Query", R"({"sql":"SELECT 1"})"), "Query has no field \"sql\"; query");
}

TEST(Shape, LooksIntoLists) {
  EXPECT_EQ(b("RowDescription", R"({"fields":[{"name":"a"},{"name":{"$as":"x"}}]})"), "");
  EXPECT_TRUE(b("RowDescription", R"({"fields":[{"name":"a"},{"nane":"b"}]})")
                  .starts_with("RowDescription has no field \"fields[1].nane\"; name, "));
  EXPECT_EQ(b("DataRow", R"({"values":["1",null,{"hex":"00"}]})"), "");
  EXPECT_EQ(f("Bind", R"({"parameters":[{"$len":100,"value":"42"}],"$count":{"parameters":2}})"), "");
  EXPECT_TRUE(f("Bind", R"({"$count":{"params":2}})").starts_with("Bind has no field \"$count.params\"; portal, "));
  EXPECT_EQ(f("StartupMessage", R"({"parameters":{"user":"me","any_thing":"1"}})"), "");
}

TEST(Shape, LooksIntoPatterns) {
  EXPECT_EQ(b("RowDescription", R"({"fields":{"$in":[[],[{"name":"a"}]]}})"), "");
  EXPECT_NE(b("RowDescription", R"({"fields":[{"$not":{"nane":"b"}}]})"), "");
}

TEST(Shape, TakesErrorFieldsByLetter) {
  EXPECT_EQ(b("ErrorResponse", R"({"C":"42601","V":"ERROR","q":{"$absent":true}})"), "");
  EXPECT_EQ(b("ErrorResponse", R"({"code":"42601"})"),
            "ErrorResponse has no field \"code\"; letters such as S, V, C and M");
}

TEST(Shape, KnowsTheMessagesOfEachSide) {
  EXPECT_TRUE(b("Query", "{}").starts_with("the backend has no message Query; one of AuthenticationOk, "));
  EXPECT_EQ(f("CopyData", R"({"data":{"hex":"00"}})"), "");
}

}  // namespace
}  // namespace pgconform::protocol::json
