#include "types/type.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "types/geometry.hpp"
#include "types/interval.hpp"
#include "types/made.hpp"
#include "types/packed.hpp"

namespace pgconform::types {
namespace {

constexpr bool t = true, f = false;
constexpr Type all[] = {
#define PGCONFORM_TYPE(oid, name, sql_name, length, category, preferred, kind, array, element, collation) \
  {oid, name, sql_name, length, category, preferred, kind, array, element, collation},
#include "types/types.inc"
#undef PGCONFORM_TYPE
};

// int2vector and oidvector are arrays with a name of their own.
bool is_true_array(const Type& type) {
  return type.element != 0 && type.name.starts_with('_');
}

}  // namespace

const Type* find_type(Oid oid) {
  auto it = std::ranges::lower_bound(all, oid, {}, &Type::oid);
  return it != std::end(all) && it->oid == oid ? it : find_made(oid);
}

const Type* find_type(std::string_view name) {
  static const auto by_name = [] {
    std::unordered_map<std::string_view, const Type*> map;
    for (const auto& each : all) map.emplace(each.name, &each);
    return map;
  }();
  auto it = by_name.find(name);
  return it == by_name.end() ? nullptr : it->second;
}

const Type* find_type_by_sql_name(std::string_view name) {
  auto it = std::ranges::find(all, name, &Type::sql_name);
  return it != std::end(all) ? it : nullptr;
}

std::string type_name(Oid oid, std::int32_t modifier) {
  const Type* type = find_type(oid);
  if (!type) return oid == 0 ? "-" : "???";
  if (is_true_array(*type)) return type_name(type->element, modifier) + "[]";
  if (const auto* made = find_made(oid)) return made_types()->shown(*made);
  if (modifier < 0) return std::string(type->sql_name);
  switch (oid) {
    case varchar_oid:
    case bpchar_oid:
      return fmt::format("{}({})", type->sql_name, modifier - 4);
    case numeric_oid: {
      int scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
      return fmt::format("numeric({},{})", (modifier - 4) >> 16 & 0xffff, scale);
    }
    case 1560:
    case 1562:  // bit, varbit
      return fmt::format("{}({})", type->sql_name, modifier);
    case time_oid:
      return fmt::format("time({}) without time zone", modifier);
    case timetz_oid:
      return fmt::format("time({}) with time zone", modifier);
    case interval_oid:
      return fmt::format("interval{}{}{}", interval_fields(modifier >> 16 & 0x7fff).empty() ? "" : " ",
                         interval_fields(modifier >> 16 & 0x7fff),
                         (modifier & 0xffff) == interval_field::full_precision
                             ? std::string()
                             : fmt::format("({})", modifier & 0xffff));
    case timestamp_oid:
      return fmt::format("timestamp({}) without time zone", modifier);
    case timestamptz_oid:
      return fmt::format("timestamp({}) with time zone", modifier);
    default:
      return std::string(type->sql_name);
  }
}

bool is_reg(Oid oid) {
  static constexpr std::array kin = {regproc_oid,      regprocedure_oid, regoper_oid,     regoperator_oid,
                                     regclass_oid,     regtype_oid,      regconfig_oid,   regdictionary_oid,
                                     regnamespace_oid, regrole_oid,      regcollation_oid};
  return std::ranges::find(kin, oid) != kin.end();
}

bool is_supported(Oid oid) {
  static constexpr std::array known = {
      bool_oid,    bytea_oid,       char_oid,      name_oid,    int8_oid,     int2_oid,    int4_oid,   text_oid,
      oid_oid,     float4_oid,      float8_oid,    unknown_oid, bpchar_oid,   varchar_oid, date_oid,   timestamp_oid,
      numeric_oid, timestamptz_oid, void_oid,      uuid_oid,    interval_oid, time_oid,    timetz_oid, json_oid,
      jsonb_oid,   int2vector_oid,  oidvector_oid, xid_oid,     record_oid};
  const Type* type = find_type(oid);
  if (type && is_true_array(*type)) oid = type->element;
  if (oid == record_array_oid) oid = record_oid;
  if (find_made(oid)) return true;
  if (type && type->oid == box_array_oid) return false;  // its elements stand between semicolons
  return is_reg(oid) || find_packed(oid) || std::ranges::find(known, oid) != known.end();
}

bool is_array(Oid oid) {
  return element_of(oid) != 0;
}
Oid array_of(Oid oid) {
  const Type* type = find_type(oid);
  return type ? type->array : 0;
}
Oid element_of(Oid oid) {
  const Type* type = find_type(oid);
  if (oid == record_array_oid) return record_oid;
  return type ? type->element : 0;
}

}  // namespace pgconform::types
