#include "engine/error.hpp"
#include "engine/formats/numbers.hpp"

// to_number(): for each pattern of the template something of the text is read, or skipped.
namespace pgconform::engine::formats {
namespace {

class Reader {
 public:
  Reader(const NumberTemplate& pattern, std::string_view text) : t_(pattern), text_(text) {}

  ReadNumber read() {
    for (const Node& node : t_.nodes) {
      if (done()) break;
      if (node.kind == Node::Kind::pattern)
        pattern(node);
      else
        step();
    }
    ReadNumber result{sign_ + digits_, after_};
    if (result.text.ends_with('.')) result.text.pop_back();
    return result;
  }

 private:
  bool done() const { return place_ >= text_.size(); }
  char here() const { return done() ? '\0' : text_[place_]; }
  void step() { place_ += character_size(text_.substr(place_)); }
  void skip_no_data(int n) {
    while (n-- > 0 && !done() && std::string_view("0123456789.,+-").find(here()) == std::string_view::npos) step();
  }

  bool take_sign() {
    if (here() != '-' && here() != '+') return false;
    sign_ = here();
    ++place_;
    return true;
  }

  // A digit or a point, with the sign before or behind it. Leaves the place at the last character read.
  void number(bool is_digit_pattern) {
    if (here() == ' ') ++place_;
    if (done()) return;
    if (sign_ == ' ' && is_digit_pattern && before_ + after_ == 0) {
      const bool local = t_.has_local_sign && t_.local_sign == NumberTemplate::Sign::before;
      if (!local && t_.has_brackets && here() == '<')
        sign_ = '-', ++place_;
      else
        take_sign();
    }
    if (done()) return;
    bool is_read = false;
    if (is_digit(here())) {
      if (has_point_ && after_ == t_.after) return;
      digits_ += here();
      ++(has_point_ ? after_ : before_);
      is_read = true;
    } else if (t_.has_point && !has_point_ && here() == '.') {
      digits_ += '.';
      has_point_ = is_read = true;
    }
    if (sign_ != ' ' || before_ + after_ == 0) return;
    if (t_.has_local_sign) {
      // It stands right behind the last digit.
      if (!is_read || place_ + 1 >= text_.size() || is_digit(text_[place_ + 1])) return;
      const std::size_t last = place_++;
      place_ = take_sign() ? place_ - 1 : last;
    } else if (!is_read && (t_.has_plus || t_.has_minus) && (here() == '-' || here() == '+')) {
      sign_ = here();
    }
  }

  void sign(std::string_view signs) {
    if (signs.find(here()) == std::string_view::npos) {
      skip_no_data(1);
      return;
    }
    sign_ = here();
    ++place_;
  }

  void pattern(const Node& node) {
    switch (node.key->pattern) {
      case Pattern::nine:
      case Pattern::zero:
      case Pattern::point:
      case Pattern::local_point:
        number(node.key->pattern == Pattern::nine || node.key->pattern == Pattern::zero);
        ++place_;
        break;
      case Pattern::comma:
      case Pattern::group:
        // Never inside a number, as PostgreSQL counts here.
        if (!t_.fill && here() == ',') ++place_;
        break;
      case Pattern::currency:
        skip_no_data(1);
        break;
      case Pattern::ordinal:
        if (!t_.has_point) skip_no_data(2);
        break;
      case Pattern::minus:
        sign("-");
        break;
      case Pattern::plus:
        sign("+");
        break;
      case Pattern::sign:
        sign("+-");
        break;
      default:
        break;
    }
  }

  const NumberTemplate& t_;
  std::string_view text_;
  std::size_t place_ = 0;
  char sign_ = ' ';
  std::string digits_;
  int before_ = 0, after_ = 0;
  bool has_point_ = false;
};

}  // namespace

ReadNumber read(const NumberTemplate& pattern, std::string_view text) {
  if (pattern.has_exponent) fail(sqlstate::feature_not_supported, "\"EEEE\" not supported for input");
  if (pattern.has_roman) fail(sqlstate::feature_not_supported, "\"RN\" not supported for input");
  return Reader(pattern, text).read();
}

}  // namespace pgconform::engine::formats
