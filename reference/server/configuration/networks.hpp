#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/configuration/element.hpp"

// From where a user may connect: <networks> with <ip>, <host> and <host_regexp>.
namespace pgconform::server {

// IpAddress: an IPv6 address in network order, or an IPv4 one mapped to ::ffff:a.b.c.d.
using IpAddress = std::array<std::uint8_t, 16>;

// parse_ip reads an IPv4 or IPv6 address without brackets, port or zone, or gives nothing.
std::optional<IpAddress> parse_ip(std::string_view text);

// AddressRange: the addresses that agree with `address` in the bits of `mask`.
struct AddressRange {
  IpAddress address{}, mask{};
  bool contains(const IpAddress& peer) const;
};

// parse_address_range reads an address, a CIDR (10.0.0.0/8), or an address and mask (10.0.0.0/255.0.0.0), or gives
// nothing. ::/0 holds every address, IPv4 too.
std::optional<AddressRange> parse_address_range(std::string_view text);

// Networks: a peer that any of these admits may log in; with none of them nobody may.
struct Networks {
  std::vector<AddressRange> ranges;
  std::vector<std::string> hosts;         // names, to be looked up when the user logs in
  std::vector<std::string> host_regexps;  // to be matched whole with the peer's name

  bool has_names() const { return !hosts.empty() || !host_regexps.empty(); }
  // admits_address tells whether one of the ranges holds `peer`. Hosts and patterns are the caller's to look up.
  bool admits_address(const IpAddress& peer) const;
};

// read_networks reads a <networks> element. Throws ConfigurationError.
Networks read_networks(const Element& networks, Warnings& warnings);

}  // namespace pgconform::server
