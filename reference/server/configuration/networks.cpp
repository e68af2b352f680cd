#include "server/configuration/networks.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>

#include "server/configuration/values.hpp"

namespace pgconform::server {
namespace {

constexpr std::string_view mapped_prefix("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);

bool is_ipv4(std::string_view text) {
  return text.find(':') == std::string_view::npos;
}

// mask_of gives a mask whose first `bits` bits are set.
IpAddress mask_of(unsigned bits) {
  IpAddress mask{};
  for (unsigned i = 0; i < bits; ++i) mask[i / 8] |= static_cast<std::uint8_t>(0x80U >> (i % 8));
  return mask;
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  // inet_pton would not see what stands behind a NUL.
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  IpAddress address{};
  const std::string terminated(text);
  if (is_ipv4(text)) {
    std::ranges::copy(mapped_prefix, address.begin());
    if (inet_pton(AF_INET, terminated.c_str(), address.data() + 12) != 1) return std::nullopt;
  } else if (inet_pton(AF_INET6, terminated.c_str(), address.data()) != 1) {
    return std::nullopt;
  }
  return address;
}

bool AddressRange::contains(const IpAddress& peer) const {
  for (std::size_t i = 0; i < peer.size(); ++i) {
    if (((peer[i] ^ address[i]) & mask[i]) != 0) return false;
  }
  return true;
}

std::optional<AddressRange> parse_address_range(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const auto address = parse_ip(host);
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return AddressRange{*address, mask_of(128)};

  const std::string_view width = text.substr(slash + 1);
  if (width.find_first_not_of("0123456789") == std::string_view::npos) {
    const unsigned unused = is_ipv4(host) ? 96 : 0;
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(width.data(), width.data() + width.size(), bits);
    if (error != std::errc{} || end != width.data() + width.size() || bits > 128 - unused) return std::nullopt;
    return AddressRange{*address, mask_of(unused + bits)};
  }
  auto mask = parse_ip(width);
  if (!mask || is_ipv4(host) != is_ipv4(width)) return std::nullopt;
  if (is_ipv4(host)) std::fill_n(mask->begin(), 12, std::uint8_t{0xff});
  return AddressRange{*address, *mask};
}

bool Networks::admits_address(const IpAddress& peer) const {
  return std::ranges::any_of(ranges, [&](const AddressRange& range) { return range.contains(peer); });
}

Networks read_networks(const Element& section, Warnings& warnings) {
  constexpr std::string_view known[] = {"ip", "host", "host_regexp"};
  // An entry that is misspelt must not be passed over: what is left of the list might then mean something else.
  for (const Element& child : section.children) {
    if (std::ranges::find(known, child.name) == std::end(known)) {
      throw ConfigurationError(child, "is unknown inside <networks>, expected <ip>, <host> or <host_regexp>");
    }
  }
  check_section(section, known, warnings);
  Networks networks;
  for (const Element& child : section.children) {
    if (child.name == "ip") {
      constexpr std::string_view expected = "an address, address/bits or address/mask";
      const std::string_view word = word_of(child, expected);
      const auto range = parse_address_range(word);
      if (!range) throw ConfigurationError(child, fmt::format("\"{}\" is wrong, expected {}", word, expected));
      networks.ranges.push_back(*range);
    } else if (child.name == "host") {
      networks.hosts.emplace_back(word_of(child, "a host name"));
    } else {
      constexpr std::string_view expected = "a regular expression (RE2)";
      const std::string pattern(word_of(child, expected));
      if (const re2::RE2 compiled(pattern, re2::RE2::Quiet); !compiled.ok())
        throw ConfigurationError(child, fmt::format("is wrong, expected {}: {}", expected, compiled.error()));
      networks.host_regexps.push_back(pattern);
    }
  }
  if (section.children.empty()) warnings.add(section, "is empty, so this user cannot log in from anywhere");
  return networks;
}

}  // namespace pgconform::server
