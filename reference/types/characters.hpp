#pragma once

// Kinds of characters as the C locale has them, which PostgreSQL's input functions go by.
namespace pgconform::types {

constexpr bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// hex_digit: its value; -1 of what is none.
constexpr int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace pgconform::types
