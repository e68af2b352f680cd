#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "types/packed.hpp"

// inet and cidr, held alike: the family's number on the wire, the bits of the netmask, the address. That the address of
// a cidr has no bits behind its mask is seen to where one is made. datatype-net-types.
namespace pgconform::types {

inline constexpr Oid inet_oid = 869, cidr_oid = 650;

// Network: taken apart.
struct Network {
  static constexpr char ipv4 = 2, ipv6 = 3;
  char family = ipv4;
  int bits = 32;
  std::string address{};  // 4 or 16 bytes
  int most_bits() const { return family == ipv4 ? 32 : 128; }
};
Network unpack_network(std::string_view held);
std::string pack_network(const Network& network);

// clear_host: every bit behind the mask made 0.
void clear_host(Network& network);
// common_bits: how many of the first `most` bits of two addresses of one family are equal.
int common_bits(const Network& a, const Network& b, int most);

// host_text: without the mask · full_text: always with it · short_text: a cidr without the bytes behind its mask.
std::string host_text(const Network& network);
std::string full_text(const Network& network);
std::string short_text(const Network& network);

Result<Value> network_from_text(Oid type, std::string_view text, const Style& style);
std::string network_to_text(Oid type, std::string_view held, const Style& style);
Result<Value> network_from_binary(Oid type, std::string_view bytes);
std::string network_to_binary(Oid type, std::string_view held);
int compare_networks(Oid type, std::string_view a, std::string_view b);

}  // namespace pgconform::types
