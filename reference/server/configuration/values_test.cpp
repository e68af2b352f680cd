#include "server/configuration/values.hpp"

#include <gmock/gmock.h>

#include "server/configuration/networks.hpp"
#include "server/configuration/read_xml.hpp"
#include "server/configuration/test_directory.hpp"

namespace pgconform::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

Element leaf(std::string_view text) {
  return {"e", {}, std::string(text), {}, {}};
}

TEST(OneLine, EscapesWhateverCouldBeginALine) {
  EXPECT_EQ(one_line("a\nb\r\tc\x1b[0m\x7f"), "a\\nb\\r\\tc\\x1b[0m\\x7f");
  EXPECT_EQ(one_line(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(one_line("\xc2\x85\xc2\x9b\xe2\x80\xa8"), "\\xc2\\x85\\xc2\\x9b\\xe2\\x80\\xa8");
  EXPECT_EQ(one_line("é \xc2\xa0 – €"), "é \xc2\xa0 – €");
  EXPECT_EQ(one_line("\U0010ffff"), "\U0010ffff");
}

TEST(OneLine, EscapesWhatIsNoUtf8) {
  EXPECT_EQ(one_line("\xc2"), "\\xc2");
  EXPECT_EQ(one_line("\xe2\x80"), "\\xe2\\x80");
  EXPECT_EQ(one_line("\xe2\x80x"), "\\xe2\\x80x");
  EXPECT_EQ(one_line("a\x9b\xff\xfe"), "a\\x9b\\xff\\xfe");
  EXPECT_EQ(one_line("\xc0\x8a"), "\\xc0\\x8a");                    // an overlong line feed
  EXPECT_EQ(one_line("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // half of a surrogate pair
  EXPECT_EQ(one_line("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
  EXPECT_EQ(one_line("\xf8\x88\x80\x80\x80"), "\\xf8\\x88\\x80\\x80\\x80");
}

TEST(Boolean, TakesClickHousesWordsInAnyCase) {
  for (const std::string_view yes : {"1", "true", "yes", "on", "TRUE", " Yes\n"}) EXPECT_TRUE(boolean_of(leaf(yes)));
  for (const std::string_view no : {"0", "false", "no", "off", "OFF"}) EXPECT_FALSE(boolean_of(leaf(no)));
}

TEST(Boolean, RefusesOtherWords) {
  EXPECT_EQ(error_of([] { boolean_of(leaf("maybe")); }),
            "(no file): <e>: \"maybe\" is no boolean, expected 1, 0, true, false, yes, no, on or off");
  for (const std::string_view bad : {"", "2", "tru", "truer"})
    EXPECT_NE(error_of([&] { boolean_of(leaf(bad)); }), "none");
}

TEST(Integer, HoldsItsRange) {
  EXPECT_EQ(integer_of(leaf(" 65535 "), 0, 65535), 65535);
  EXPECT_EQ(integer_of(leaf("0"), 0, 65535), 0);
  for (const std::string_view bad :
       {"65536", "-1", "", "9005x", "0x10", "1 2", "+1", "99999999999999999999", "9005.0"}) {
    EXPECT_THAT(error_of([&] { integer_of(leaf(bad), 0, 65535); }), HasSubstr("expected an integer from 0 to 65535"))
        << bad;
  }
}

TEST(Integer, DoesNotRepeatAValueOfAnyLength) {
  EXPECT_LT(error_of([] { integer_of(leaf(std::string(100'000, 'x')), 0, 1); }).size(), 200U);
}

TEST(Hex, TakesBothCasesAndNoOtherLength) {
  EXPECT_THAT(bytes_of_hex(leaf(" 00fF7a "), 3), ElementsAre(0x00, 0xff, 0x7a));
  EXPECT_EQ(error_of([] { bytes_of_hex(leaf("00ff"), 3); }),
            "(no file): <e>: has 4 characters, expected 6 hexadecimal digits");
  EXPECT_EQ(error_of([] { bytes_of_hex(leaf("00fg00"), 3); }),
            "(no file): <e>: character 4 is no hexadecimal digit, expected 6 hexadecimal digits");
}

TEST(Base64, TakesOnlyTheCanonicalForm) {
  EXPECT_THAT(from_base64(""), Optional(IsEmpty()));
  EXPECT_THAT(from_base64("c2FsdA=="), Optional(ElementsAre('s', 'a', 'l', 't')));
  EXPECT_THAT(from_base64("c2Fs"), Optional(ElementsAre('s', 'a', 'l')));
  for (const std::string_view bad : {"c2FsdA", "c2FsdB==", "c2F=dA==", "====", "c2Fs\n", "c2F*", "A===", "="}) {
    EXPECT_EQ(from_base64(bad), std::nullopt) << bad;
  }
}

TEST(Leaf, RefusesElementsInside) {
  const Element parent = parse_xml("<a>\n<b><c/></b></a>", "f.xml");
  EXPECT_EQ(error_of([&] { text_of(parent.children[0]); }), "f.xml:2: <b>: contains <c>, expected text only");
}

TEST(OnlyChild, NamesBothPlacesOfARepeatedElement) {
  const Element parent = parse_xml("<a>\n<b/>\n<b/></a>", "f.xml");
  EXPECT_EQ(error_of([&] { only_child(parent, "b"); }),
            "f.xml:3: <b>: is given twice, expected it once; it also stands at f.xml:2");
}

bool admits(std::string_view range, std::string_view peer) {
  return parse_address_range(range).value().contains(parse_ip(peer).value());
}

TEST(AddressRange, IsAnAddressACidrOrAnAddressAndAMask) {
  EXPECT_TRUE(admits("127.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(admits("127.0.0.1", "127.0.0.2"));
  EXPECT_TRUE(admits("10.0.0.0/8", "10.255.1.2"));
  EXPECT_FALSE(admits("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(admits("10.1.2.3/255.0.0.0", "10.9.9.9"));
  EXPECT_FALSE(admits("10.1.2.3/255.255.0.0", "10.9.9.9"));
  EXPECT_FALSE(admits("10.0.0.0/255.0.0.0", "2001:db8::ffff:10.0.0.1"));
  EXPECT_FALSE(admits("10.0.0.0/8", "2001:db8::ffff:10.0.0.1"));
  EXPECT_TRUE(admits("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(admits("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(admits("2001:db8::3/ffff:ffff::", "2001:db8::1"));
}

TEST(AddressRange, OfAllIpv6HoldsIpv4Too) {
  EXPECT_TRUE(admits("::/0", "192.0.2.1"));
  EXPECT_TRUE(admits("0.0.0.0/0", "192.0.2.1"));
  EXPECT_FALSE(admits("0.0.0.0/0", "::1"));
  EXPECT_TRUE(admits("::ffff:127.0.0.1", "127.0.0.1"));
}

TEST(AddressRange, RefusesWhatIsNone) {
  for (const std::string_view bad :
       {"", "localhost", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8", "::1/255.0.0.0",
        "10.0.0.0/ffff::", "[::1]", "10.0.0.0/8/8", "fe80::1%lo", "1.2.3.4 ", "10.0.0.0/99999999999"}) {
    EXPECT_EQ(parse_address_range(bad).has_value(), false) << bad;
  }
  EXPECT_FALSE(parse_ip(std::string_view("127.0.0.1\0x", 11)).has_value());
}

}  // namespace
}  // namespace pgconform::server
