#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "types/characters.hpp"
#include "types/json.hpp"

// What PostgreSQL says of a text that is no JSON: its parser's account of the first token that does not fit.
namespace pgconform::types {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
class Reader {
 public:
  Reader(std::string_view text, bool decode) : text_(text), decode_(decode) {}

  // first_complaint: empty if there is none.
  std::string first_complaint() {
    next();
    value();
    while (complaint_.empty() && !open_.empty()) after_value();
    if (complaint_.empty() && token_ != Token::end) unexpected("end of input");
    return complaint_;
  }

 private:
  enum class Token : std::uint8_t { end, punctuation, string, scalar };

  bool is(char c) const { return token_ == Token::punctuation && text_[start_] == c; }

  // A value is read up to where it is complete, or its first inner value is.
  void value() {
    while (complaint_.empty()) {
      if (is('[')) {
        next();
        open_ += '[';
        if (is(']')) return;
      } else if (is('{')) {
        next();
        open_ += '{';
        if (is('}')) return;
        if (!member(R"(string or "}")")) return;
      } else if (token_ == Token::string || token_ == Token::scalar) {
        return next();
      } else {
        return unexpected("JSON value");
      }
    }
  }

  void after_value() {
    bool array = open_.back() == '[';
    if (is(array ? ']' : '}')) {
      open_.pop_back();
      next();
    } else if (!is(',')) {
      unexpected(array ? R"("," or "]")" : R"("," or "}")");
    } else {
      next();
      if (array || member("string")) value();
    }
  }

  bool member(std::string_view expected) {
    if (!complaint_.empty()) return false;
    if (token_ != Token::string) return unexpected(expected), false;
    next();
    if (!complaint_.empty()) return false;
    if (!is(':')) return unexpected(R"(":")"), false;
    next();
    return true;
  }

  void unexpected(std::string_view expected) {
    if (!complaint_.empty()) return;
    complaint_ = token_ == Token::end ? "The input string ended unexpectedly."
                                      : fmt::format("Expected {}, but found \"{}\".", expected, token());
  }
  std::string_view token() const { return text_.substr(start_, end_ - start_); }
  void invalid() { complaint_ = fmt::format("Token \"{}\" is invalid.", token()); }

  char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }

  void next() {
    start_ = std::min(text_.find_first_not_of(" \t\n\r", end_), text_.size());
    end_ = start_;
    if (start_ == text_.size()) {
      token_ = Token::end;
    } else if (std::string_view("{}[]:,").find(at(start_)) != std::string_view::npos) {
      token_ = Token::punctuation;
      ++end_;
    } else if (at(start_) == '"') {
      token_ = Token::string;
      string();
    } else {
      token_ = Token::scalar;
      bool valid = at(start_) == '-' || is_digit(at(start_)) ? number() : false;
      while (end_ < text_.size() && is_word(text_[end_])) ++end_, valid = false;
      if (valid || token() == "true" || token() == "false" || token() == "null") return;
      if (end_ == start_) ++end_;
      invalid();
    }
  }

  bool digits() {
    auto begin = end_;
    while (is_digit(at(end_))) ++end_;
    return end_ > begin;
  }
  bool number() {
    if (at(end_) == '-') ++end_;
    bool valid = true;
    if (at(end_) == '0')
      ++end_;
    else
      valid = digits();
    if (at(end_) == '.') {
      ++end_;
      valid = digits() && valid;
    }
    if (at(end_) == 'e' || at(end_) == 'E') {
      ++end_;
      if (at(end_) == '+' || at(end_) == '-') ++end_;
      valid = digits() && valid;
    }
    return valid;
  }

  std::string_view character(std::size_t i) const {
    auto first = static_cast<unsigned char>(text_[i]);
    return text_.substr(i, first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);
  }

  void string() {
    bool high = false;  // the character before was the first half of a surrogate pair
    for (++end_; end_ < text_.size() && text_[end_] != '"'; ++end_) {
      if (static_cast<unsigned char>(text_[end_]) < 0x20) {
        complaint_ = fmt::format("Character with value 0x{:02x} must be escaped.", text_[end_]);
        return;
      }
      bool escape = text_[end_] == '\\';
      if (escape && ++end_ == text_.size()) break;
      if (escape && text_[end_] == 'u')
        high = hexadecimal(high);
      else if (high)
        complaint_ = lonely_low;
      else if (escape && std::string_view("\"\\/bfnrt").find(text_[end_]) == std::string_view::npos)
        complaint_ = fmt::format("Escape sequence \"\\{}\" is invalid.", character(end_));
      if (!complaint_.empty()) return;
    }
    bool closed = end_ < text_.size();
    end_ = std::min(end_ + 1, text_.size());
    if (!closed)
      invalid();
    else if (high)
      complaint_ = lonely_low;
  }

  // hexadecimal: \u and four digits; whether the second half of a pair has to follow.
  bool hexadecimal(bool high) {
    unsigned code = 0;
    for (int i = 0; i < 4; ++i) {
      if (++end_ == text_.size()) return false;
      char c = text_[end_];
      if (std::isxdigit(static_cast<unsigned char>(c)) == 0) {
        complaint_ = "\"\\u\" must be followed by four hexadecimal digits.";
        return false;
      }
      code = code << 4 | static_cast<unsigned>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    if (!decode_) return false;
    bool first = code >= 0xd800 && code < 0xdc00, second = code >= 0xdc00 && code < 0xe000;
    if (first && high) complaint_ = "Unicode high surrogate must not follow a high surrogate.";
    if (second != high && !first) complaint_ = lonely_low;
    return first;
  }

  static constexpr std::string_view lonely_low = "Unicode low surrogate must follow a high surrogate.";
  std::string_view text_;
  bool decode_;
  std::size_t start_ = 0, end_ = 0;  // of the token
  Token token_ = Token::end;
  std::string open_;  // brackets
  std::string complaint_;
};

}  // namespace

std::string json_complaint(std::string_view text, bool decode) {
  return Reader(text, decode).first_complaint();
}

}  // namespace pgconform::types
