#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>

#include "types/form.hpp"

// What the tests of text and binary forms share.
namespace pgconform::types {

inline std::string hex(std::string_view bytes) {
  std::string s;
  for (unsigned char c : bytes) s += "0123456789abcdef"[c >> 4], s += "0123456789abcdef"[c & 15];
  return s;
}

// Sample: a type, a text to read, the text and the bytes (in hex) to be written; all read off PostgreSQL 15.
struct Sample {
  Oid type;
  const char *in, *out, *binary;
};

inline void expect_forms(std::span<const Sample> samples) {
  Style style;
  for (const auto& s : samples) {
    auto value = parse_text(s.type, s.in, style);
    ASSERT_TRUE(value) << s.in << ": " << value.error().message;
    EXPECT_EQ(print_text(s.type, *value, style), s.out);
    EXPECT_EQ(hex(print_binary(s.type, *value)), s.binary) << s.in;
    auto back = parse_binary(s.type, print_binary(s.type, *value));
    ASSERT_TRUE(back) << s.in << ": " << back.error().message;
    EXPECT_EQ(*back, *value) << s.in;
  }
}

}  // namespace pgconform::types
