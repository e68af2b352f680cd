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
  std::string routine;                                       // R: only where drivers tell errors apart by it
};

// plan_changed: a prepared statement would give other columns now than it was described with. pgjdbc knows by the name
// of PostgreSQL's routine that it may prepare it anew.
inline Report plan_changed() {
  Report report;
  report.sqlstate = "0A000";
  report.message = "cached plan must not change result type";
  report.routine = "RevalidateCachedQuery";
  return report;
}

}  // namespace pgconform::session
