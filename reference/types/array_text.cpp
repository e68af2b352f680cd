#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "sqlstate/sqlstate.hpp"
#include "types/array.hpp"
#include "types/form.hpp"

// The text form of arrays: {1,NULL}, [0:1]={5,6}, {{a,"b c"},{d,e}}. arrays, "Array Input and Output Syntax".
namespace pgconform::types {
namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_null_word(std::string_view s) {
  return s.size() == 4 && (s[0] | 32) == 'n' && (s[1] | 32) == 'u' && (s[2] | 32) == 'l' && (s[3] | 32) == 'l';
}

class TextReader {
 public:
  TextReader(Oid type, std::string_view text, const Style& style)
      : element_(element_of(type)), text_(text), style_(style) {}

  Result<Value> read() {
    skip();
    std::vector<Dimension> given;
    while (at('[')) {
      auto d = bounds();
      if (!d) return std::unexpected(d.error());
      if (given.size() == most_dimensions) return std::unexpected(too_deep());
      given.push_back(*d);
      skip();
    }
    if (!given.empty()) {
      if (!at('=')) return std::unexpected(malformed());
      ++place_;
      skip();
    }
    if (!at('{')) return std::unexpected(malformed());
    if (auto failed = level(0)) return std::unexpected(*failed);
    skip();
    if (place_ != text_.size()) return std::unexpected(malformed());
    Array array{element_};
    bool empty = elements_.empty();
    if (!given.empty()) {
      if (empty) return std::unexpected(malformed());
      if (given.size() != lengths_.size()) return std::unexpected(malformed());
      for (std::size_t i = 0; i < given.size(); ++i)
        if (given[i].length != lengths_[i]) return std::unexpected(malformed());
      array.dimensions = std::move(given);
    } else if (!empty) {
      for (auto length : lengths_) array.dimensions.push_back({length, 1});
    }
    array.elements = std::move(elements_);
    return pack(array);
  }

 private:
  bool at(char c) const { return place_ < text_.size() && text_[place_] == c; }
  void skip() {
    while (place_ < text_.size() && is_space(text_[place_])) ++place_;
  }

  std::optional<std::int32_t> integer() {
    std::int32_t n = 0;
    const char* begin = text_.data() + place_;
    const char* start = begin + (at('+') ? 1 : 0);
    auto [end, error] = std::from_chars(start, text_.data() + text_.size(), n);
    if (error != std::errc{}) return std::nullopt;
    place_ += static_cast<std::size_t>(end - begin);
    return n;
  }
  Result<Dimension> bounds() {
    ++place_;
    skip();
    auto first = integer();
    if (!first) return std::unexpected(malformed());
    std::int32_t lower = 1, upper = *first;
    skip();
    if (at(':')) {
      ++place_;
      skip();
      auto second = integer();
      if (!second) return std::unexpected(malformed());
      lower = *first, upper = *second;
    }
    skip();
    if (!at(']')) return std::unexpected(malformed());
    ++place_;
    if (upper < lower)
      return std::unexpected(
          Failure{sqlstate::array_subscript_error, "upper bound cannot be less than lower bound", {}, {}});
    std::int64_t length = std::int64_t{upper} - lower + 1;
    if (length > most_elements || upper == INT32_MAX)
      return std::unexpected(Failure{sqlstate::program_limit_exceeded,
                                     fmt::format("array size exceeds the maximum allowed ({})", most_elements),
                                     {},
                                     {}});
    return Dimension{static_cast<std::int32_t>(length), lower};
  }

  // One pair of braces. All pairs of one depth must hold equally many, and either pairs or elements.
  std::optional<Failure> level(std::size_t depth) {
    if (depth == most_dimensions) return too_deep();
    if (lengths_.size() == depth) {
      if (bottom_) return malformed();
      lengths_.push_back(-1);
    }
    ++place_;
    std::int32_t count = 0;
    skip();
    if (at('}')) {
      ++place_;
      // Nothing at all is the empty array; an empty pair among full ones is not.
      bottom_ = bottom_ ? bottom_ : depth + 1;
      return settle(depth, 0);
    }
    for (;;) {
      skip();
      if (at('{')) {
        if (bottom_ == depth + 1) return malformed();
        if (auto failed = level(depth + 1)) return failed;
      } else {
        if (bottom_ && *bottom_ != depth + 1) return malformed();
        if (lengths_.size() > depth + 1) return malformed();
        bottom_ = depth + 1;
        if (auto failed = item()) return failed;
      }
      ++count;
      skip();
      if (at(',')) {
        ++place_;
        continue;
      }
      if (!at('}')) return malformed();
      ++place_;
      return settle(depth, count);
    }
  }
  std::optional<Failure> settle(std::size_t depth, std::int32_t count) {
    if (lengths_[depth] != -1 && lengths_[depth] != count) return malformed();
    lengths_[depth] = count;
    return std::nullopt;
  }

  std::optional<Failure> item() {
    std::string word;
    bool quoted = false, escaped = false;
    std::size_t solid = 0;  // what lies behind is blank and unquoted
    for (;; ++place_) {
      if (place_ == text_.size()) return malformed();
      char c = text_[place_];
      if (c == '\\') {
        if (quoted || ++place_ == text_.size()) return malformed();
        word += text_[place_];
        escaped = true;
        solid = word.size();
      } else if (c == '"') {
        if (quoted || !word.empty()) return malformed();
        quoted = true;
        for (++place_;; ++place_) {
          if (place_ == text_.size()) return malformed();
          if (text_[place_] == '"') break;
          if (text_[place_] == '\\' && ++place_ == text_.size()) return malformed();
          word += text_[place_];
        }
        solid = word.size();
      } else if (c == ',' || c == '}') {
        break;
      } else if (c == '{') {
        return malformed();
      } else {
        if (quoted && !is_space(c)) return malformed();
        word += c;
        if (!is_space(c)) solid = word.size();
      }
    }
    word.resize(solid);
    if (!quoted && word.empty()) return malformed();
    if (!quoted && !escaped && is_null_word(word)) {
      elements_.emplace_back();
      return std::nullopt;
    }
    auto value = parse_text(element_, word, style_);
    if (!value) return value.error();
    elements_.push_back(std::move(*value));
    return std::nullopt;
  }

  Failure malformed() const {
    return {sqlstate::invalid_text_representation, fmt::format("malformed array literal: \"{}\"", text_), {}, {}};
  }
  static Failure too_deep() {
    return {sqlstate::program_limit_exceeded,
            fmt::format("number of array dimensions ({}) exceeds the maximum allowed ({})", most_dimensions + 1,
                        most_dimensions),
            {},
            {}};
  }

  Oid element_;
  std::string_view text_;
  const Style& style_;
  std::size_t place_ = 0;
  std::vector<std::int32_t> lengths_;  // of each depth; -1: not known yet
  std::optional<std::size_t> bottom_;  // the depth that holds elements
  std::vector<Value> elements_;
};

// int2vector and oidvector: numbers between blanks.
Result<Value> vector_from_text(Oid type, std::string_view text, const Style& style) {
  Array array{element_of(type)};
  for (std::size_t i = 0; i < text.size();) {
    auto end = std::find_if(text.begin() + static_cast<std::ptrdiff_t>(i), text.end(), is_space) - text.begin();
    auto word = text.substr(i, static_cast<std::size_t>(end) - i);
    i = static_cast<std::size_t>(end) + 1;
    if (word.empty()) continue;
    auto value = parse_text(array.element, word, style);
    if (!value) return value;
    array.elements.push_back(std::move(*value));
  }
  array.dimensions = {{static_cast<std::int32_t>(array.elements.size()), 0}};
  return pack(array);
}

std::string quoted(const std::string& word) {
  bool plain = !word.empty() && !is_null_word(word) && std::ranges::none_of(word, [](char c) {
    return is_space(c) || c == '"' || c == '\\' || c == '{' || c == '}' || c == ',';
  });
  if (plain) return word;
  std::string out = "\"";
  for (char c : word) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

Result<Value> array_from_text(Oid type, std::string_view text, const Style& style) {
  if (type == int2vector_oid || type == oidvector_oid) return vector_from_text(type, text, style);
  return TextReader(type, text, style).read();
}

std::string array_text(Oid type, std::string_view packed, const Style& style) {
  Array array = unpack(packed);
  bool vector = type == int2vector_oid || type == oidvector_oid;
  std::string out;
  if (vector) {
    for (const auto& value : array.elements) out += (out.empty() ? "" : " ") + print_text(array.element, value, style);
    return out;
  }
  if (array.elements.empty()) return "{}";
  if (std::ranges::any_of(array.dimensions, [](const Dimension& d) { return d.lower != 1; })) {
    for (const auto& d : array.dimensions) out += fmt::format("[{}:{}]", d.lower, d.lower + d.length - 1);
    out += '=';
  }
  for (std::size_t i = 0; i < array.elements.size(); ++i) {
    // A brace opens for each dimension that begins here, and closes for each that ends.
    auto turns = [&](std::size_t n) {
      std::size_t block = 1, count = 0;
      for (auto d = array.dimensions.rbegin(); d != array.dimensions.rend(); ++d) {
        block *= static_cast<std::size_t>(d->length);
        count += n % block == 0;
      }
      return count;
    };
    if (i > 0) out += ',';
    out.append(turns(i), '{');
    const Value& value = array.elements[i];
    out += is_null(value) ? "NULL" : quoted(print_text(array.element, value, style));
    out.append(turns(i + 1), '}');
  }
  return out;
}

}  // namespace pgconform::types
