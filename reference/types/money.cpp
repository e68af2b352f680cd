#include "types/money.hpp"
#include "types/characters.hpp"

#include <fmt/core.h>

#include "sqlstate/sqlstate.hpp"
#include "types/text_forms.hpp"
#include "wire/bytes.hpp"

namespace pgconform::types {
namespace {

// cash_in(): what stands around the digits is taken in nearly any order.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text), rest_(text) {}

  Result<Value> read() {
    symbol();
    if (skip('-') || skip('('))
      negative_ = true;
    else
      skip('+');
    symbol();
    digits();
    if (!fits_) return out_of_range();
    while (!rest_.empty()) {
      if (skip('-'))
        negative_ = true;
      else if (is_space(rest_[0]) || rest_[0] == ')' || rest_[0] == '+' || rest_[0] == '$')
        rest_.remove_prefix(1);
      else
        return invalid_text(money_oid, text_);
    }
    if (!negative_ && __builtin_mul_overflow(cents_, -1, &cents_)) return out_of_range();
    return money_of(cents_);
  }

 private:
  bool skip(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void blanks() {
    while (!rest_.empty() && is_space(rest_[0])) rest_.remove_prefix(1);
  }
  void symbol() {
    blanks();
    skip('$');
    blanks();
  }
  // The number is built below zero, where there is room for one more.
  void append(int digit) {
    fits_ = fits_ && !__builtin_mul_overflow(cents_, 10, &cents_) && !__builtin_sub_overflow(cents_, digit, &cents_);
  }
  // Two digits behind the point count, and the third, by which they are rounded.
  void digits() {
    int behind = -1;
    for (; !rest_.empty(); rest_.remove_prefix(1)) {
      const char c = rest_[0];
      if (is_digit(c) && behind < 2) {
        append(c - '0');
        if (behind >= 0) ++behind;
      } else if (c == '.' && behind < 0) {
        behind = 0;
      } else if (c != ',') {
        break;
      }
    }
    const bool up = !rest_.empty() && is_digit(rest_[0]) && rest_[0] >= '5';
    fits_ = fits_ && !(up && __builtin_sub_overflow(cents_, 1, &cents_));
    for (behind = behind < 0 ? 0 : behind; behind < 2; ++behind) append(0);
    while (!rest_.empty() && is_digit(rest_[0])) rest_.remove_prefix(1);
  }
  std::unexpected<Failure> out_of_range() const {
    return std::unexpected(Failure{sqlstate::numeric_value_out_of_range,
                                   fmt::format("value \"{}\" is out of range for type money", text_),
                                   {},
                                   {}});
  }

  std::string_view text_, rest_;
  std::int64_t cents_ = 0;
  bool negative_ = false, fits_ = true;
};

}  // namespace

std::int64_t cents_of(std::string_view held) {
  return static_cast<std::int64_t>(wire::load_64(held.data()));
}

std::string money_of(std::int64_t cents) {
  char bytes[8];
  wire::store_64(bytes, static_cast<std::uint64_t>(cents));
  return {bytes, sizeof bytes};
}

Result<Value> money_from_text(Oid, std::string_view text, const Style&) {
  return Reader(text).read();
}

std::string money_to_text(Oid, std::string_view held, const Style&) {
  const std::int64_t cents = cents_of(held);
  const std::uint64_t amount = cents < 0 ? 0 - static_cast<std::uint64_t>(cents) : static_cast<std::uint64_t>(cents);
  std::string whole = std::to_string(amount / 100);
  for (auto i = static_cast<std::ptrdiff_t>(whole.size()) - 3; i > 0; i -= 3)
    whole.insert(static_cast<std::size_t>(i), 1, ',');
  return fmt::format("{}${}.{:02}", cents < 0 ? "-" : "", whole, amount % 100);
}

int compare_money(Oid, std::string_view a, std::string_view b) {
  const auto x = cents_of(a), y = cents_of(b);
  return x < y ? -1 : x > y;
}

}  // namespace pgconform::types
