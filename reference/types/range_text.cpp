#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "sqlstate/sqlstate.hpp"
#include "types/characters.hpp"
#include "types/form.hpp"
#include "types/range_sets.hpp"

// Ranges as texts: [1,5) and {[1,2),[5,6)}. rangetypes-io.
namespace pgconform::types {
namespace {

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_space(text[0])) text.remove_prefix(1);
  return text;
}

bool begins_with_empty(std::string_view text) {
  constexpr std::string_view word = "empty";
  return text.size() >= word.size() && std::ranges::equal(text.substr(0, word.size()), word, {}, [](unsigned char c) {
           return static_cast<char>(c < 0x80 ? std::tolower(c) : c);
         });
}

std::unexpected<Failure> malformed(std::string_view what, std::string_view text, std::string detail) {
  return std::unexpected(Failure{sqlstate::invalid_text_representation,
                                 fmt::format("malformed {} literal: \"{}\"", what, text),
                                 std::move(detail),
                                 {}});
}

class RangeReader {
 public:
  RangeReader(Oid element, std::string_view text, const Style& style)
      : element_(element), text_(text), rest_(without_blanks(text)), style_(style) {}

  Result<Ranges> read() {
    if (begins_with_empty(rest_)) {
      if (!without_blanks(rest_.substr(5)).empty()) return bad("Junk after \"empty\" key word.");
      return Ranges();
    }
    if (peek() != '[' && peek() != '(') return bad("Missing left parenthesis or bracket.");
    std::string from, to;
    const bool lower_inclusive = take() == '[';
    const auto has_lower = bound(from);
    if (!has_lower) return std::unexpected(has_lower.error());
    if (take() != ',') return bad("Missing comma after lower bound.");
    const auto has_upper = bound(to);
    if (!has_upper) return std::unexpected(has_upper.error());
    const char end = take();
    if (end == ',') return bad("Too many commas.");
    if (!without_blanks(rest_).empty()) return bad("Junk after right parenthesis or bracket.");
    Bound lower{{}, true, lower_inclusive}, upper{{}, false, end == ']'};
    for (auto [has, text, into] : {std::tuple(*has_lower, &from, &lower), std::tuple(*has_upper, &to, &upper)}) {
      if (!has) continue;
      auto value = parse_text(element_, *text, style_);
      if (!value) return std::unexpected(value.error());
      into->value = std::move(*value);
    }
    return make_range(element_, std::move(lower), std::move(upper));
  }

 private:
  char peek() const { return rest_.empty() ? '\0' : rest_[0]; }
  char take() {
    const char c = peek();
    rest_.remove_prefix(1);
    return c;
  }
  std::unexpected<Failure> bad(std::string detail) const { return malformed("range", text_, std::move(detail)); }

  // A bound's text, without quotes and backslashes; false if there is none. What ends it is still there.
  Result<bool> bound(std::string& into) {
    auto at_end = [&] { return peek() == ',' || peek() == ')' || peek() == ']'; };
    if (at_end()) return false;
    for (bool quoted = false; quoted || !at_end();) {
      if (rest_.empty()) return bad("Unexpected end of input.");
      const char c = take();
      if (c == '\\') {
        if (rest_.empty()) return bad("Unexpected end of input.");
        into += take();
      } else if (c == '"') {
        if (quoted && peek() == '"')
          into += take();
        else
          quoted = !quoted;
      } else {
        into += c;
      }
    }
    return true;
  }

  Oid element_;
  std::string_view text_, rest_;
  const Style& style_;
};

// The end of the range that begins here: where its closing bracket stands, which is the first that is not quoted.
std::size_t end_of_range(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && (text[i] == ']' || text[i] == ')'))
      return i;
  }
  return text.npos;
}

Result<Ranges> read_ranges(Oid element, std::string_view text, const Style& style) {
  auto bad = [&](std::string detail) { return malformed("multirange", text, std::move(detail)); };
  std::string_view rest = without_blanks(text);
  if (!rest.starts_with('{')) return bad("Missing left brace.");
  rest = without_blanks(rest.substr(1));
  Ranges all;
  for (bool first = true;; first = false) {
    if (rest.empty()) return bad("Unexpected end of input.");
    if (first && rest[0] == '}') break;
    if (begins_with_empty(rest)) {
      rest.remove_prefix(5);
    } else if (rest[0] == '[' || rest[0] == '(') {
      const auto end = end_of_range(rest);
      if (end == rest.npos) return bad("Unexpected end of input.");
      auto one = RangeReader(element, rest.substr(0, end + 1), style).read();
      if (!one) return one;
      if (!one->empty()) all.push_back(std::move(one->front()));
      if (all.size() > most_ranges) return too_many_ranges();
      rest.remove_prefix(end + 1);
    } else {
      return bad("Expected range start.");
    }
    rest = without_blanks(rest);
    if (rest.empty()) return bad("Unexpected end of input.");
    if (rest[0] == '}') break;
    if (rest[0] != ',') return bad("Expected comma or end of multirange.");
    rest = without_blanks(rest.substr(1));
  }
  if (!without_blanks(rest.substr(1)).empty()) return bad("Junk after closing right brace.");
  return normalized(element, std::move(all));
}

void print_bound(std::string& to, Oid element, const Bound& bound, const Style& style) {
  if (bound.infinite()) return;
  const std::string text = print_text(element, bound.value, style);
  const bool plain = !text.empty() && std::ranges::none_of(text, [](char c) {
    return is_space(c) || std::string_view("\"\\()[],").contains(c);
  });
  if (plain) {
    to += text;
    return;
  }
  to += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') to += c;
    to += c;
  }
  to += '"';
}

}  // namespace

Result<Value> range_from_text(Oid type, std::string_view text, const Style& style) {
  const RangeKind& kind = *range_kind(type);
  auto ranges =
      type == kind.range ? RangeReader(kind.element, text, style).read() : read_ranges(kind.element, text, style);
  if (!ranges) return std::unexpected(ranges.error());
  return pack_ranges(type, *ranges);
}

std::string range_to_text(Oid type, std::string_view held, const Style& style) {
  const RangeKind& kind = *range_kind(type);
  const Ranges ranges = unpack_ranges(type, held);
  const bool is_multi = type == kind.multirange;
  if (!is_multi && ranges.empty()) return "empty";
  std::string text;
  for (const Range& range : ranges) {
    if (is_multi) text += text.empty() ? '{' : ',';
    text += range.lower.inclusive ? '[' : '(';
    print_bound(text, kind.element, range.lower, style);
    text += ',';
    print_bound(text, kind.element, range.upper, style);
    text += range.upper.inclusive ? ']' : ')';
  }
  if (is_multi) text += text.empty() ? "{}" : "}";
  return text;
}

}  // namespace pgconform::types
