#include "types/network.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "sqlstate/sqlstate.hpp"
#include "types/network_input.hpp"
#include "types/text_forms.hpp"

namespace pgconform::types {
namespace {

int byte_at(std::string_view address, int i) {
  return static_cast<unsigned char>(address[static_cast<std::size_t>(i)]);
}
int word_at(std::string_view address, int i) {
  return byte_at(address, 2 * i) << 8 | byte_at(address, 2 * i + 1);
}

// The longest run of words that are 0, of two at least: its first and how many.
std::pair<int, int> longest_gap(std::string_view address) {
  int best = -1, length = 1;
  for (int i = 0; i < 8; ++i) {
    int end = i;
    while (end < 8 && word_at(address, end) == 0) ++end;
    if (end - i > length) best = i, length = end - i;
    if (end > i) i = end;
  }
  return {best, best < 0 ? 0 : length};
}

std::string ipv4_text(std::string_view address) {
  return fmt::format("{}.{}.{}.{}", byte_at(address, 0), byte_at(address, 1), byte_at(address, 2), byte_at(address, 3));
}

std::string ipv6_text(std::string_view address) {
  const auto [gap, length] = longest_gap(address);
  std::string text;
  for (int i = 0; i < 8; ++i) {
    if (gap >= 0 && i >= gap && i < gap + length) {
      if (i == gap) text += ':';
      continue;
    }
    if (i > 0) text += ':';
    // An IPv4 address inside of one of IPv6.
    if (i == 6 && gap == 0 && (length == 6 || (length == 5 && word_at(address, 5) == 0xffff)))
      return text + ipv4_text(address.substr(12));
    text += fmt::format("{:x}", word_at(address, i));
  }
  if (gap >= 0 && gap + length == 8) text += ':';
  return text;
}

std::string short_ipv4(const Network& network) {
  std::string text;
  const int bytes = (network.bits + 7) / 8;
  for (int i = 0; i < bytes; ++i) text += fmt::format("{}{}", i == 0 ? "" : ".", byte_at(network.address, i));
  return bytes == 0 ? "0" : text;
}

// inet_cidr_ntop(): only the words that the mask reaches, two at least. A run of zeros that is not the longest so far
// goes on counting in the next one; that is PostgreSQL's way.
std::string short_ipv6(const Network& network) {
  if (network.bits == 0) return "::";
  const std::string& address = network.address;
  const int words = std::max((network.bits + 15) / 16, 2);
  int gap = 0, length = 0, run = 0, run_length = 0;
  auto longest = [&] {
    if (run_length <= length) return false;
    gap = run, length = run_length;
    return true;
  };
  for (int i = 0; i < words; ++i) {
    if (word_at(address, i) == 0) {
      if (run_length++ == 0) run = i;
    } else if (longest()) {
      run_length = 0;
    }
  }
  longest();
  const bool has_ipv4 = length != words && gap == 0 &&
                        (length == 6 || (length == 5 && word_at(address, 5) == 0xffff) ||
                         (length == 7 && byte_at(address, 14) != 0 && byte_at(address, 15) != 1));
  std::string text;
  for (int i = 0; i < words; ++i) {
    if (length != 0 && i >= gap && i < gap + length) {
      if (i == gap) text += ':';
      if (i == words - 1) text += ':';
    } else if (has_ipv4 && i > 5) {
      text += fmt::format("{}{}", i == 6 ? ':' : '.', byte_at(address, 2 * i));
      if (i != 7 || network.bits > 120) text += fmt::format(".{}", byte_at(address, 2 * i + 1));
    } else {
      text += fmt::format("{}{:x}", text.empty() ? "" : ":", word_at(address, i));
    }
  }
  return text;
}

bool is_clear(const Network& network) {
  Network clear = network;
  clear_host(clear);
  return clear.address == network.address;
}

Failure bits_behind_mask(std::string_view code, std::string message) {
  return {code, std::move(message), "Value has bits set to right of mask.", {}};
}

}  // namespace

Network unpack_network(std::string_view held) {
  return {held[0], static_cast<unsigned char>(held[1]), std::string(held.substr(2))};
}

std::string pack_network(const Network& network) {
  return std::string{network.family, static_cast<char>(network.bits)} + network.address;
}

void clear_host(Network& network) {
  for (std::size_t i = 0; i < network.address.size(); ++i) {
    const int kept = std::clamp(network.bits - static_cast<int>(i) * 8, 0, 8);
    network.address[i] = static_cast<char>(network.address[i] & (0xff00 >> kept));
  }
}

int common_bits(const Network& a, const Network& b, int most) {
  for (int i = 0; i < most; ++i)
    if (((byte_at(a.address, i / 8) ^ byte_at(b.address, i / 8)) >> (7 - i % 8) & 1) != 0) return i;
  return most;
}

std::string host_text(const Network& network) {
  return network.family == Network::ipv4 ? ipv4_text(network.address) : ipv6_text(network.address);
}

std::string full_text(const Network& network) {
  return fmt::format("{}/{}", host_text(network), network.bits);
}

std::string short_text(const Network& network) {
  return fmt::format("{}/{}", network.family == Network::ipv4 ? short_ipv4(network) : short_ipv6(network),
                     network.bits);
}

Result<Value> network_from_text(Oid type, std::string_view text, const Style&) {
  const auto network = read_network(text, type == cidr_oid);
  if (!network) return invalid_text(type, text);
  if (type == cidr_oid && !is_clear(*network))
    return std::unexpected(
        bits_behind_mask(sqlstate::invalid_text_representation, fmt::format("invalid cidr value: \"{}\"", text)));
  return pack_network(*network);
}

std::string network_to_text(Oid type, std::string_view held, const Style&) {
  const Network network = unpack_network(held);
  return type == cidr_oid || network.bits != network.most_bits() ? full_text(network) : host_text(network);
}

// network_recv(): family, bits, a byte that says cidr and is not looked at, how many bytes, the bytes.
Result<Value> network_from_binary(Oid type, std::string_view bytes) {
  auto refuse = [&](const char* what) {
    return wrong_form(fmt::format("invalid {} in external \"{}\" value", what, type == cidr_oid ? "cidr" : "inet"));
  };
  auto ends_before = [&](std::size_t n) { return bytes.size() < n; };
  if (ends_before(1)) return no_data();
  Network network{bytes[0], 0, {}};
  if (network.family != Network::ipv4 && network.family != Network::ipv6) return refuse("address family");
  if (ends_before(2)) return no_data();
  network.bits = static_cast<unsigned char>(bytes[1]);
  if (network.bits > network.most_bits()) return refuse("bits");
  if (ends_before(4)) return no_data();
  const auto length = static_cast<std::size_t>(network.most_bits() / 8);
  if (static_cast<unsigned char>(bytes[3]) != length) return refuse("length");
  if (ends_before(4 + length)) return no_data();
  network.address = bytes.substr(4, length);
  if (type == cidr_oid && !is_clear(network))
    return std::unexpected(
        bits_behind_mask(sqlstate::invalid_binary_representation, "invalid external \"cidr\" value"));
  if (bytes.size() > 4 + length) return wrong_form();
  return pack_network(network);
}

std::string network_to_binary(Oid type, std::string_view held) {
  std::string bytes(held.substr(0, 2));
  bytes += static_cast<char>(type == cidr_oid);
  bytes += static_cast<char>(held.size() - 2);
  return bytes += held.substr(2);
}

// By the family, the bits that both masks reach, the longer mask, the whole address.
int compare_networks(Oid, std::string_view a, std::string_view b) {
  const Network x = unpack_network(a), y = unpack_network(b);
  if (x.family != y.family) return x.family < y.family ? -1 : 1;
  const int reached = std::min(x.bits, y.bits);
  const int same = common_bits(x, y, x.most_bits());
  const bool less = same < x.most_bits() && x.address < y.address;
  if (same < reached) return less ? -1 : 1;
  if (x.bits != y.bits) return x.bits < y.bits ? -1 : 1;
  return same == x.most_bits() ? 0 : less ? -1 : 1;
}

}  // namespace pgconform::types
