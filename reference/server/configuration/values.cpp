#include "server/configuration/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace pgconform::server {
namespace {

// quoted gives a value for an error message, cut so that the message stays readable.
std::string quoted(std::string_view value) {
  constexpr std::size_t longest = 60;
  if (value.size() <= longest) return fmt::format("\"{}\"", value);
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xc0U) == 0x80U) --end;  // not inside a character
  return fmt::format("\"{}…\"", value.substr(0, end));
}

bool same_word(std::string_view value, std::string_view word) {
  return std::ranges::equal(value, word,
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string_view text_of(const Element& element) {
  if (!element.children.empty()) {
    throw ConfigurationError(element, fmt::format("contains <{}>, expected text only", element.children.front().name));
  }
  return element.text;
}

std::string_view word_of(const Element& element, std::string_view expected) {
  const std::string_view word = trimmed(text_of(element));
  if (word.empty()) throw ConfigurationError(element, fmt::format("is empty, expected {}", expected));
  return word;
}

bool boolean_of(const Element& element) {
  constexpr std::string_view expected = "1, 0, true, false, yes, no, on or off";
  const std::string_view word = word_of(element, expected);
  for (const std::string_view yes : {"1", "true", "yes", "on"}) {
    if (same_word(word, yes)) return true;
  }
  for (const std::string_view no : {"0", "false", "no", "off"}) {
    if (same_word(word, no)) return false;
  }
  throw ConfigurationError(element, fmt::format("{} is no boolean, expected {}", quoted(word), expected));
}

std::int64_t integer_of(const Element& element, std::int64_t low, std::int64_t high) {
  const std::string expected = fmt::format("an integer from {} to {}", low, high);
  const std::string_view word = word_of(element, expected);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size() || value < low || value > high) {
    throw ConfigurationError(element, fmt::format("{} is wrong, expected {}", quoted(word), expected));
  }
  return value;
}

std::vector<std::uint8_t> bytes_of_hex(const Element& element, std::size_t size) {
  const std::string expected = fmt::format("{} hexadecimal digits", 2 * size);
  const std::string_view word = word_of(element, expected);
  if (word.size() != 2 * size) {
    throw ConfigurationError(element, fmt::format("has {} characters, expected {}", word.size(), expected));
  }
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < word.size(); i += 2) {
    const int high = hex_digit(word[i]), low = hex_digit(word[i + 1]);
    if (high < 0 || low < 0) {
      const std::size_t bad = high < 0 ? i : i + 1;
      throw ConfigurationError(element,
                               fmt::format("character {} is no hexadecimal digit, expected {}", bad + 1, expected));
    }
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return bytes;
}

std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::vector<std::uint8_t> bytes;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text.substr(0, text.size() - padding)) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffffffU;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes.push_back(static_cast<std::uint8_t>(bits >> held));
    }
  }
  // Bits beyond the last byte must be zero, or two texts would mean the same bytes.
  if ((bits & ((1U << held) - 1)) != 0) return std::nullopt;
  return bytes;
}

const Element* only_child(const Element& parent, std::string_view name) {
  const Element* found = nullptr;
  for (const Element& child : parent.children) {
    if (child.name != name) continue;
    if (found != nullptr) {
      throw ConfigurationError(
          child, fmt::format("is given twice, expected it once; it also stands at {}", to_string(found->place)));
    }
    found = &child;
  }
  return found;
}

void check_section(const Element& section, std::span<const std::string_view> known, Warnings& warnings) {
  if (!is_blank(section.text)) {
    throw ConfigurationError(
        section, fmt::format("contains text between its elements, expected elements such as <{}>", known.front()));
  }
  for (const Element& child : section.children) {
    if (std::ranges::find(known, child.name) == known.end()) {
      warnings.add(child, fmt::format("has no meaning inside <{}> here and is ignored", section.name));
    }
  }
}

}  // namespace pgconform::server
