#include <string>

#include "types/numeric.hpp"
#include "types/samples_test.hpp"

namespace pgconform::types {
namespace {

const Sample samples[] = {
    {bool_oid, " YE ", "t", "01"},
    {bool_oid, "of", "f", "00"},
    {int2_oid, "-1", "-1", "ffff"},
    {int4_oid, " +7 ", "7", "00000007"},
    {int8_oid, "-9223372036854775808", "-9223372036854775808", "8000000000000000"},
    {oid_oid, "-1", "4294967295", "ffffffff"},
    {float4_oid, "1.1", "1.1", "3f8ccccd"},
    {float4_oid, "16777216", "1.6777216e+07", "4b800000"},
    {float8_oid, "0.30000000000000004", "0.30000000000000004", "3fd3333333333334"},
    {float8_oid, "123456789012345", "123456789012345", "42dc12218377de40"},
    {float8_oid, "1e15", "1e+15", "430c6bf526340000"},
    {float8_oid, "0.00001", "1e-05", "3ee4f8b588e368f1"},
    {float8_oid, "-0", "-0", "8000000000000000"},
    {float8_oid, "inf", "Infinity", "7ff0000000000000"},
    {numeric_oid, "123.456", "123.456", "0002000000000003007b11d0"},
    {numeric_oid, "0.00", "0.00", "0000000000000002"},
    {numeric_oid, "-1", "-1", "00010000400000000001"},
    {numeric_oid, "1e-4", "0.0001", "0001ffff000000040001"},
    {numeric_oid, "10000", "10000", "00010001000000000001"},
    {numeric_oid, "NaN", "NaN", "00000000c0000000"},
    {numeric_oid, "-inf", "-Infinity", "00000000f0000020"},
    {text_oid, "é", "é", "c3a9"},
    {char_oid, "", "", "00"},
    {bytea_oid, "\\x00FF10", "\\x00ff10", "00ff10"},
    {bytea_oid, "a\\000\\\\", "\\x61005c", "61005c"},
    {uuid_oid, "{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
     "a0eebc999c0b4ef8bb6d6bb9bd380a11"},
    {date_oid, "1999-12-31", "1999-12-31", "ffffffff"},
    {date_oid, "March 15, 44 BC", "0044-03-15 BC", "fff49d7b"},
    {date_oid, "1/8/1999", "1999-01-08", "fffffe9a"},
    {date_oid, "infinity", "infinity", "7fffffff"},
    {timestamp_oid, "2024-02-29T12:34:56.5", "2024-02-29 12:34:56.5", "0002b583416e1d20"},
    {timestamptz_oid, "2024-02-29 12:34:56.5+02", "2024-02-29 10:34:56.5+00", "0002b5819446d520"},
};

TEST(Forms, AreThoseOfPostgresql) {
  expect_forms(samples);
}

TEST(Forms, RefuseWhatPostgresqlRefuses) {
  struct Row {
    Oid type;
    const char *text, *code;
  };
  for (const Row& row :
       {Row{bool_oid, "o", "22P02"}, Row{int2_oid, "32768", "22003"}, Row{int4_oid, "1.5", "22P02"},
        Row{int4_oid, "", "22P02"}, Row{oid_oid, "4294967296", "22003"}, Row{float8_oid, "1e400", "22003"},
        Row{float8_oid, "1e-400", "22003"}, Row{numeric_oid, "1e200000", "22003"}, Row{numeric_oid, "1_0", "22P02"},
        Row{bytea_oid, "\\x0", "22023"}, Row{bytea_oid, "\\1", "22P02"}, Row{uuid_oid, "a0ee", "22P02"},
        Row{date_oid, "2023-02-29", "22008"}, Row{date_oid, "x", "22007"},
        Row{timestamp_oid, "2023-01-01 25:00", "22008"}}) {
    auto value = parse_text(row.type, row.text, {});
    ASSERT_FALSE(value) << row.text;
    EXPECT_EQ(value.error().sqlstate, row.code) << row.text << " " << value.error().message;
  }
}

TEST(Forms, RefuseBinaryValuesOfTheWrongLength) {
  EXPECT_EQ(parse_binary(int4_oid, std::string(3, '\0')).error().sqlstate, "08P01");
  EXPECT_EQ(parse_binary(int4_oid, std::string(5, '\0')).error().sqlstate, "22P03");
  EXPECT_EQ(parse_binary(text_oid, "\xff").error().sqlstate, "22021");
}

// As live servers answer: what comes first is looked at before what is missing or too much behind it.
TEST(Forms, LookAtEachFieldOfABinaryValueInItsTurn) {
  const std::string late(8, '\x7f'), number("\0\1\0\0\0\0\0\0\x7f\xff", 10);
  auto said = [](Oid type, const std::string& bytes) { return parse_binary(type, bytes).error().message; };
  EXPECT_EQ(said(date_oid, "\x7f\xff\xff\xfe" + late), "date out of range");
  EXPECT_EQ(said(timestamp_oid, std::string("\x7f\xff\xff\xff\xff\xff\xff\xfe") + "x"), "timestamp out of range");
  EXPECT_EQ(said(time_oid, late + "x"), "time out of range");
  EXPECT_EQ(said(timetz_oid, late), "time out of range");
  EXPECT_EQ(said(timetz_oid, std::string(8, '\0')), "insufficient data left in message");
  EXPECT_EQ(said(timetz_oid, std::string(8, '\0') + late), "time zone displacement out of range");
  EXPECT_EQ(said(numeric_oid, number + "x"), "invalid digit in external \"numeric\" value");
  EXPECT_EQ(said(numeric_oid, number.substr(0, 8)), "insufficient data left in message");
  EXPECT_EQ(said(numeric_oid, std::string("\0\0\0\0\1\0", 6)), "invalid sign in external \"numeric\" value");
  EXPECT_EQ(said(name_oid, std::string(70, '\xff')), "invalid byte sequence for encoding \"UTF8\": 0xff");
}

// The numbers of types that are not built in differ from server to server, so PostgreSQL does not insist on them.
TEST(Forms, TakeAnArrayWhoseElementsNobodyKnows) {
  const std::string head("\0\0\0\0\0\0\0\0", 8);
  EXPECT_TRUE(parse_binary(1007, head + std::string("\0\0\x40\0", 4)));
  EXPECT_EQ(parse_binary(1007, head + std::string("\0\0\0\x14", 4)).error().sqlstate, "42804");
}

TEST(Encoding, NamesTheBytesThatAreNotUtf8) {
  EXPECT_TRUE(check_encoding("aé€😀"));
  EXPECT_EQ(check_encoding("a\xc3").error().message, "invalid byte sequence for encoding \"UTF8\": 0xc3");
  EXPECT_EQ(check_encoding("\xed\xa0\x80").error().message,
            "invalid byte sequence for encoding \"UTF8\": 0xed 0xa0 0x80");
  EXPECT_FALSE(check_encoding(std::string_view("\0", 1)));
}

std::string number(const char* a, char op, const char* b) {
  Numeric x = *Numeric::parse(a), y = *Numeric::parse(b);
  switch (op) {
    case '+':
      return (x + y).text();
    case '-':
      return (x - y).text();
    case '*':
      return (x * y).text();
    case '/':
      return Numeric::divide(x, y)->text();
    default:
      return Numeric::remainder(x, y)->text();
  }
}

TEST(Numeric, CalculatesAsPostgresqlDoes) {
  EXPECT_EQ(number("1.10", '+', "-0.1"), "1.00");
  EXPECT_EQ(number("9999.9999", '+', "0.0001"), "10000.0000");
  EXPECT_EQ(number("10000", '-', "0.0001"), "9999.9999");
  EXPECT_EQ(number("12345678901234567890", '*', "98765.4321"), "1219326311248285321112635.2690");
  EXPECT_EQ(number("1", '/', "3"), "0.33333333333333333333");
  EXPECT_EQ(number("10", '/', "4"), "2.5000000000000000");
  EXPECT_EQ(number("1", '/', "30000"), "0.000033333333333333333333");
  EXPECT_EQ(number("123456789012345678901234567890", '/', "987654321"), "124999998873437499902");
  EXPECT_EQ(number("-7.5", '%', "2"), "-1.5");
}

TEST(Numeric, RoundsHalfAwayFromZero) {
  EXPECT_EQ(Numeric::parse("2.5")->rounded(0).text(), "3");
  EXPECT_EQ(Numeric::parse("-2.45")->rounded(1).text(), "-2.5");
  EXPECT_EQ(Numeric::parse("9999.99995")->rounded(4).text(), "10000.0000");
  EXPECT_EQ(Numeric::parse("0.5")->rounded(0).text(), "1");
  EXPECT_EQ(Numeric::parse("0.4")->rounded(0).text(), "0");
  EXPECT_EQ(Numeric::parse("555")->rounded(-2).text(), "600");
  EXPECT_EQ(Numeric::parse("555")->rounded(-4).text(), "0");
  EXPECT_EQ(Numeric::parse("5550")->rounded(-4).text(), "10000");
  EXPECT_EQ(Numeric::parse("-0.00019")->truncated(4).text(), "-0.0001");
}

TEST(Zones, ShiftWhatIsShown) {
  Style style;
  style.zone = Zone::find("europe/berlin");
  ASSERT_TRUE(style.zone);
  EXPECT_EQ(style.zone->name(), "Europe/Berlin");
  auto summer = parse_text(timestamptz_oid, "2024-07-01 12:00", style);
  EXPECT_EQ(print_text(timestamptz_oid, *summer, style), "2024-07-01 12:00:00+02");
  EXPECT_EQ(print_text(timestamptz_oid, *summer, {}), "2024-07-01 10:00:00+00");
  style.dates = Style::Dates::postgres;
  EXPECT_EQ(print_text(timestamptz_oid, *summer, style), "Mon Jul 01 12:00:00 2024 CEST");
  EXPECT_FALSE(Zone::find("Europe/Atlantis"));
}

TEST(Modifiers, CutOnACastAndRefuseOnAnAssignment) {
  EXPECT_EQ(std::get<std::string>(*apply_modifier(varchar_oid, "äbc", 6, true)), "äb");
  EXPECT_EQ(apply_modifier(varchar_oid, "abc", 6, false).error().sqlstate, "22001");
  EXPECT_EQ(std::get<std::string>(*apply_modifier(varchar_oid, "ab  ", 6, false)), "ab");
  EXPECT_EQ(std::get<std::string>(*apply_modifier(bpchar_oid, "ä", 7, false)), "ä  ");
  EXPECT_EQ(std::get<std::string>(*apply_modifier(numeric_oid, "1.005", 655366, false)), "1.01");
  EXPECT_EQ(apply_modifier(numeric_oid, "100000000", 655366, false).error().sqlstate, "22003");
  EXPECT_EQ(type_name(numeric_oid, 655366), "numeric(10,2)");
}

}  // namespace
}  // namespace pgconform::types
