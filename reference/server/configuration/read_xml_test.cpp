#include "server/configuration/read_xml.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/configuration/test_directory.hpp"

namespace pgconform::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string error_in(std::string_view text) {
  return error_of([&] { parse_xml(text, "f.xml"); });
}

std::string nested(std::size_t depth) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += "<a>";
  for (std::size_t i = 0; i < depth; ++i) text += "</a>";
  return text;
}

TEST(ReadXml, KeepsTheLineOfEveryElement) {
  const Element root =
      parse_xml("<?xml version=\"1.0\"?>\n<!-- two\nlines -->\n<a>\n  <b\n   x='1'/>\n <c>text</c><d/>\n</a>", "f.xml");
  EXPECT_EQ(root.place.line, 4U);
  ASSERT_EQ(root.children.size(), 3U);
  EXPECT_EQ(root.children[0].place.line, 5U);
  EXPECT_EQ(root.children[1].place.line, 7U);
  EXPECT_EQ(root.children[2].place.line, 7U);
  EXPECT_EQ(to_string(root.children[2].place), "f.xml:7");
}

TEST(ReadXml, KeepsTheLineBehindAByteOrderMark) {
  EXPECT_EQ(parse_xml("\xef\xbb\xbf<a>\n<b/></a>", "f").children.at(0).place.line, 2U);
}

TEST(ReadXml, TakesTextFromCharacterDataAndCdata) {
  EXPECT_EQ(parse_xml("<a> x&lt;<![CDATA[<&>]]> </a>", "f").text, " x<<&> ");
  EXPECT_EQ(parse_xml("<a>  </a>", "f").text, "  ");
}

TEST(ReadXml, ExpandsNoEntitiesOfADocumentType) {
  EXPECT_EQ(parse_xml("<!DOCTYPE a [<!ENTITY e SYSTEM \"/etc/passwd\">]><a>&e;</a>", "f").text, "&e;");
}

TEST(ReadXml, RefusesWhatIsNotWellFormedWithItsLine) {
  EXPECT_THAT(error_in("<a>\n<b>\n</a>"), StartsWith("f.xml:3: is not well-formed XML: "));
  EXPECT_THAT(error_in("<a>"), StartsWith("f.xml:1: is not well-formed XML: "));
  EXPECT_THAT(error_in(""), StartsWith("f.xml: is not well-formed XML: "));
  EXPECT_THAT(error_in("just text"), StartsWith("f.xml:1: is not well-formed XML: "));
}

TEST(ReadXml, RefusesASecondRoot) {
  EXPECT_EQ(error_in("<a/>\n<b/>"), "f.xml:2: <b>: is a second root element, expected only <a>");
}

TEST(ReadXml, RefusesAnAttributeGivenTwice) {
  EXPECT_EQ(error_in("<a x='1' y='' x='2'/>"), "f.xml:1: <a>: has the attribute x twice");
}

TEST(ReadXml, RefusesWhatIsNotUtf8WithItsLine) {
  for (const std::string_view bad : {"<a>\n\xff</a>", "<a>\n\xc3</a>", "<a>\n\xc0\x80</a>", "<a>\n\xed\xa0\x80</a>",
                                     "<a>\n\xf4\x90\x80\x80</a>", "<a>\n\xe2\x82"}) {
    EXPECT_EQ(error_in(bad), "f.xml:2: is not UTF-8, expected an XML file in UTF-8");
  }
  EXPECT_THAT(error_in(std::string_view("<a>\0</a>", 8)), HasSubstr("is not UTF-8"));
  EXPECT_THAT(error_in(std::string_view("\xff\xfe<\0a\0/\0>\0", 10)), HasSubstr("is not UTF-8"));
  EXPECT_EQ(error_in("<a>\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80</a>"), "none");
}

TEST(ReadXml, BoundsDepth) {
  EXPECT_EQ(error_in(nested(max_depth)), "none");
  EXPECT_EQ(error_in(nested(max_depth + 1)), "f.xml:1: <a>: is nested more than 200 elements deep");
  EXPECT_THAT(error_in(nested(200'000)), HasSubstr("deep"));
}

TEST(ReadXml, BoundsTagsAndAttributes) {
  std::string many = "<a>", wide = "<a";
  for (std::size_t i = 0; i < max_tags; ++i) many += "<b/>";
  for (std::size_t i = 0; i <= max_attributes; ++i) wide += " x" + std::to_string(i) + "=''";
  EXPECT_EQ(error_in(many + "</a>"), "f.xml: has more than 500000 tags, expected a configuration file");
  EXPECT_EQ(error_in(wide + "/>"), "f.xml:1: <a>: has more than 64 attributes");
}

TEST(ReadXmlFile, BoundsSize) {
  TestDirectory directory;
  const auto file = directory.write("big.xml", "<a>" + std::string(max_file_bytes, ' ') + "</a>");
  EXPECT_EQ(directory.without_path(error_of([&] { read_xml_file(file); })),
            "big.xml: is longer than 16 MiB, expected a configuration file");
}

TEST(ReadXmlFile, NamesAFileThatCannotBeRead) {
  TestDirectory directory;
  directory.write("unreadable.xml", "<a/>");
  ::chmod((directory / "unreadable.xml").c_str(), 0);
  ASSERT_EQ(::mkfifo((directory / "pipe.xml").c_str(), 0600), 0);
  const auto error = [&](std::string_view name) {
    return directory.without_path(error_of([&] { read_xml_file(directory / name); }));
  };
  EXPECT_EQ(error("absent.xml"), "absent.xml: no such file, expected an XML configuration file");
  EXPECT_THAT(error("."), HasSubstr("is a directory"));
  EXPECT_EQ(error("pipe.xml"), "pipe.xml: is not a regular file");
  if (::geteuid() != 0) {
    EXPECT_EQ(error("unreadable.xml"), "unreadable.xml: cannot be read: Permission denied");
  }
}

TEST(ReadXmlFile, RefusesYaml) {
  TestDirectory directory;
  const auto file = directory.write("config.YAML", "logger:\n");
  EXPECT_THAT(error_of([&] { read_xml_file(file); }), HasSubstr("YAML configuration is not supported, expected XML"));
}

TEST(OverlayFiles, AreThoseOfBothDirectoriesSortedByFullPath) {
  TestDirectory directory;
  for (const std::string_view name :
       {"config.d/b.xml", "config.d/a.CONF", "conf.d/z.Xml", "conf.d/.hidden.xml", "config.d/.xml", "config.d/a.xml~",
        "config.d/readme", "config.d/sub/c.xml", "other.d/x.xml", "config.d/directory.xml/inside"}) {
    directory.write(name, "<clickhouse/>");
  }
  std::vector<std::string> found;
  for (const auto& file : overlay_files(directory / "config.xml"))
    found.push_back(directory.without_path(file.string()));
  EXPECT_THAT(found, ElementsAre("conf.d/z.Xml", "config.d/a.CONF", "config.d/b.xml"));
}

TEST(OverlayFiles, AreListedOnceWhenTheMainFileIsCalledConf) {
  TestDirectory directory;
  directory.write("conf.d/a.xml", "<clickhouse/>");
  EXPECT_EQ(overlay_files(directory / "conf.xml").size(), 1U);
}

TEST(OverlayFiles, RefuseYaml) {
  TestDirectory directory;
  directory.write("config.d/port.yml", "postgresql_port: 9005\n");
  EXPECT_THAT(error_of([&] { overlay_files(directory / "config.xml"); }), HasSubstr("port.yml: YAML"));
}

}  // namespace
}  // namespace pgconform::server
