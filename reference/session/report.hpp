#pragma once

#include <cstdint>
#include <string>

// What the peer may be told: the contents of one ErrorResponse or NoticeResponse, before it becomes bytes.
namespace pgconform::session {

// Severity: field V of an error or notice. PostgreSQL 15, protocol-error-fields.
enum class Severity : std::uint8_t { debug, log, info, notice, warning, error, fatal, panic };

// Report: one error or notice. Members that are empty (or zero) are left out of the message.
struct Report {
  Severity severity = Severity::error;
  std::string sqlstate;                // C: five characters, protocol-error-fields and errcodes-appendix
  std::string message;                 // M
  std::string detail;                  // D
  std::string hint;                    // H
  std::int32_t position = 0;           // P: 1-based, in characters (not bytes) of the whole query string; 0 = none
  std::string internal_query;          // q
  std::int32_t internal_position = 0;  // p
  std::string where;                   // W
  std::string schema, table, column, data_type, constraint;  // s t c d n
};

}  // namespace pgconform::session
