#pragma once

#include <string>

#include "notation/ast.hpp"

// The one canonical spelling of every tree: parsing what was printed gives the tree again. Comments are not kept.
namespace pgconform::notation {

// print: the text of an item (lines ending in LF, `indent` spaces before each), a case, a trace or its header.
std::string print(const Item& item, int indent = 0);
std::string print(const Case& one);
std::string print(const Trace& trace);
std::string print(const Recorded& header);

// print_json: compact, keys in the order of the tree. Strings that are no UTF-8 (bytes belong in `{"hex":…}`) lose
// the bytes in question.
std::string print_json(const Json& value);

// print_message: `B ErrorResponse {"C":"42601"}`, without connection and time.
std::string print_message(const Message& message);

}  // namespace pgconform::notation
