#include "types/geometry.hpp"
#include "types/characters.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include "sqlstate/sqlstate.hpp"
#include "types/form.hpp"
#include "types/text_forms.hpp"
#include "wire/bytes.hpp"

namespace pgconform::types {
namespace {

using Numbers = std::vector<double>;

constexpr double fuzz = 1e-6;  // what geo_ops.c takes for equal

std::string pack(const Numbers& numbers) {
  std::string held(numbers.size() * 8, '\0');
  for (std::size_t i = 0; i < numbers.size(); ++i)
    wire::store_64(&held[i * 8], std::bit_cast<std::uint64_t>(numbers[i]));
  return held;
}

double number_at(std::string_view held, std::size_t i) {
  return std::bit_cast<double>(wire::load_64(held.data() + i * 8));
}

// The numbers of each type that has always as many; path and polygon: 0.
std::size_t numbers_of(Oid type) {
  switch (type) {
    case point_oid:
      return 2;
    case line_oid:
    case circle_oid:
      return 3;
    case lseg_oid:
    case box_oid:
      return 4;
    default:
      return 0;
  }
}

std::string counted(std::size_t points, bool is_path, bool closed, std::string_view numbers) {
  char count[4];
  wire::store_32(count, static_cast<std::uint32_t>(points));
  return (is_path ? std::string(1, static_cast<char>(closed)) : std::string()) + std::string(count, 4) +
         std::string(numbers);
}

// box: the upper right corner comes first. NaN is greater than every number.
void order_corners(Numbers& n) {
  auto less = [](double a, double b) { return !std::isnan(a) && (std::isnan(b) || a < b); };
  for (std::size_t i : {0, 1})
    if (less(n[i], n[i + 2])) std::swap(n[i], n[i + 2]);
}

std::unexpected<Failure> no_line(std::string_view code, const char* why) {
  return std::unexpected(Failure{code, fmt::format("invalid line specification: {}", why), {}, {}});
}

// Reader: of texts by the rules of pair_decode() and path_decode(), which take more than what they write. The text ends
// with a NUL, at which every test fails.
class Reader {
 public:
  Reader(Oid type, std::string_view text) : type_(type), text_(text), whole_(text), at_(whole_.c_str()) {}

  Result<Value> read() {
    blanks();
    const bool good = type_ == point_oid    ? pair()
                      : type_ == circle_oid ? circle()
                      : type_ == line_oid   ? line()
                      : numbers_of(type_)   ? path(type_ == lseg_oid, 2)
                                            : points();
    if (!out_of_range_.empty())
      return std::unexpected(Failure{sqlstate::numeric_value_out_of_range,
                                     fmt::format("\"{}\" is out of range for type double precision", out_of_range_),
                                     {},
                                     {}});
    if (!good || *at_ != '\0') return invalid_text(type_, text_);
    if (type_ == line_oid) return made_line();
    if (type_ == box_oid) order_corners(numbers_);
    if (numbers_of(type_) != 0) return pack(numbers_);
    return counted(numbers_.size() / 2, type_ == path_oid, !is_open_, pack(numbers_));
  }

 private:
  void blanks() {
    while (is_space(*at_)) ++at_;
  }
  bool skip(char c) {
    if (*at_ != c) return false;
    ++at_;
    return true;
  }
  const char* behind_bracket() const {
    const char* next = at_ + 1;
    while (is_space(*next)) ++next;
    return next;
  }

  bool number() {
    blanks();
    char* end = nullptr;
    errno = 0;
    const double value = std::strtod(at_, &end);
    if (end == at_) return false;
    if (errno == ERANGE && (value == 0 || std::isinf(value)) && out_of_range_.empty())
      out_of_range_.assign(at_, static_cast<std::size_t>(end - at_));
    at_ = end;
    blanks();
    numbers_.push_back(value);
    return out_of_range_.empty();
  }

  bool pair() {
    blanks();
    const bool bracketed = skip('(');
    if (!number() || !skip(',') || !number()) return false;
    if (!bracketed) return true;
    if (!skip(')')) return false;
    blanks();
    return true;
  }

  // So many points, with brackets around all of them or not.
  bool path(bool may_be_open, std::size_t count) {
    int depth = 0;
    blanks();
    is_open_ = *at_ == '[';
    if (is_open_) {
      if (!may_be_open) return false;
      ++depth, ++at_;
    } else if (*at_ == '(') {
      const char* next = behind_bracket();
      if (*next == '(' || std::strrchr(at_, '(') == at_) ++depth, at_ = next;
    }
    for (; count > 0; --count) {
      if (!pair()) return false;
      skip(',');
    }
    return close(depth, is_open_ ? ']' : '\0');
  }

  bool close(int depth, char last) {
    for (; depth > 0; --depth) {
      if (!skip(')') && !(last != '\0' && depth == 1 && skip(last))) return false;
      blanks();
    }
    return true;
  }

  // path and polygon: as many points as the commas tell.
  bool points() {
    const auto commas = static_cast<std::size_t>(std::ranges::count(whole_, ','));
    if (commas % 2 == 0) return false;
    const bool bracketed = type_ == path_oid && *at_ == '(' && std::strrchr(at_, '(') == at_;
    if (bracketed) ++at_;
    if (!path(type_ == path_oid, (commas + 1) / 2)) return false;
    if (!bracketed) return true;
    if (!skip(')')) return false;
    blanks();
    return true;
  }

  bool circle() {
    int depth = 0;
    if (skip('<'))
      ++depth;
    else if (*at_ == '(' && *behind_bracket() == '(')
      ++depth, at_ = behind_bracket();
    if (!pair()) return false;
    skip(',');
    if (!number() || numbers_[2] < 0) return false;
    return close(depth, '>');
  }

  bool line() {
    if (!skip('{')) return path(true, 2);
    if (!number() || !skip(',') || !number() || !skip(',') || !number() || !skip('}')) return false;
    blanks();
    return true;
  }

  // {A,B,C}, or what goes through two points.
  Result<Value> made_line() {
    auto same = [](double a, double b) { return a == b || std::fabs(a - b) <= fuzz; };
    const Numbers& n = numbers_;
    if (n.size() == 3) {
      if (same(n[0], 0) && same(n[1], 0))
        return no_line(sqlstate::invalid_text_representation, "A and B cannot both be zero");
      return pack(n);
    }
    if (same(n[0], n[2]) && same(n[1], n[3]))
      return no_line(sqlstate::invalid_text_representation, "must be two distinct points");
    if (same(n[0], n[2])) return pack({-1, 0, n[0]});
    if (same(n[1], n[3])) return pack({0, -1, n[1]});
    const double slope = (n[1] - n[3]) / (n[0] - n[2]), rest = n[1] - slope * n[0];
    return pack({slope, -1, rest == 0 ? 0 : rest});
  }

  Oid type_;
  std::string_view text_;
  std::string whole_;
  const char* at_;
  Numbers numbers_;
  std::string out_of_range_;
  bool is_open_ = false;
};

}  // namespace

Result<Value> geometry_from_text(Oid type, std::string_view text, const Style&) {
  return Reader(type, text).read();
}

std::string geometry_to_text(Oid type, std::string_view held, const Style& style) {
  const bool closed = type == polygon_oid || (type == path_oid && held[0] != 0);
  if (numbers_of(type) == 0) held.remove_prefix(type == path_oid ? 5 : 4);
  auto number = [&](std::size_t i) { return print_float(number_at(held, i), style.extra_float_digits); };
  auto point = [&](std::size_t i) { return fmt::format("({},{})", number(2 * i), number(2 * i + 1)); };
  if (type == line_oid) return fmt::format("{{{},{},{}}}", number(0), number(1), number(2));
  if (type == circle_oid) return fmt::format("<{},{}>", point(0), number(2));
  std::string text;
  for (std::size_t i = 0; i < held.size() / 16; ++i) text += (i == 0 ? "" : ",") + point(i);
  if (type == point_oid || type == box_oid) return text;
  return closed ? "(" + text + ")" : "[" + text + "]";
}

Result<Value> geometry_from_binary(Oid type, std::string_view bytes) {
  auto bad = [&](const char* what) {
    return wrong_form(fmt::format("invalid {} in external \"{}\" value", what, find_type(type)->name));
  };
  if (const auto wanted = numbers_of(type) * 8; wanted != 0) {
    if (bytes.size() < wanted) return too_short();
    if (type == circle_oid && number_at(bytes, 2) < 0) return bad("radius");
    if (type == line_oid && std::fabs(number_at(bytes, 0)) <= fuzz && std::fabs(number_at(bytes, 1)) <= fuzz)
      return no_line(sqlstate::invalid_binary_representation, "A and B cannot both be zero");
    if (bytes.size() > wanted) return wrong_form();
    if (type != box_oid) return std::string(bytes);
    Numbers corners = {number_at(bytes, 0), number_at(bytes, 1), number_at(bytes, 2), number_at(bytes, 3)};
    order_corners(corners);
    return pack(corners);
  }
  const bool is_path = type == path_oid;
  const bool closed = is_path && !bytes.empty() && bytes[0] != 0;
  if (is_path && bytes.empty()) return no_data();
  if (is_path) bytes.remove_prefix(1);
  if (bytes.size() < 4) return too_short();
  const auto points = wire::load_32(bytes.data());
  if (points == 0 || points >= (INT32_MAX - 40) / 16) return bad("number of points");
  bytes.remove_prefix(4);
  if (bytes.size() < std::size_t{points} * 16) return too_short();
  if (bytes.size() > std::size_t{points} * 16) return wrong_form();
  return counted(points, is_path, closed, bytes);
}

}  // namespace pgconform::types
