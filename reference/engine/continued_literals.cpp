#include "engine/continued_literals.hpp"

#include <algorithm>

namespace pgconform::engine {
namespace {

constexpr std::size_t most_quotes = 100;  // that are tried, as those in comments are none

// between: nothing but blanks and comments up to the end of a line; whether there is a comment.
bool is_comment(std::string_view between) {
  bool any = false, in_comment = false;
  for (std::size_t i = 0; i < between.size(); ++i) {
    const char c = between[i];
    if (in_comment) {
      in_comment = c != '\n' && c != '\r';
    } else if (between.substr(i).starts_with("--")) {
      any = in_comment = true;
    } else if (std::string_view(" \t\n\r\f").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return any && !in_comment;
}

}  // namespace

bool blank_comments(std::string& sql, std::size_t at) {
  std::size_t quote = at;
  for (std::size_t i = 0; i < most_quotes && quote > 0; ++i) {
    quote = sql.rfind('\'', quote - 1);
    if (quote == std::string::npos) return false;
    const auto begin = sql.begin() + static_cast<std::ptrdiff_t>(quote) + 1,
               end = sql.begin() + static_cast<std::ptrdiff_t>(at);
    if (!is_comment({begin, end})) continue;
    std::replace_if(begin, end, [](char c) { return c != '\n' && c != '\r'; }, ' ');
    return true;
  }
  return false;
}

}  // namespace pgconform::engine
