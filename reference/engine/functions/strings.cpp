#include <algorithm>

#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/functions/bytes.hpp"
#include "engine/functions/text_search.hpp"
#include "types/form.hpp"
#include "types/network.hpp"

// Strings, LIKE, and bytea.
namespace pgconform::engine {
namespace {

using types::byte_of_character;
using types::count_characters;

std::string join(const std::string& a, const std::string& b) {
  need_memory(a.size() + b.size());
  return a + b;
}

void append(std::string& all, std::string_view more) {
  need_memory(all.size() + more.size());
  all += more;
}

Value concatenate(Call& c) {
  return join(c.text(0), c.text(1));
}

std::string shown(Call& c, std::size_t i) {
  return types::print_text(c.expr.args[i]->type, c.args[i], c.context.style);
}

// An operand of || that is not text: cast to it, which for bool and inet is not the text form.
std::string as_text(Call& c, std::size_t i) {
  if (const auto* truth = std::get_if<bool>(&c.args[i])) return *truth ? "true" : "false";
  const Oid type = c.expr.args[i]->type;
  if (type == types::inet_oid) return types::full_text(types::unpack_network(c.text(i)));
  std::string text = shown(c, i);
  if (type == types::bpchar_oid) text.resize(text.find_last_not_of(' ') + 1);
  return text;
}

// concat and concat_ws skip NULLs; the first argument of concat_ws stands between the others.
Value concat(Call& c, std::size_t first, const std::string& separator) {
  std::string all;
  bool any = false;
  for (std::size_t i = first; i < c.args.size(); ++i) {
    if (types::is_null(c.args[i])) continue;
    if (any) append(all, separator);
    append(all, shown(c, i));
    any = true;
  }
  return all;
}

Value map_ascii(Call& c, int (*change)(int)) {
  std::string text = c.text(0);
  // PostgreSQL changes other letters according to the locale; a server in the C locale does not, and this is one.
  std::ranges::transform(text, text.begin(), [&](unsigned char ch) {
    return ch < 0x80 ? static_cast<char>(change(ch)) : static_cast<char>(ch);
  });
  return text;
}

// substring(text from start for length): counted from 1, what lies before it is empty.
Value substring(Call& c, bool bytes) {
  std::int64_t start = c.integer(1), end = INT64_MAX;
  if (c.args.size() > 2) {
    if (c.integer(2) < 0) fail(sqlstate::substring_error, "negative substring length not allowed");
    end = start + c.integer(2);
  }
  const std::string& s = c.text(0);
  auto length = static_cast<std::int64_t>(bytes ? s.size() : count_characters(s));
  start = std::clamp<std::int64_t>(start, 1, length + 1);
  end = std::clamp(end, start, length + 1);
  auto at = [&](std::int64_t i) {
    return bytes ? static_cast<std::size_t>(i) : byte_of_character(s, static_cast<std::size_t>(i));
  };
  return s.substr(at(start - 1), at(end - 1) - at(start - 1));
}

Value side(Call& c, bool left) {
  const std::string& s = c.text(0);
  auto length = static_cast<std::int64_t>(count_characters(s));
  std::int64_t n = c.integer(1);
  if (!left && n == INT32_MIN) return s;  // whose negative is itself, for text_right()
  n = std::clamp<std::int64_t>(n < 0 ? length + n : n, 0, length);
  if (left) return s.substr(0, byte_of_character(s, static_cast<std::size_t>(n)));
  return s.substr(byte_of_character(s, static_cast<std::size_t>(length - n)));
}

std::vector<std::string_view> characters(std::string_view s) {
  std::vector<std::string_view> all;
  while (!s.empty()) {
    auto n = byte_of_character(s, 1);
    all.push_back(s.substr(0, n));
    s.remove_prefix(n);
  }
  return all;
}

// last_character: where the last one of a text that is not empty begins.
std::size_t last_character(std::string_view text) {
  auto begin = text.size() - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xc0) == 0x80) --begin;
  return begin;
}

Value trim(Call& c, bool left, bool right) {
  std::string_view text = c.text(0);
  const CharacterPlaces set(c.args.size() > 1 ? characters(c.text(1)) : std::vector<std::string_view>{" "});
  auto in_set = [&](std::string_view ch) { return set.find(ch) != std::string_view::npos; };
  while (left && !text.empty()) {
    const auto size = byte_of_character(text, 1);
    if (!in_set(text.substr(0, size))) break;
    text.remove_prefix(size);
  }
  while (right && !text.empty()) {
    const auto begin = last_character(text);
    if (!in_set(text.substr(begin))) break;
    text = text.substr(0, begin);
  }
  return std::string(text);
}

Value pad(Call& c, bool left) {
  auto text = characters(c.text(0)), fill = characters(c.args.size() > 2 ? std::string_view(c.text(2)) : " ");
  auto want = static_cast<std::size_t>(std::max<std::int64_t>(c.integer(1), 0));
  need_memory(want * 4);
  std::string body, padding;
  for (std::size_t i = 0; i < std::min(want, text.size()); ++i) body += text[i];
  if (!fill.empty())
    for (std::size_t i = text.size(), j = 0; i < want; ++i, ++j) padding += fill[j % fill.size()];
  return left ? padding + body : body + padding;
}

Value position(Call& c) {
  const auto at = TextSearch(c.text(1)).find(c.text(0));
  return at == std::string::npos
             ? std::int64_t{0}
             : static_cast<std::int64_t>(count_characters(std::string_view(c.text(0)).substr(0, at))) + 1;
}

// overlay(text placing other from start for length).
Value overlay(Call& c) {
  auto start = c.integer(2);
  auto length = c.args.size() > 3 ? c.integer(3) : static_cast<std::int64_t>(count_characters(c.text(1)));
  if (start <= 0) fail(sqlstate::substring_error, "negative substring length not allowed");
  if (start + length > INT32_MAX) fail(sqlstate::numeric_value_out_of_range, "integer out of range");
  const std::string& s = c.text(0);
  auto all = static_cast<std::int64_t>(count_characters(s));
  auto head = byte_of_character(s, static_cast<std::size_t>(std::min(start - 1, all)));
  auto tail = byte_of_character(s, static_cast<std::size_t>(std::clamp<std::int64_t>(start - 1 + length, 0, all)));
  return join(s.substr(0, head), join(c.text(1), s.substr(tail)));
}

Value repeat(Call& c) {
  auto times = static_cast<std::size_t>(std::max<std::int64_t>(c.integer(1), 0));
  const std::string& s = c.text(0);
  if (!s.empty()) need_memory(times > SIZE_MAX / s.size() ? SIZE_MAX : times * s.size());
  std::string all;
  all.reserve(s.size() * times);
  for (std::size_t i = 0; i < (s.empty() ? 0 : times); ++i) all += s;
  return all;
}

Value replace(Call& c) {
  const std::string &s = c.text(0), &from = c.text(1), &to = c.text(2);
  if (from.empty()) return s;
  TextSearch search(from);
  std::string all;
  for (std::size_t begin = 0;;) {
    const auto at = search.find(s, begin);
    append(all, std::string_view(s).substr(begin, at - begin));
    if (at == s.npos) return all;
    append(all, to);
    begin = at + from.size();
  }
}

Value reverse(Call& c) {
  std::string_view text = c.text(0);
  std::string all;
  all.reserve(text.size());
  while (!text.empty()) {
    const auto begin = last_character(text);
    all += text.substr(begin);
    text = text.substr(0, begin);
  }
  return all;
}

Value chr(Call& c) {
  std::int64_t code = c.integer(0);
  if (code == 0) fail(sqlstate::program_limit_exceeded, "null character not permitted");
  if (code < 0) fail(sqlstate::invalid_parameter_value, "character number must be positive");
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
    fail(sqlstate::program_limit_exceeded, code > 0x10ffff
                                               ? fmt::format("requested character too large for encoding: {}", code)
                                               : fmt::format("requested character not valid for encoding: {}", code));
  std::string s;
  auto add = [&](std::int64_t byte) { s += static_cast<char>(byte); };
  if (code < 0x80)
    add(code);
  else if (code < 0x800)
    add(0xc0 | code >> 6), add(0x80 | (code & 63));
  else if (code < 0x10000)
    add(0xe0 | code >> 12), add(0x80 | (code >> 6 & 63)), add(0x80 | (code & 63));
  else
    add(0xf0 | code >> 18), add(0x80 | (code >> 12 & 63)), add(0x80 | (code >> 6 & 63)), add(0x80 | (code & 63));
  return s;
}

// LIKE with its two wildcards, matched with one point to come back to, so that the time is bounded by the product of
// the lengths.
bool like(std::string_view s, std::string_view p, bool fold) {
  auto same = [&](char a, char b) {
    return fold ? std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b)) : a == b;
  };
  auto next = [](std::string_view t, std::size_t i) { return i + byte_of_character(t.substr(i), 1); };
  std::size_t i = 0, j = 0, star = p.npos, resume = 0;
  while (i < s.size()) {
    if (j < p.size() && p[j] == '%') {
      star = ++j;
      resume = i;
    } else if (j < p.size() && p[j] == '_') {
      i = next(s, i), ++j;
    } else if (j < p.size() && p[j] == '\\') {
      if (j + 1 >= p.size()) fail(sqlstate::invalid_escape_sequence, "LIKE pattern must not end with escape character");
      if (same(s[i], p[j + 1]))
        ++i, j += 2;
      else if (star != p.npos)
        resume = next(s, resume), i = resume, j = star;
      else
        return false;
    } else if (j < p.size() && same(s[i], p[j])) {
      ++i, ++j;
    } else if (star != p.npos) {
      resume = next(s, resume), i = resume, j = star;
    } else {
      return false;
    }
  }
  while (j < p.size() && p[j] == '%') ++j;
  return j == p.size();
}

template <bool fold, bool negate>
Value like_operator(Call& c) {
  return like(c.text(0), c.text(1), fold) != negate;
}

// like_escape: the pattern rewritten to the escape character \.
Value like_escape(Call& c) {
  auto pattern = characters(c.text(0)), escape = characters(c.text(1));
  if (escape.size() > 1)
    fail(sqlstate::invalid_escape_sequence, "invalid escape string", -1,
         "Escape string must be empty or one character.");
  std::string result;
  bool after = false;
  for (auto ch : pattern) {
    if (!escape.empty() && ch == escape[0] && !after) {
      after = true;
      result += '\\';
    } else {
      if (ch == "\\" && !after) result += '\\';
      result += ch;
      after = false;
    }
  }
  return result;
}

Value quote_literal(Call& c) {
  std::string result = c.text(0).find('\\') != std::string::npos ? "E'" : "'";
  for (char ch : c.text(0)) {
    if (ch == '\'' || ch == '\\') result += ch;
    result += ch;
  }
  return result + "'";
}

Value to_hex(Call& c) {
  auto value = static_cast<std::uint64_t>(c.integer(0));
  if (c.expr.args[0]->type == types::int4_oid) value &= 0xffffffff;
  return fmt::format("{:x}", value);
}

Value split_part(Call& c) {
  const std::string &s = c.text(0), &separator = c.text(1);
  std::int64_t n = c.integer(2);
  if (n == 0) fail(sqlstate::invalid_parameter_value, "field position must not be zero");
  TextSearch search(separator);
  // Counted from the end, how many there are must be known first.
  if (n < 0) {
    std::int64_t parts = 1;
    for (std::size_t begin = 0; !separator.empty(); begin += separator.size(), ++parts)
      if (begin = search.find(s, begin); begin == s.npos) break;
    n += parts + 1;
  }
  for (std::size_t begin = 0; n >= 1; --n) {
    const auto at = separator.empty() ? s.npos : search.find(s, begin);
    if (n == 1) return s.substr(begin, at - begin);
    if (at == s.npos) break;
    begin = at + separator.size();
  }
  return std::string();
}

std::int64_t length(std::size_t n) {
  return static_cast<std::int64_t>(n);
}

Value bpchar_length(Call& c) {
  std::string_view s = c.text(0);
  while (s.ends_with(' ')) s.remove_suffix(1);
  return length(count_characters(s));
}

}  // namespace

void add_strings(Registry& r) {
  add_bytes(r);
  r.add({{"textcat", concatenate},
         {"byteacat", concatenate},
         {"select $1 operator(pg_catalog.||) $2::pg_catalog.text",
          [](Call& c) -> Value { return join(as_text(c, 0), as_text(c, 1)); }},
         {"select $1::pg_catalog.text operator(pg_catalog.||) $2",
          [](Call& c) -> Value { return join(as_text(c, 0), as_text(c, 1)); }},
         {"text_concat", [](Call& c) { return concat(c, 0, ""); }},
         {"text_concat_ws", [](Call& c) { return types::is_null(c.args[0]) ? Value() : concat(c, 1, c.text(0)); }},
         {"lower", [](Call& c) { return map_ascii(c, std::tolower); }},
         {"upper", [](Call& c) { return map_ascii(c, std::toupper); }},
         {"textlen", [](Call& c) -> Value { return length(count_characters(c.text(0))); }},
         {"bpcharlen", bpchar_length},
         {"textoctetlen", [](Call& c) -> Value { return length(c.text(0).size()); }},
         {"bpcharoctetlen", [](Call& c) -> Value { return length(c.text(0).size()); }},
         {"byteaoctetlen", [](Call& c) -> Value { return length(c.text(0).size()); }},
         {"bit_length(17)", [](Call& c) -> Value { return length(c.text(0).size() * 8); }},
         {"bit_length(25)", [](Call& c) -> Value { return length(c.text(0).size() * 8); }},
         {"text_substr", [](Call& c) { return substring(c, false); }},
         {"text_substr_no_len", [](Call& c) { return substring(c, false); }},
         {"bytea_substr", [](Call& c) { return substring(c, true); }},
         {"bytea_substr_no_len", [](Call& c) { return substring(c, true); }},
         {"text_left", [](Call& c) { return side(c, true); }},
         {"text_right", [](Call& c) { return side(c, false); }},
         {"btrim", [](Call& c) { return trim(c, true, true); }},
         {"btrim1", [](Call& c) { return trim(c, true, true); }},
         {"ltrim", [](Call& c) { return trim(c, true, false); }},
         {"ltrim1", [](Call& c) { return trim(c, true, false); }},
         {"rtrim", [](Call& c) { return trim(c, false, true); }},
         {"lpad", [](Call& c) { return pad(c, true); }},
         {"rpad", [](Call& c) { return pad(c, false); }},
         {"lpad(25 23)", [](Call& c) { return pad(c, true); }},
         {"rpad(25 23)", [](Call& c) { return pad(c, false); }},
         {"textpos", position},
         {"textoverlay", overlay},
         {"textoverlay_no_len", overlay},
         {"repeat", repeat},
         {"replace_text", replace},
         {"text_reverse", reverse},
         {"chr", chr},
         {"to_hex32", to_hex},
         {"to_hex64", to_hex},
         {"split_part", split_part},
         {"text_starts_with", [](Call& c) -> Value { return c.text(0).starts_with(c.text(1)); }},
         {"quote_literal", quote_literal},
         {"like_escape", like_escape},
         {"textlike", like_operator<false, false>},
         {"textnlike", like_operator<false, true>},
         {"namelike", like_operator<false, false>},
         {"namenlike", like_operator<false, true>},
         {"texticlike", like_operator<true, false>},
         {"texticnlike", like_operator<true, true>},
         {"nameiclike", like_operator<true, false>},
         {"nameicnlike", like_operator<true, true>}});
}

}  // namespace pgconform::engine
