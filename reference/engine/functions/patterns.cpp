#include <algorithm>

#include "engine/expr.hpp"
#include "engine/functions/pattern.hpp"
#include "types/array.hpp"
#include "types/form.hpp"

// The operators and functions of regular expressions. functions-matching, "POSIX Regular Expressions".
namespace pgconform::engine {
namespace {

template <bool fold, bool negate>
Value matches(Call& c) {
  Flags flags;
  flags.fold = fold;
  Match match;
  return Pattern(c.text(1), flags, true).match(c.text(0), 0, match) != negate;
}

std::string substituted(std::string_view replacement, std::string_view text, const Match& groups) {
  std::string out;
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    char next = i + 1 < replacement.size() ? replacement[i + 1] : '\0';
    if (replacement[i] != '\\' || next == '\0') {
      out += replacement[i];
    } else if (next == '&' || (next >= '0' && next <= '9')) {
      auto group = static_cast<std::size_t>(next == '&' ? 0 : next - '0');
      if (next == '0')
        out += "\\0";
      else if (group < groups.size())
        out += groups[group].of(text);
      ++i;
    } else {
      if (next != '\\') out += '\\';
      out += next;
      ++i;
    }
  }
  return out;
}

void check_parameter(std::string_view name, std::int64_t value, bool is_fine) {
  if (!is_fine)
    fail(sqlstate::invalid_parameter_value, fmt::format("invalid value for parameter \"{}\": {}", name, value));
}

std::int64_t parameter(Call& c, std::size_t i, std::string_view name, std::int64_t least, std::int64_t otherwise) {
  if (i >= c.args.size()) return otherwise;
  check_parameter(name, c.integer(i), c.integer(i) >= least);
  return c.integer(i);
}

// start_byte: where the character begins that `start` counts from 1; behind the text if there is none.
std::size_t start_byte(std::string_view text, std::int64_t start) {
  if (start - 1 > static_cast<std::int64_t>(types::count_characters(text))) return text.size() + 1;
  return types::byte_of_character(text, static_cast<std::size_t>(start - 1));
}

Flags flags_at(Call& c, std::size_t i, std::string_view function, bool global) {
  return c.args.size() > i ? read_flags(c.text(i), function, global) : Flags{};
}

// replaced: the matches from the `first` on, as many as there are or one.
Value replaced(Call& c, const Flags& flags, std::size_t start, std::size_t first, bool all) {
  const std::string& text = c.text(0);
  const auto found = find_matches(c, Pattern(c.text(1), flags), text, start, all ? Span::nowhere : first);
  std::string out;
  std::size_t done = 0;
  for (std::size_t i = first - 1; i < found.size(); ++i) {
    const Match& match = found[i];
    out.append(text, done, match[0].begin - done);
    out += substituted(c.text(2), text, match);
    need_memory(out.size());
    done = match[0].end;
  }
  return out.append(text, done);
}

Value replace(Call& c) {
  Flags flags;
  if (c.args.size() > 3) {
    const std::string& letters = c.text(3);
    if (!letters.empty() && letters[0] >= '0' && letters[0] <= '9')
      fail(sqlstate::invalid_parameter_value, fmt::format("invalid regular expression option: \"{}\"", letters[0]), -1,
           "If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer "
           "explicitly.");
    flags = read_flags(letters, "regexp_replace", true);
  }
  return replaced(c, flags, 0, 1, flags.global);
}

Value replace_from(Call& c) {
  const std::int64_t start = parameter(c, 3, "start", 1, 1), n = parameter(c, 4, "n", 0, 1);
  const Flags flags = flags_at(c, 5, "regexp_replace", true);
  const bool all = n == 0;
  return replaced(c, flags, start_byte(c.text(0), start), all ? 1 : static_cast<std::size_t>(n), all);
}

// The groups of a match as text[]; the whole match if the pattern has none.
Value groups_of(std::string_view text, const Match& groups) {
  std::vector<Value> parts;
  for (std::size_t i = groups.size() > 1 ? 1 : 0; i < groups.size(); ++i)
    parts.push_back(groups[i].is_none() ? Value() : Value(std::string(groups[i].of(text))));
  return types::pack(types::one_dimensional(types::text_oid, std::move(parts)));
}

Value match(Call& c) {
  const Flags flags = flags_at(c, 2, "regexp_match", false);
  Match groups;
  if (!Pattern(c.text(1), flags).match(c.text(0), 0, groups)) return {};
  return groups_of(c.text(0), groups);
}

// A set, which is answered as an array of its members.
Value all_matches(Call& c) {
  const Flags flags = flags_at(c, 2, "regexp_matches", true);
  const Pattern pattern(c.text(1), flags);
  std::vector<Value> rows;
  for (const Match& m : find_matches(c, pattern, c.text(0), 0, flags.global ? Span::nowhere : 1))
    rows.push_back(groups_of(c.text(0), m));
  return types::pack(types::one_dimensional(types::array_of(types::text_oid), std::move(rows)));
}

Value split(Call& c) {
  const Flags flags = flags_at(
      c, 2, c.expr.text.find("array") != std::string::npos ? "regexp_split_to_array" : "regexp_split_to_table", false);
  const std::string& text = c.text(0);
  std::vector<Value> parts;
  std::size_t done = 0;
  for (const Match& m : find_matches(c, Pattern(c.text(1), flags), text, 0)) {
    const auto [begin, end] = m[0];
    // An empty match at either end, or right behind another match, does not split.
    if (begin == end && (begin == done || begin == text.size())) continue;
    parts.emplace_back(text.substr(done, begin - done));
    done = end;
  }
  parts.emplace_back(text.substr(done));
  return types::pack(types::one_dimensional(types::text_oid, std::move(parts)));
}

Value like(Call& c) {
  const Flags flags = flags_at(c, 2, "regexp_like", false);
  Match groups;
  return Pattern(c.text(1), flags, true).match(c.text(0), 0, groups);
}

Value count(Call& c) {
  const std::int64_t start = parameter(c, 2, "start", 1, 1);
  const Flags flags = flags_at(c, 3, "regexp_count", false);
  const Pattern pattern(c.text(1), flags);
  return static_cast<std::int64_t>(find_matches(c, pattern, c.text(0), start_byte(c.text(0), start)).size());
}

// The n-th match, or a group of it.
Span nth(Call& c, std::int64_t start, std::int64_t n, std::int64_t group, const Flags& flags) {
  const Pattern pattern(c.text(1), flags);
  if (group > static_cast<std::int64_t>(pattern.group_count())) return {};
  const auto found = find_matches(c, pattern, c.text(0), start_byte(c.text(0), start), static_cast<std::size_t>(n));
  return static_cast<std::int64_t>(found.size()) < n ? Span{} : found.back()[static_cast<std::size_t>(group)];
}

Value position(Call& c) {
  const std::int64_t start = parameter(c, 2, "start", 1, 1), n = parameter(c, 3, "n", 1, 1);
  const std::int64_t end = parameter(c, 4, "endoption", 0, 0), group = parameter(c, 6, "subexpr", 0, 0);
  check_parameter("endoption", end, end <= 1);
  const Flags flags = flags_at(c, 5, "regexp_instr", false);
  const Span span = nth(c, start, n, group, flags);
  if (span.is_none()) return std::int64_t{0};
  const std::string_view before = std::string_view(c.text(0)).substr(0, end == 1 ? span.end : span.begin);
  return static_cast<std::int64_t>(types::count_characters(before)) + 1;
}

Value part(Call& c) {
  const std::int64_t start = parameter(c, 2, "start", 1, 1), n = parameter(c, 3, "n", 1, 1);
  const std::int64_t group = parameter(c, 5, "subexpr", 0, 0);
  const Flags flags = flags_at(c, 4, "regexp_substr", false);
  const Span span = nth(c, start, n, group, flags);
  return span.is_none() ? Value() : Value(std::string(span.of(c.text(0))));
}

// substring(text from pattern): the first group, or all.
Value substring(Call& c) {
  Match groups;
  if (!Pattern(c.text(1), {}).match(c.text(0), 0, groups)) return {};
  const Span& span = groups[groups.size() > 1 ? 1 : 0];
  return span.is_none() ? Value() : Value(std::string(span.of(c.text(0))));
}

}  // namespace

void add_patterns(Registry& r) {
  add_similar(r);
  for (std::string type : {"text", "name"}) {
    r.add(type + "regexeq", matches<false, false>);
    r.add(type + "regexne", matches<false, true>);
    r.add(type + "icregexeq", matches<true, false>);
    r.add(type + "icregexne", matches<true, true>);
  }
  for (const char* name :
       {"textregexreplace_extended", "textregexreplace_extended_no_flags", "textregexreplace_extended_no_n"})
    r.add(name, replace_from);
  for (const char* name : {"regexp_instr", "regexp_instr_no_start", "regexp_instr_no_n", "regexp_instr_no_endoption",
                           "regexp_instr_no_flags", "regexp_instr_no_subexpr"})
    r.add(name, position);
  for (const char* name : {"regexp_substr", "regexp_substr_no_start", "regexp_substr_no_n", "regexp_substr_no_flags",
                           "regexp_substr_no_subexpr"})
    r.add(name, part);
  r.add({{"textregexreplace_noopt", replace},
         {"textregexreplace", replace},
         {"textregexsubstr", substring},
         {"regexp_match", match},
         {"regexp_match_no_flags", match},
         {"regexp_matches", all_matches},
         {"regexp_matches_no_flags", all_matches},
         {"regexp_split_to_array", split},
         {"regexp_split_to_array_no_flags", split},
         {"regexp_split_to_table", split},
         {"regexp_split_to_table_no_flags", split},
         {"regexp_like", like},
         {"regexp_like_no_flags", like},
         {"regexp_count_no_start", count},
         {"regexp_count_no_flags", count},
         {"regexp_count", count}});
}

}  // namespace pgconform::engine
