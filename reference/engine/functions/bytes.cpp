#include <bit>
#include <numeric>

#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "engine/functions/bytes.hpp"

// bytea, byte by byte and bit by bit. functions-binarystring.
namespace pgconform::engine {
namespace {

// place: of a byte or bit, counted from 0.
std::size_t place(std::int64_t n, std::size_t count) {
  if (n < 0 || n >= static_cast<std::int64_t>(count))
    fail(sqlstate::array_subscript_error,
         fmt::format("index {} out of valid range, 0..{}", n, static_cast<std::int64_t>(count) - 1));
  return static_cast<std::size_t>(n);
}

Value set_byte(Call& c) {
  std::string bytes = c.text(0);
  bytes[place(c.integer(1), bytes.size())] = static_cast<char>(c.integer(2));
  return bytes;
}

Value get_bit(Call& c) {
  const std::size_t n = place(c.integer(1), c.text(0).size() * 8);
  return std::int64_t{static_cast<unsigned char>(c.text(0)[n / 8]) >> n % 8 & 1};
}

Value set_bit(Call& c) {
  std::string bytes = c.text(0);
  const std::size_t n = place(c.integer(1), bytes.size() * 8);
  if (c.integer(2) != 0 && c.integer(2) != 1) fail(sqlstate::invalid_parameter_value, "new bit must be 0 or 1");
  const auto bit = static_cast<unsigned char>(1U << n % 8);
  auto byte = static_cast<unsigned char>(bytes[n / 8]);
  byte = static_cast<unsigned char>(c.integer(2) == 1 ? byte | bit : byte & ~bit);
  bytes[n / 8] = static_cast<char>(byte);
  return bytes;
}

Value bit_count(Call& c) {
  return std::accumulate(c.text(0).begin(), c.text(0).end(), std::int64_t{0}, [](std::int64_t sum, char byte) {
    return sum + std::popcount(static_cast<unsigned char>(byte));
  });
}

Value overlay(Call& c) {
  const std::string &bytes = c.text(0), &part = c.text(1);
  const std::int64_t from = c.integer(2), size = c.args.size() > 3 ? c.integer(3) : std::ssize(part);
  if (from <= 0) fail(sqlstate::substring_error, "negative substring length not allowed");
  std::int64_t behind = 0;
  if (__builtin_add_overflow(from, size, &behind) || behind > INT32_MAX)
    fail(sqlstate::numeric_value_out_of_range, "integer out of range");
  const auto cut = [&](std::int64_t n) {
    return static_cast<std::size_t>(std::clamp<std::int64_t>(n, 0, std::ssize(bytes)));
  };
  return bytes.substr(0, cut(from - 1)) + part + bytes.substr(cut(behind - 1));
}

template <bool left, bool right>
Value trim(Call& c) {
  std::string_view bytes = c.text(0);
  const auto is_in_set = [&](char byte) { return c.text(1).find(byte) != std::string::npos; };
  while (left && !bytes.empty() && is_in_set(bytes.front())) bytes.remove_prefix(1);
  while (right && !bytes.empty() && is_in_set(bytes.back())) bytes.remove_suffix(1);
  return std::string(bytes);
}

}  // namespace

void add_bytes(Registry& r) {
  r.add({{"byteaSetByte", set_byte},
         {"byteaGetBit", get_bit},
         {"byteaSetBit", set_bit},
         {"bytea_bit_count", bit_count},
         {"byteaoverlay", overlay},
         {"byteaoverlay_no_len", overlay},
         {"byteatrim", trim<true, true>},
         {"bytealtrim", trim<true, false>},
         {"byteartrim", trim<false, true>}});
}

}  // namespace pgconform::engine
