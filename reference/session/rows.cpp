#include "session/rows.hpp"

#include "sqlstate/sqlstate.hpp"
#include "types/form.hpp"
#include "types/made.hpp"
#include "wire/writer.hpp"

namespace pgconform::session {

Report error(std::string_view sqlstate, std::string message) {
  Report report;
  report.sqlstate = sqlstate;
  report.message = std::move(message);
  return report;
}

Report malformed(const protocol::DecodeError& problem) {
  using enum protocol::DecodeCode;
  switch (problem.code) {
    case unterminated:
      return error(sqlstate::protocol_violation, "invalid string in message");
    case trailing_bytes:
      return error(sqlstate::protocol_violation, "invalid message format");
    default:
      return error(sqlstate::protocol_violation,
                   problem.field == "kind" ? "no data left in message" : "insufficient data left in message");
  }
}

namespace {

Report failed(const types::Failure& failure) {
  return error(failure.sqlstate, failure.message);
}

}  // namespace

std::expected<std::string_view, Report> read_text(std::string_view bytes, const types::ClientEncoding* encoding,
                                                  std::string& storage) {
  if (!encoding) {
    if (auto checked = types::check_encoding(bytes); !checked) return std::unexpected(failed(checked.error()));
    return bytes;
  }
  auto text = encoding->to_utf8(bytes);
  if (!text) return std::unexpected(failed(text.error()));
  storage = std::move(*text);
  return storage;
}

std::expected<void, Report> send_notices(Output& out, Backend& backend) {
  for (const auto& notice : backend.take_notices())
    if (auto sent = out.report(notice); !sent) return sent;
  return {};
}

std::expected<void, Report> send_row_description(Output& out, std::span<const Column> columns, const Formats& formats) {
  protocol::ListBuilder<protocol::FieldList> fields;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& column = columns[i];
    std::string_view name = column.name;
    types::Result<std::string> converted;
    if (out.encoding()) {
      converted = out.encoding()->from_utf8(name);
      if (!converted) return std::unexpected(failed(converted.error()));
      name = *converted;
    }
    // A domain is shown as what it is over.
    std::int32_t modifier = column.type_modifier;
    const auto type = types::base_of(column.type, &modifier);
    fields.add({name, column.table, column.attribute, type, column.type_length, modifier, formats.of(i)});
  }
  out.send(protocol::RowDescription{fields.view()});
  return {};
}

std::expected<std::string, Report> print_value(types::Oid type, std::int16_t format, const types::Value& value,
                                               const types::Style& style, const types::ClientEncoding* encoding) {
  auto bytes = format == 0 ? types::print_text(type, value, style) : types::print_binary(type, value);
  if (!encoding) return bytes;
  auto converted = format == 0 ? encoding->from_utf8(bytes) : types::binary_from_utf8(*encoding, type, bytes);
  if (!converted) return std::unexpected(failed(converted.error()));
  return *converted;
}

std::expected<void, Report> send_row(Output& out, std::span<const Column> columns, const Formats& formats,
                                     Execution::Row row, const types::Style& style, std::size_t longest) {
  const std::size_t start = protocol::begin_frame<protocol::DataRow>(out.bytes());
  wire::Writer writer(out.bytes());
  writer.u16(static_cast<std::uint16_t>(row.size()));
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (std::holds_alternative<std::monostate>(row[i])) {
      writer.u32(0xffffffff);
      continue;
    }
    const auto format = formats.of(i);
    if (format != 0 && format != 1) {
      out.bytes().resize(start);
      return std::unexpected(
          error(sqlstate::invalid_parameter_value, "unsupported format code: " + std::to_string(format)));
    }
    const auto value = print_value(columns[i].type, format, row[i], style, out.encoding());
    if (!value) {
      out.bytes().resize(start);
      return std::unexpected(value.error());
    }
    const std::size_t so_far = out.bytes().size() - start;
    if (value->size() > longest || so_far > longest - value->size()) {
      out.bytes().resize(start);
      auto report = error(sqlstate::program_limit_exceeded, "out of memory");
      report.detail = "Cannot enlarge string buffer containing " + std::to_string(so_far) + " bytes by " +
                      std::to_string(value->size()) + " more bytes.";
      return std::unexpected(std::move(report));
    }
    writer.u32(static_cast<std::uint32_t>(value->size()));
    writer.bytes(*value);
  }
  protocol::end_frame<protocol::DataRow>(out.bytes(), start);
  return {};
}

namespace {

template <class Response>
void send_copy_response(Output& out, const CopyShape& shape) {
  protocol::ListBuilder<protocol::FormatList> formats;
  for (const auto format : shape.column_formats) formats.add({format});
  out.send(Response{static_cast<std::int8_t>(shape.binary), formats.view()});
}

}  // namespace

std::expected<Slice, Report> Run::advance(Output& out, Backend& backend, std::chrono::steady_clock::time_point now) {
  std::optional<Report> failure;
  auto describe = [&]() -> std::expected<void, Report> {
    if (!std::exchange(description_due_, false)) return {};
    return send_row_description(out, columns_, formats_);
  };
  auto sink = [&](Execution::Row row) {
    auto before = describe();
    if (before) before = send_notices(out, backend);
    if (!before) {
      failure = std::move(before.error());
      return false;
    }
    if (copying_out_) {
      out.send(protocol::CopyData{std::get<std::string>(row[0])});
    } else if (auto sent = send_row(out, columns_, formats_, row, backend.style()); !sent) {
      failure = std::move(sent.error());
      return false;
    }
    return !out.due();
  };
  auto progress = execution_->step(sink, 0, now);
  if (!progress) return std::unexpected(std::move(progress.error()));
  if (failure) return std::unexpected(std::move(*failure));

  if (auto* complete = std::get_if<Execution::Complete>(&*progress)) {
    if (auto described = describe(); !described) return std::unexpected(std::move(described.error()));
    if (copying_out_) out.send(protocol::CopyDone{});
    return Slice{Slice::State::complete, complete->tag, {}};
  }
  if (auto* wait = std::get_if<Execution::Wait>(&*progress)) return Slice{Slice::State::waiting, {}, wait->until};
  if (auto* in = std::get_if<Execution::CopyIn>(&*progress)) {
    if (!std::exchange(copying_, true)) {
      send_copy_response<protocol::CopyInResponse>(out, in->shape);
      out.flush();
    }
    return Slice{Slice::State::copying_in, {}, {}};
  }
  if (auto* result = std::get_if<Execution::CopyOut>(&*progress)) {
    send_copy_response<protocol::CopyOutResponse>(out, result->shape);
    copying_out_ = true;
  }
  return Slice{Slice::State::going_on, {}, {}};
}

}  // namespace pgconform::session
