#include "types/packed.hpp"

#include <random>
#include <string>

#include "types/bits.hpp"
#include "types/geometry.hpp"
#include "types/mac.hpp"
#include "types/money.hpp"
#include "types/network.hpp"
#include "types/samples_test.hpp"
#include "types/system_values.hpp"
#include "types/type.hpp"

namespace pgconform::types {
namespace {

const Sample samples[] = {
    {bit_oid, "101", "101", "00000003a0"},
    {varbit_oid, "1010101011", "1010101011", "0000000aaac0"},
    {varbit_oid, "X1f", "00011111", "000000081f"},
    {varbit_oid, "", "", "00000000"},
    {inet_oid, "192.168.0.1", "192.168.0.1", "02200004c0a80001"},
    {inet_oid, "10.1/16", "10.1.0.0/16", "021000040a010000"},
    {cidr_oid, "192.168.0.0/16", "192.168.0.0/16", "02100104c0a80000"},
    {inet_oid, "::1", "::1", "0380001000000000000000000000000000000001"},
    {cidr_oid, "2001:db8::/32", "2001:db8::/32", "0320011020010db8000000000000000000000000"},
    {3904, "[1,5]", "[1,6)",
     "02000000040000000100000004"
     "00000006"},
    {3904, "empty", "empty", "01"},
    {3904, "(,6)", "(,6)", "080000000400000006"},
    {3906, "(1.5,]", "(1.5,)",
     "100000000c0002000000000001000113"
     "88"},
    {3908, "[,2020-01-01 10:00]", "(,\"2020-01-01 10:00:00\"]", "0c0000000800023e0fe886c800"},
    {3912, "[2020-01-01,infinity]", "[2020-01-01,infinity]", "060000000400001c89000000047fffffff"},
    {4451, "{[1,2),[5,6)}", "{[1,2),[5,6)}",
     "00000002"
     "00000011"
     "0200000004000000010000000400000002"
     "00000011"
     "0200000004000000050000000400000006"},
    {4532, "{}", "{}", "00000000"},
    {money_oid, "$1,234.50", "$1,234.50", "000000000001e23a"},
    {tid_oid, "(1,2)", "(1,2)", "000000010002"},
    {pg_lsn_oid, "16/B374D848", "16/B374D848", "00000016b374d848"},
    {xid8_oid, "18446744073709551615", "18446744073709551615", "ffffffffffffffff"},
    {cid_oid, "1", "1", "00000001"},
    {point_oid, "(1,2)", "(1,2)", "3ff00000000000004000000000000000"},
    {box_oid, "(1,2),(3,4)", "(3,4),(1,2)",
     "4008000000000000401000000000000"
     "03ff00000000000004000000000000000"},
    {circle_oid, "<(1,2),3>", "<(1,2),3>", "3ff000000000000040000000000000004008000000000000"},
    {line_oid, "{1,2,3}", "{1,2,3}", "3ff000000000000040000000000000004008000000000000"},
    {path_oid, "[(1,2)]", "[(1,2)]", "00000000013ff00000000000004000000000000000"},
    {path_oid, "((1,2))", "((1,2))", "01000000013ff00000000000004000000000000000"},
    {polygon_oid, "((1,2))", "((1,2))", "000000013ff00000000000004000000000000000"},
    {macaddr_oid, "8:0:2b:1:2:3", "08:00:2b:01:02:03", "08002b010203"},
    {macaddr8_oid, "08:00:2b:01:02:03", "08:00:2b:ff:fe:01:02:03", "08002bfffe010203"},
};

TEST(Packed, FormsAreThoseOfPostgresql) {
  expect_forms(samples);
}

// What is taken as a value can be printed in both forms, and comes back the same.
void expect_whole(Oid type, const Value& value) {
  Style style;
  auto again = parse_binary(type, print_binary(type, value));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, value);
  auto read = parse_text(type, print_text(type, value, style), style);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(print_text(type, *read, style), print_text(type, value, style));
}

// Cut anywhere, with a byte more, with a byte changed: refused, or a value like any other.
TEST(Packed, DamagedFormsAreRefusedOrWhole) {
  Style style;
  std::mt19937 random(1);
  for (const auto& s : samples) {
    const std::string whole = print_binary(s.type, *parse_text(s.type, s.in, style));
    // Six bytes are a macaddr8 too.
    for (std::size_t n = 0; n < whole.size(); ++n) {
      const bool is_short_mac = s.type == macaddr8_oid && n == 6;
      EXPECT_EQ(parse_binary(s.type, whole.substr(0, n)).has_value(), is_short_mac) << s.in << n;
    }
    EXPECT_FALSE(parse_binary(s.type, whole + '\0')) << s.in;
    for (int i = 0; i < 300 && !whole.empty(); ++i) {
      std::string damaged = whole;
      damaged[random() % damaged.size()] = static_cast<char>(random());
      if (auto value = parse_binary(s.type, damaged)) expect_whole(s.type, *value);
      std::string text = s.in;
      if (!text.empty()) text[random() % text.size()] = "0 ,:.-/)([]{}\"x1e"[random() % 17];
      if (auto value = parse_text(s.type, text, style)) expect_whole(s.type, *value);
    }
  }
}

}  // namespace
}  // namespace pgconform::types
