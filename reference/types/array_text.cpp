#include <fmt/core.h>

#include <algorithm>

#include "sqlstate/sqlstate.hpp"
#include "types/array.hpp"
#include "types/characters.hpp"
#include "types/form.hpp"

// The text form of arrays: {1,NULL}, [0:1]={5,6}, {{a,"b c"},{d,e}}. arrays, "Array Input and Output Syntax".
namespace pgconform::types {
namespace {

bool is_null_word(std::string_view s) {
  return s.size() == 4 && (s[0] | 32) == 'n' && (s[1] | 32) == 'u' && (s[2] | 32) == 'l' && (s[3] | 32) == 'l';
}

// TextReader: reads tokens - braces, commas, elements - and complains of the first that cannot stand where it does.
class TextReader {
 public:
  TextReader(Oid type, std::string_view text, const Style& style)
      : element_(element_of(type)), text_(text), style_(style) {}

  Result<Value> read() {
    std::vector<Dimension> given;
    for (skip(); at('['); skip()) {
      if (given.size() == most_dimensions) return std::unexpected(too_deep());
      auto d = bounds();
      if (!d) return std::unexpected(d.error());
      given.push_back(*d);
      lengths_.push_back(d->length);
    }
    given_ = !given.empty();
    if (given_) {
      if (!at('=')) return malformed(R"(Missing "=" after array dimensions.)");
      ++place_;
      skip();
    }
    if (!at('{'))
      return malformed(given_ ? R"(Array contents must start with "{".)"
                              : R"(Array value must start with "{" or dimension information.)");
    if (auto done = levels(); !done) return std::unexpected(done.error());
    skip();
    if (place_ != text_.size()) return malformed("Junk after closing right brace.");
    Array array{element_};
    if (given_) {
      array.dimensions = std::move(given);
    } else if (!elements_.empty()) {
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

  // bound: `otherwise` is said if no number is there.
  Result<std::int64_t> bound(const char* otherwise) {
    bool minus = at('-');
    if (minus || at('+')) ++place_;
    std::int64_t n = 0;
    auto digits = place_;
    for (; place_ < text_.size() && text_[place_] >= '0' && text_[place_] <= '9'; ++place_) {
      n = n * 10 + (text_[place_] - '0');
      if (n > std::int64_t{INT32_MAX} + (minus ? 1 : 0)) return fail("array bound is out of integer range");
    }
    if (place_ == digits) return malformed(otherwise);
    return minus ? -n : n;
  }
  Result<Dimension> bounds() {
    ++place_;
    auto first = bound(R"("[" must introduce explicitly-specified array dimensions.)");
    if (!first) return std::unexpected(first.error());
    std::int64_t lower = 1, upper = *first;
    if (at(':')) {
      ++place_;
      auto second = bound("Missing array dimension value.");
      if (!second) return std::unexpected(second.error());
      lower = *first, upper = *second;
    }
    if (!at(']')) return malformed(R"(Missing "]" after array dimensions.)");
    ++place_;
    if (upper < lower)
      return std::unexpected(
          Failure{sqlstate::array_subscript_error, "upper bound cannot be less than lower bound", {}, {}});
    if (upper == INT32_MAX) return fail(fmt::format("array upper bound is too large: {}", upper));
    if (upper - lower >= INT32_MAX)
      return fail(fmt::format("array size exceeds the maximum allowed ({})", most_elements));
    return Dimension{static_cast<std::int32_t>(upper - lower + 1), static_cast<std::int32_t>(lower)};
  }

  // levels: all braces. Those of one depth must hold equally many, and elements stand at the lowest depth only.
  Result<bool> levels() {
    std::vector<std::int32_t> counts;  // of the levels that are open
    bool complete = false;             // what stands before asks for a comma or a closing brace
    do {
      skip();
      if (place_ == text_.size()) return malformed("Unexpected end of input.");
      char c = text_[place_];
      if (c == '{') {
        if (complete) return unexpected(c);
        if (counts.size() == most_dimensions) return std::unexpected(too_deep());
        counts.push_back(0);
        if (counts.size() > lengths_.size()) {
          if (given_ || !elements_.empty()) return uneven();
          lengths_.push_back(-1);
        }
      } else if (c == '}') {
        if (counts.back() > 0 && !complete) return unexpected(c);
        auto& length = lengths_[counts.size() - 1];
        if (length >= 0 && length != counts.back()) return uneven();
        length = counts.back();
        counts.pop_back();
        if (!counts.empty()) ++counts.back();
        complete = true;
      } else if (c == ',') {
        if (!complete) return unexpected(c);
        complete = false;
      } else {
        auto word = c == '"' ? quoted_word() : bare_word();
        if (!word) return std::unexpected(word.error());
        if (complete) return malformed("Unexpected array element.");
        if (auto read = keep(*word); !read) return read;
        if (counts.size() != lengths_.size()) return uneven();
        ++counts.back();
        complete = true;
        continue;
      }
      ++place_;
    } while (!counts.empty());
    return true;
  }

  struct Word {
    std::string text;
    bool plain;  // NULL means no value
  };
  Result<bool> keep(const Word& word) {
    if (word.plain && is_null_word(word.text)) {
      elements_.emplace_back();
      return true;
    }
    auto value = parse_text(element_, word.text, style_);
    if (!value) return std::unexpected(value.error());
    elements_.push_back(std::move(*value));
    return true;
  }
  bool at_border() const { return at('{') || at('}') || at(','); }

  Result<Word> quoted_word() {
    Word word{{}, false};
    for (++place_; !at('"'); ++place_) {
      if (at('\\')) ++place_;
      if (place_ >= text_.size()) return malformed("Unexpected end of input.");
      word.text += text_[place_];
    }
    ++place_;
    skip();
    if (place_ == text_.size()) return malformed("Unexpected end of input.");
    if (!at_border()) return malformed("Incorrectly quoted array element.");
    return word;
  }

  Result<Word> bare_word() {
    Word word{{}, true};
    std::size_t solid = 0;  // what lies behind is blank
    for (; place_ < text_.size() && !at('}') && !at(','); ++place_) {
      if (at('{')) return unexpected('{');
      if (at('"')) return malformed("Incorrectly quoted array element.");
      bool escaped = at('\\');
      if (escaped) {
        word.plain = false;
        if (++place_ == text_.size()) break;
      }
      word.text += text_[place_];
      if (escaped || !is_space(text_[place_])) solid = word.text.size();
    }
    if (place_ == text_.size()) return malformed("Unexpected end of input.");
    word.text.resize(solid);
    return word;
  }

  std::unexpected<Failure> malformed(std::string detail) const {
    return std::unexpected(Failure{sqlstate::invalid_text_representation,
                                   fmt::format("malformed array literal: \"{}\"", text_),
                                   std::move(detail),
                                   {}});
  }
  std::unexpected<Failure> unexpected(char c) const {
    return malformed(fmt::format("Unexpected \"{}\" character.", c));
  }
  std::unexpected<Failure> uneven() const {
    return malformed(given_ ? "Specified array dimensions do not match array contents."
                            : "Multidimensional arrays must have sub-arrays with matching dimensions.");
  }
  static std::unexpected<Failure> fail(std::string message) {
    return std::unexpected(Failure{sqlstate::program_limit_exceeded, std::move(message), {}, {}});
  }
  static Failure too_deep() {
    return {sqlstate::program_limit_exceeded,
            fmt::format("number of array dimensions exceeds the maximum allowed ({})", most_dimensions),
            {},
            {}};
  }

  Oid element_;
  std::string_view text_;
  const Style& style_;
  std::size_t place_ = 0;
  bool given_ = false;                 // dimensions
  std::vector<std::int32_t> lengths_;  // of each depth; -1: not known yet
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
