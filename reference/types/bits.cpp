#include "types/bits.hpp"
#include "types/characters.hpp"

#include <fmt/core.h>

#include "sqlstate/sqlstate.hpp"
#include "types/form.hpp"
#include "wire/bytes.hpp"

namespace pgconform::types {
namespace {

constexpr std::int64_t most_bits = INT32_MAX - 7;

std::size_t bytes_for(std::int64_t length) {
  return static_cast<std::size_t>((length + 7) / 8);
}

void clear_rest(BitString& bits) {
  if (bits.length % 8 != 0) bits.bytes.back() = static_cast<char>(bits.bytes.back() & (0xff << (8 - bits.length % 8)));
}

std::unexpected<Failure> bad_digit(std::string_view rest, std::string_view kind) {
  return std::unexpected(
      Failure{sqlstate::invalid_text_representation,
              fmt::format("\"{}\" is not a valid {} digit", rest.substr(0, byte_of_character(rest, 1)), kind),
              {},
              {}});
}

}  // namespace

BitString unpack_bits(std::string_view held) {
  return {length_of_bits(held), std::string(held.substr(4))};
}

std::string pack_bits(BitString bits) {
  char length[4];
  wire::store_32(length, static_cast<std::uint32_t>(bits.length));
  return bits.bytes.insert(0, length, sizeof length);
}

std::int64_t length_of_bits(std::string_view held) {
  return wire::load_32(held.data());
}

BitString zeros(std::int64_t length) {
  return {length, std::string(bytes_for(length), '\0')};
}

void resize_bits(BitString& bits, std::int64_t length) {
  bits.length = length;
  bits.bytes.resize(bytes_for(length));
  clear_rest(bits);
}

bool get_bit(const BitString& bits, std::int64_t place) {
  return (bits.bytes[static_cast<std::size_t>(place / 8)] >> (7 - place % 8) & 1) != 0;
}

void set_bit(BitString& bits, std::int64_t place, bool value) {
  char& byte = bits.bytes[static_cast<std::size_t>(place / 8)];
  const int mask = 1 << (7 - place % 8);
  byte = static_cast<char>(value ? byte | mask : byte & ~mask);
}

BitString slice(const BitString& bits, std::int64_t start, std::int64_t length) {
  BitString part = zeros(length);
  const auto shift = start % 8;
  auto at = static_cast<std::size_t>(start / 8);
  for (char& byte : part.bytes) {
    int two = static_cast<unsigned char>(bits.bytes[at]) << 8;
    if (++at < bits.bytes.size()) two |= static_cast<unsigned char>(bits.bytes[at]);
    byte = static_cast<char>(two << shift >> 8);
  }
  clear_rest(part);
  return part;
}

BitString joined(const BitString& a, const BitString& b) {
  BitString whole = a;
  resize_bits(whole, a.length + b.length);
  const auto shift = a.length % 8;
  auto at = static_cast<std::size_t>(a.length / 8);
  for (char each : b.bytes) {
    const auto byte = static_cast<unsigned char>(each);
    whole.bytes[at] = static_cast<char>(whole.bytes[at] | byte >> shift);
    if (++at < whole.bytes.size()) whole.bytes[at] = static_cast<char>(byte << (8 - shift));
  }
  return whole;
}

Result<Value> combine_bits(std::string_view a, std::string_view b, char operation) {
  if (length_of_bits(a) != length_of_bits(b))
    return std::unexpected(Failure{sqlstate::string_data_length_mismatch,
                                   fmt::format("cannot {} bit strings of different sizes", operation == '&'   ? "AND"
                                                                                           : operation == '|' ? "OR"
                                                                                                              : "XOR"),
                                   {},
                                   {}});
  std::string both(a);
  for (std::size_t i = 4; i < both.size(); ++i)
    both[i] = static_cast<char>(operation == '&' ? a[i] & b[i] : operation == '|' ? a[i] | b[i] : a[i] ^ b[i]);
  return both;
}

Result<Value> fit_bits(Oid type, std::string_view held, std::int32_t length, bool is_explicit) {
  const auto has = length_of_bits(held);
  if (has == length || (type == varbit_oid && has < length)) return std::string(held);
  if (!is_explicit && type == bit_oid)
    return std::unexpected(Failure{sqlstate::string_data_length_mismatch,
                                   fmt::format("bit string length {} does not match type bit({})", has, length),
                                   {},
                                   {}});
  if (!is_explicit)
    return std::unexpected(Failure{sqlstate::string_data_right_truncation,
                                   fmt::format("bit string too long for type bit varying({})", length),
                                   {},
                                   {}});
  BitString bits = unpack_bits(held);
  resize_bits(bits, length);
  return pack_bits(std::move(bits));
}

// Digits of base 2, or of base 16 behind an x; a b in front says what is so without it.
Result<Value> bits_from_text(Oid, std::string_view text, const Style&) {
  const bool is_hex = text.starts_with('x') || text.starts_with('X');
  if (is_hex || text.starts_with('b') || text.starts_with('B')) text.remove_prefix(1);
  if (text.size() > static_cast<std::size_t>(most_bits) / (is_hex ? 4 : 1))
    return std::unexpected(Failure{sqlstate::program_limit_exceeded,
                                   fmt::format("bit string length exceeds the maximum allowed ({})", most_bits),
                                   {},
                                   {}});
  const int width = is_hex ? 4 : 1;
  BitString bits = zeros(static_cast<std::int64_t>(text.size()) * width);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int digit = is_hex ? hex_digit(text[i]) : text[i] == '0' || text[i] == '1' ? text[i] - '0' : -1;
    if (digit < 0) return bad_digit(text.substr(i), is_hex ? "hexadecimal" : "binary");
    const auto bit = i * static_cast<std::size_t>(width);
    char& byte = bits.bytes[bit / 8];
    byte = static_cast<char>(byte | digit << (8 - width - static_cast<int>(bit % 8)));
  }
  return pack_bits(std::move(bits));
}

std::string bits_to_text(Oid, std::string_view held, const Style&) {
  const auto length = static_cast<std::size_t>(length_of_bits(held));
  held.remove_prefix(4);
  std::string text(length, '0');
  for (std::size_t i = 0; i < length; ++i)
    if ((held[i / 8] >> (7 - i % 8) & 1) != 0) text[i] = '1';
  return text;
}

// bit_recv(): bytes that are missing are an error, and so are some that are left; bits past the length are cleared.
Result<Value> bits_from_binary(Oid, std::string_view bytes) {
  if (bytes.size() < 4) return too_short();
  const auto length = static_cast<std::int32_t>(wire::load_32(bytes.data()));
  if (length < 0 || length > most_bits) return wrong_form("invalid length in external bit string");
  const auto wanted = bytes_for(length);
  bytes.remove_prefix(4);
  if (bytes.size() < wanted) return too_short();
  if (bytes.size() > wanted) return wrong_form();
  BitString bits{length, std::string(bytes)};
  clear_rest(bits);
  return pack_bits(std::move(bits));
}

// By the bytes, then by the length.
int compare_bits(Oid, std::string_view a, std::string_view b) {
  const int order = a.substr(4).compare(b.substr(4));
  if (order != 0) return order < 0 ? -1 : 1;
  const auto x = length_of_bits(a), y = length_of_bits(b);
  return x < y ? -1 : x > y;
}

}  // namespace pgconform::types
