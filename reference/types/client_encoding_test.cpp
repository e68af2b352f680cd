#include "types/client_encoding.hpp"

#include <gtest/gtest.h>

namespace pgconform::types {
namespace {

const ClientEncoding& named(std::string_view name) {
  return *ClientEncoding::find(name);
}

TEST(ClientEncoding, IsFoundByAnySpellingAndAlias) {
  EXPECT_EQ(named("latin-1").name(), "LATIN1");
  EXPECT_EQ(named("ISO 8859-15").name(), "LATIN9");
  EXPECT_EQ(named("windows-1252").name(), "WIN1252");
  EXPECT_EQ(named("Unicode").name(), "UTF8");
  EXPECT_EQ(ClientEncoding::find("klingon"), nullptr);
  EXPECT_EQ(ClientEncoding::find(""), nullptr);
}

TEST(ClientEncoding, NumbersAreThoseOfPostgresql) {
  EXPECT_EQ(named("UTF8").number(), 6);
  EXPECT_EQ(named("KOI8U").number(), 34);
  EXPECT_EQ(ClientEncoding::numbered(24)->name(), "WIN1252");
  EXPECT_EQ(ClientEncoding::numbered(42), nullptr);
  EXPECT_EQ(ClientEncoding::numbered(-1), nullptr);
}

TEST(ClientEncoding, ConvertsBothWays) {
  EXPECT_EQ(named("LATIN1").to_utf8("a\xe9").value(), "aé");
  EXPECT_EQ(named("LATIN1").from_utf8("aé").value(), "a\xe9");
  EXPECT_EQ(named("WIN1252").from_utf8("€").value(), "\x80");
  EXPECT_EQ(named("KOI8R").from_utf8("я").value(), "\xd1");
}

TEST(ClientEncoding, SaysWhatCannotBeConverted) {
  auto there = named("LATIN1").from_utf8("x€");
  ASSERT_FALSE(there);
  EXPECT_EQ(there.error().sqlstate, "22P05");
  EXPECT_EQ(
      there.error().message,
      "character with byte sequence 0xe2 0x82 0xac in encoding \"UTF8\" has no equivalent in encoding \"LATIN1\"");
  auto back = named("WIN1252").to_utf8("\x81");
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().message,
            "character with byte sequence 0x81 in encoding \"WIN1252\" has no equivalent in encoding \"UTF8\"");
  EXPECT_EQ(named("LATIN1").to_utf8(std::string_view("a\0", 2)).error().sqlstate, "22021");
  EXPECT_FALSE(named("SJIS").is_supported());
}

// Everything that an encoding of one byte for a character holds comes back as it was.
TEST(ClientEncoding, GivesBackWhatItTook) {
  int supported = 0;
  for (std::int64_t n = 0; const auto* encoding = ClientEncoding::numbered(n); ++n) {
    if (!encoding->needs_conversion() || !encoding->is_supported()) continue;
    ++supported;
    for (int byte = 1; byte < 256; ++byte) {
      const std::string bytes(1, static_cast<char>(byte));
      const auto text = encoding->to_utf8(bytes);
      if (!text) continue;
      EXPECT_EQ(encoding->from_utf8(*text), bytes) << encoding->name() << ' ' << byte;
    }
  }
  EXPECT_EQ(supported, 27);
}

TEST(ClientEncoding, LeavesBrokenBinaryFormsToTheirReaders) {
  const auto& latin1 = named("LATIN1");
  for (const std::string_view broken : {std::string_view(""), std::string_view("\0\0\0\1", 4),
                                        std::string_view("\x7f\xff\xff\xff\0\0\0\0\0\0\0\x19", 12),
                                        std::string_view("\0\0\0\1\0\0\0\0\0\0\0\x19\x7f\xff\xff\xff\0\0\0\1", 20)})
    for (Oid type : {array_of(text_oid), record_oid, array_of(jsonb_oid)})
      EXPECT_EQ(binary_to_utf8(latin1, type, broken).value(), broken);
}

}  // namespace
}  // namespace pgconform::types
