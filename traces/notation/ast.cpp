#include "notation/ast.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgconform::notation {

std::string Error::text() const {
  std::string text = fmt::format("{}:{}:{}: {}", file, place.line, place.column, what);
  if (!expected.empty()) text += ", expected " + expected;
  return text;
}

bool is_expectation(const Item& item) {
  if (auto message = item.message()) return message->side == Side::backend;
  auto block = item.block();
  return block && std::ranges::all_of(block->items, is_expectation) &&
         std::ranges::all_of(block->alternatives,
                             [](const Alternative& a) { return std::ranges::all_of(a.items, is_expectation); });
}

}  // namespace pgconform::notation
