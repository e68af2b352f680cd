#include "auth/saslprep.hpp"

#include <gtest/gtest.h>

#include "auth/test_support.hpp"

namespace pgconform::auth {
namespace {

std::string prepared(std::string_view text) {
  auto result = saslprep(Exact(text));
  if (result) return *result;
  return result.error() == SaslprepFailure::not_utf8 ? "(not UTF-8)" : "(prohibited)";
}

TEST(Saslprep, GivesTheExamplesOfRfc4013) {
  EXPECT_EQ(prepared("I\u00ADX"), "IX");
  EXPECT_EQ(prepared("user"), "user");
  EXPECT_EQ(prepared("USER"), "USER");
  EXPECT_EQ(prepared("\u00AA"), "a");
  EXPECT_EQ(prepared("\u2168"), "IX");
  EXPECT_EQ(prepared("\u06271"), "(prohibited)");  // right to left without an end
}

TEST(Saslprep, TakesAsciiAsItStands) {
  EXPECT_EQ(prepared(""), "");
  EXPECT_EQ(prepared("bell\a"), "bell\a");
  EXPECT_EQ(prepared("a b~\x7F"), "a b~\x7F");
}

TEST(Saslprep, MapsSpacesAndNothings) {
  EXPECT_EQ(prepared("a\u00A0b\u3000c\u1680d"), "a b c d");
  EXPECT_EQ(prepared("a\u200Bb"), "a b");  // in both tables: a space, as PostgreSQL has it
  EXPECT_EQ(prepared("a\uFEFFb\uFE0Fc\u2060d\u180Be\u034Ff"), "abcdef");
  EXPECT_EQ(prepared("\u00AD"), "(prohibited)");  // nothing is left
}

TEST(Saslprep, NormalizesToNfkc) {
  EXPECT_EQ(prepared("e\u0301"), "\u00E9");
  EXPECT_EQ(prepared("\uFB01\uFF21"), "fiA");
  EXPECT_EQ(prepared("\U0001D400"), "A");
  EXPECT_EQ(prepared("\uFDFA").size(), 33u);  // one character becomes eighteen
  EXPECT_EQ(prepared("p\u00E4ssw\u00F6rd"), "p\u00E4ssw\u00F6rd");
}

TEST(Saslprep, RefusesProhibitedCharacters) {
  for (auto text :
       {"\u00E9\a", "\u00E9\x7F", "\u0080", "\u2028", "\u06DD\u0627", "\uE000", "\U000F0000", "\uFDD0", "\uFFFE",
        "\uFFFD", "\u2FF0", "\u0340", "a\u0341", "\u200E", "\u202A", "\U000E0001", "\U000E0020", "\U0001D173"})
    EXPECT_EQ(prepared(text), "(prohibited)") << text;
}

TEST(Saslprep, RefusesCharactersNewerThanUnicode3Dot2) {
  EXPECT_EQ(prepared("\u0221"), "(prohibited)");
  EXPECT_EQ(prepared("\U0001F600"), "(prohibited)");
}

TEST(Saslprep, LooksAtDirectionsBeforeItNormalizes) {
  EXPECT_EQ(prepared("\u05D0\u05D1"), "\u05D0\u05D1");
  EXPECT_EQ(prepared("\u05D01\u05D1"), "\u05D01\u05D1");
  EXPECT_EQ(prepared("\u05D0a\u05D1"), "(prohibited)");
  EXPECT_EQ(prepared("1\u05D0"), "(prohibited)");
  // PostgreSQL 15 stores these two prepared, though what comes out mixes directions.
  EXPECT_EQ(prepared("\u05D0\u2100\u05D0"), "\u05D0a/c\u05D0");
  EXPECT_EQ(prepared("\u2135a"), "\u05D0a");
}

TEST(Saslprep, TakesDirectionsFromUnicode3Dot2) {
  EXPECT_EQ(prepared("\u05D0\u2800\u05D0"), "\u05D0\u2800\u05D0");  // Braille has been left to right only since 4.0
  EXPECT_EQ(prepared("\u05D0\u17B4\u05D0"), "(prohibited)");
}

TEST(Saslprep, TakesLettersThatDecomposeIntoALetterAndAMark) {
  EXPECT_EQ(prepared("\uFB2A"), "\u05E9\u05C1");
  EXPECT_EQ(prepared("\u05D0\uFE77\u05D0"), "\u05D0\u0640\u064E\u05D0");
}

TEST(Saslprep, RefusesWhatIsNotUtf8) {
  for (auto text : {"\x80", "\xC3", "\xC3(", "\xE2\x82", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                    "\xF8\x88\x80\x80\x80", "abc\xFF", "\xF0\x9F\x98"})
    EXPECT_EQ(prepared(text), "(not UTF-8)");
}

TEST(PreparedPassword, FallsBackToTheBytesThemselves) {
  EXPECT_EQ(prepared_password("I\u00ADX"), "IX");
  EXPECT_EQ(prepared_password("I\u00ADX\a"), "I\u00ADX\a");
  EXPECT_EQ(prepared_password("\xFFx"), "\xFFx");
  EXPECT_EQ(prepared_password("\u00AD"), "\u00AD");
}

}  // namespace
}  // namespace pgconform::auth
