#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>

#include "types/array.hpp"
#include "types/form.hpp"
#include "types/interval.hpp"
#include "types/json.hpp"

// What must hold of every value of every type, over random values and random bytes.
namespace pgconform::types {
namespace {

class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}
  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  std::string word() {
    static const std::string pieces[] = {"a", "Z", " ", "\"", "\\", "{", "}", ",", "NULL", "é", "\n", "😀", "7", "'"};
    std::string s;
    for (auto n = below(8); n > 0; --n) s += pieces[below(std::size(pieces))];
    return s;
  }
  std::string bytes(std::uint64_t n) {
    std::string s;
    while (n-- > 0) s += static_cast<char>(random_());
    return s;
  }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    switch (below(8)) {
      case 0:
        return low;
      case 1:
        return high;
      case 2:
        return std::clamp<std::int64_t>(0, low, high);
      default:
        return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
    }
  }
  std::string json(int depth = 0) {
    switch (below(depth > 3 ? 5 : 7)) {
      case 0:
        return "null";
      case 1:
        return below(2) != 0 ? "true" : "false";
      case 2:
        return std::to_string(between(INT64_MIN, INT64_MAX));
      case 3:
        return fmt_number();
      case 4:
        return quote_json(word());
      case 5: {
        std::string s = "[";
        for (auto n = below(4); n > 0; --n) s += (s.size() > 1 ? ", " : "") + json(depth + 1);
        return s + "]";
      }
      default: {
        std::string s = "{";
        for (auto n = below(4); n > 0; --n)
          s += (s.size() > 1 ? ", " : "") + quote_json(word()) + ": " + json(depth + 1);
        return s + "}";
      }
    }
  }
  std::string fmt_number() {
    std::string s = below(2) != 0 ? "-" : "";
    s += static_cast<char>('1' + below(9));
    for (auto n = below(30); n > 0; --n) s += static_cast<char>('0' + below(10));
    s += '.';
    for (auto n = below(30) + 1; n > 0; --n) s += static_cast<char>('0' + below(10));
    return s;
  }

  Value make(Oid type) {
    if (is_array(type) && element_of(type) != 0) return array(type);
    switch (type) {
      case bool_oid:
        return below(2) != 0;
      case int2_oid:
        return between(INT16_MIN, INT16_MAX);
      case int4_oid:
        return between(INT32_MIN, INT32_MAX);
      case int8_oid:
        return between(INT64_MIN, INT64_MAX);
      case oid_oid:
      case xid_oid:
        return between(0, UINT32_MAX);
      case float4_oid:
        return std::ldexp(static_cast<float>(between(-9999999, 9999999)), static_cast<int>(below(80)) - 40);
      case float8_oid:
        return std::ldexp(static_cast<double>(between(-999999999999, 999999999999)),
                          static_cast<int>(below(900)) - 450);
      case numeric_oid:
        return below(10) == 0 ? std::string("NaN") : below(10) == 0 ? std::string("-Infinity") : fmt_number();
      case bytea_oid:
        return bytes(below(20));
      case uuid_oid:
        return bytes(16);
      case date_oid:
        return between(-2'451'545, 2'145'031'948);
      case timestamp_oid:
      case timestamptz_oid:
        return between(-211'813'488'000'000'000, 9'223'371'331'199'999'999);
      case time_oid:
        return between(0, microseconds_per_day);
      case timetz_oid:
        return ZonedTime{between(0, microseconds_per_day), static_cast<std::int32_t>(between(-57599, 57599))};
      case interval_oid:
        return Interval{between(-9'000'000'000'000'000'000, 9'000'000'000'000'000'000),
                        static_cast<std::int32_t>(between(INT32_MIN, INT32_MAX)),
                        static_cast<std::int32_t>(between(INT32_MIN, INT32_MAX))};
      case json_oid:
        return json();
      case jsonb_oid:
        return *normalize_json(json());
      default:
        return word();
    }
  }
  Value array(Oid type) {
    Array array{element_of(type)};
    std::int64_t total = 1;
    bool vector = type == int2vector_oid || type == oidvector_oid;
    for (auto n = vector ? 1 : below(4); n > 0; --n) {
      array.dimensions.push_back(
          {static_cast<std::int32_t>(below(3) + 1), vector ? 0 : static_cast<std::int32_t>(below(5)) - 2});
      total *= array.dimensions.back().length;
    }
    if (array.dimensions.empty()) total = 0;
    for (; total > 0; --total) array.elements.push_back(!vector && below(5) == 0 ? Value() : make(array.element));
    return pack(array);
  }

 private:
  std::mt19937_64 random_;
};

const Oid single[] = {bool_oid,   int2_oid,      int4_oid,        int8_oid,       oid_oid,      float4_oid,
                      float8_oid, numeric_oid,   text_oid,        varchar_oid,    bytea_oid,    uuid_oid,
                      date_oid,   timestamp_oid, timestamptz_oid, time_oid,       timetz_oid,   interval_oid,
                      json_oid,   jsonb_oid,     xid_oid,         int2vector_oid, oidvector_oid};

std::vector<Oid> all_types() {
  std::vector<Oid> all(std::begin(single), std::end(single));
  for (Oid oid : single)
    if (oid != int2vector_oid && oid != oidvector_oid) all.push_back(array_of(oid));
  return all;
}

TEST(Values, ReadBackWhatTheyPrint) {
  Maker maker(1);
  for (Oid type : all_types())
    for (int i = 0; i < 300; ++i) {
      Value value = maker.make(type);
      Style style;
      style.intervals = static_cast<Style::Intervals>(maker.below(4));
      style.bytea_hex = maker.below(2) != 0;
      std::string text = print_text(type, value, style);
      auto back = parse_text(type, text, style);
      ASSERT_TRUE(back) << type_name(type) << " " << text << ": " << back.error().message;
      EXPECT_EQ(print_text(type, *back, style), text) << type_name(type);
      EXPECT_TRUE(*back == value) << type_name(type) << " " << text;
    }
}

TEST(Values, DecodeWhatTheyEncode) {
  Maker maker(2);
  for (Oid type : all_types())
    for (int i = 0; i < 300; ++i) {
      Value value = maker.make(type);
      std::string bytes = print_binary(type, value);
      auto back = parse_binary(type, bytes);
      ASSERT_TRUE(back) << type_name(type) << ": " << back.error().message;
      EXPECT_TRUE(*back == value) << type_name(type);
      EXPECT_EQ(print_binary(type, *back), bytes) << type_name(type);
    }
}

// Exactly sized memory, so that a sanitizer sees a byte read too far.
Result<Value> decode(Oid type, const std::string& bytes) {
  auto exact = std::make_unique<char[]>(bytes.size());
  std::memcpy(exact.get(), bytes.data(), bytes.size());
  return parse_binary(type, std::string_view(exact.get(), bytes.size()));
}

TEST(Values, SurviveSpoiledBytes) {
  Maker maker(3);
  for (Oid type : all_types())
    for (int i = 0; i < 300; ++i) {
      std::string bytes = print_binary(type, maker.make(type));
      if (!bytes.empty() && maker.below(2) != 0) bytes[maker.below(bytes.size())] = static_cast<char>(maker.below(256));
      if (!bytes.empty() && maker.below(3) == 0) bytes.resize(maker.below(bytes.size()));
      if (auto value = decode(type, bytes)) print_text(type, *value, {});
      if (auto value = decode(type, maker.bytes(maker.below(40)))) print_text(type, *value, {});
    }
}

std::string words(std::initializer_list<std::int64_t> numbers) {
  std::string s;
  for (std::int64_t n : numbers)
    for (int shift = 24; shift >= 0; shift -= 8) s += static_cast<char>(n >> shift);
  return s;
}

TEST(Arrays, BelieveNoDimensionBeforeTheElementsHaveCome) {
  struct Row {
    std::string bytes, code;
  };
  for (const Row& row :
       {Row{words({1, 0, 23, 100'000'000, 1}), "08P01"},
        Row{words({6, 0, 23, 64, 1, 64, 1, 64, 1, 64, 1, 4, 1, 1, 1}), "08P01"},
        Row{words({1, 0, 23, 134'217'728, 1}), "54000"}, Row{words({2, 0, 23, 65536, 1, 65536, 1}), "54000"},
        Row{words({1, 0, 23, -1, 1}), "54000"}, Row{words({7, 0, 23}), "54000"}, Row{words({-1, 0, 23}), "22P03"},
        Row{words({0, 2, 23}), "22P03"}, Row{words({0, 0, 25}), "42804"},
        Row{words({1, 0, 23, 1, 1, 2'000'000'000}), "22P03"}, Row{words({1, 0, 23, 1, 2'147'483'647, 4, 1}), "54000"},
        Row{words({1, 0, 23, 1, 1, 4, 1, 0}), "22P03"}}) {
    auto value = decode(array_of(int4_oid), row.bytes);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().sqlstate, row.code) << value.error().message;
  }
  EXPECT_TRUE(decode(array_of(int4_oid), words({1, 0, 23, 1, 1, -1})));  // NULL though the flag says none
  EXPECT_EQ(print_text(array_of(int4_oid), *decode(array_of(int4_oid), words({1, 0, 23, 0, 1})), {}), "{}");
}

}  // namespace
TEST(Arrays, SayWhatIsWrongWithATextAsVersion18Does) {
  const std::pair<const char*, const char*> complaints[] = {
      {"1", R"(Array value must start with "{" or dimension information.)"},
      {"[]={1}", R"("[" must introduce explicitly-specified array dimensions.)"},
      {"[1:]={1}", "Missing array dimension value."},
      {"[1={1}", R"(Missing "]" after array dimensions.)"},
      {"[1]{1}", R"(Missing "=" after array dimensions.)"},
      {"[1]=1", R"(Array contents must start with "{".)"},
      {"[2]={1}", "Specified array dimensions do not match array contents."},
      {"{{1},{1,2}}", "Multidimensional arrays must have sub-arrays with matching dimensions."},
      {"{{1},2}", "Multidimensional arrays must have sub-arrays with matching dimensions."},
      {"{1,}", R"(Unexpected "}" character.)"},
      {"{,1}", R"(Unexpected "," character.)"},
      {"{1{2}}", R"(Unexpected "{" character.)"},
      {"{\"1\"2}", "Incorrectly quoted array element."},
      {"{{1}2}", "Unexpected array element."},
      {"{1", "Unexpected end of input."},
      {"{\"1\\", "Unexpected end of input."},
      {"{1}x", "Junk after closing right brace."},
  };
  for (auto [text, complaint] : complaints) {
    auto value = array_from_text(array_of(int4_oid), text, {});
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().detail, complaint) << text;
  }
  EXPECT_TRUE(array_from_text(array_of(int4_oid), "{{},{}}", {}));
}

}  // namespace pgconform::types
