#include "runner/catalogue.hpp"

#include <gmock/gmock.h>

#include <unistd.h>

#include <fstream>

namespace pgconform::runner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view two = R"(=== first
title: The first
covers: SQ-01

F Query {"query":"SELECT 1"}
B ReadyForQuery

=== second
title: The second
needs: ext role:md5 !tls
was: old/place/second

F Sync
B ReadyForQuery
)";

std::string wrong(std::string_view text) {
  Catalogue catalogue;
  auto read = read_catalogue_file(catalogue, text, "x.case", "area/x", {"SQ-01"});
  return read ? "" : read.error();
}

Catalogue right() {
  Catalogue catalogue;
  auto read = read_catalogue_file(catalogue, two, "x.case", "area/x", {"SQ-01"});
  EXPECT_TRUE(read) << read.error();
  return catalogue;
}

TEST(Catalogue, IdIsPathAndName) {
  const auto catalogue = right();
  ASSERT_EQ(catalogue.entries.size(), 2U);
  EXPECT_EQ(catalogue.entries[0].id, "area/x/first");
  EXPECT_EQ(catalogue.entries[1].id, "area/x/second");
}

TEST(Catalogue, KeepsEachCaseAsWritten) {
  const auto catalogue = right();
  EXPECT_THAT(catalogue.entries[0].text, StartsWith("=== first\n"));
  EXPECT_THAT(catalogue.entries[0].text, testing::EndsWith("B ReadyForQuery\n"));
  EXPECT_THAT(catalogue.entries[1].text, StartsWith("=== second\n"));
}

TEST(Catalogue, RefusesFieldsAndMessagesThatDoNotExist) {
  EXPECT_EQ(wrong("=== a\ntitle: t\n\nF Sync\nB ReadyForQuery {\"state\":\"I\"}\n"),
            "x.case:5:1: ReadyForQuery has no field \"state\", expected status");
  EXPECT_THAT(wrong("=== a\ntitle: t\n\nF Query {\"sql\":\"x\"}\n"),
              StartsWith("x.case:4:1: Query has no field \"sql\", expected query"));
  EXPECT_THAT(wrong("=== a\ntitle: t\n\nF Sync\neither\nx: B NoData\ny: B Nodata\nend\n"),
              StartsWith("x.case:7:4: the backend has no message Nodata, expected one of "));
  EXPECT_EQ(
      wrong("=== a\ntitle: t\n\nF raw {\"hex\":\"00\"}\nB raw {\"hex\":{\"$re\":\"45.*\"}}\nB tls-alert 1\nB close\n"),
      "");
}

TEST(Catalogue, RefusesUnknownRequirement) {
  EXPECT_THAT(wrong("=== a\ntitle: t\ncovers: SQ-99\n\nF Sync\n"),
              testing::AllOf(HasSubstr("x.case:1: a"), HasSubstr("no requirement SQ-99")));
}

TEST(Catalogue, RefusesUnknownNeed) {
  EXPECT_THAT(wrong("=== a\ntitle: t\nneeds: teleport\n\nF Sync\n"), HasSubstr("needs teleport: expected role:NAME, "));
}

TEST(Catalogue, RefusesIdTwice) {
  auto catalogue = right();
  auto again = read_catalogue_file(catalogue, two, "y.case", "area/x", {});
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error(), HasSubstr("area/x/first is there twice"));
}

TEST(Catalogue, RefusesUnknownLevel) {
  EXPECT_THAT(wrong("=== a\ntitle: t\nlevel: perhaps\n\nF Sync\n"), HasSubstr("must, should or postgresql"));
}

TEST(Catalogue, FindsFilesBelowDirectory) {
  const auto directory = std::filesystem::temp_directory_path() / ("catalogue_test" + std::to_string(::getpid()));
  std::filesystem::create_directories(directory / "b" / "deep");
  std::ofstream(directory / "b" / "deep" / "x.case") << two;
  std::ofstream(directory / "a.case") << two;
  std::ofstream(directory / "README.md") << "no case";
  const auto catalogue = load_catalogue(directory, {});
  std::filesystem::remove_all(directory);
  ASSERT_TRUE(catalogue) << catalogue.error();
  std::vector<std::string> ids;
  for (const auto& entry : catalogue->entries) ids.push_back(entry.id);
  EXPECT_THAT(ids, ElementsAre("a/first", "a/second", "b/deep/x/first", "b/deep/x/second"));
}

TEST(Catalogue, DirectoryWithoutCasesIsAnError) {
  EXPECT_FALSE(load_catalogue("/nowhere/at/all", {}));
}

TEST(Selection, TakesEverythingUnlessToldOtherwise) {
  EXPECT_THAT(select(right(), {}).value(), ElementsAre(true, true));
  EXPECT_THAT(select(right(), {{"area/x/first"}, {}}).value(), ElementsAre(true, false));
  EXPECT_THAT(select(right(), {{}, {"**/first"}}).value(), ElementsAre(false, true));
  EXPECT_THAT(select(right(), {{"area"}, {"area/x/second"}}).value(), ElementsAre(true, false));
}

TEST(Selection, KnowsFormerIds) {
  EXPECT_THAT(select(right(), {{"old/place/second"}, {}}).value(), ElementsAre(false, true));
}

TEST(Selection, RefusesNamesOfNothing) {
  EXPECT_THAT(select(right(), {{"area", "aera/*"}, {}}).error(), HasSubstr("no case is named aera/*"));
  EXPECT_FALSE(select(right(), {{}, {"nothing"}}));
}

TEST(Selection, PatternsStandBetweenCommas) {
  EXPECT_THAT(patterns("a/*,b,,c/**"), ElementsAre("a/*", "b", "c/**"));
}

}  // namespace
}  // namespace pgconform::runner
