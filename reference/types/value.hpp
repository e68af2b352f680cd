#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>

namespace pgconform::types {

// Oid: a PostgreSQL object identifier; for types, pg_type.oid.
using Oid = std::uint32_t;

// Value: one SQL value. Which alternative holds it follows from the type's OID:
//   bool                          bool
//   int2 int4 int8 oid reg*       std::int64_t
//   date                          std::int64_t, days since 2000-01-01 (int32 limits: ±infinity)
//   timestamp timestamptz         std::int64_t, microseconds since 2000-01-01 00:00 (int64 limits: ±infinity)
//   float4 · float8               float · double
//   numeric                       std::string, its text form
//   text varchar bpchar name      std::string of UTF-8; char(n) padded to n
//   "char"                        std::string of no byte ('\0') or one
//   bytea · uuid                  std::string of the bytes
//   time                          std::int64_t, microseconds since midnight
//   timetz · interval             ZonedTime · Interval
//   json · jsonb                  std::string: the text as it came · its normal form
//   record, composite types       Record
//   arrays, int2vector, oidvector std::string, the binary form that crosses the wire (array.hpp says why)
//   void                          std::string, empty

// Interval: months and days are kept apart from the clock, because neither has a fixed length.
struct Interval {
  std::int64_t micros = 0;
  std::int32_t days = 0, months = 0;
  bool operator==(const Interval&) const = default;
};

// ZonedTime: a time of day (microseconds) and the seconds that its zone lies west of UTC.
struct ZonedTime {
  std::int64_t micros = 0;
  std::int32_t west = 0;
  bool operator==(const ZonedTime&) const = default;
};

// Record: a row as a value: its fields with their types, as record_send() writes them (record.hpp).
struct Record {
  std::string packed;
  bool operator==(const Record&) const = default;
};

using Value = std::variant<std::monostate,  // NULL
                           bool, std::int64_t, float, double, std::string, Interval, ZonedTime, Record>;

// is_null: the value is SQL NULL.
inline bool is_null(const Value& value) {
  return value.index() == 0;
}

// Failure: why a value could not be made; the SQL part of an error report.
struct Failure {
  std::string_view sqlstate;  // one of sqlstate::…, which live for ever
  std::string message, detail, hint;
  std::string schema{}, data_type{}, constraint{};  // of a domain that does not allow the value
};

template <class T>
using Result = std::expected<T, Failure>;

}  // namespace pgconform::types
