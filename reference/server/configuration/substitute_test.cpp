#include "server/configuration/substitute.hpp"

#include <gmock/gmock.h>

#include <map>

#include "server/configuration/read_xml.hpp"
#include "server/configuration/test_directory.hpp"

namespace pgconform::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Substitute : public testing::Test {
 protected:
  // substituted gives what becomes of `content`, with the file m.xml to include from.
  std::string substituted(std::string_view content) {
    Element root =
        parse_xml("<clickhouse><include_from>m.xml</include_from>\n" + std::string(content) + "</clickhouse>", "c.xml");
    directory_.write("m.xml", "<clickhouse>" + included_ + "</clickhouse>");
    warnings_ = {};
    std::filesystem::path file = "/nonexistent";
    const Environment environment = [&](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    };
    substitute(root, directory_ / "", file, environment, warnings_);
    root.children.erase(root.children.begin());
    const std::string xml = to_xml(root);
    return xml.substr(12, xml.size() - 25);
  }
  std::string error(std::string_view content) {
    return directory_.without_path(error_of([&] { substituted(content); }));
  }

  TestDirectory directory_;
  std::map<std::string, std::string> variables_ = {{"PORT", "9005"}, {"XML", "<b>&amp;</b>"}};
  std::string included_;
  Warnings warnings_;
};

TEST_F(Substitute, FromEnvTakesTheVariable) {
  EXPECT_EQ(substituted("<a><port from_env='PORT'/></a>"), "<a><port>9005</port></a>");
  EXPECT_THAT(warnings_.lines(), IsEmpty());
}

TEST_F(Substitute, FromEnvIsTextAndNeverXml) {
  EXPECT_EQ(substituted("<a from_env='XML'/>"), "<a><b>&amp;</b></a>");
}

TEST_F(Substitute, FromEnvUnsetIsEmptyWithAWarning) {
  EXPECT_EQ(substituted("<port from_env='NO'/>"), "<port></port>");
  EXPECT_THAT(warnings_.lines(), ElementsAre("c.xml:2: <port>: from_env: the environment variable NO is not set"));
}

TEST_F(Substitute, FromEnvUnsetAndOptionalIsNotThere) {
  EXPECT_EQ(substituted("<port from_env='NO' optional='true'/><x/>"), "<x></x>");
  EXPECT_THAT(warnings_.lines(), IsEmpty());
}

TEST_F(Substitute, ReplaceMakesTheTextADefault) {
  EXPECT_EQ(substituted("<p from_env='PORT' replace='1'>1</p>"), "<p>9005</p>");
  EXPECT_EQ(substituted("<p from_env='NO' replace='1'>1</p>"), "<p replace='1'>1</p>");
}

TEST_F(Substitute, FromEnvBesideOwnTextIsRefused) {
  EXPECT_THAT(error("<p from_env='PORT'>1</p>"), HasSubstr("c.xml:2: <p>: has from_env and content of its own"));
}

TEST_F(Substitute, InclTakesContentAndAttributesFromTheFile) {
  included_ = "<net x='1'><ip>::1</ip></net>";
  EXPECT_EQ(substituted("<networks incl='net'/>"), "<networks x='1'><ip>::1</ip></networks>");
  EXPECT_EQ(substituted("<networks incl='net'><ip>::2</ip></networks>"),
            "<networks x='1'><ip>::2</ip><ip>::1</ip></networks>");
  EXPECT_EQ(substituted("<networks incl='net' replace='1'><ip>::2</ip></networks>"),
            "<networks x='1'><ip>::1</ip></networks>");
}

TEST_F(Substitute, InclOfWhatIsNotThereLeavesTheElementWithAWarning) {
  EXPECT_EQ(substituted("<a incl='b'><c/></a>"), "<a><c></c></a>");
  EXPECT_THAT(warnings_.lines(), ElementsAre(HasSubstr("c.xml:2: <a>: incl: ")));
  EXPECT_EQ(substituted("<a incl='b' optional='true'><c/></a>"), "");
}

TEST_F(Substitute, IncludeIsReplacedByWhatItNames) {
  included_ = "<users><alice/><bob/></users>";
  EXPECT_EQ(substituted("<x/><include incl='users'/><y/>"), "<x></x><alice></alice><bob></bob><y></y>");
}

TEST_F(Substitute, IncludeNeedsASourceAndNoContent) {
  EXPECT_THAT(error("<include/>"), HasSubstr("c.xml:2: <include>: says not what to include"));
  EXPECT_THAT(error("<include incl='a'>x</include>"), HasSubstr("expected an empty element"));
}

TEST_F(Substitute, IncludedContentMayIncludeInTurn) {
  included_ = "<a><b incl='c'/></a><c>text</c>";
  EXPECT_EQ(substituted("<a incl='a'/>"), "<a><b>text</b></a>");
}

TEST_F(Substitute, EndlessIncludesAreRefused) {
  included_ = "<a incl='a'/><b><include incl='b'/></b><c><x incl='c'/><y incl='c'/></c>";
  for (const std::string_view content : {"<a incl='a'/>", "<include incl='b'/>", "<c incl='c'/>"}) {
    EXPECT_THAT(error(content), HasSubstr("includes itself")) << content;
  }
}

TEST_F(Substitute, IncludesThatMultiplyAreRefused) {
  for (char name = 'b'; name <= 'z'; ++name) {
    included_ += std::string("<") + name + ">";
    for (int i = 0; i < 10; ++i) included_ += std::string("<x incl='") + static_cast<char>(name - 1) + "'/>";
    included_ += std::string("</") + name + ">";
  }
  included_ += "<a>text</a>";
  EXPECT_THAT(error("<x incl='z'/>"), HasSubstr("expected includes that come to an end"));
}

TEST_F(Substitute, OneSubstitutionAnElement) {
  EXPECT_EQ(error("<a incl='b' from_env='PORT'/>"),
            "c.xml:2: <a>: has both incl and from_env, expected one substitution");
}

TEST_F(Substitute, ZooKeeperIsRefused) {
  EXPECT_THAT(error("<a><b from_zk='/x'/></a>"),
              HasSubstr("c.xml:2: <b>: has from_zk, but ZooKeeper is not supported"));
}

TEST_F(Substitute, AFileToIncludeFromMustBeThere) {
  EXPECT_THAT(error("</clickhouse>"), HasSubstr("c.xml:2: is not well-formed"));
  Element root = parse_xml("<clickhouse>\n<include_from>gone.xml</include_from></clickhouse>", "c.xml");
  std::filesystem::path file;
  EXPECT_EQ(directory_.without_path(
                error_of([&] { substitute(root, directory_ / "", file, process_environment, warnings_); })),
            "c.xml:2: <include_from>: no such file: gone.xml");
}

TEST_F(Substitute, TheFileToIncludeFromMayComeFromTheEnvironment) {
  variables_["FILE"] = "other.xml";
  directory_.write("other.xml", "<clickhouse><a>other</a></clickhouse>");
  Element root = parse_xml("<clickhouse><include_from from_env='FILE'/><a incl='a'/></clickhouse>", "c.xml");
  std::filesystem::path file;
  substitute(
      root, directory_ / "", file, [&](const std::string& name) { return std::optional(variables_.at(name)); },
      warnings_);
  EXPECT_EQ(root.children[1].text, "other");
  EXPECT_EQ(file, directory_ / "other.xml");
}

}  // namespace
}  // namespace pgconform::server
