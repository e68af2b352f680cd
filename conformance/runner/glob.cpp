#include "runner/glob.hpp"

#include <span>
#include <vector>

namespace pgconform::runner {

namespace {

using Segments = std::span<const std::string_view>;

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> list;
  for (;;) {
    const auto slash = text.find('/');
    list.push_back(text.substr(0, slash));
    if (slash == text.npos) break;
    text.remove_prefix(slash + 1);
  }
  if (list.size() > 1 && list.back().empty()) list.pop_back();  // startup/ is startup
  return list;
}

// Only the last `*` needs to be tried again: an earlier one that took less leaves no more to those behind it.
bool segment_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = pattern.npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == pattern.npos;
}

bool segments_match(Segments pattern, Segments id) {
  if (pattern.empty()) return true;
  if (pattern.front() == "**") {
    for (std::size_t skipped = 0; skipped <= id.size(); ++skipped)
      if (segments_match(pattern.subspan(1), id.subspan(skipped))) return true;
    return false;
  }
  return !id.empty() && segment_matches(pattern.front(), id.front()) &&
         segments_match(pattern.subspan(1), id.subspan(1));
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view id) {
  return !pattern.empty() && segments_match(split(pattern), split(id));
}

bool has_wildcard(std::string_view pattern) {
  return pattern.contains('*');
}

}  // namespace pgconform::runner
