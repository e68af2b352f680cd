#include "report/report.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <sstream>

#include "report/schema_check.hpp"

namespace pgconform::report {
namespace {

using runner::Level;
using runner::Standing;
using runner::Verdict;
using testing::HasSubstr;
using testing::IsEmpty;

std::string file(const std::string& name) {
  std::ifstream in(name);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

runner::Entry entry(std::string id, std::string title) {
  runner::Entry entry{std::move(id), "area/x.case", "", {}};
  entry.test.title = std::move(title);
  entry.test.level = "must";
  entry.test.covers = {"SQ-01"};
  entry.test.spec = {"protocol-flow-simple-query"};
  entry.test.place.line = 7;
  return entry;
}

// One case of every kind.
class Example {
 public:
  Example() {
    add(entry("area/x/good", "It works"), Verdict::pass).result.variants = {"late"};
    auto& failed = add(entry("area/x/bad", "It does not"), Verdict::fail);
    failed.standing = Standing::differs;
    failed.gates = true;
    failed.result.failures = {{Level::must, "", "expected B ReadyForQuery, got B NoData\n  twice", 12},
                              {Level::postgresql, "sqlstate", "C: expected 42601, got 42602", 11}};
    failed.result.conversation = {"F Query {\"query\":\"\x01\xff\"}", "B NoData", "# closed"};
    failed.result.actual = "B NoData";
    auto& known = add(entry("area/y/known", "It never did"), Verdict::fail);
    known.result.failures = {{Level::should, "", "different", 0}};
    known.note = "an old quarrel";
    auto& unexpected = add(entry("area/y/mended", "It does now"), Verdict::pass);
    unexpected.standing = Standing::unexpected;
    unexpected.gates = true;
    unexpected.note = "passes, against p.json: /expect/0";
    add(entry("other/z/missing", "It cannot"), Verdict::unsupported).result.reason = "refuses ext";
    add(entry("other/z/left-out", "It may not"), Verdict::skipped).result.reason = "needs role md5";
    auto& broken = add(entry("other/z/odd", "We do not know"), Verdict::broken);
    broken.standing = Standing::differs;
    broken.gates = true;
    broken.result.reason = "line 3: b.pid is not bound";
    report.version = "1.2.3";
    report.target = "postgresql://me@somewhere:5432/db";
    report.profile = "p";
    report.begun = "2026-11-22T21:30:00Z";
    report.duration = std::chrono::milliseconds(1234);
    for (auto& each : judged_) report.cases.push_back(each);
    for (std::size_t i = 0; i < report.cases.size(); ++i) report.cases[i].entry = &entries_[i];
    report.problems = {"p.json: /expect/1: no case is named gone"};
    report.exit = runner::Exit::not_as_expected;
  }
  Report report;

 private:
  runner::Judged& add(runner::Entry entry, Verdict verdict) {
    entries_.push_back(std::move(entry));
    auto& judged = judged_.emplace_back();
    judged.result.id = entries_.back().id;
    judged.result.verdict = verdict;
    return judged;
  }
  std::deque<runner::Entry> entries_;
  std::deque<runner::Judged> judged_;
};

TEST(Text, IsAsItWas) {
  const Example example;
  const auto text = heading(example.report) + report::text(example.report);
  EXPECT_EQ(text, file(GOLDEN "/report.txt")) << text;
}

TEST(Text, NamesTheTargetFirst) {
  EXPECT_EQ(heading(Example().report), "pgconform 1.2.3: postgresql://me@somewhere:5432/db, profile p\n");
}

TEST(Text, FoldsTheStatusesOfALogin) {
  Example example;
  example.report.cases[1].result.conversation = {"B ParameterStatus {\"name\":\"a\"}",
                                                 "B ParameterStatus {\"name\":\"b\"}",
                                                 "B ParameterStatus {\"name\":\"c\"}", "B NoData"};
  EXPECT_THAT(text(example.report), HasSubstr("    B ParameterStatus, 3 times\n  > B NoData\n"));
}

TEST(Json, FitsItsSchema) {
  const auto schema = nlohmann::json::parse(file(DOCS "/report.schema.json"));
  const auto json = nlohmann::json::parse(report::json(Example().report));
  EXPECT_THAT(schema_errors(schema, json), IsEmpty());
}

TEST(Json, HoldsEveryCase) {
  const auto json = nlohmann::json::parse(report::json(Example().report));
  EXPECT_EQ(json["status"], 1);
  EXPECT_EQ(json["summary"]["gates"], 3);
  EXPECT_EQ(json["summary"]["fail"]["must"], 1);
  EXPECT_EQ(json["summary"]["fail"]["should"], 1);
  ASSERT_EQ(json["cases"].size(), 7U);
  EXPECT_EQ(json["cases"][1]["failures"][1]["facet"], "sqlstate");
  EXPECT_EQ(json["cases"][5]["reason"], "needs role md5");
}

TEST(SchemaCheck, FindsWhatDoesNotFit) {
  const auto schema = nlohmann::json::parse(file(DOCS "/report.schema.json"));
  auto json = nlohmann::json::parse(report::json(Example().report));
  json["cases"][0]["verdict"] = "perhaps";
  json["colour"] = "red";
  json.erase("gate");
  EXPECT_THAT(schema_errors(schema, json),
              testing::UnorderedElementsAre(HasSubstr("/cases/0/verdict"), HasSubstr("/colour"), HasSubstr("gate")));
}

TEST(Profiles, FitTheirSchema) {
  const auto schema = nlohmann::json::parse(file(DOCS "/profile.schema.json"));
  for (const auto& each : std::filesystem::directory_iterator(PROFILES))
    EXPECT_THAT(schema_errors(schema, nlohmann::json::parse(file(each.path()))), IsEmpty()) << each.path();
}

TEST(Profiles, SchemaKnowsTheCapabilities) {
  const auto schema = nlohmann::json::parse(file(DOCS "/profile.schema.json"));
  std::vector<std::string> words;
  for (const auto& word : schema["properties"]["capabilities"]["propertyNames"]["anyOf"][1]["enum"])
    words.push_back(word);
  EXPECT_THAT(words, testing::UnorderedElementsAreArray(runner::capabilities().begin(), runner::capabilities().end()));
}

TEST(Junit, CountsWhatGatesAsFailed) {
  pugi::xml_document document;
  const auto xml = junit(Example().report);
  ASSERT_TRUE(document.load_buffer(xml.data(), xml.size()));
  const auto area = document.child("testsuites").child("testsuite");
  EXPECT_STREQ(area.attribute("name").value(), "area");
  EXPECT_EQ(area.attribute("tests").as_int(), 4);
  EXPECT_EQ(area.attribute("failures").as_int(), 2);
  EXPECT_EQ(area.attribute("skipped").as_int(), 1);
  const auto other = area.next_sibling();
  EXPECT_EQ(other.attribute("errors").as_int(), 1);
  EXPECT_EQ(other.attribute("skipped").as_int(), 2);
  EXPECT_EQ(other.next_sibling().attribute("failures").as_int(), 1) << "a problem of the run";
  const auto failed = area.find_child_by_attribute("testcase", "name", "bad");
  EXPECT_STREQ(failed.attribute("classname").value(), "area/x");
  EXPECT_THAT(failed.child("failure").text().get(), HasSubstr("B NoData"));
}

TEST(Junit, IsWellFormedWhateverATargetSays) {
  EXPECT_THAT(junit(Example().report), HasSubstr("\\x01\\xff"));
}

TEST(WriteFile, ReplacesAsAWhole) {
  const auto name = std::filesystem::temp_directory_path() / ("report_test" + std::to_string(::getpid()));
  ASSERT_TRUE(write_file(name, "old, and long"));
  ASSERT_TRUE(write_file(name, "new"));
  EXPECT_EQ(file(name), "new");
  std::filesystem::remove(name);
}

TEST(WriteFile, TellsWhatIsWrong) {
  const auto written = write_file("/nowhere/at/all", "x");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error(), HasSubstr("cannot write /nowhere/at/all: No such file"));
}

}  // namespace
}  // namespace pgconform::report
