#include <algorithm>
#include <nlohmann/json.hpp>

#include "types/json.hpp"
#include "types/numeric.hpp"

// Finding one's way in JSON that is known to be valid: nothing is copied but keys.
namespace pgconform::types {
namespace {

std::string_view trimmed(std::string_view s) {
  auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  return s;
}

// Where the item that begins at `i` ends: at a comma, colon or closing bracket of its own level.
std::size_t end_of(std::string_view s, std::size_t i) {
  int depth = 0;
  for (; i < s.size(); ++i) {
    char c = s[i];
    if (c == '"') {
      for (++i; s[i] != '"'; ++i)
        if (s[i] == '\\') ++i;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth-- == 0) return i;
    } else if ((c == ',' || c == ':') && depth == 0) {
      return i;
    }
  }
  return i;
}

std::string decoded(std::string_view quoted) {
  return nlohmann::json::parse(quoted).get<std::string>();
}

int rank(std::string_view kind) {
  static constexpr std::string_view order[] = {"null", "string", "number", "boolean", "array", "object"};
  return static_cast<int>(std::ranges::find(order, kind) - std::begin(order));
}

}  // namespace

std::string_view json_kind(std::string_view json) {
  switch (trimmed(json).front()) {
    case '{':
      return "object";
    case '[':
      return "array";
    case '"':
      return "string";
    case 't':
    case 'f':
      return "boolean";
    case 'n':
      return "null";
    default:
      return "number";
  }
}

std::vector<std::string_view> json_elements(std::string_view array) {
  std::vector<std::string_view> all;
  std::string_view s = trimmed(array);
  for (std::size_t i = 1; i < s.size();) {
    auto end = end_of(s, i);
    auto item = trimmed(s.substr(i, end - i));
    if (!item.empty()) all.push_back(item);
    i = end + 1;
  }
  return all;
}

std::vector<JsonMember> json_members(std::string_view object) {
  std::vector<JsonMember> all;
  std::string_view s = trimmed(object);
  for (std::size_t i = 1; i < s.size();) {
    auto colon = end_of(s, i);
    auto key = trimmed(s.substr(i, colon - i));
    if (key.empty()) break;
    auto end = end_of(s, colon + 1);
    all.push_back({decoded(key), trimmed(s.substr(colon + 1, end - colon - 1))});
    i = end + 1;
  }
  return all;
}

std::optional<std::string> json_text(std::string_view json) {
  std::string_view kind = json_kind(json);
  if (kind == "null") return std::nullopt;
  return kind == "string" ? decoded(trimmed(json)) : std::string(json);
}

int compare_jsonb(std::string_view a, std::string_view b) {
  std::string_view x = json_kind(a), y = json_kind(b);
  auto sign = [](auto n, auto m) { return n < m ? -1 : static_cast<int>(n > m); };
  if (x != y) {
    // An empty array is less than everything.
    if (a == "[]" || b == "[]") return a == "[]" ? -1 : 1;
    return sign(rank(x), rank(y));
  }
  if (x == "string") return sign(decoded(a).compare(decoded(b)), 0);
  if (x == "number") return Numeric::compare(*Numeric::parse(a), *Numeric::parse(b));
  if (x == "boolean") return sign(a == "true", b == "true");
  if (x == "array") {
    auto these = json_elements(a), those = json_elements(b);
    if (these.size() != those.size()) return sign(these.size(), those.size());
    for (std::size_t i = 0; i < these.size(); ++i)
      if (int order = compare_jsonb(these[i], those[i]); order != 0) return order;
    return 0;
  }
  if (x == "object") {
    auto these = json_members(a), those = json_members(b);
    if (these.size() != those.size()) return sign(these.size(), those.size());
    for (std::size_t i = 0; i < these.size(); ++i) {
      if (these[i].key != those[i].key) {
        if (these[i].key.size() != those[i].key.size()) return sign(these[i].key.size(), those[i].key.size());
        return sign(these[i].key.compare(those[i].key), 0);
      }
      if (int order = compare_jsonb(these[i].value, those[i].value); order != 0) return order;
    }
  }
  return 0;
}

}  // namespace pgconform::types
