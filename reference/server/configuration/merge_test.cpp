#include "server/configuration/merge.hpp"

#include <gmock/gmock.h>

#include "server/configuration/read_xml.hpp"
#include "server/configuration/test_directory.hpp"

namespace pgconform::server {
namespace {

using testing::HasSubstr;

Element merged(std::string_view base, std::string_view overlay) {
  Element root = parse_xml(std::string("<c>").append(base).append("</c>"), "base.xml");
  merge_into(root, parse_xml(std::string("<c>\n").append(overlay).append("</c>"), "overlay.xml"));
  return root;
}

std::string merged_xml(std::string_view base, std::string_view overlay) {
  const std::string xml = to_xml(merged(base, overlay));
  return xml.substr(3, xml.size() - 7);
}

TEST(Merge, NewTextReplacesOldText) {
  EXPECT_EQ(merged_xml("<a>1</a>", "<a>2</a>"), "<a>2</a>");
  EXPECT_EQ(merged_xml("<a>1</a>", "<a/>"), "<a></a>");
}

TEST(Merge, ElementsWithoutAMatchAreAppended) {
  EXPECT_EQ(merged_xml("<a>1</a>", "<b>2</b>"), "<a>1</a><b>2</b>");
}

TEST(Merge, MatchesAreMergedAllTheWayDown) {
  EXPECT_EQ(merged_xml("<a><b><x>1</x><y>2</y></b></a>", "<a>\n<b>\n<y>3</y><z>4</z></b></a>"),
            "<a><b><x>1</x><y>3</y><z>4</z></b></a>");
}

TEST(Merge, AttributesAreIdentityInAnyOrder) {
  EXPECT_EQ(merged_xml("<a x='1' y='2'>1</a>", "<a y='2' x='1'>2</a>"), "<a x='1' y='2'>2</a>");
  EXPECT_EQ(merged_xml("<a x='1'>1</a>", "<a x='2'>2</a>"), "<a x='1'>1</a><a x='2'>2</a>");
  EXPECT_EQ(merged_xml("<a x='1'>1</a>", "<a>2</a>"), "<a x='1'>1</a><a>2</a>");
}

TEST(Merge, SteeringAndSubstitutionAttributesAreNoIdentity) {
  EXPECT_EQ(merged_xml("<a>1</a>", "<a from_env='X'/>"), "<a from_env='X'></a>");
  EXPECT_EQ(merged_xml("<a incl='x' replace='1'>1</a>", "<a>2</a>"), "<a replace='1'>2</a>");
}

TEST(Merge, ContentOfTheOverlayPutsTheBasesSubstitutionOutOfUse) {
  EXPECT_EQ(merged_xml("<a from_env='X'/>", "<a>2</a>"), "<a>2</a>");
}

TEST(Merge, RemoveTakesTheMatchAway) {
  EXPECT_EQ(merged_xml("<a>1</a><b/>", "<a remove='1'/>"), "<b></b>");
  EXPECT_EQ(merged_xml("<u><p>1</p><q/></u>", "<u><p remove='remove'/></u>"), "<u><q></q></u>");
}

TEST(Merge, RemoveWithoutAMatchLeavesNothingBehind) {
  EXPECT_EQ(merged_xml("", "<a remove='1'/>"), "");
  EXPECT_EQ(merged_xml("", "<alice><password remove='1'/></alice>"), "<alice></alice>");
}

TEST(Merge, ReplacePutsTheOverlaysElementInPlace) {
  EXPECT_EQ(merged_xml("<a><x/><y/></a><b/>", "<a replace='1'><z/></a>"), "<a><z></z></a><b></b>");
}

TEST(Merge, ReplaceStaysWhereItMakesTheTextADefault) {
  EXPECT_EQ(merged_xml("<a>1</a>", "<a replace='1' from_env='X'>2</a>"), "<a replace='1' from_env='X'>2</a>");
}

TEST(Merge, ReplaceAndRemoveTogetherAreRefused) {
  for (const std::string_view overlay : {"<a replace='1' remove='1'/>", "<b replace='1' remove='1'/>"}) {
    EXPECT_THAT(error_of([&] { merged("<a/>", overlay); }), HasSubstr(": has both replace and remove"));
  }
  EXPECT_EQ(error_of([&] { merged("<a/>", "<n>\n<b replace='1' remove='1'/></n>"); }),
            "overlay.xml:3: <b>: has both replace and remove, expected at most one of them");
}

TEST(Merge, RepeatedTagsPairOneToOneAndExtrasAreAppended) {
  EXPECT_EQ(merged_xml("<h>1</h><h>2</h>", "<h>3</h>"), "<h>3</h><h>2</h>");
  EXPECT_EQ(merged_xml("<h>1</h><h>2</h><x/>", "<h>3</h><h>4</h><h>5</h>"), "<h>3</h><h>4</h><x></x><h>5</h>");
  EXPECT_EQ(merged_xml("<h>1</h><h>2</h><h>3</h>", "<h remove='1'/><h>4</h>"), "<h>4</h><h>3</h>");
}

TEST(Merge, RepeatedTagsOfOneFileDoNotPairWithEachOther) {
  EXPECT_EQ(merged_xml("", "<h>1</h><h>2</h>"), "<h>1</h><h>2</h>");
}

TEST(Merge, AChangedLeafStandsWhereTheOverlayWroteIt) {
  const Element root = merged("<a>1</a><b><c/></b>", "<a>2</a><b><d/></b>");
  EXPECT_EQ(to_string(root.children[0].place), "overlay.xml:2");
  EXPECT_EQ(to_string(root.children[1].place), "base.xml:1");
  EXPECT_EQ(to_string(root.children[1].children[1].place), "overlay.xml:2");
}

TEST(Merge, ManyRepeatedTagsTakeNoLongerThanTheyMust) {
  std::string many;
  for (int i = 0; i < 50'000; ++i) many += "<h/>";
  EXPECT_EQ(merged(many, many).children.size(), 50'000U);
}

TEST(Root, IsClickhouseOrYandex) {
  for (const std::string_view root : {"<clickhouse/>", "<yandex/>"}) {
    EXPECT_EQ(error_of([&] { with_root_checked(parse_xml(root, "f")); }), "none");
  }
  EXPECT_EQ(error_of([&] { with_root_checked(parse_xml("<config/>", "f.xml")); }),
            "f.xml:1: <config>: is no root element of a configuration, expected <clickhouse> or <yandex>");
}

}  // namespace
}  // namespace pgconform::server
