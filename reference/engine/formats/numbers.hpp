#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/formats/template.hpp"

// Numbers by templates. functions-formatting, "Template Patterns for Numeric Formatting".
namespace pgconform::engine::formats {

// NumberTemplate: a template of numbers and what it says as a whole. 42601 for patterns that exclude each other.
struct NumberTemplate {
  explicit NumberTemplate(std::string_view text);

  std::vector<Node> nodes;
  int before = 0, after = 0;  // digits, of the point
  int shifted = 0;            // digits behind V
  int first_zero = -1;        // which digit before the point is the first 0
  int last_zero = 0;          // how many digits there are up to the last 0
  bool fill = false, has_zero = false, has_point = false, has_minus = false, has_plus = false, has_brackets = false,
       has_roman = false, has_shift = false, has_exponent = false, has_blank = false, has_local_sign = false;
  enum class Sign : std::uint8_t { none, before, after } local_sign = Sign::none;
  int digits_before_sign = 0;

 private:
  void add(Pattern pattern);
};

// Decimal: a number as it is to be printed: its sign, and digits with at most one point.
struct Decimal {
  char sign = '+';
  std::string digits;
  int padding = 0;  // digits that the template has before the point and the number has not
};

// roman: right-aligned or not is the template's; '#' for what Romans could not write.
std::string roman(std::int64_t number);
// print: `number` has been rounded to the template's digits.
std::string print(NumberTemplate pattern, const Decimal& number);
// fit: aligns digits to the template, or replaces them by '#' where they are too many.
void fit(const NumberTemplate& pattern, Decimal& number);

// ReadNumber: what to_number() has found: a sign or a blank, then digits.
struct ReadNumber {
  std::string text;
  int scale = 0;
};
ReadNumber read(const NumberTemplate& pattern, std::string_view text);

}  // namespace pgconform::engine::formats
