#include "compare/alignment.hpp"

#include <gtest/gtest.h>

namespace pgconform::compare {
namespace {

const Answered parse{"ParseComplete"}, bind{"BindComplete"}, closing{"close"};
Answered ready(const char* status = "I") {
  return {"ReadyForQuery", {{"status", status}}};
}
Answered row(Json values) {
  return {"DataRow", {{"values", std::move(values)}}};
}
Answered tag(const char* text) {
  return {"CommandComplete", {{"tag", text}}};
}
Answered error(const char* code, const char* message = "") {
  return {"ErrorResponse", {{"S", "ERROR"}, {"V", "ERROR"}, {"C", code}, {"M", message}, {"P", "8"}}};
}
Answered columns(std::uint32_t type, std::uint32_t table = 0) {
  return {"RowDescription", {{"fields", Json::array({{{"name", "a"}, {"table", table}, {"type", type}}})}}};
}
Answered parameter(const char* name, const char* value) {
  return {"ParameterStatus", {{"name", name}, {"value", value}}};
}

const std::vector<Answered> select{columns(23), row({"1"}), row({"2"}), tag("SELECT 2"), ready()};

// told: kinds and paths of what departs when `answers` come where `recorded` was.
std::vector<std::string> told(std::vector<Answered> recorded, const std::vector<Answered>& answers,
                              bool silent = false) {
  Alignment alignment(std::move(recorded));
  for (const auto& one : answers) alignment.offer(one);
  if (silent)
    alignment.silence();
  else
    alignment.finish();
  std::vector<std::string> all;
  for (const auto& one : alignment.departures())
    all.push_back(std::string(kind_name(one.kind)) + (one.path.empty() ? "" : " " + one.path));
  return all;
}
using List = std::vector<std::string>;

TEST(Alignment, FindsNothingWhereEverythingIsAsRecorded) {
  EXPECT_EQ(told(select, select), List{});
}

TEST(Alignment, TellsAMissingRow) {
  EXPECT_EQ(told(select, {select[0], select[1], select[3], select[4]}), List{"missing"});
  EXPECT_EQ(told(select, {select[0], select[4]}), List{"missing"});  // one cause, however many lines
}

TEST(Alignment, TellsAnExtraMessage) {
  EXPECT_EQ(told(select, {select[0], parse, select[1], select[2], select[3], select[4]}), List{"extra"});
  EXPECT_EQ(told(select, {select[0], select[1], select[2], row({"3"}), select[3], select[4]}), List{"extra"});
  EXPECT_EQ(told({ready()}, {ready(), ready()}), List{"extra"});
}

TEST(Alignment, TellsAnotherMessageInItsPlaceOnce) {
  EXPECT_EQ(told({parse, bind, ready()}, {Answered{"NoData"}, bind, ready()}), List{"type"});
  EXPECT_EQ(told({parse, bind, ready()}, {bind, parse, ready()}), (List{"missing", "extra"}));
  EXPECT_EQ(told(select, {error("42601"), ready()}), List{"type"});
  // What follows the wrong answer is its consequence; the next query is compared again.
  auto twice = select;
  twice.insert(twice.end(), select.begin(), select.end());
  auto answers = std::vector<Answered>{parse, bind, parse, ready()};
  answers.insert(answers.end(), select.begin(), select.end());
  answers[5] = row({"9"});
  EXPECT_EQ(told(twice, answers), (List{"type", "value values[0]"}));
}

TEST(Alignment, DoesNotWaitForWhatAFailedServerWillNotSay) {
  Alignment alignment({parse, bind, ready(), parse});
  alignment.offer(error("42601"));
  EXPECT_EQ(alignment.reached(), 2u);  // the Sync is sent, and ReadyForQuery waited for
  alignment.offer(ready());
  EXPECT_EQ(alignment.reached(), 3u);
}

TEST(Alignment, TellsSqlstateSeverityAndStatus) {
  EXPECT_EQ(told({error("42601"), ready()}, {error("42P01"), ready()}), List{"SQLSTATE C"});
  auto fatal = error("42601");
  fatal.fields["V"] = "FATAL";
  EXPECT_EQ(told({error("42601"), ready()}, {fatal, ready()}), List{"value V"});
  EXPECT_EQ(told({ready("T")}, {ready("I")}), List{"status status"});
}

TEST(Alignment, ComparesNoTexts) {
  EXPECT_EQ(told({error("42601", "syntax error"), ready()}, {error("42601", "Syntaxfehler"), ready()}), List{});
}

TEST(Alignment, TellsValuesTagsAndTypes) {
  EXPECT_EQ(told({row({"1", nullptr})}, {row({"1", ""})}), List{"value values[1]"});
  EXPECT_EQ(told({row({"1", nullptr})}, {row({"1"})}), List{"value values"});
  EXPECT_EQ(told({tag("INSERT 0 1")}, {tag("INSERT 1")}), List{"value tag"});
  EXPECT_EQ(told({columns(23)}, {columns(20)}), List{"value fields[0].type"});
}

TEST(Alignment, LetsTheIdsOfUsersObjectsVary) {
  EXPECT_EQ(told({columns(23, 16400)}, {columns(23, 16999)}), List{});
  EXPECT_EQ(told({columns(23, 1259)}, {columns(23, 1260)}), List{"value fields[0].table"});
  Alignment alignment({columns(26), row({"16400"}), ready(), row({"16400"}), ready()});
  for (const auto& one : {columns(26), row({"16999"}), ready()}) alignment.offer(one);
  EXPECT_EQ(alignment.translate("Query", {{"query", "… WHERE oid = '16400' AND x = 116400"}})["query"],
            "… WHERE oid = '16999' AND x = 116400");
  alignment.offer(row({"17000"}));  // the same object cannot have two
  EXPECT_EQ(alignment.departures().size(), 1u);
}

TEST(Alignment, TellsAnEarlyClose) {
  EXPECT_EQ(told(select, {select[0], closing}), List{"early close"});
  EXPECT_EQ(told({ready(), closing}, {ready(), closing}), List{});
}

TEST(Alignment, TellsThatNoAnswerCame) {
  EXPECT_EQ(told(select, {select[0]}, true), List{"no answer"});
  EXPECT_EQ(told({ready(), closing}, {ready()}, true), List{"no answer"});
}

TEST(Alignment, TakesNonsenseForTheEnd) {
  Alignment alignment(select);
  alignment.nonsense("a message of type '?'");
  EXPECT_TRUE(alignment.over());
  ASSERT_EQ(alignment.departures().size(), 1u);
  EXPECT_EQ(alignment.departures()[0].kind, Kind::type);
}

TEST(Alignment, ToleratesAsynchronousMessagesBothWays) {
  const Answered notice{"NoticeResponse", {{"S", "NOTICE"}, {"C", "00000"}}};
  EXPECT_EQ(told({row({"1"}), ready()}, {notice, row({"1"}), parameter("TimeZone", "UTC"), ready()}), List{});
  EXPECT_EQ(told({notice, row({"1"}), ready()}, {row({"1"}), ready()}), List{});
}

TEST(Alignment, ComparesTheParametersThatClientsRelyOn) {
  const std::vector<Answered> login{{"AuthenticationOk"},
                                    parameter("client_encoding", "UTF8"),
                                    parameter("server_version", "15.8"),
                                    parameter("TimeZone", "UTC"),
                                    ready()};
  EXPECT_EQ(told(login, {login[0], parameter("server_version", "18.0"), login[1], ready()}), List{});
  EXPECT_EQ(told(login, {login[0], login[2], ready()}), List{"missing client_encoding"});
  EXPECT_EQ(told(login, {login[0], login[2], parameter("client_encoding", "LATIN1"), ready()}),
            List{"value client_encoding"});
}

TEST(Alignment, EndsWithWhoeverNeverStops) {
  Alignment alignment({ready()});
  for (int i = 0; i < 5000 && !alignment.over(); ++i) alignment.offer(ready());
  EXPECT_TRUE(alignment.over());
  EXPECT_LE(alignment.departures().size(), 1000u);
}

}  // namespace
}  // namespace pgconform::compare
