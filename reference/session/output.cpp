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

std::expected<void, Report> Output::report(const Report& report) {
  auto appended = append(report);
  if (appended) return {};
  Report instead;
  instead.sqlstate = appended.error().sqlstate;
  instead.message = appended.error().message;
  if (report.severity < Severity::error) return std::unexpected(std::move(instead));
  instead.severity = report.severity;
  append(instead);
  return {};
}

types::Result<bool> Output::append(const Report& report) {
  types::Result<bool> done = true;
  protocol::ListBuilder<protocol::ErrorFieldList> fields;
  auto add = [&](char code, std::string_view value) {
    // What a client sent may be quoted in a message; a NUL would end the field early.
    value = value.substr(0, value.find('\0'));
    if (value.empty() || !done) return;
    if (!encoding_) return fields.add({code, value});
    auto text = encoding_->from_utf8(value);
    if (text)
      fields.add({code, *text});
    else
      done = std::unexpected(std::move(text.error()));
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
  add('R', report.routine);
  if (!done) return done;
  if (report.severity >= Severity::error)
    send(protocol::ErrorResponse{fields.view()});
  else
    send(protocol::NoticeResponse{fields.view()});
  flush();
  return done;
}

}  // namespace pgconform::session
