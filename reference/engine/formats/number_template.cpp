#include "engine/error.hpp"
#include "engine/formats/numbers.hpp"

namespace pgconform::engine::formats {
namespace {

[[noreturn]] void misused(std::string message, std::string detail = {}) {
  fail(sqlstate::syntax_error, std::move(message), -1, {}, std::move(detail));
}

}  // namespace

NumberTemplate::NumberTemplate(std::string_view text) : nodes(parse_number_template(text)) {
  for (const Node& node : nodes)
    if (node.kind == Node::Kind::pattern) add(node.key->pattern);
}

void NumberTemplate::add(Pattern pattern) {
  if (has_exponent && pattern != Pattern::exponent) misused("\"EEEE\" must be the last pattern used");
  switch (pattern) {
    case Pattern::nine:
      if (has_brackets) misused("\"9\" must be ahead of \"PR\"");
      ++(has_shift ? shifted : has_point ? after : before);
      break;
    case Pattern::zero:
      if (has_brackets) misused("\"0\" must be ahead of \"PR\"");
      if (!has_zero && !has_point) {
        has_zero = true;
        first_zero = before;
      }
      ++(has_point ? after : before);
      last_zero = before + after;
      break;
    case Pattern::blank:
      if (before == 0 && after == 0 && !has_zero) has_blank = true;
      break;
    case Pattern::point:
    case Pattern::local_point:
      if (has_point) misused("multiple decimal points");
      if (has_shift) misused("cannot use \"V\" and decimal point together");
      has_point = true;
      break;
    case Pattern::fill:
      fill = true;
      break;
    case Pattern::local_sign:
      if (has_local_sign) misused("cannot use \"S\" twice");
      if (has_plus || has_minus || has_brackets) misused("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together");
      has_local_sign = true;
      local_sign = has_point ? Sign::after : Sign::before;
      if (!has_point) digits_before_sign = before;
      break;
    case Pattern::minus:
      if (has_local_sign) misused("cannot use \"S\" and \"MI\" together");
      has_minus = true;
      break;
    case Pattern::plus:
      if (has_local_sign) misused("cannot use \"S\" and \"PL\" together");
      has_plus = true;
      break;
    case Pattern::sign:
      if (has_local_sign) misused("cannot use \"S\" and \"SG\" together");
      has_minus = has_plus = true;
      break;
    case Pattern::brackets:
      if (has_local_sign || has_plus || has_minus) misused("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together");
      has_brackets = true;
      break;
    case Pattern::roman:
      has_roman = true;
      break;
    case Pattern::shift:
      if (has_point) misused("cannot use \"V\" and decimal point together");
      has_shift = true;
      break;
    case Pattern::exponent:
      if (has_exponent) misused("cannot use \"EEEE\" twice");
      if (has_blank || fill || has_local_sign || has_brackets || has_minus || has_plus || has_roman || has_shift)
        misused("\"EEEE\" is incompatible with other formats",
                "\"EEEE\" may only be used together with digit and decimal point patterns.");
      has_exponent = true;
      break;
    default:
      break;
  }
}

}  // namespace pgconform::engine::formats
