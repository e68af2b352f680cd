#include <array>
#include <optional>

#include "engine/expr.hpp"
#include "engine/functions/pattern.hpp"
#include "types/form.hpp"

// SIMILAR TO, and what SUBSTRING finds with such a pattern. functions-matching.
namespace pgconform::engine {
namespace {

// Parts: a pattern as regular expressions without anchors, cut at escaped double quotes.
std::vector<std::string> parts_of(std::string_view pattern, std::string_view escape) {
  std::vector<std::string> parts(1);
  bool is_escaped = false, in_bracket = false;
  while (!pattern.empty()) {
    const std::string_view c = pattern.substr(0, types::byte_of_character(pattern, 1));
    pattern.remove_prefix(c.size());
    std::string& out = parts.back();
    if (is_escaped) {
      if (c == "\"" && !in_bracket) {
        if (parts.size() == 3)
          fail(sqlstate::invalid_use_of_escape_character,
               "SQL regular expression may not contain more than two escape-double-quote separators");
        parts.emplace_back();
      } else {
        out.append("\\").append(c);
      }
      is_escaped = false;
    } else if (!escape.empty() && c == escape) {
      is_escaped = true;
    } else if (in_bracket) {
      if (c == "\\") out += '\\';
      out += c;
      in_bracket = c != "]";
    } else if (c == "%") {
      out += ".*";
    } else if (c == "_") {
      out += '.';
    } else if (c == "(") {
      out += "(?:";
    } else {
      if (c == "\\" || c == "." || c == "^" || c == "$") out += '\\';
      out += c;
      in_bracket = c == "[";
    }
  }
  return parts;
}

std::string_view escape_at(Call& c, std::size_t i) {
  if (i >= c.args.size()) return "\\";
  if (types::count_characters(c.text(i)) > 1)
    fail(sqlstate::invalid_escape_sequence, "invalid escape string", -1,
         "Escape string must be empty or one character.");
  return c.text(i);
}

Value escaped(Call& c) {
  return similar_pattern(c.text(0), escape_at(c, 1));
}

// Without separators the whole text, if it matches. Between them is what is asked for: what comes before is as short,
// and what is found as long as can be.
Value substring(Call& c) {
  const std::string& text = c.text(0);
  const auto parts = parts_of(c.text(1), escape_at(c, 2));
  Match match;
  if (parts.size() == 1) {
    const Pattern whole("^(?:" + parts[0] + ")$", {}, true);
    return whole.match(text, 0, match) ? c.args[0] : Value();
  }
  const std::string rest = parts.size() == 3 ? parts[2] : "";
  const Pattern before("^(?:" + parts[0] + ")$", {}, true), middle("^(?:" + parts[1] + ")$", {}, true),
      behind("^(?:" + rest + ")$", {}, true), both("^(?:" + parts[1] + ")(?:" + rest + ")$", {}, true);
  if (text.size() > 4000) refuse("a pattern with separators for so long a text");
  const std::string_view all = text;
  const auto next = [&](std::size_t i) {
    return i + (i < all.size() ? types::byte_of_character(all.substr(i), 1) : 1);
  };
  for (std::size_t i = 0; i <= all.size(); i = next(i)) {
    if (!before.match(all.substr(0, i), 0, match) || !both.match(all.substr(i), 0, match)) continue;
    std::optional<std::string_view> found;
    for (std::size_t j = i; j <= all.size(); j = next(j))
      if (middle.match(all.substr(i, j - i), 0, match) && behind.match(all.substr(j), 0, match))
        found = all.substr(i, j - i);
    return found ? Value(std::string(*found)) : Value();
  }
  return {};
}

}  // namespace

std::string similar_pattern(std::string_view pattern, std::string_view escape) {
  static constexpr std::array<std::string_view, 3> borders = {"", "){1,1}?(", "){1,1}(?:"};
  const auto parts = parts_of(pattern, escape);
  std::string out = "^(?:";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    out += borders[i];
    out += parts[i];
  }
  return out + ")$";
}

void add_similar(Registry& r) {
  r.add({{"similar_to_escape_1", escaped}, {"similar_to_escape_2", escaped}, {"substring(25 25 25)", substring}});
}

}  // namespace pgconform::engine
