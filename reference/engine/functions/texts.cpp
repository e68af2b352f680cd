#include <openssl/md5.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>

#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/functions/sizes.hpp"
#include "engine/functions/text_search.hpp"
#include "engine/quoting.hpp"
#include "types/form.hpp"

// More functions on strings: digests, encodings, quoting, format(). functions-string, functions-binarystring.
namespace pgconform::engine {
namespace {

using types::is_null;

std::string hex(std::string_view bytes) {
  std::string text;
  for (unsigned char c : bytes) text += "0123456789abcdef"[c >> 4], text += "0123456789abcdef"[c & 15];
  return text;
}

const unsigned char* data(const std::string& s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}

Value md5(Call& c) {
  std::string digest(MD5_DIGEST_LENGTH, '\0');
  MD5(data(c.text(0)), c.text(0).size(), reinterpret_cast<unsigned char*>(digest.data()));
  return hex(digest);
}

template <auto function, std::size_t length>
Value sha(Call& c) {
  std::string digest(length, '\0');
  function(data(c.text(0)), c.text(0).size(), reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string lower(std::string_view s) {
  std::string r(s);
  std::ranges::transform(r, r.begin(), [](unsigned char c) { return std::tolower(c); });
  return r;
}

constexpr std::string_view base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string to_base64(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0, column = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t j = 0; j < 3; ++j)
      word = word << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0);
    if (column == 76) text += '\n', column = 0;
    for (std::size_t j = 0; j < 4; ++j) text += j <= bytes.size() - i ? base64[word >> (18 - 6 * j) & 63] : '=';
    column += 4;
  }
  return text;
}

std::string from_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t word = 0;
  int digits = 0, ends = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char ch = text[i];
    if (ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r') continue;
    std::size_t value = 0;
    if (ch == '=') {
      if (ends == 0 && digits < 2)
        fail(sqlstate::invalid_parameter_value, "unexpected \"=\" while decoding base64 sequence");
      ++ends;
    } else {
      value = base64.find(ch);
      if (value == base64.npos || ends > 0)
        fail(sqlstate::invalid_parameter_value,
             fmt::format("invalid symbol \"{}\" found while decoding base64 sequence",
                         text.substr(i, types::byte_of_character(text.substr(i), 1))));
    }
    word = word << 6 | static_cast<std::uint32_t>(value);
    if (++digits == 4) {
      for (int j = 0; j < 3 - ends; ++j) bytes += static_cast<char>(word >> (16 - 8 * j));
      digits = 0, word = 0;
    }
  }
  if (digits != 0)
    fail(sqlstate::invalid_parameter_value, "invalid base64 end sequence", -1,
         "Input data is missing padding, is truncated, or is otherwise corrupted.");
  return bytes;
}

[[noreturn]] void unknown_encoding(std::string_view name) {
  fail(sqlstate::invalid_parameter_value, fmt::format("unrecognized encoding: \"{}\"", name));
}

Value encode(Call& c) {
  std::string how = lower(c.text(1));
  need_memory(c.text(0).size() * 4);
  if (how == "hex") return hex(c.text(0));
  if (how == "base64") return to_base64(c.text(0));
  if (how == "escape") {
    std::string text;
    for (char ch : c.text(0)) {
      if (ch == '\\')
        text += "\\\\";
      else if (ch == '\0' || (ch & 0x80) != 0)
        text += fmt::format("\\{:03o}", static_cast<unsigned char>(ch));
      else
        text += ch;
    }
    return text;
  }
  unknown_encoding(c.text(1));
}

Value decode(Call& c) {
  std::string how = lower(c.text(1));
  if (how == "hex") return value_or_fail(types::parse_text(types::bytea_oid, "\\x" + c.text(0), {}));
  if (how == "base64") return from_base64(c.text(0));
  // The escape form, which a leading \x would not be in bytea's own input.
  if (how == "escape") {
    if (c.text(0).starts_with("\\x"))
      fail(sqlstate::invalid_text_representation, "invalid input syntax for type bytea");
    return value_or_fail(types::parse_text(types::bytea_oid, c.text(0), {}));
  }
  unknown_encoding(c.text(1));
}

std::string shown(Call& c, std::size_t i) {
  return types::print_text(c.expr.args[i]->type, c.args[i], c.context.style);
}

// A value of any type cast to text, which for bool and char(n) is not its text form.
std::string cast(Call& c, std::size_t i) {
  if (const auto* truth = std::get_if<bool>(&c.args[i])) return *truth ? "true" : "false";
  std::string text = shown(c, i);
  if (c.expr.args[i]->type == types::bpchar_oid) text.resize(text.find_last_not_of(' ') + 1);
  return text;
}

Value quote_nullable(Call& c) {
  return is_null(c.args[0]) ? std::string("NULL") : quoted_literal(cast(c, 0));
}

std::vector<std::string_view> characters(std::string_view s) {
  std::vector<std::string_view> all;
  while (!s.empty()) {
    auto n = types::byte_of_character(s, 1);
    all.push_back(s.substr(0, n));
    s.remove_prefix(n);
  }
  return all;
}

Value translate(Call& c) {
  const auto from = characters(c.text(1)), to = characters(c.text(2));
  const CharacterPlaces places(from);
  std::string text;
  for (auto ch : characters(c.text(0))) {
    const auto place = places.find(ch);
    if (place == std::string_view::npos)
      text += ch;
    else if (place < to.size())
      text += to[place];
  }
  return text;
}

Value initcap(Call& c) {
  std::string text = c.text(0);
  bool inside = false;
  for (char& ch : text) {
    auto letter = static_cast<unsigned char>(ch);
    if (letter < 0x80) ch = static_cast<char>(inside ? std::tolower(letter) : std::toupper(letter));
    inside = letter < 0x80 && std::isalnum(letter) != 0;
  }
  return text;
}

Value ascii(Call& c) {
  const std::string& s = c.text(0);
  if (s.empty()) return std::int64_t{0};
  auto lead = static_cast<unsigned char>(s[0]);
  std::size_t length = types::byte_of_character(s, 1);
  std::int64_t code = length == 1 ? lead : lead & (0xff >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (s[i] & 0x3f);
  return code;
}

// format(): %s, %I, %L, %%, with position, width and the flag -.
Value format(Call& c) {
  if (is_null(c.args[0])) return {};
  const std::string& f = c.text(0);
  std::string out;
  std::size_t next = 1;
  auto unfinished = [] {
    fail(sqlstate::invalid_parameter_value, "unterminated format() type specifier", -1,
         "For a single \"%\" use \"%%\".");
  };
  for (std::size_t i = 0; i < f.size(); ++i) {
    if (f[i] != '%') {
      out += f[i];
      continue;
    }
    if (++i == f.size()) unfinished();
    if (f[i] == '%') {
      out += '%';
      continue;
    }
    auto number = [&]() -> std::optional<std::size_t> {
      std::size_t begin = i, n = 0;
      for (; i < f.size() && f[i] >= '0' && f[i] <= '9'; ++i) {
        n = n * 10 + static_cast<std::size_t>(f[i] - '0');
        if (n > INT32_MAX) fail(sqlstate::numeric_value_out_of_range, "number is out of range");
      }
      if (i == begin) return std::nullopt;
      if (i == f.size()) unfinished();
      return n;
    };
    auto which = std::optional<std::size_t>();
    std::optional<std::size_t> width;
    bool left = false;
    const auto check_number = [](std::size_t n) {
      if (n == 0)
        fail(sqlstate::invalid_parameter_value, "format specifies argument 0, but arguments are numbered from 1");
    };
    const auto argument = [&](std::optional<std::size_t> number) {
      const std::size_t at = number.value_or(next);
      next = at + 1;
      if (at >= c.args.size()) fail(sqlstate::invalid_parameter_value, "too few arguments for format()");
      return at;
    };
    if (auto n = number()) {
      if (f[i] == '$') {
        check_number(*n);
        which = n;
        if (++i == f.size()) unfinished();
      } else {
        width = n;
      }
    }
    if (!width) {
      while (f[i] == '-') {
        left = true;
        if (++i == f.size()) unfinished();
      }
      if (f[i] == '*') {
        if (++i == f.size()) unfinished();
        const auto from = number();
        if (from) {
          if (f[i] != '$') fail(sqlstate::invalid_parameter_value, "width argument position must be ended by \"$\"");
          check_number(*from);
          if (++i == f.size()) unfinished();
        }
        const std::size_t at = argument(from);
        const Value given = is_null(c.args[at]) ? Value(std::int64_t{0})
                                                : value_or_fail(types::parse_text(types::int4_oid, shown(c, at), {}));
        const std::int64_t wanted = std::get<std::int64_t>(given);
        if (wanted < 0) left = true;
        width = static_cast<std::size_t>(std::abs(wanted));
      } else {
        width = number();
      }
    }
    if (f[i] != 's' && f[i] != 'I' && f[i] != 'L')
      fail(sqlstate::invalid_parameter_value,
           fmt::format("unrecognized format() type specifier \"{}\"",
                       std::string_view(f).substr(i, types::byte_of_character(std::string_view(f).substr(i), 1))),
           -1, "For a single \"%\" use \"%%\".");
    const std::size_t at = argument(which);
    std::string text;
    if (is_null(c.args[at])) {
      if (f[i] == 'I') fail(sqlstate::null_value_not_allowed, "null values cannot be formatted as an SQL identifier");
      if (f[i] == 'L') text = "NULL";
    } else {
      text = f[i] == 'I' ? quoted_name(shown(c, at)) : f[i] == 'L' ? quoted_literal(shown(c, at)) : shown(c, at);
    }
    std::size_t length = types::count_characters(text), want = width.value_or(0);
    need_memory(out.size() + text.size() + want);
    std::string padding(want > length ? want - length : 0, ' ');
    out += left ? text + padding : padding + text;
  }
  return out;
}

Value get_byte(Call& c) {
  std::int64_t n = c.integer(1), size = std::ssize(c.text(0));
  if (n < 0 || n >= size)
    fail(sqlstate::array_subscript_error, fmt::format("index {} out of valid range, 0..{}", n, size - 1));
  return std::int64_t{static_cast<unsigned char>(c.text(0)[static_cast<std::size_t>(n)])};
}

Value random_uuid(Call&) {
  std::string bytes(16, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size());
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  return bytes;
}

}  // namespace

void add_texts(Registry& r) {
  add_sizes(r);
  r.add({{"md5_text", md5},
         {"md5_bytea", md5},
         {"sha224_bytea", sha<SHA224, 28>},
         {"sha256_bytea", sha<SHA256, 32>},
         {"sha384_bytea", sha<SHA384, 48>},
         {"sha512_bytea", sha<SHA512, 64>},
         {"binary_encode", encode},
         {"binary_decode", decode},
         {"quote_ident", [](Call& c) -> Value { return quoted_name(c.text(0)); }},
         {"quote_nullable", quote_nullable},
         {"select pg_catalog.quote_literal($1::pg_catalog.text)",
          [](Call& c) -> Value { return quoted_literal(cast(c, 0)); }},
         {"select pg_catalog.quote_nullable($1::pg_catalog.text)", quote_nullable},
         {"translate", translate},
         {"initcap", initcap},
         {"ascii", ascii},
         {"text_format", format},
         {"text_format_nv", format},
         {"byteaGetByte", get_byte},
         {"byteapos",
          [](Call& c) -> Value {
            const auto at = TextSearch(c.text(1)).find(c.text(0));
            return at == std::string::npos ? std::int64_t{0} : static_cast<std::int64_t>(at) + 1;
          }},
         {"gen_random_uuid", random_uuid}});
}

}  // namespace pgconform::engine
