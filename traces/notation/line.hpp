#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "notation/source.hpp"

// One line on its own; how lines make blocks is the parser's business.
namespace pgconform::notation {

// Line: what one line of a conversation says.
struct Line {
  enum class Kind : std::uint8_t { blank, item, any_order, repeat, either, end };
  Kind kind = Kind::blank;
  std::string label;                   // `label:` before the rest; empty: none
  std::uint32_t times = 0;             // repeat
  std::optional<std::uint32_t> retry;  // `-> retry N` behind an item or `end`
  Item item;                           // place always; the rest for Kind::item
};

// read_line: the current line of `source`, comments and all.
std::expected<Line, Error> read_line(const Source& source);

// verb_name: how a verb is written.
std::string_view verb_name(Verb::Kind kind);

// is_connection_name · is_label: the words that may name a connection (`[b]`) and an alternative (`late:`).
bool is_connection_name(std::string_view word);
bool is_label(std::string_view word);

}  // namespace pgconform::notation
