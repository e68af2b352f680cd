#include "session/output.hpp"

namespace pgconform::session {

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::debug:
      return "DEBUG";
    case Severity::log:
      return "LOG";
    case Severity::info:
      return "INFO";
    case Severity::notice:
      return "NOTICE";
    case Severity::warning:
      return "WARNING";
    case Severity::error:
      return "ERROR";
    case Severity::fatal:
      return "FATAL";
    case Severity::panic:
      return "PANIC";
  }
  return "ERROR";
}

void Output::report(const Report& report) {
  protocol::ListBuilder<protocol::ErrorFieldList> fields;
  auto add = [&](char code, std::string_view value) {
    // What a client sent may be quoted in a message; a NUL would end the field early.
    if (!value.empty()) fields.add({code, value.substr(0, value.find('\0'))});
  };
  auto add_number = [&](char code, std::int32_t value) {
    if (value > 0) add(code, std::to_string(value));
  };
  // PostgreSQL's order (elog.c).
  add('S', name_of(report.severity));
  add('V', name_of(report.severity));
  add('C', report.sqlstate);
  add('M', report.message);
  add('D', report.detail);
  add('H', report.hint);
  add('W', report.where);
  add('s', report.schema);
  add('t', report.table);
  add('c', report.column);
  add('d', report.data_type);
  add('n', report.constraint);
  add_number('P', report.position);
  add_number('p', report.internal_position);
  add('q', report.internal_query);
  if (report.severity >= Severity::error)
    send(protocol::ErrorResponse{fields.view()});
  else
    send(protocol::NoticeResponse{fields.view()});
  flush();
}

}  // namespace pgconform::session
