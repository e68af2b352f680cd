#include "types/network.hpp"

#include "engine/expr.hpp"
#include "engine/functions/packed_types.hpp"
#include "types/mac.hpp"

// inet and cidr, macaddr and macaddr8. functions-net.
namespace pgconform::engine {
namespace {

using types::Network;

Network network_at(Call& c, std::size_t i) {
  return types::unpack_network(c.text(i));
}

int octet(char c) {
  return static_cast<unsigned char>(c);
}

[[noreturn]] void out_of_range() {
  fail(sqlstate::numeric_value_out_of_range, "result is out of range");
}

// The mask as an address: its own bits, or those behind it.
Value mask_of(Call& c, bool behind) {
  Network network = network_at(c, 0);
  network.address.assign(network.address.size(), '\xff');
  types::clear_host(network);
  if (behind)
    for (char& byte : network.address) byte = static_cast<char>(~byte);
  network.bits = network.most_bits();
  return types::pack_network(network);
}

Value broadcast(Call& c) {
  Network network = network_at(c, 0), mask = network;
  mask.address.assign(mask.address.size(), '\xff');
  types::clear_host(mask);
  for (std::size_t i = 0; i < mask.address.size(); ++i)
    network.address[i] = static_cast<char>(network.address[i] | ~mask.address[i]);
  return types::pack_network(network);
}

Value as_cidr(Network network) {
  types::clear_host(network);
  return types::pack_network(network);
}

Value set_mask(Call& c, bool clear) {
  Network network = network_at(c, 0);
  const std::int64_t bits = c.integer(1) == -1 ? network.most_bits() : c.integer(1);
  if (bits < 0 || bits > network.most_bits())
    fail(sqlstate::invalid_parameter_value, fmt::format("invalid mask length: {}", bits));
  network.bits = static_cast<int>(bits);
  return clear ? as_cidr(std::move(network)) : types::pack_network(network);
}

Value merge(Call& c) {
  Network a = network_at(c, 0);
  const Network b = network_at(c, 1);
  if (a.family != b.family) fail(sqlstate::invalid_parameter_value, "cannot merge addresses from different families");
  a.bits = types::common_bits(a, b, std::min(a.bits, b.bits));
  return as_cidr(std::move(a));
}

// Whether one network lies in the other: `outer` with a shorter mask, or one as long.
bool contains(const Network& outer, const Network& inner, bool or_equal) {
  return outer.family == inner.family && (or_equal ? outer.bits <= inner.bits : outer.bits < inner.bits) &&
         types::common_bits(outer, inner, outer.bits) == outer.bits;
}

Value overlap(Call& c) {
  const Network a = network_at(c, 0), b = network_at(c, 1);
  return contains(a, b, true) || contains(b, a, true);
}

template <char operation>
Value combine(Call& c) {
  Network a = network_at(c, 0);
  const Network b = network_at(c, 1);
  if (a.family != b.family)
    fail(sqlstate::invalid_parameter_value,
         fmt::format("cannot {} inet values of different sizes", operation == '&' ? "AND" : "OR"));
  for (std::size_t i = 0; i < a.address.size(); ++i)
    a.address[i] = static_cast<char>(operation == '&' ? a.address[i] & b.address[i] : a.address[i] | b.address[i]);
  a.bits = std::max(a.bits, b.bits);
  return types::pack_network(a);
}

Value complement(Call& c) {
  Network network = network_at(c, 0);
  for (char& byte : network.address) byte = static_cast<char>(~byte);
  return types::pack_network(network);
}

// Byte by byte from the last: what is carried on and what is left of the number have to cancel out.
Value add(Network network, std::int64_t number) {
  int carry = 0;
  for (auto i = network.address.size(); i-- > 0; number >>= 8) {
    carry += octet(network.address[i]) + static_cast<int>(number & 0xff);
    network.address[i] = static_cast<char>(carry);
    carry >>= 8;
  }
  if (number + carry != 0) out_of_range();
  return types::pack_network(network);
}

Value subtract_number(Call& c) {
  // The smallest number is its own opposite, as PostgreSQL has it.
  const std::int64_t number = c.integer(1);
  return add(network_at(c, 0), number == INT64_MIN ? number : -number);
}

Value subtract(Call& c) {
  const Network a = network_at(c, 0), b = network_at(c, 1);
  if (a.family != b.family) fail(sqlstate::invalid_parameter_value, "cannot subtract inet values of different sizes");
  __extension__ using Wide = __int128;
  Wide low = 0, high = 0;
  for (std::size_t i = 0; i < a.address.size(); ++i) {
    Wide& part = i * 2 < a.address.size() ? high : low;
    part = part * 256 + octet(a.address[i]) - octet(b.address[i]);
  }
  if (a.family == Network::ipv4) return static_cast<std::int64_t>(high * 65536 + low);
  // Neither half is more than 64 bits and a sign; a high one beyond 1 is out of range whatever the low one is.
  if (high > 1 || high < -1) out_of_range();
  const Wide whole = (high << 64) + low;
  if (whole > INT64_MAX || whole < INT64_MIN) out_of_range();
  return static_cast<std::int64_t>(whole);
}

template <char operation>
Value combine_macs(Call& c) {
  std::string result = c.text(0);
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (operation == '~') result[i] = static_cast<char>(~result[i]);
    if (operation == '&') result[i] = static_cast<char>(result[i] & c.text(1)[i]);
    if (operation == '|') result[i] = static_cast<char>(result[i] | c.text(1)[i]);
  }
  return result;
}

// The maker's three bytes only.
Value truncate_mac(Call& c) {
  std::string mac = c.text(0);
  std::fill(mac.begin() + 3, mac.end(), '\0');
  return mac;
}

Value narrow_mac(Call& c) {
  const std::string& mac = c.text(0);
  if (mac.substr(3, 2) != "\xff\xfe")
    fail(sqlstate::numeric_value_out_of_range, "macaddr8 data out of range to convert to macaddr", -1,
         "Only addresses that have FF and FE as values in the 4th and 5th bytes from the left, for example "
         "xx:xx:xx:ff:fe:xx:xx:xx, are eligible to be converted from macaddr8 to macaddr.");
  return mac.substr(0, 3) + mac.substr(5);
}

Value set_seventh_bit(Call& c) {
  std::string mac = c.text(0);
  mac[0] = static_cast<char>(mac[0] | 2);
  return mac;
}

Value order_of(Call& c) {
  return std::int64_t{compare_values(c.expr.args[0]->type, c.args[0], c.args[1])};
}

}  // namespace

void add_networks(Registry& r) {
  r.add(
      {{"network_host", [](Call& c) -> Value { return types::host_text(network_at(c, 0)); }},
       {"network_show", [](Call& c) -> Value { return types::full_text(network_at(c, 0)); }},
       {"inet_abbrev",
        [](Call& c) -> Value { return types::network_to_text(types::inet_oid, c.text(0), c.context.style); }},
       {"cidr_abbrev", [](Call& c) -> Value { return types::short_text(network_at(c, 0)); }},
       {"network_family",
        [](Call& c) -> Value { return std::int64_t{network_at(c, 0).family == Network::ipv4 ? 4 : 6}; }},
       {"network_masklen", [](Call& c) -> Value { return std::int64_t{network_at(c, 0).bits}; }},
       {"network_netmask", [](Call& c) { return mask_of(c, false); }},
       {"network_hostmask", [](Call& c) { return mask_of(c, true); }},
       {"network_broadcast", broadcast},
       {"network_network", [](Call& c) { return as_cidr(network_at(c, 0)); }},
       {"inet_to_cidr", [](Call& c) { return as_cidr(network_at(c, 0)); }},
       {"inet_set_masklen", [](Call& c) { return set_mask(c, false); }},
       {"cidr_set_masklen", [](Call& c) { return set_mask(c, true); }},
       {"inet_same_family", [](Call& c) -> Value { return c.text(0)[0] == c.text(1)[0]; }},
       {"inet_merge", merge},
       {"network_sub", [](Call& c) -> Value { return contains(network_at(c, 1), network_at(c, 0), false); }},
       {"network_subeq", [](Call& c) -> Value { return contains(network_at(c, 1), network_at(c, 0), true); }},
       {"network_sup", [](Call& c) -> Value { return contains(network_at(c, 0), network_at(c, 1), false); }},
       {"network_supeq", [](Call& c) -> Value { return contains(network_at(c, 0), network_at(c, 1), true); }},
       {"network_overlap", overlap},
       {"network_cmp", order_of},
       {"network_larger", [](Call& c) { return c.args[types::compare_networks(0, c.text(0), c.text(1)) < 0 ? 1 : 0]; }},
       {"network_smaller",
        [](Call& c) { return c.args[types::compare_networks(0, c.text(0), c.text(1)) > 0 ? 1 : 0]; }},
       {"inetnot", complement},
       {"inetand", combine<'&'>},
       {"inetor", combine<'|'>},
       {"inetpl", [](Call& c) { return add(network_at(c, 0), c.integer(1)); }},
       {"+(20 869)", [](Call& c) { return add(network_at(c, 1), c.integer(0)); }},
       {"int8pl_inet(20 869)", [](Call& c) { return add(network_at(c, 1), c.integer(0)); }},
       {"inetmi_int8", subtract_number},
       {"inetmi", subtract},
       {"macaddr_trunc", truncate_mac},
       {"macaddr8_trunc", truncate_mac},
       {"macaddr8_set7bit", set_seventh_bit},
       {"macaddr8tomacaddr", narrow_mac},
       {"macaddrtomacaddr8", [](Call& c) -> Value { return types::widened(c.text(0)); }}});
  for (std::string type : {"macaddr_", "macaddr8_"}) {
    r.add(type + "cmp", order_of);
    r.add(type + "not", combine_macs<'~'>);
    r.add(type + "and", combine_macs<'&'>);
    r.add(type + "or", combine_macs<'|'>);
  }
}

}  // namespace pgconform::engine
