#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "protocol/decode.hpp"
#include "session/engine.hpp"
#include "session/output.hpp"

namespace pgconform::session {

// Formats: a Bind's result format codes: none (all text), one for all, or one for each column.
class Formats {
 public:
  Formats() = default;
  explicit Formats(const protocol::FormatList& codes) {
    for (const auto& code : codes) codes_.push_back(code.value);
  }
  explicit Formats(std::vector<std::int16_t> codes) : codes_(std::move(codes)) {}
  std::int16_t of(std::size_t column) const {
    return codes_.empty() ? std::int16_t{0} : codes_.size() == 1 ? codes_[0] : codes_[column];
  }
  std::size_t size() const { return codes_.size(); }
  const std::vector<std::int16_t>& codes() const { return codes_; }

 private:
  std::vector<std::int16_t> codes_;
};

// send_notices: what the backend has raised since the last time.
std::expected<void, Report> send_notices(Output& out, Backend& backend);

// send_row_description: what the rows of `columns` will look like.
std::expected<void, Report> send_row_description(Output& out, std::span<const Column> columns, const Formats& formats);

// longest_row: what PostgreSQL can build in one buffer.
inline constexpr std::size_t longest_row = 0x3fffffff;

// print_value: what is sent of a value that is not NULL, in format 0 or 1; 22P05 for what the client's encoding lacks.
std::expected<std::string, Report> print_value(types::Oid type, std::int16_t format, const types::Value& value,
                                               const types::Style& style, const types::ClientEncoding* encoding);

// send_row: one DataRow; an unknown format code is found only here, as in PostgreSQL (22023). A row of more than
// `longest` bytes is an error (54000), of which nothing is sent.
std::expected<void, Report> send_row(Output& out, std::span<const Column> columns, const Formats& formats,
                                     Execution::Row row, const types::Style& style, std::size_t longest = longest_row);

// error: a report of severity ERROR.
Report error(std::string_view sqlstate, std::string message);

// malformed: what PostgreSQL says of a message body that cannot be read (pqformat.c).
Report malformed(const protocol::DecodeError& error);

// read_text: what the client has sent, as UTF-8: 22021 for bytes that are no text, 22P05 for those that stand for
// nothing in its encoding. What is converted is kept in `storage`.
std::expected<std::string_view, Report> read_text(std::string_view bytes, const types::ClientEncoding* encoding,
                                                  std::string& storage);

// Slice: how far an execution came.
struct Slice {
  enum class State : std::uint8_t { going_on, waiting, copying_in, complete } state;
  std::string tag;                                             // complete
  std::optional<std::chrono::steady_clock::time_point> until;  // waiting
};

// Run: an execution and where its rows go: into DataRows, or a copy-out's into CopyData.
class Run {
 public:
  Run(std::unique_ptr<Execution> execution, std::vector<Column> columns, Formats formats)
      : execution_(std::move(execution)), columns_(std::move(columns)), formats_(std::move(formats)) {}

  // describe: RowDescription comes with the first row, or where there is none with the end: a statement that may fail
  // before it has rows.
  void describe() { description_due_ = true; }
  // advance: go on until a buffer is full, or it has to wait, or it wants the client's data (copying_in).
  std::expected<Slice, Report> advance(Output& out, Backend& backend, std::chrono::steady_clock::time_point now);
  Execution& execution() { return *execution_; }

 private:
  std::unique_ptr<Execution> execution_;
  std::vector<Column> columns_;
  Formats formats_;
  bool description_due_ = false, copying_ = false, copying_out_ = false;
};

}  // namespace pgconform::session
