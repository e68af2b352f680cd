#include <fmt/core.h>

#include "sqlstate/sqlstate.hpp"
#include "types/array.hpp"
#include "types/form.hpp"
#include "types/interval.hpp"
#include "types/json.hpp"
#include "types/made.hpp"
#include "types/numeric.hpp"
#include "types/packed.hpp"
#include "types/record.hpp"
#include "types/text_forms.hpp"

namespace pgconform::types {

Result<Value> parse_text(Oid type, std::string_view text, const Style& style) {
  auto time = [](Result<std::int64_t> r) -> Result<Value> {
    if (!r) return std::unexpected(r.error());
    return *r;
  };
  if (is_array(type)) return array_from_text(type, text, style);
  if (const auto* made = find_made(type)) return parse_made_text(*made, text, style);
  if (is_reg(type)) return parse_reg(type, text, style);
  switch (type) {
    case bool_oid:
      return parse_bool(text);
    case int2_oid:
    case int4_oid:
    case int8_oid:
      return parse_integer(type, text);
    case oid_oid:
    case xid_oid:
      return parse_oid(text, type);
    case float4_oid:
      return parse_float4(text);
    case float8_oid:
      return parse_float8(text);
    case numeric_oid: {
      auto number = Numeric::parse(text);
      if (!number) return std::unexpected(number.error());
      return number->text();
    }
    case name_oid:
      return std::string(cut_bytes(text, 63));
    case char_oid:
      if (text.size() == 4 && text[0] == '\\')
        return std::string(1, static_cast<char>((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0')));
      return text.empty() ? std::string(1, '\0') : std::string(1, text[0]);
    case bytea_oid:
      return parse_bytea(text);
    case uuid_oid:
      return parse_uuid(text);
    case date_oid:
      return time(parse_date(text, style));
    case timestamp_oid:
      return time(parse_timestamp(text, style, false));
    case timestamptz_oid:
      return time(parse_timestamp(text, style, true));
    case time_oid: {
      auto clock = parse_time(text, style, false);
      if (!clock) return std::unexpected(clock.error());
      return clock->micros;
    }
    case timetz_oid: {
      auto clock = parse_time(text, style, true);
      if (!clock) return std::unexpected(clock.error());
      return *clock;
    }
    case interval_oid: {
      auto interval = parse_interval(text, style);
      if (!interval) return std::unexpected(interval.error());
      return *interval;
    }
    case json_oid: {
      auto valid = check_json(text);
      if (!valid) return std::unexpected(valid.error());
      return std::string(text);
    }
    case jsonb_oid: {
      auto normal = normalize_json(text);
      if (!normal) return std::unexpected(normal.error());
      return std::move(*normal);
    }
    case void_oid:
      return std::string();
    case text_oid:
    case varchar_oid:
    case bpchar_oid:
    case unknown_oid:
    case aclitem_oid:
    case pg_node_tree_oid:
      return std::string(text);
    case record_oid:
      return std::unexpected(
          Failure{sqlstate::feature_not_supported, "input of anonymous composite types is not implemented", {}, {}});
    default:
      if (const auto* packed = find_packed(type)) return packed->from_text(type, text, style);
      return std::unexpected(Failure{sqlstate::feature_not_supported,
                                     fmt::format("values of type {} are not supported", type_name(type)),
                                     {},
                                     {}});
  }
}

std::string print_text(Oid type, const Value& value, const Style& style) {
  if (const auto* record = std::get_if<Record>(&value)) return record_text(*record, style);
  if (is_array(type)) return array_text(type, std::get<std::string>(value), style);
  if (const auto* made = find_made(type)) return print_made_text(*made, value, style);
  // A cursor may outlive the type of its rows.
  if (const auto* label = std::get_if<std::int64_t>(&value); label && is_made(type)) return std::to_string(*label);
  if (is_reg(type)) return print_reg(type, static_cast<Oid>(std::get<std::int64_t>(value)), style);
  switch (type) {
    case bool_oid:
      return std::get<bool>(value) ? "t" : "f";
    case int2_oid:
    case int4_oid:
    case int8_oid:
    case oid_oid:
    case xid_oid:
      return std::to_string(std::get<std::int64_t>(value));
    case float4_oid:
      return print_float(std::get<float>(value), style.extra_float_digits);
    case float8_oid:
      return print_float(std::get<double>(value), style.extra_float_digits);
    case bytea_oid:
      return print_bytea(std::get<std::string>(value), style.bytea_hex);
    case uuid_oid:
      return print_uuid(std::get<std::string>(value));
    case time_oid:
      return print_time(std::get<std::int64_t>(value));
    case timetz_oid:
      return print_time(std::get<ZonedTime>(value));
    case interval_oid:
      return print_interval(std::get<Interval>(value), style);
    case date_oid:
      return print_date(std::get<std::int64_t>(value), style);
    case timestamp_oid:
      return print_timestamp(std::get<std::int64_t>(value), style, false);
    case timestamptz_oid:
      return print_timestamp(std::get<std::int64_t>(value), style, true);
    case char_oid: {
      const auto& one = std::get<std::string>(value);
      if (one == std::string(1, '\0')) return "";
      // charout writes a byte that is not ASCII in octal since PostgreSQL 16.
      if (!one.empty() && (one[0] & 0x80) != 0) return fmt::format("\\{:03o}", static_cast<unsigned char>(one[0]));
      return one;
    }
    default:
      if (const auto* packed = find_packed(type)) return packed->to_text(type, std::get<std::string>(value), style);
      return std::get<std::string>(value);
  }
}

}  // namespace pgconform::types
