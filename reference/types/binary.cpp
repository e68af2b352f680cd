#include <fmt/core.h>

#include <algorithm>
#include <bit>

#include "sqlstate/sqlstate.hpp"
#include "types/array.hpp"
#include "types/form.hpp"
#include "types/made.hpp"
#include "types/numeric.hpp"
#include "types/packed.hpp"
#include "wire/bytes.hpp"

namespace pgconform::types {
namespace {

std::string store(std::uint64_t bits, int width) {
  char buffer[8];
  wire::store_64(buffer, bits);
  return std::string(buffer + 8 - width, static_cast<std::size_t>(width));
}

// How many bytes a value of a fixed binary length has; 0 for the others.
std::size_t fixed_length(Oid type) {
  if (is_reg(type)) return 4;
  switch (type) {
    case bool_oid:
    case char_oid:
      return 1;
    case int2_oid:
      return 2;
    case int4_oid:
    case oid_oid:
    case xid_oid:
    case float4_oid:
    case date_oid:
      return 4;
    case int8_oid:
    case float8_oid:
    case timestamp_oid:
    case timestamptz_oid:
    case time_oid:
      return 8;
    case timetz_oid:
      return 12;
    case interval_oid:
    case uuid_oid:
      return 16;
    default:
      return 0;
  }
}

std::unexpected<Failure> overflow(const char* type) {
  return std::unexpected(Failure{sqlstate::datetime_field_overflow, fmt::format("{} out of range", type), {}, {}});
}

// is_record: the bytes are what pack_record() could have made.
bool is_record(std::string_view bytes) {
  if (bytes.size() < 4) return false;
  auto count = wire::load_32(bytes.data());
  bytes.remove_prefix(4);
  for (; count > 0; --count) {
    if (bytes.size() < 8) return false;
    const auto length = static_cast<std::int32_t>(wire::load_32(bytes.data() + 4));
    bytes.remove_prefix(8);
    if (length > static_cast<std::int64_t>(bytes.size())) return false;
    bytes.remove_prefix(static_cast<std::size_t>(std::max(length, 0)));
  }
  return bytes.empty();
}

}  // namespace

Result<Value> parse_binary(Oid type, std::string_view bytes) {
  if (is_array(type)) return array_from_binary(type, bytes);
  if (const auto* made = find_made(type)) return parse_made_binary(*made, bytes);
  if (auto length = fixed_length(type); length != 0) {
    // What comes first is looked at before what is missing, or is too much, behind it.
    if (type == timetz_oid && bytes.size() >= 8 && bytes.size() < length)
      if (auto time = parse_binary(time_oid, bytes.substr(0, 8)); !time) return time;
    if (bytes.size() < length)
      return std::unexpected(Failure{sqlstate::protocol_violation,
                                     length == 1 ? "no data left in message" : "insufficient data left in message",
                                     {},
                                     {}});
    if (bytes.size() > length) {
      if (auto value = parse_binary(type, bytes.substr(0, length)); !value) return value;
      return std::unexpected(Failure{sqlstate::invalid_binary_representation, "incorrect binary data format", {}, {}});
    }
  }
  const char* p = bytes.data();
  if (is_reg(type)) return std::int64_t{wire::load_32(p)};
  switch (type) {
    case bool_oid:
      return *p != 0;
    case char_oid:
      return std::string(1, *p);
    case int2_oid:
      return std::int64_t{static_cast<std::int16_t>(wire::load_16(p))};
    case int4_oid:
      return std::int64_t{static_cast<std::int32_t>(wire::load_32(p))};
    case oid_oid:
    case xid_oid:
      return std::int64_t{wire::load_32(p)};
    case int8_oid:
      return static_cast<std::int64_t>(wire::load_64(p));
    case float4_oid:
      return std::bit_cast<float>(wire::load_32(p));
    case float8_oid:
      return std::bit_cast<double>(wire::load_64(p));
    case date_oid: {
      std::int64_t days = static_cast<std::int32_t>(wire::load_32(p));
      if (days != infinite_date && days != minus_infinite_date && (days < -2'451'545 || days >= 2'145'031'949))
        return overflow("date");
      return days;
    }
    case timestamp_oid:
    case timestamptz_oid: {
      auto time = static_cast<std::int64_t>(wire::load_64(p));
      if (!is_valid_timestamp(time)) return overflow("timestamp");
      return time;
    }
    case time_oid:
    case timetz_oid: {
      auto micros = static_cast<std::int64_t>(wire::load_64(p));
      if (micros < 0 || micros > microseconds_per_day) return overflow("time");
      if (type == time_oid) return micros;
      auto west = static_cast<std::int32_t>(wire::load_32(p + 8));
      if (west <= -16 * 3600 || west >= 16 * 3600)
        return std::unexpected(
            Failure{sqlstate::invalid_time_zone_displacement_value, "time zone displacement out of range", {}, {}});
      return ZonedTime{micros, west};
    }
    case interval_oid:
      return Interval{static_cast<std::int64_t>(wire::load_64(p)), static_cast<std::int32_t>(wire::load_32(p + 8)),
                      static_cast<std::int32_t>(wire::load_32(p + 12))};
    case jsonb_oid: {
      if (bytes.empty())
        return std::unexpected(Failure{sqlstate::protocol_violation, "insufficient data left in message", {}, {}});
      if (*p != 1)
        return std::unexpected(
            Failure{sqlstate::internal_error,
                    fmt::format("unsupported jsonb version number {}", static_cast<unsigned char>(*p)),
                    {},
                    {}});
      bytes.remove_prefix(1);
      [[fallthrough]];
    }
    case json_oid: {
      if (auto legal = check_encoding(bytes); !legal) return std::unexpected(legal.error());
      return parse_text(type, bytes, {});
    }
    case numeric_oid: {
      auto number = Numeric::from_binary(bytes);
      if (!number) return std::unexpected(number.error());
      return number->text();
    }
    case bytea_oid:
    case uuid_oid:
      return std::string(bytes);
    case void_oid:
      return std::string();
    case name_oid:
      if (auto legal = check_encoding(bytes); !legal) return std::unexpected(legal.error());
      if (bytes.size() > 63)
        return std::unexpected(
            Failure{sqlstate::name_too_long, "identifier too long", "Identifier must be less than 64 characters.", {}});
      [[fallthrough]];
    case text_oid:
    case varchar_oid:
    case bpchar_oid:
    case pg_node_tree_oid:
    case aclitem_oid:  // inside of arrays of the catalogue
    case unknown_oid: {
      if (auto legal = check_encoding(bytes); !legal) return std::unexpected(legal.error());
      return std::string(bytes);
    }
    case record_oid:
      return std::unexpected(
          Failure{sqlstate::feature_not_supported, "input of anonymous composite types is not implemented", {}, {}});
    default:
      if (const auto* packed = find_packed(type)) return packed->from_binary(type, bytes);
      return std::unexpected(Failure{sqlstate::feature_not_supported,
                                     fmt::format("values of type {} are not supported", type_name(type)),
                                     {},
                                     {}});
  }
}

Value value_from_packed(Oid type, std::string_view bytes) {
  if (is_array(type)) return std::string(bytes);
  if (const auto* made = find_made(type)) return made_from_packed(*made, bytes);
  if (type == record_oid) return Record{std::string(bytes)};
  // A type that nobody knows any more may have been that of a table's rows.
  if (!find_type(type)) return is_record(bytes) ? Value(Record{std::string(bytes)}) : Value(std::string(bytes));
  return *parse_binary(type, bytes);
}

std::string print_binary(Oid type, const Value& value) {
  if (const auto* record = std::get_if<Record>(&value)) return record->packed;
  auto integer = [&](int width) { return store(static_cast<std::uint64_t>(std::get<std::int64_t>(value)), width); };
  if (const auto* made = find_made(type)) return print_made_binary(*made, value);
  if (is_made(type) && std::holds_alternative<std::int64_t>(value)) return integer(4);
  if (is_reg(type)) return integer(4);
  switch (type) {
    case bool_oid:
      return std::string(1, std::get<bool>(value) ? '\1' : '\0');
    case int2_oid:
      return integer(2);
    case int4_oid:
    case oid_oid:
    case xid_oid:
    case date_oid:
      return integer(4);
    case int8_oid:
    case timestamp_oid:
    case timestamptz_oid:
    case time_oid:
      return integer(8);
    case timetz_oid: {
      auto time = std::get<ZonedTime>(value);
      return store(static_cast<std::uint64_t>(time.micros), 8) + store(static_cast<std::uint32_t>(time.west), 4);
    }
    case interval_oid: {
      auto i = std::get<Interval>(value);
      return store(static_cast<std::uint64_t>(i.micros), 8) + store(static_cast<std::uint32_t>(i.days), 4) +
             store(static_cast<std::uint32_t>(i.months), 4);
    }
    case jsonb_oid:
      return '\1' + std::get<std::string>(value);
    case float4_oid:
      return store(std::bit_cast<std::uint32_t>(std::get<float>(value)), 4);
    case float8_oid:
      return store(std::bit_cast<std::uint64_t>(std::get<double>(value)), 8);
    case numeric_oid:
      return Numeric::parse(std::get<std::string>(value))->binary();
    default:
      if (const auto* packed = find_packed(type); packed && packed->to_binary)
        return packed->to_binary(type, std::get<std::string>(value));
      return std::get<std::string>(value);
  }
}

}  // namespace pgconform::types
