#include <algorithm>
#include <optional>

#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/functions/sizes.hpp"
#include "types/form.hpp"
#include "types/numeric.hpp"

// Sizes with their units, and text with escapes for characters. functions-admin-dbsize, functions-string.
namespace pgconform::engine {
namespace {

using types::Numeric;

constexpr std::string_view units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};

// A size in the largest unit that shows it with up to five digits. From kB on, half units are counted and rounded.
Value pretty(Numeric size) {
  const auto cut = [&](std::int64_t divisor) { size = Numeric::quotient(size, Numeric(divisor), 0, false); };
  for (std::size_t i = 0;; ++i) {
    const std::int64_t limit = i == 0 ? 10 * 1024 : 20 * 1024 - 1;
    if (i + 1 == std::size(units) || Numeric::compare(size.absolute(), Numeric(limit)) < 0) {
      if (i > 0) {
        size = size + Numeric(size.is_negative() ? -1 : 1);
        if (!size.is_zero()) cut(2);
      }
      return fmt::format("{} {}", size.text(), units[i]);
    }
    cut(i == 0 ? 512 : 1024);
  }
}

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

Value bytes(Call& c) {
  std::string_view text = c.text(0);
  const auto skip_blanks = [&] {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  };
  skip_blanks();
  std::size_t end = 0;
  const auto digits = [&] {
    const std::size_t begin = end;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    return end > begin;
  };
  if (end < text.size() && (text[end] == '-' || text[end] == '+')) ++end;
  bool has_digits = digits();
  if (end < text.size() && text[end] == '.') {
    ++end;
    has_digits = digits() || has_digits;
  }
  if (!has_digits) fail(sqlstate::invalid_parameter_value, fmt::format("invalid size: \"{}\"", c.text(0)));
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    const std::size_t before = end++;
    if (end < text.size() && (text[end] == '-' || text[end] == '+')) ++end;
    if (!digits()) end = before;
  }
  Numeric number = value_or_fail(Numeric::parse(text.substr(0, end)));
  text.remove_prefix(end);
  skip_blanks();
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  if (!text.empty()) {
    const auto unit = std::ranges::find_if(units, [&](auto name) { return same_letters(name, text); });
    if (unit == std::end(units))
      fail(sqlstate::invalid_parameter_value, fmt::format("invalid size: \"{}\"", c.text(0)), -1,
           "Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".",
           fmt::format("Invalid size unit: \"{}\".", text));
    number = number * Numeric(std::int64_t{1} << 10 * (unit - std::begin(units)));
  }
  return value_or_fail(number.as_integer(INT64_MIN, INT64_MAX, "bigint"));
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// \XXXX, \+XXXXXX, \uXXXX and \UXXXXXXXX are characters; what lies beyond 16 bits may come as a surrogate pair.
Value unistr(Call& c) {
  std::string_view text = c.text(0);
  std::string out;
  char32_t first = 0;
  const auto digits = [&](std::size_t begin, std::size_t count) -> std::optional<char32_t> {
    if (text.size() < begin + count) return std::nullopt;
    char32_t value = 0;
    for (char ch : text.substr(begin, count)) {
      if (!std::isxdigit(static_cast<unsigned char>(ch))) return std::nullopt;
      value = value << 4 | static_cast<char32_t>(ch <= '9' ? ch - '0' : (ch | 0x20) - 'a' + 10);
    }
    text.remove_prefix(begin + count);
    return value;
  };
  while (!text.empty()) {
    std::optional<char32_t> read;
    if (text[0] == '\\' && !text.starts_with("\\\\")) {
      const char kind = text.size() > 1 ? text[1] : '\0';
      read = kind == '+' ? digits(2, 6) : kind == 'u' ? digits(2, 4) : kind == 'U' ? digits(2, 8) : digits(1, 4);
      if (!read)
        fail(sqlstate::syntax_error, "invalid Unicode escape", -1,
             "Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.");
      if (*read == 0 || *read > 0x10FFFF)
        fail(sqlstate::invalid_parameter_value,
             fmt::format("invalid Unicode code point: {:04X}", static_cast<std::uint32_t>(*read)));
    }
    const bool is_second = read && *read >= 0xDC00 && *read <= 0xDFFF;
    if (is_second != (first != 0)) fail(sqlstate::syntax_error, "invalid Unicode surrogate pair");
    if (is_second) {
      append_utf8(out, 0x10000 + ((first & 0x3FF) << 10) + (*read & 0x3FF));
      first = 0;
    } else if (read && *read >= 0xD800 && *read <= 0xDBFF) {
      first = *read;
    } else if (read) {
      append_utf8(out, *read);
    } else {
      out += text[0];
      text.remove_prefix(text.starts_with("\\\\") ? 2 : 1);
    }
  }
  if (first != 0) fail(sqlstate::syntax_error, "invalid Unicode surrogate pair");
  return out;
}

}  // namespace

void add_sizes(Registry& r) {
  r.add({{"pg_size_pretty", [](Call& c) { return pretty(Numeric(c.integer(0))); }},
         {"pg_size_pretty_numeric", [](Call& c) { return pretty(*Numeric::parse(c.text(0))); }},
         {"pg_size_bytes", bytes},
         {"unistr", unistr}});
}

}  // namespace pgconform::engine
