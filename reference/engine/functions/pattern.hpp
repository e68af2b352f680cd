#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/functions.hpp"

namespace re2 {
class RE2;
}

// Regular expressions, by RE2: its time is linear in the text whatever the pattern, which a server that answers
// strangers needs. What it cannot (back references, looking around) is refused. functions-matching, "POSIX Regular
// Expressions".
namespace pgconform::engine {

// Flags: the options of a regular expression.
struct Flags {
  bool global = false, fold = false, literal = false, expanded = false;
  bool anchors_at_lines = false;  // ^ and $
  bool stops_at_lines = false;    // . and [^…]
};

// read_flags: 22023 for what is no option, or for g where it is not `global_allowed`.
Flags read_flags(std::string_view letters, std::string_view function, bool global_allowed);

// Span: a part of a text, in bytes; of a group that took no part in the match it is none.
struct Span {
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);
  std::size_t begin = nowhere, end = nowhere;
  bool is_none() const { return begin == nowhere; }
  std::string_view of(std::string_view text) const { return is_none() ? "" : text.substr(begin, end - begin); }
};

// Match: the whole and the groups.
using Match = std::vector<Span>;

class Pattern {
 public:
  // Where only `existence` of a match is asked for, it is all the same how long it is. 2201B for what is no pattern.
  Pattern(const std::string& pattern, Flags flags, bool existence = false);
  ~Pattern();
  std::size_t group_count() const;
  // match: the first match from `start` on; false if there is none.
  bool match(std::string_view text, std::size_t start, Match& groups) const;

 private:
  std::unique_ptr<re2::RE2> compiled_;
};

// find_matches: all matches from `start` on, or the first so many. Where it takes long, it pauses the call's run, and
// goes on with what it has found.
std::vector<Match> find_matches(Call& call, const Pattern& pattern, std::string_view text, std::size_t start,
                                std::size_t most = static_cast<std::size_t>(-1));

// similar_pattern: the regular expression for one of SIMILAR TO. `escape` is empty where nothing escapes.
std::string similar_pattern(std::string_view pattern, std::string_view escape);

// add_similar: SIMILAR TO and substring(… SIMILAR …). Called by add_patterns().
void add_similar(Registry& registry);

}  // namespace pgconform::engine
