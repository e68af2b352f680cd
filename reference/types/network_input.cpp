#include "types/network_input.hpp"
#include "types/characters.hpp"

#include <algorithm>

// Addresses as texts, by the rules of inet_net_pton(): an IPv4 address may leave out its last bytes where a mask
// follows (inet) or always (cidr, whose mask then follows from the class of the address).
namespace pgconform::types {
namespace {

// Input: what is left of the text; '\0' behind its end.
struct Input {
  std::string_view rest;
  char peek(std::size_t i = 0) const { return i < rest.size() ? rest[i] : '\0'; }
  char take() {
    const char c = peek();
    rest.remove_prefix(std::min<std::size_t>(1, rest.size()));
    return c;
  }
};

// digits: a number of at most `most`, of one digit or more; -1 if it is none. `plain`: no zeros in front.
int digits(Input& in, int most, bool plain) {
  if (!is_digit(in.peek())) return -1;
  int value = 0, count = 0;
  for (; is_digit(in.peek()); ++count) {
    if (plain && count > 0 && value == 0) return -1;
    value = value * 10 + (in.take() - '0');
    if (value > most) return -1;
  }
  return value;
}

// The mask behind the address, which ends the text; nothing if there is something else.
std::optional<int> mask(Input& in, int most, bool plain) {
  if (in.rest.empty()) return -1;
  if (in.take() != '/') return std::nullopt;
  const int bits = digits(in, most, plain);
  if (bits < 0 || !in.rest.empty()) return std::nullopt;
  return bits;
}

bool read_hex_bytes(Input& in, std::string& address) {
  in.rest.remove_prefix(2);
  for (int high = hex_digit(in.peek()); high >= 0; high = hex_digit(in.peek())) {
    in.take();
    int low = hex_digit(in.peek());
    if (low >= 0) in.take();
    if (address.size() == 4) return false;
    address += static_cast<char>(high << 4 | std::max(low, 0));
  }
  return true;
}

// Numbers with points between them; an inet may end with one.
bool read_bytes(Input& in, bool is_cidr, std::string& address) {
  for (;;) {
    const int byte = digits(in, 255, false);
    if (byte < 0) return !is_cidr && !address.empty() && (in.rest.empty() || in.peek() == '/');
    if (address.size() == 4) return false;
    address += static_cast<char>(byte);
    if (in.rest.empty() || in.peek() == '/') return true;
    if (in.take() != '.') return false;
  }
}

int bits_of_class(std::string_view address) {
  const auto first = static_cast<unsigned char>(address[0]);
  const int bits = first >= 240 ? 32 : first >= 224 ? 8 : first >= 192 ? 24 : first >= 128 ? 16 : 8;
  const int wide = std::max(bits, static_cast<int>(address.size()) * 8);
  return wide == 8 && first == 224 ? 4 : wide;
}

std::optional<Network> read_ipv4(Input in, bool is_cidr) {
  Network network;
  const bool is_hex =
      is_cidr && in.peek() == '0' && (in.peek(1) == 'x' || in.peek(1) == 'X') && hex_digit(in.peek(2)) >= 0;
  if (is_hex ? !read_hex_bytes(in, network.address) : !read_bytes(in, is_cidr, network.address)) return std::nullopt;
  const auto bits = mask(in, 32, false);
  if (!bits) return std::nullopt;
  const auto given = static_cast<int>(network.address.size());
  if (is_cidr)
    network.bits = *bits < 0 ? bits_of_class(network.address) : *bits;
  else if (*bits < 0 ? given != 4 : *bits / 8 > given)
    return std::nullopt;
  else
    network.bits = *bits < 0 ? 32 : *bits;
  network.address.resize(4);
  return network;
}

// The bytes of an IPv4 address at the end of an IPv6 one, and the mask; what is left out is 0.
std::optional<int> read_tail(Input in, std::string& address) {
  std::string tail;
  for (;;) {
    const int byte = digits(in, 255, true);
    if (byte < 0 || tail.size() == 4) return std::nullopt;
    tail += static_cast<char>(byte);
    if (in.peek() != '.') break;
    in.take();
  }
  tail.resize(4);
  address += tail;
  return mask(in, 128, true);
}

std::optional<Network> read_ipv6(Input in) {
  std::string address;
  std::optional<std::size_t> gap;
  std::optional<int> bits = -1;
  if (in.peek() == ':' && (in.take(), in.peek() != ':')) return std::nullopt;
  while (!in.rest.empty() && in.peek() != '/') {
    if (in.peek() == ':') {
      if (gap) return std::nullopt;
      in.take();
      gap = address.size();
      continue;
    }
    const Input word = in;
    int value = 0, count = 0;
    for (; hex_digit(in.peek()) >= 0; ++count) value = value << 4 | hex_digit(in.take());
    if (count > 4) return std::nullopt;
    if (in.peek() == '.') {
      if (address.size() > 12) return std::nullopt;
      bits = read_tail(word, address);
      in.rest = {};
      break;
    }
    if (count == 0 || address.size() == 16) return std::nullopt;
    address += static_cast<char>(value >> 8);
    address += static_cast<char>(value);
    if (in.peek() == ':' && (in.take(), in.rest.empty())) return std::nullopt;
  }
  if (!in.rest.empty()) bits = mask(in, 128, true);
  if (!bits) return std::nullopt;
  if (gap) {
    if (address.size() == 16) return std::nullopt;
    address.insert(*gap, 16 - address.size(), '\0');
  }
  if (address.size() != 16) return std::nullopt;
  return Network{Network::ipv6, *bits < 0 ? 128 : *bits, std::move(address)};
}

}  // namespace

std::optional<Network> read_network(std::string_view text, bool is_cidr) {
  return text.contains(':') ? read_ipv6({text}) : read_ipv4({text}, is_cidr);
}

}  // namespace pgconform::types
