#include "types/range.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "sqlstate/sqlstate.hpp"
#include "types/form.hpp"
#include "types/numeric.hpp"
#include "types/range_sets.hpp"
#include "wire/bytes.hpp"

namespace pgconform::types {
namespace {

constexpr RangeKind kinds[] = {{3904, 4451, int4_oid},        {3906, 4532, numeric_oid}, {3908, 4533, timestamp_oid},
                               {3910, 4534, timestamptz_oid}, {3912, 4535, date_oid},    {3926, 4536, int8_oid}};

constexpr unsigned is_empty = 1, lower_inclusive = 2, upper_inclusive = 4, lower_infinite = 8, upper_infinite = 16;

int compare_elements(Oid element, const Value& a, const Value& b) {
  if (element == numeric_oid)
    return Numeric::compare(*Numeric::parse(std::get<std::string>(a)), *Numeric::parse(std::get<std::string>(b)));
  const auto x = std::get<std::int64_t>(a), y = std::get<std::int64_t>(b);
  return x < y ? -1 : x > y;
}

// Discrete types have ranges of one form only: [ ).
bool is_discrete(Oid element) {
  return element == int4_oid || element == int8_oid || element == date_oid;
}

Result<bool> step(Oid element, Bound& bound) {
  auto& value = std::get<std::int64_t>(bound.value);
  auto out_of_range = [](std::string_view code, const char* what) {
    return std::unexpected(Failure{code, fmt::format("{} out of range", what), {}, {}});
  };
  if (element == date_oid && (value == infinite_date || value == minus_infinite_date)) return true;
  if (element == date_oid && value + 1 >= 2'145'031'949) return out_of_range(sqlstate::datetime_field_overflow, "date");
  if (element == int4_oid && value == INT32_MAX) return out_of_range(sqlstate::numeric_value_out_of_range, "integer");
  if (element == int8_oid && value == INT64_MAX) return out_of_range(sqlstate::numeric_value_out_of_range, "bigint");
  ++value;
  bound.inclusive = bound.is_lower;
  return true;
}

void put_32(std::string& to, std::size_t number) {
  char bytes[4];
  wire::store_32(bytes, static_cast<std::uint32_t>(number));
  to.append(bytes, sizeof bytes);
}

void put_range(std::string& to, Oid element, const Range& range) {
  to +=
      static_cast<char>((range.lower.inclusive ? lower_inclusive : 0) | (range.upper.inclusive ? upper_inclusive : 0) |
                        (range.lower.infinite() ? lower_infinite : 0) | (range.upper.infinite() ? upper_infinite : 0));
  for (const Bound* bound : {&range.lower, &range.upper}) {
    if (bound->infinite()) continue;
    const std::string bytes = print_binary(element, bound->value);
    put_32(to, bytes.size());
    to += bytes;
  }
}

// A part of a binary form that stands behind its length.
struct Reader {
  std::string_view rest;
  Result<std::string_view> counted() {
    if (rest.size() < 4) return too_short();
    const auto length = wire::load_32(rest.data());
    if (length > rest.size() - 4) return too_short();
    auto part = rest.substr(4, length);
    rest.remove_prefix(4 + length);
    return part;
  }
};

// The bytes of a bound, without those behind it that its type does not read.
std::string_view bytes_of_element(Oid element, std::string_view bytes) {
  if (element == numeric_oid) {
    const std::size_t length = bytes.size() < 8 ? bytes.size() : 8 + 2 * std::size_t{wire::load_16(bytes.data())};
    return bytes.substr(0, length);
  }
  return bytes.substr(0, element == int4_oid || element == date_oid ? 4 : 8);
}

std::unexpected<Failure> left_over() {
  return std::unexpected(Failure{sqlstate::protocol_violation, "invalid message format", {}, {}});
}

Result<Ranges> one_from_binary(Oid element, std::string_view bytes) {
  if (bytes.empty()) return no_data();
  const auto flags = static_cast<unsigned char>(bytes[0]);
  Reader reader{bytes.substr(1)};
  Range range;
  range.upper.is_lower = false;
  range.lower.inclusive = (flags & lower_inclusive) != 0;
  range.upper.inclusive = (flags & upper_inclusive) != 0;
  for (auto [bound, infinite] : {std::pair(&range.lower, lower_infinite), std::pair(&range.upper, upper_infinite)}) {
    if ((flags & (is_empty | infinite)) != 0) continue;
    const auto part = reader.counted();
    if (!part) return std::unexpected(part.error());
    auto value = parse_binary(element, bytes_of_element(element, *part));
    if (!value) return std::unexpected(value.error());
    bound->value = std::move(*value);
  }
  if (!reader.rest.empty()) return left_over();
  if ((flags & is_empty) != 0) return Ranges();
  return make_range(element, std::move(range.lower), std::move(range.upper));
}

}  // namespace

const RangeKind* range_kind(Oid type) {
  const auto* kind =
      std::ranges::find_if(kinds, [&](const RangeKind& k) { return k.range == type || k.multirange == type; });
  return kind == std::end(kinds) ? nullptr : kind;
}

int compare_bounds(Oid element, const Bound& a, const Bound& b) {
  if (a.infinite() || b.infinite()) {
    if (a.infinite() && b.infinite()) return static_cast<int>(b.is_lower) - static_cast<int>(a.is_lower);
    if (a.infinite()) return a.is_lower ? -1 : 1;
    return b.is_lower ? 1 : -1;
  }
  if (const int order = compare_elements(element, a.value, b.value); order != 0) return order;
  // An end that leaves the value out lies just behind it as a lower one, just before it as an upper one.
  auto beside = [](const Bound& bound) { return bound.inclusive ? 0 : bound.is_lower ? 1 : -1; };
  return std::clamp(beside(a) - beside(b), -1, 1);
}

int compare_element(Oid element, const Bound& bound, const Value& value) {
  const Bound other{value, bound.is_lower, true};
  return compare_bounds(element, bound, other);
}

Result<Ranges> make_range(Oid element, Bound lower, Bound upper) {
  lower.is_lower = true;
  upper.is_lower = false;
  for (Bound* bound : {&lower, &upper}) bound->inclusive = bound->inclusive && !bound->infinite();
  if (!lower.infinite() && !upper.infinite()) {
    const int order = compare_elements(element, lower.value, upper.value);
    if (order > 0)
      return std::unexpected(Failure{
          sqlstate::data_exception, "range lower bound must be less than or equal to range upper bound", {}, {}});
    if (order == 0 && !(lower.inclusive && upper.inclusive)) return Ranges();
  }
  if (is_discrete(element)) {
    for (Bound* bound : {&lower, &upper}) {
      if (bound->infinite() || bound->inclusive == bound->is_lower) continue;
      if (auto stepped = step(element, *bound); !stepped) return std::unexpected(stepped.error());
    }
    if (!lower.infinite() && !upper.infinite()) {
      const int order = compare_elements(element, lower.value, upper.value);
      if (order > 0 || (order == 0 && !(lower.inclusive && upper.inclusive))) return Ranges();
    }
  }
  Ranges one;
  one.emplace_back(std::move(lower), std::move(upper));
  return one;
}

Ranges unpack_ranges(Oid type, std::string_view held) {
  const RangeKind& kind = *range_kind(type);
  if (type == kind.range) return *one_from_binary(kind.element, held);
  Ranges all;
  Reader reader{held.substr(4)};
  all.reserve(wire::load_32(held.data()));
  while (!reader.rest.empty()) {
    auto one = one_from_binary(kind.element, *reader.counted());
    all.push_back(std::move(one->front()));
  }
  return all;
}

std::string pack_ranges(Oid type, const Ranges& ranges) {
  const RangeKind& kind = *range_kind(type);
  std::string held;
  if (type == kind.range) {
    if (ranges.empty())
      held += static_cast<char>(is_empty);
    else
      put_range(held, kind.element, ranges.front());
    return held;
  }
  put_32(held, ranges.size());
  for (const Range& range : ranges) {
    std::string one;
    put_range(one, kind.element, range);
    put_32(held, one.size());
    held += one;
  }
  return held;
}

Result<Value> range_from_binary(Oid type, std::string_view bytes) {
  const RangeKind& kind = *range_kind(type);
  if (type == kind.range) {
    auto one = one_from_binary(kind.element, bytes);
    if (!one) return std::unexpected(one.error());
    return pack_ranges(type, *one);
  }
  if (bytes.size() < 4) return too_short();
  Reader reader{bytes.substr(4)};
  Ranges all;
  for (auto count = wire::load_32(bytes.data()); count > 0; --count) {
    const auto part = reader.counted();
    if (!part) return std::unexpected(part.error());
    auto one = one_from_binary(kind.element, *part);
    if (!one) return std::unexpected(one.error());
    if (!one->empty()) all.push_back(std::move(one->front()));
    if (all.size() > most_ranges) return too_many_ranges();
  }
  if (!reader.rest.empty()) return left_over();
  return pack_ranges(type, normalized(kind.element, std::move(all)));
}

std::unexpected<Failure> too_many_ranges() {
  return std::unexpected(Failure{sqlstate::out_of_memory,
                                 "out of memory",
                                 fmt::format("A multirange of more than {} ranges is not held here.", most_ranges),
                                 {}});
}

// An empty range comes first, then the lower bounds decide, then the upper ones; of multiranges range by range.
int compare_ranges(Oid type, std::string_view a, std::string_view b) {
  const Oid element = range_kind(type)->element;
  const Ranges x = unpack_ranges(type, a), y = unpack_ranges(type, b);
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (const int order = compare_bounds(element, x[i].lower, y[i].lower); order != 0) return order;
    if (const int order = compare_bounds(element, x[i].upper, y[i].upper); order != 0) return order;
  }
  return x.size() < y.size() ? -1 : x.size() > y.size();
}

}  // namespace pgconform::types
