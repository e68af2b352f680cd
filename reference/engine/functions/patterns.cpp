#include <re2/re2.h>

#include <memory>

#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "types/array.hpp"
#include "types/form.hpp"

// Regular expressions, by RE2: its time is linear in the text whatever the pattern, which a server that answers
// strangers needs. What it cannot (back references, looking around) is refused. functions-matching, "POSIX Regular
// Expressions".
namespace pgconform::engine {
namespace {

using types::is_null;

std::string_view reason(RE2::ErrorCode code) {
  switch (code) {
    case RE2::ErrorMissingParen:
    case RE2::ErrorUnexpectedParen:
      return "parentheses () not balanced";
    case RE2::ErrorMissingBracket:
      return "brackets [] not balanced";
    case RE2::ErrorRepeatArgument:
    case RE2::ErrorRepeatOp:
      return "quantifier operand invalid";
    case RE2::ErrorRepeatSize:
      return "invalid repetition count(s)";
    case RE2::ErrorBadCharRange:
      return "invalid character range";
    case RE2::ErrorBadCharClass:
      return "invalid character class";
    default:
      return "invalid escape \\ sequence";
  }
}

struct Flags {
  bool global = false, fold = false, literal = false, lines = false;
};

Flags read_flags(std::string_view letters, std::string_view function, bool global_allowed) {
  Flags flags;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    switch (letters[i]) {
      case 'g':
        if (!global_allowed)
          fail(sqlstate::invalid_parameter_value, fmt::format("{}() does not support the \"global\" option", function),
               -1, function == "regexp_match" ? "Use the regexp_matches function instead." : "");
        flags.global = true;
        break;
      case 'i':
        flags.fold = true;
        break;
      case 'c':
        flags.fold = false;
        break;
      case 'q':
        flags.literal = true;
        break;
      case 'n':
      case 'm':
        flags.lines = true;
        break;
      case 's':
      case 't':
        flags.lines = false;
        break;
      case 'b':
      case 'e':
      case 'x':
      case 'p':
      case 'w':
        refuse(fmt::format("regular expression option \"{}\"", letters[i]));
      default:
        fail(sqlstate::invalid_parameter_value,
             fmt::format("invalid regular expression option: \"{}\"",
                         letters.substr(i, types::byte_of_character(letters.substr(i), 1))));
    }
  }
  return flags;
}

// Quantifiers: whether all of them want as much as they can get, or as little. In PostgreSQL the first one of a branch
// decides about the whole of it, and a match is the longest or the shortest; RE2 knows the longest of all, or goes from
// quantifier to quantifier. They agree where all want much, and where all want little of any character, or one does.
class Quantifiers {
 public:
  void add(bool lazy, bool of_any_character) {
    ++(lazy ? lazy_ : greedy_);
    any_ = any_ && of_any_character;
  }
  void add_branch() { branches_ = true; }
  bool lazy() const { return lazy_ > 0; }
  bool agree() const { return lazy_ == 0 || (greedy_ == 0 && !branches_ && (any_ || lazy_ == 1)); }

 private:
  int lazy_ = 0, greedy_ = 0;
  bool any_ = true, branches_ = false;
};

// bounds: the length of "{m}", "{m,}" or "{m,n}" at the start; 0 if it is something else. DUPMAX is 255.
std::size_t bounds(std::string_view text, bool& is_fixed) {
  std::size_t end = 1;
  const auto number = [&] {
    int n = -1;
    for (; end < text.size() && text[end] >= '0' && text[end] <= '9'; ++end)
      n = std::min(256, std::max(n, 0) * 10 + text[end] - '0');
    return n;
  };
  const int least = number();
  int most = least;
  is_fixed = true;
  if (end < text.size() && text[end] == ',') {
    ++end;
    is_fixed = false;
    most = number();
  }
  if (least < 0 || end >= text.size() || text[end] != '}') return 0;
  if (least > 255 || most > 255 || (most >= 0 && most < least))
    fail(sqlstate::invalid_regular_expression, "invalid regular expression: invalid repetition count(s)");
  return end + 1;
}

// What ARE writes differently from RE2, and what RE2 has not.
std::string translate(std::string_view pattern, Quantifiers& quantifiers) {
  std::string out;
  bool after_any = false;  // behind "."
  if (pattern.starts_with("***")) refuse("a regular expression director (***)");
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i], next = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    bool is_fixed = false;
    const std::size_t quantifier = c == '*' || c == '+' || c == '?' ? 1
                                   : c == '{'                       ? bounds(pattern.substr(i), is_fixed)
                                                                    : 0;
    if (quantifier > 0) {
      const bool lazy = pattern.substr(i + quantifier).starts_with('?');
      if (!is_fixed) quantifiers.add(lazy, after_any);
      out += pattern.substr(i, quantifier + (lazy ? 1 : 0));
      i += quantifier + (lazy ? 1 : 0) - 1;
      after_any = false;
      continue;
    }
    after_any = c == '.';
    if (c == '[') {
      // A bracket expression is copied, in which a backslash escapes as outside.
      std::size_t end = i + 1;
      if (end < pattern.size() && pattern[end] == '^') ++end;
      if (end < pattern.size() && pattern[end] == ']') ++end;
      while (end < pattern.size() && pattern[end] != ']') {
        if (pattern[end] == '[' && end + 1 < pattern.size() && (pattern[end + 1] == '.' || pattern[end + 1] == '='))
          refuse("a collating element in a regular expression");
        if (pattern.substr(end).starts_with("[:")) {
          if (pattern.substr(end).starts_with("[:<:]") || pattern.substr(end).starts_with("[:>:]"))
            refuse("a word border in a regular expression");
          auto close = pattern.find(":]", end + 2);
          if (close == pattern.npos) break;
          static constexpr std::string_view classes =
              " alnum alpha ascii blank cntrl digit graph lower print punct space upper xdigit word ";
          if (classes.find(fmt::format(" {} ", pattern.substr(end + 2, close - end - 2))) == classes.npos)
            fail(sqlstate::invalid_regular_expression, "invalid regular expression: invalid character class");
          end = close + 2;
        } else {
          end += pattern[end] == '\\' ? 2 : 1;
        }
      }
      end = std::min(end, pattern.size() - 1);
      out += pattern.substr(i, end - i + 1);
      i = end;
    } else if (c == '\\' && next != '\0') {
      if (next >= '1' && next <= '9') refuse("a back reference in a regular expression");
      if (next == 'm' || next == 'M') refuse("a word border in a regular expression");
      if (next == 'y' || next == 'Y')
        out += next == 'y' ? "\\b" : "\\B";
      else if (next == 'Z')
        out += "\\z";
      else
        out += c, out += next;
      ++i;
    } else if (c == '(' && next == '?') {
      if (i + 2 < pattern.size() && pattern[i + 2] != ':')
        refuse("looking around, or an embedded option, in a regular expression");
      out += "(?";
      ++i;
    } else {
      if (c == '|') quantifiers.add_branch();
      out += c;
    }
  }
  return out;
}

class Pattern {
 public:
  // Where only `existence` of a match is asked for, it is all the same how long it is.
  Pattern(const std::string& pattern, const Flags& flags, bool existence = false) {
    RE2::Options options(RE2::Quiet);
    Quantifiers quantifiers;
    std::string translated = flags.literal ? pattern : translate(pattern, quantifiers);
    if (!existence && !quantifiers.agree()) refuse("a regular expression with such non-greedy quantifiers");
    options.set_literal(flags.literal);
    options.set_case_sensitive(!flags.fold);
    options.set_dot_nl(!flags.lines);
    options.set_longest_match(!quantifiers.lazy() && !flags.literal);
    options.set_max_mem(1 << 18);  // the program takes a part of it: no pattern takes long to compile
    if (flags.lines) translated = "(?m)" + translated;
    compiled_ = std::make_unique<RE2>(translated, options);
    if (compiled_->ok()) return;
    if (compiled_->error_code() == RE2::ErrorPatternTooLarge) refuse("so large a regular expression");
    fail(sqlstate::invalid_regular_expression,
         fmt::format("invalid regular expression: {}", reason(compiled_->error_code())));
  }

  // match: the groups of the first match from `start` on; false if there is none.
  bool match(std::string_view text, std::size_t start, std::vector<re2::StringPiece>& groups) const {
    // What the slowest way to match may take: a few seconds.
    if (static_cast<std::size_t>(compiled_->ProgramSize()) > (std::size_t{1} << 29) / (text.size() + 1))
      refuse("so large a regular expression on so long a text");
    groups.assign(static_cast<std::size_t>(compiled_->NumberOfCapturingGroups()) + 1, {});
    return compiled_->Match(re2::StringPiece(text.data(), text.size()), start, text.size(), RE2::UNANCHORED,
                            groups.data(), static_cast<int>(groups.size()));
  }

 private:
  std::unique_ptr<RE2> compiled_;
};

std::string_view view(const re2::StringPiece& piece) {
  return {piece.data(), piece.size()};
}

std::size_t begin_of(std::string_view text, const re2::StringPiece& piece) {
  return static_cast<std::size_t>(piece.data() - text.data());
}

template <bool fold, bool negate>
Value matches(Call& c) {
  Flags flags;
  flags.fold = fold;
  std::vector<re2::StringPiece> groups;
  return Pattern(c.text(1), flags, true).match(c.text(0), 0, groups) != negate;
}

// Calls `each` with the groups of every match, or of the first alone.
void for_matches(const Pattern& pattern, std::string_view text, bool all, std::size_t start, auto&& each) {
  std::vector<re2::StringPiece> groups;
  while (start <= text.size() && pattern.match(text, start, groups)) {
    std::size_t begin = begin_of(text, groups[0]), end = begin + groups[0].size();
    each(groups);
    if (!all) return;
    start = end;
    // Behind an empty match the next one begins a character further.
    if (end == begin) start += end < text.size() ? types::byte_of_character(text.substr(end), 1) : 1;
  }
}

std::string substituted(std::string_view replacement, const std::vector<re2::StringPiece>& groups) {
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
        out += view(groups[group]);
      ++i;
    } else {
      if (next != '\\') out += '\\';
      out += next;
      ++i;
    }
  }
  return out;
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
  const std::string& text = c.text(0);
  std::string out;
  std::size_t done = 0;
  for_matches(Pattern(c.text(1), flags), text, flags.global, 0, [&](const auto& groups) {
    std::size_t begin = begin_of(text, groups[0]);
    out.append(text, done, begin - done);
    out += substituted(c.text(2), groups);
    need_memory(out.size());
    done = begin + groups[0].size();
  });
  return out.append(text, done);
}

// The groups of a match as text[]; the whole match if the pattern has none.
Value groups_of(const std::vector<re2::StringPiece>& groups) {
  std::vector<Value> parts;
  for (std::size_t i = groups.size() > 1 ? 1 : 0; i < groups.size(); ++i)
    parts.push_back(groups[i].data() ? Value(std::string(view(groups[i]))) : Value());
  return types::pack(types::one_dimensional(types::text_oid, std::move(parts)));
}

Flags flags_at(Call& c, std::size_t i, std::string_view function, bool global) {
  return c.args.size() > i ? read_flags(c.text(i), function, global) : Flags{};
}

Value match(Call& c) {
  Flags flags = flags_at(c, 2, "regexp_match", false);
  std::vector<re2::StringPiece> groups;
  if (!Pattern(c.text(1), flags).match(c.text(0), 0, groups)) return {};
  return groups_of(groups);
}

Value split(Call& c) {
  Flags flags = flags_at(
      c, 2, c.expr.text.find("array") != std::string::npos ? "regexp_split_to_array" : "regexp_split_to_table", false);
  const std::string& text = c.text(0);
  std::vector<Value> parts;
  std::size_t done = 0;
  for_matches(Pattern(c.text(1), flags), text, true, 0, [&](const auto& groups) {
    std::size_t begin = begin_of(text, groups[0]), end = begin + groups[0].size();
    // An empty match at either end, or right behind another match, does not split.
    if (begin == end && (begin == done || begin == text.size())) return;
    parts.emplace_back(text.substr(done, begin - done));
    done = end;
  });
  parts.emplace_back(text.substr(done));
  return types::pack(types::one_dimensional(types::text_oid, std::move(parts)));
}

Value like(Call& c) {
  Flags flags = flags_at(c, 2, "regexp_like", false);
  std::vector<re2::StringPiece> groups;
  return Pattern(c.text(1), flags, true).match(c.text(0), 0, groups);
}

Value count(Call& c) {
  if (c.args.size() > 2 && c.integer(2) <= 0)
    fail(sqlstate::invalid_parameter_value, fmt::format("invalid value for parameter \"start\": {}", c.integer(2)));
  Flags flags = flags_at(c, 3, "regexp_count", false);
  if (c.args.size() > 2 && c.integer(2) - 1 > static_cast<std::int64_t>(types::count_characters(c.text(0))))
    return std::int64_t{0};
  std::size_t start =
      c.args.size() > 2 ? types::byte_of_character(c.text(0), static_cast<std::size_t>(c.integer(2) - 1)) : 0;
  std::int64_t n = 0;
  for_matches(Pattern(c.text(1), flags), c.text(0), true, start, [&](const auto&) { ++n; });
  return n;
}

// substring(text from pattern): the first group, or all.
Value substring(Call& c) {
  std::vector<re2::StringPiece> groups;
  if (!Pattern(c.text(1), {}).match(c.text(0), 0, groups)) return {};
  const auto& part = groups[groups.size() > 1 ? 1 : 0];
  return part.data() ? Value(std::string(view(part))) : Value();
}

}  // namespace

void add_patterns(Registry& r) {
  for (std::string type : {"text", "name"}) {
    r.add(type + "regexeq", matches<false, false>);
    r.add(type + "regexne", matches<false, true>);
    r.add(type + "icregexeq", matches<true, false>);
    r.add(type + "icregexne", matches<true, true>);
  }
  r.add({{"textregexreplace_noopt", replace},
         {"textregexreplace", replace},
         {"textregexsubstr", substring},
         {"regexp_match", match},
         {"regexp_match_no_flags", match},
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
