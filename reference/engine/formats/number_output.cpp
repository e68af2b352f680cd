#include <algorithm>
#include <optional>

#include "engine/formats/numbers.hpp"
#include "engine/functions.hpp"

// to_char() of numbers. The template is walked from left to right; where the digits of the number begin, its sign is
// written before them. Which digit of the template goes with which of the number, and what becomes of zeros that mean
// nothing, follows PostgreSQL to the letter, odd cases too.
namespace pgconform::engine::formats {
namespace {

class Writer {
 public:
  Writer(NumberTemplate& pattern, const Decimal& number)
      : t_(pattern), number_(number.digits), sign_(number.sign), padding_(number.padding) {
    if (t_.has_roman) forget_all_but_roman();
    if (t_.has_plus || t_.has_minus) {
      is_signed_ = t_.has_minus;  // these write the sign themselves
    } else {
      if (sign_ != '-' && t_.fill) t_.has_brackets = false;
      is_signed_ = sign_ == '+' && t_.fill && !t_.has_local_sign;
      if (t_.local_sign == NumberTemplate::Sign::before && t_.before == t_.digits_before_sign)
        t_.local_sign = NumberTemplate::Sign::after;
    }
    count_ = t_.after + t_.before - 1;
    if (t_.fill && t_.has_point) find_last_relevant();
    if (!is_signed_ && padding_ == 0) ++count_;
  }

  std::string write() {
    for (const Node& node : t_.nodes) {
      if (node.kind == Node::Kind::pattern)
        pattern(node);
      else
        out_ += node.character;
      need_memory(out_.size());
    }
    // A number that is shorter than its template may have left ends of text, of which the first counts.
    out_.resize(std::min(out_.size(), out_.find('\0')));
    return std::move(out_);
  }

 private:
  void forget_all_but_roman() {
    auto nodes = std::move(t_.nodes);
    const bool fill = t_.fill;
    t_ = NumberTemplate("");
    t_.nodes = std::move(nodes);
    t_.fill = fill;
    t_.has_roman = true;
    padding_ = 0;
    sign_ = '\0';
  }

  // The last digit behind the point that is no zero, or one that the template wants; the point where there is none.
  void find_last_relevant() {
    const std::size_t point = number_.find('.');
    if (point == number_.npos) return;
    std::size_t last = number_.find_last_not_of('0');
    last = std::max(last, point);
    if (t_.last_zero > padding_) {
      const auto wanted = static_cast<std::size_t>(t_.last_zero - padding_);
      last = std::max(last, std::min(number_.size() - 1, wanted));
    }
    last_relevant_ = last;
  }

  char digit() const { return place_ < number_.size() ? number_[place_] : '\0'; }
  bool ends_at_point() const { return last_relevant_ && number_[*last_relevant_] == '.'; }
  // is_bare_zero: the 0 before a point, which 9 does not write.
  bool is_bare_zero() const { return !t_.has_zero && place_ == 0 && digit() == '0' && t_.after != 0; }
  bool is_padding() const { return position_ < padding_; }
  bool is_zero_filled() const { return t_.has_zero && t_.first_zero <= position_; }

  void begin() {
    const bool here = !is_padding() || (t_.has_zero && t_.first_zero == position_);
    if (is_signed_ || !here || (is_bare_zero() && !ends_at_point())) return;
    if (t_.has_local_sign) {
      if (t_.local_sign != NumberTemplate::Sign::before) return;
      out_ += sign_ == '-' ? '-' : '+';
    } else if (t_.has_brackets) {
      out_ += sign_ == '+' ? ' ' : '<';
    } else if (sign_ == '-') {
      out_ += '-';
    } else if (sign_ == '+' && !t_.fill) {
      out_ += ' ';
    }
    is_signed_ = true;
  }

  void one(bool is_zero) {
    if (digit() == '.') {
      if (!ends_at_point() || t_.fill) out_ += '.';
    } else if (last_relevant_ && place_ > *last_relevant_ && !is_zero) {
      // A zero that means nothing.
    } else if (is_bare_zero()) {
      if (!t_.fill)
        out_ += ' ';
      else if (ends_at_point())
        out_ += '0';
    } else {
      out_ += digit();
      is_inside_ = true;
    }
    if (place_ < number_.size()) ++place_;
  }

  void number(bool is_zero) {
    if (t_.has_roman) return;
    is_inside_ = false;
    begin();
    if (is_padding() && !is_zero_filled()) {
      if (!t_.fill) out_ += ' ';
    } else if (is_padding()) {
      out_ += '0';
      is_inside_ = true;
    } else {
      one(is_zero);
    }
    int end = count_ + (padding_ != 0 ? 1 : 0) + (t_.has_point ? 1 : 0);
    if (last_relevant_ && *last_relevant_ == place_) end = position_;
    if (position_ + 1 == end) {
      if (is_signed_ && t_.has_brackets)
        out_ += sign_ == '+' ? ' ' : '>';
      else if (t_.has_local_sign && t_.local_sign == NumberTemplate::Sign::after)
        out_ += sign_ == '-' ? '-' : '+';
    }
    ++position_;
  }

  void pattern(const Node& node) {
    switch (node.key->pattern) {
      case Pattern::nine:
      case Pattern::zero:
      case Pattern::point:
      case Pattern::local_point:
        number(node.key->pattern == Pattern::zero);
        break;
      case Pattern::comma:
      case Pattern::group:
        if (is_inside_)
          out_ += ',';
        else if (!t_.fill)
          out_ += ' ';
        break;
      case Pattern::currency:
        out_ += ' ';
        break;
      case Pattern::roman: {
        std::string text = number_;
        if (node.key->name[0] == 'r')
          std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
        if (!t_.fill) text.insert(0, 15 - std::min<std::size_t>(text.size(), 15), ' ');
        out_ += text;
        break;
      }
      case Pattern::ordinal:
        if (!t_.has_roman && number_[0] != '#' && sign_ != '-' && !t_.has_point)
          out_ += ordinal_suffix(number_, node.key->name[0] == 'T');
        break;
      case Pattern::minus:
        if (sign_ == '-')
          out_ += '-';
        else if (!t_.fill)
          out_ += ' ';
        break;
      case Pattern::plus:
        if (sign_ == '+')
          out_ += '+';
        else if (!t_.fill)
          out_ += ' ';
        break;
      case Pattern::sign:
        out_ += sign_;
        break;
      default:
        break;
    }
  }

  NumberTemplate& t_;
  const std::string& number_;
  char sign_;
  int padding_, count_ = 0;
  int position_ = 0;       // digits and points of the template that are behind
  std::size_t place_ = 0;  // in the number
  bool is_signed_ = false, is_inside_ = false;
  std::optional<std::size_t> last_relevant_;
  std::string out_;
};

}  // namespace

std::string roman(std::int64_t number) {
  if (number < 1 || number > 3999) return std::string(15, '#');
  static constexpr std::pair<int, std::string_view> values[] = {
      {1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"},
      {40, "XL"},  {10, "X"},   {9, "IX"},  {5, "V"},    {4, "IV"},  {1, "I"}};
  std::string out;
  for (const auto& [value, letters] : values)
    for (; number >= value; number -= value) out += letters;
  return out;
}

void fit(const NumberTemplate& pattern, Decimal& number) {
  const auto size = static_cast<int>(std::min(number.digits.size(), number.digits.find('.')));
  if (size < pattern.before) {
    number.padding = pattern.before - size;
  } else if (size > pattern.before) {
    number.digits.assign(static_cast<std::size_t>(pattern.before + pattern.after + 1), '#');
    number.digits[static_cast<std::size_t>(pattern.before)] = '.';
  }
}

std::string print(NumberTemplate pattern, const Decimal& number) {
  if (pattern.has_exponent) return number.digits;
  return Writer(pattern, number).write();
}

}  // namespace pgconform::engine::formats
