#include "types/bits.hpp"

#include <bit>

#include "engine/expr.hpp"
#include "engine/functions/packed_types.hpp"

// Bit strings. functions-bitstring.
namespace pgconform::engine {
namespace {

using types::BitString;

BitString bits_at(Call& c, std::size_t i) {
  return types::unpack_bits(c.text(i));
}

Value pack(BitString bits) {
  return types::pack_bits(std::move(bits));
}

template <char operation>
Value combine(Call& c) {
  return value_or_fail(types::combine_bits(c.text(0), c.text(1), operation));
}

Value complement(Call& c) {
  BitString bits = bits_at(c, 0);
  for (char& byte : bits.bytes) byte = static_cast<char>(~byte);
  types::resize_bits(bits, bits.length);
  return pack(std::move(bits));
}

// What is shifted out is lost, zeros come in; the length stays.
Value shift(Call& c, bool left) {
  const BitString bits = bits_at(c, 0);
  std::int64_t by = c.integer(1);
  if (by < 0) left = !left, by = -by;
  if (by >= bits.length) return pack(types::zeros(bits.length));
  if (!left) return pack(types::joined(types::zeros(by), types::slice(bits, 0, bits.length - by)));
  BitString moved = types::slice(bits, by, bits.length - by);
  types::resize_bits(moved, bits.length);
  return pack(std::move(moved));
}

BitString join(const BitString& a, const BitString& b) {
  need_memory(a.bytes.size() + b.bytes.size());
  return types::joined(a, b);
}

// part: from the place `start`, counted from 1, up to the place `end`, without it.
BitString part(const BitString& bits, std::int64_t start, std::int64_t end) {
  start = std::max<std::int64_t>(start, 1);
  end = std::min(end, bits.length + 1);
  return start >= end ? BitString{} : types::slice(bits, start - 1, end - start);
}

Value substring(Call& c) {
  const std::int64_t start = c.integer(1);
  if (c.args.size() > 2 && c.integer(2) < 0) fail(sqlstate::substring_error, "negative substring length not allowed");
  return pack(part(bits_at(c, 0), start, c.args.size() > 2 ? start + c.integer(2) : INT64_MAX));
}

Value overlay(Call& c) {
  const BitString bits = bits_at(c, 0), put = bits_at(c, 1);
  const std::int64_t start = c.integer(2), end = start + (c.args.size() > 3 ? c.integer(3) : put.length);
  if (start <= 0) fail(sqlstate::substring_error, "negative substring length not allowed");
  if (end > INT32_MAX) fail(sqlstate::numeric_value_out_of_range, "integer out of range");
  return pack(join(join(part(bits, 1, start), put), part(bits, end, INT64_MAX)));
}

// The place of one string in another, counted from 1, or 0. Every bit is looked at once (Knuth, Morris, Pratt), so that
// long strings of equal bits take no longer than others.
Value position(Call& c) {
  const BitString bits = bits_at(c, 0), sought = bits_at(c, 1);
  if (sought.length > bits.length || bits.length == 0) return std::int64_t{0};
  if (sought.length == 0) return std::int64_t{1};
  need_memory(static_cast<std::size_t>(sought.length) * sizeof(std::int32_t));
  std::vector<std::int32_t> back(static_cast<std::size_t>(sought.length), 0);
  auto follow = [&](std::int32_t matched, bool bit) {
    while (matched > 0 && types::get_bit(sought, matched) != bit) matched = back[static_cast<std::size_t>(matched) - 1];
    return types::get_bit(sought, matched) == bit ? matched + 1 : 0;
  };
  for (std::int32_t i = 1; i < sought.length; ++i)
    back[static_cast<std::size_t>(i)] = follow(back[static_cast<std::size_t>(i) - 1], types::get_bit(sought, i));
  std::int32_t matched = 0;
  for (std::int64_t i = 0; i < bits.length; ++i) {
    matched = follow(matched, types::get_bit(bits, i));
    if (matched == sought.length) return i - matched + 2;
  }
  return std::int64_t{0};
}

void need_place(const BitString& bits, std::int64_t place) {
  if (place < 0 || place >= bits.length)
    fail(sqlstate::array_subscript_error,
         fmt::format("bit index {} out of valid range (0..{})", place, bits.length - 1));
}

Value get_bit(Call& c) {
  const BitString bits = bits_at(c, 0);
  need_place(bits, c.integer(1));
  return std::int64_t{types::get_bit(bits, c.integer(1))};
}

Value set_bit(Call& c) {
  BitString bits = bits_at(c, 0);
  need_place(bits, c.integer(1));
  if (c.integer(2) != 0 && c.integer(2) != 1) fail(sqlstate::invalid_parameter_value, "new bit must be 0 or 1");
  types::set_bit(bits, c.integer(1), c.integer(2) == 1);
  return pack(std::move(bits));
}

// bit(n) of an integer: its last n bits, with the sign's in front of them; n stands with the cast or as an argument.
Value from_integer(Call& c) {
  std::int64_t length = c.args.size() > 1 ? c.integer(1) : c.expr.modifier;
  if (length <= 0 || length > INT32_MAX - 7) length = 1;
  BitString bits = types::zeros(length);
  for (std::int64_t i = 0; i < length; ++i)
    if ((c.integer(0) >> std::min<std::int64_t>(i, 63) & 1) != 0) types::set_bit(bits, length - 1 - i, true);
  return pack(std::move(bits));
}

template <int width>
Value to_integer(Call& c) {
  const BitString bits = bits_at(c, 0);
  if (bits.length > width)
    fail(sqlstate::numeric_value_out_of_range, width == 32 ? "integer out of range" : "bigint out of range");
  std::uint64_t number = 0;
  for (std::int64_t i = 0; i < bits.length; ++i) number = number << 1 | (types::get_bit(bits, i) ? 1 : 0);
  if constexpr (width == 32) return std::int64_t{static_cast<std::int32_t>(number)};
  return static_cast<std::int64_t>(number);
}

Value count(Call& c) {
  std::int64_t set = 0;
  for (char byte : bits_at(c, 0).bytes) set += std::popcount(static_cast<unsigned char>(byte));
  return set;
}

Value length(Call& c) {
  return types::length_of_bits(c.text(0));
}

Value fit(Call& c) {
  const auto wanted = static_cast<std::int32_t>(c.integer(1));
  if (wanted <= 0 || wanted > INT32_MAX - 7) return c.args[0];
  need_memory(static_cast<std::size_t>(wanted) / 8);
  return value_or_fail(types::fit_bits(c.expr.type, c.text(0), wanted, c.boolean(2)));
}

}  // namespace

void add_bits(Registry& r) {
  r.add({{"bit_and", combine<'&'>},
         {"bit_or", combine<'|'>},
         {"bitxor", combine<'#'>},
         {"bitnot", complement},
         {"bitshiftleft", [](Call& c) { return shift(c, true); }},
         {"bitshiftright", [](Call& c) { return shift(c, false); }},
         {"bitcat", [](Call& c) { return pack(join(bits_at(c, 0), bits_at(c, 1))); }},
         {"bitlength", length},
         {"bit_length(1560)", length},
         {"bitoctetlength", [](Call& c) -> Value { return (types::length_of_bits(c.text(0)) + 7) / 8; }},
         {"bit_bit_count", count},
         {"bitsubstr", substring},
         {"bitsubstr_no_len", substring},
         {"bitoverlay", overlay},
         {"bitoverlay_no_len", overlay},
         {"bitposition", position},
         {"bitgetbit", get_bit},
         {"bitsetbit", set_bit},
         {"bitfromint4", from_integer},
         {"bitfromint8", from_integer},
         {"bittoint4", to_integer<32>},
         {"bittoint8", to_integer<64>},
         {"bit", fit},
         {"varbit", fit},
         {"bitcmp", [](Call& c) -> Value { return std::int64_t{types::compare_bits(0, c.text(0), c.text(1))}; }}});
}

}  // namespace pgconform::engine
