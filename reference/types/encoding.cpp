#include <fmt/core.h>

#include <algorithm>

#include "sqlstate/sqlstate.hpp"
#include "types/form.hpp"

namespace pgconform::types {
namespace {

// The length that a UTF-8 lead byte announces, as pg_utf_mblen counts.
std::size_t announced(unsigned char lead) {
  return lead < 0x80 ? 1 : (lead & 0xe0) == 0xc0 ? 2 : (lead & 0xf0) == 0xe0 ? 3 : (lead & 0xf8) == 0xf0 ? 4 : 1;
}

bool is_legal(std::string_view s) {
  auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  for (std::size_t i = 1; i < s.size(); ++i)
    if ((at(i) & 0xc0) != 0x80) return false;
  switch (s.size()) {
    case 1:
      return at(0) < 0x80 && at(0) != 0;
    case 2:
      return at(0) >= 0xc2;
    case 3:
      return !(at(0) == 0xe0 && at(1) < 0xa0) && !(at(0) == 0xed && at(1) > 0x9f);
    default:
      return !(at(0) == 0xf0 && at(1) < 0x90) && (at(0) < 0xf4 || (at(0) == 0xf4 && at(1) <= 0x8f));
  }
}

}  // namespace

Result<bool> check_encoding(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = announced(static_cast<unsigned char>(text[i]));
    if (i + length > text.size() || !is_legal(text.substr(i, length))) {
      std::string bytes;
      for (char c : text.substr(i, std::min<std::size_t>(length, text.size() - i)))
        bytes += fmt::format("{}0x{:02x}", bytes.empty() ? "" : " ", static_cast<unsigned char>(c));
      return std::unexpected(Failure{sqlstate::character_not_in_repertoire,
                                     fmt::format("invalid byte sequence for encoding \"UTF8\": {}", bytes),
                                     {},
                                     {}});
    }
    i += length;
  }
  return true;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::size_t byte_of_character(std::string_view text, std::size_t characters) {
  std::size_t i = 0;
  for (; i < text.size(); ++i)
    if ((text[i] & 0xc0) != 0x80 && characters-- == 0) return i;
  return i;
}

std::string_view cut_bytes(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (text[bytes] & 0xc0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

}  // namespace pgconform::types
