#include "types/packed.hpp"

#include "sqlstate/sqlstate.hpp"
#include "types/bits.hpp"
#include "types/geometry.hpp"
#include "types/mac.hpp"
#include "types/money.hpp"
#include "types/network.hpp"
#include "types/range.hpp"
#include "types/system_values.hpp"
#include "types/type.hpp"

namespace pgconform::types {

const Packed* find_packed(Oid type) {
  static constexpr Packed bits{bits_from_text, bits_to_text, bits_from_binary, nullptr, compare_bits};
  static constexpr Packed networks{network_from_text, network_to_text, network_from_binary, network_to_binary,
                                   compare_networks};
  static constexpr Packed macs{mac_from_text, mac_to_text, mac_from_binary};
  static constexpr Packed ranges{range_from_text, range_to_text, range_from_binary, nullptr, compare_ranges};
  static constexpr Packed money{money_from_text, money_to_text, fixed_from_binary, nullptr, compare_money};
  static constexpr Packed places{tid_from_text, tid_to_text, fixed_from_binary};
  static constexpr Packed log_places{lsn_from_text, lsn_to_text, fixed_from_binary};
  static constexpr Packed counts{count_from_text, count_to_text, fixed_from_binary};
  static constexpr Packed shapes{geometry_from_text, geometry_to_text, geometry_from_binary, nullptr, nullptr, false};
  switch (type) {
    case bit_oid:
    case varbit_oid:
      return &bits;
    case 3904:
    case 3906:
    case 3908:
    case 3910:
    case 3912:
    case 3926:
    case 4451:
    case 4532:
    case 4533:
    case 4534:
    case 4535:
    case 4536:
      return &ranges;
    case money_oid:
      return &money;
    case tid_oid:
      return &places;
    case pg_lsn_oid:
      return &log_places;
    case cid_oid:
    case xid8_oid:
      return &counts;
    case point_oid:
    case lseg_oid:
    case path_oid:
    case box_oid:
    case polygon_oid:
    case line_oid:
    case circle_oid:
      return &shapes;
    case inet_oid:
    case cidr_oid:
      return &networks;
    case macaddr_oid:
    case macaddr8_oid:
      return &macs;
    default:
      return nullptr;
  }
}

std::unexpected<Failure> too_short() {
  return std::unexpected(Failure{sqlstate::protocol_violation, "insufficient data left in message", {}, {}});
}

std::unexpected<Failure> no_data() {
  return std::unexpected(Failure{sqlstate::protocol_violation, "no data left in message", {}, {}});
}

std::unexpected<Failure> wrong_form(std::string message) {
  return std::unexpected(Failure{sqlstate::invalid_binary_representation, std::move(message), {}, {}});
}

}  // namespace pgconform::types
