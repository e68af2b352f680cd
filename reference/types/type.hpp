#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "types/value.hpp"

// The built-in types: what pg_type says of each. types.inc is written by reference/engine/facts/generate.
namespace pgconform::types {

// The OIDs that code names.
inline constexpr Oid bool_oid = 16, bytea_oid = 17, char_oid = 18, name_oid = 19, int8_oid = 20, int2_oid = 21,
                     int4_oid = 23, regproc_oid = 24, text_oid = 25, oid_oid = 26, float4_oid = 700, float8_oid = 701,
                     unknown_oid = 705, bpchar_oid = 1042, varchar_oid = 1043, date_oid = 1082, timestamp_oid = 1114,
                     timestamptz_oid = 1184, interval_oid = 1186, time_oid = 1083, timetz_oid = 1266, json_oid = 114,
                     jsonb_oid = 3802, int2vector_oid = 22, oidvector_oid = 30, xid_oid = 28, numeric_oid = 1700,
                     regclass_oid = 2205, regtype_oid = 2206, record_oid = 2249, record_array_oid = 2287,
                     any_oid = 2276, anyarray_oid = 2277, void_oid = 2278, anyelement_oid = 2283,
                     anynonarray_oid = 2776, uuid_oid = 2950, anyenum_oid = 3500, anyrange_oid = 3831,
                     anymultirange_oid = 4537, pg_node_tree_oid = 194, aclitem_oid = 1033, regprocedure_oid = 2202,
                     regoper_oid = 2203, regoperator_oid = 2204, pg_lsn_oid = 3220, regconfig_oid = 3734,
                     regdictionary_oid = 3769, regnamespace_oid = 4089, regrole_oid = 4096, regcollation_oid = 4191;

// Type: one row of pg_type.
struct Type {
  Oid oid;
  std::string_view name;      // pg_type.typname: int4, bpchar, …
  std::string_view sql_name;  // as error messages and format_type() write it: integer, character, …
  std::int16_t length;        // typlen: what RowDescription says
  char category;              // typcategory
  bool preferred;             // typispreferred
  char kind;                  // typtype: b base, p pseudo, r range, m multirange
  Oid array;                  // its array type, or 0
  Oid element;                // an array's element type, else 0
  Oid collation;              // typcollation
};

// find_type: the type with this OID or pg_type name; null if there is none.
const Type* find_type(Oid oid);
const Type* find_type(std::string_view name);
// find_type_by_sql_name: as format_type() writes it.
const Type* find_type_by_sql_name(std::string_view name);

// type_name: as format_type(oid, typmod) prints it; "???" for an OID that is no type.
std::string type_name(Oid oid, std::int32_t modifier = -1);

// is_supported: values of this type can be held, read and written here.
bool is_supported(Oid oid);

// is_reg: regclass and its kin: OIDs that are written as names.
bool is_reg(Oid oid);

// is_array: an array of elements of another type, int2vector and oidvector included.
bool is_array(Oid oid);
// array_of · element_of: the type of arrays of this type · of the elements of this array type; 0 if there is none.
Oid array_of(Oid oid);
Oid element_of(Oid oid);

// is_string: text, varchar, char(n), name: held as std::string of characters.
constexpr bool is_string(Oid oid) {
  return oid == text_oid || oid == varchar_oid || oid == bpchar_oid || oid == name_oid || oid == unknown_oid;
}

}  // namespace pgconform::types
