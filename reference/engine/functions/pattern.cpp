#include "engine/functions/pattern.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <cstring>

#include "engine/executor.hpp"
#include "engine/expr.hpp"
#include "types/form.hpp"

namespace pgconform::engine {
namespace {

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

[[noreturn]] void no_option(std::string_view letters) {
  fail(sqlstate::invalid_parameter_value, fmt::format("invalid regular expression option: \"{}\"",
                                                      letters.substr(0, types::byte_of_character(letters, 1))));
}

// take_option: false for what is none. Those of a POSIX regular expression without extensions are not known here.
bool take_option(char letter, Flags& flags) {
  switch (letter) {
    case 'i':
      flags.fold = true;
      return true;
    case 'c':
      flags.fold = false;
      return true;
    case 'q':
      flags.literal = true;
      return true;
    case 'n':
    case 'm':
      flags.anchors_at_lines = flags.stops_at_lines = true;
      return true;
    case 'p':
      flags.anchors_at_lines = false;
      flags.stops_at_lines = true;
      return true;
    case 'w':
      flags.anchors_at_lines = true;
      flags.stops_at_lines = false;
      return true;
    case 's':
      flags.anchors_at_lines = flags.stops_at_lines = false;
      return true;
    case 't':
      flags.expanded = false;
      return true;
    case 'x':
      flags.expanded = true;
      return true;
    case 'b':
    case 'e':
      refuse(fmt::format("regular expression option \"{}\"", letter));
    default:
      return false;
  }
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

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_word(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// border: of a word, at its begin or its end. RE2 knows only the border itself: what stands inside must be seen to be a
// part of a word.
std::string_view border(std::string_view pattern, std::size_t at, std::size_t size, bool is_begin) {
  const std::string_view before = pattern.substr(0, at), behind = pattern.substr(at + size);
  const bool is_seen = is_begin ? (!behind.empty() && is_word(behind[0])) || behind.starts_with("\\w")
                                : (!before.empty() && is_word(before.back()) &&
                                   !(before.size() > 1 && before[before.size() - 2] == '\\')) ||
                                      before.ends_with("\\w") || before.ends_with("\\w+");
  const bool is_optional = is_begin && behind.size() > 1 && std::string_view("*?{|").find(behind[1]) != behind.npos;
  if (!is_seen || is_optional) refuse("such a word border in a regular expression");
  return "\\b";
}

// What ARE writes differently from RE2, and what RE2 has not.
std::string translate(std::string_view pattern, const Flags& flags, Quantifiers& quantifiers) {
  std::string out;
  bool after_any = false;  // behind "."
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
    if (flags.expanded && (is_blank(c) || c == '#')) {
      if (c == '#') i = std::min(pattern.find('\n', i), pattern.size());
      continue;
    }
    after_any = c == '.';
    if (pattern.substr(i).starts_with("[[:<:]]") || pattern.substr(i).starts_with("[[:>:]]")) {
      out += border(pattern, i, 7, pattern[i + 3] == '<');
      i += 6;
    } else if (c == '[') {
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
      std::string_view bracket = pattern.substr(i, end - i + 1);
      if (flags.stops_at_lines && bracket.starts_with("[^")) {
        out += "[^\\n";
        bracket.remove_prefix(2);
        if (bracket.starts_with("]")) {
          out += '\\';
        }
      }
      out += bracket;
      i = end;
    } else if (c == '\\' && next != '\0') {
      if (next >= '1' && next <= '9') refuse("a back reference in a regular expression");
      if (next == 'm' || next == 'M')
        out += border(pattern, i, 2, next == 'm');
      else if (next == 'y' || next == 'Y')
        out += next == 'y' ? "\\b" : "\\B";
      else if (next == 'Z')
        out += "\\z";
      else
        out += c, out += next;
      ++i;
    } else if (c == '(' && next == '?') {
      if (pattern.substr(i).starts_with("(?#")) {
        i = std::min(pattern.find(')', i), pattern.size());
        continue;
      }
      if (i + 2 < pattern.size() && pattern[i + 2] != ':') refuse("looking around in a regular expression");
      out += "(?";
      ++i;
    } else {
      if (c == '|') quantifiers.add_branch();
      out += c;
    }
  }
  return out;
}

// read_prefix: a director, and options, before the expression itself.
std::string_view read_prefix(std::string_view pattern, Flags& flags) {
  if (flags.literal) return pattern;
  if (pattern.starts_with("***=")) {
    flags.literal = true;
    return pattern.substr(4);
  }
  if (pattern.starts_with("***:"))
    pattern.remove_prefix(4);
  else if (pattern.starts_with("***"))
    fail(sqlstate::invalid_regular_expression, "invalid regular expression: quantifier operand invalid");
  if (!pattern.starts_with("(?") || pattern.size() < 3 || pattern[2] < 'a' || pattern[2] > 'z') return pattern;
  std::size_t i = 2;
  for (; i < pattern.size() && pattern[i] >= 'a' && pattern[i] <= 'z'; ++i)
    if (!take_option(pattern[i], flags)) break;
  if (i == pattern.size() || pattern[i] != ')')
    fail(sqlstate::invalid_regular_expression, "invalid regular expression: invalid embedded option");
  return pattern.substr(i + 1);
}

}  // namespace

Flags read_flags(std::string_view letters, std::string_view function, bool global_allowed) {
  Flags flags;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (letters[i] == 'g') {
      if (!global_allowed)
        fail(sqlstate::invalid_parameter_value, fmt::format("{}() does not support the \"global\" option", function),
             -1, function == "regexp_match" ? "Use the regexp_matches function instead." : "");
      flags.global = true;
    } else if (!take_option(letters[i], flags)) {
      no_option(letters.substr(i));
    }
  }
  return flags;
}

Pattern::Pattern(const std::string& pattern, Flags flags, bool existence) {
  const std::string_view body = read_prefix(pattern, flags);
  RE2::Options options(RE2::Quiet);
  Quantifiers quantifiers;
  std::string translated = flags.literal ? std::string(body) : translate(body, flags, quantifiers);
  if (!existence && !quantifiers.agree()) refuse("a regular expression with such non-greedy quantifiers");
  options.set_literal(flags.literal);
  options.set_case_sensitive(!flags.fold);
  options.set_dot_nl(!flags.stops_at_lines);
  options.set_longest_match(!quantifiers.lazy() && !flags.literal);
  options.set_max_mem(1 << 18);  // the program takes a part of it: no pattern takes long to compile
  if (flags.anchors_at_lines && !flags.literal) translated = "(?m)" + translated;
  compiled_ = std::make_unique<RE2>(translated, options);
  if (compiled_->ok()) return;
  if (compiled_->error_code() == RE2::ErrorPatternTooLarge) refuse("so large a regular expression");
  fail(sqlstate::invalid_regular_expression,
       fmt::format("invalid regular expression: {}", reason(compiled_->error_code())));
}

Pattern::~Pattern() = default;

std::size_t Pattern::group_count() const {
  return static_cast<std::size_t>(compiled_->NumberOfCapturingGroups());
}

bool Pattern::match(std::string_view text, std::size_t start, Match& groups) const {
  // What the slowest way to match may take: a few seconds.
  if (static_cast<std::size_t>(compiled_->ProgramSize()) > (std::size_t{1} << 29) / (text.size() + 1))
    refuse("so large a regular expression on so long a text");
  std::vector<re2::StringPiece> pieces(group_count() + 1);
  groups.assign(pieces.size(), {});
  if (start > text.size() || !compiled_->Match(re2::StringPiece(text.data(), text.size()), start, text.size(),
                                               RE2::UNANCHORED, pieces.data(), static_cast<int>(pieces.size())))
    return false;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (!pieces[i].data()) continue;
    groups[i].begin = static_cast<std::size_t>(pieces[i].data() - text.data());
    groups[i].end = groups[i].begin + pieces[i].size();
  }
  return true;
}

std::vector<Match> find_matches(Call& call, const Pattern& pattern, std::string_view text, std::size_t start,
                                std::size_t most) {
  // Each match may look at all that is left of the text.
  constexpr std::size_t slice = 4 << 20, most_at_once = std::size_t{1} << 28;
  // What is found before a pause waits where results of volatile calls do, under the address of the call's arguments,
  // which is no expression's own.
  const auto* key = reinterpret_cast<const Expr*>(&call.expr.args);
  auto& remembered = call.context.remembered;
  std::vector<Match> matches;
  std::size_t spent = 0;
  const std::size_t size = pattern.group_count() + 1;
  if (auto waiting = remembered.find(key); waiting != remembered.end()) {
    const std::string& packed = std::get<std::string>(waiting->second);
    std::memcpy(&start, packed.data(), sizeof start);
    for (std::size_t at = sizeof start; at < packed.size(); at += size * sizeof(Span)) {
      matches.emplace_back(size);
      std::memcpy(matches.back().data(), packed.data() + at, size * sizeof(Span));
    }
    remembered.erase(waiting);
  }
  Match match;
  while (matches.size() < most && start <= text.size()) {
    spent += text.size() - start + 64;
    if (call.context.work && spent > slice) {
      std::string packed(reinterpret_cast<const char*>(&start), sizeof start);
      for (const Match& m : matches) packed.append(reinterpret_cast<const char*>(m.data()), size * sizeof(Span));
      remembered[key] = std::move(packed);
      throw Pause{};
    }
    if (spent > most_at_once && matches.size() > 1) refuse("so many matches in so long a text");
    if (!pattern.match(text, start, match)) break;
    need_memory((matches.size() + 1) * size * sizeof(Span));
    matches.push_back(match);
    start = match[0].end;
    // Behind an empty match the next one begins a character further.
    if (match[0].begin == match[0].end)
      start += start < text.size() ? types::byte_of_character(text.substr(start), 1) : 1;
  }
  return matches;
}

}  // namespace pgconform::engine
