#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/copy/options.hpp"
#include "engine/error.hpp"

namespace pgconform::engine {

// CopyReader: copy data in, cut anywhere; fields of rows out. It throws SqlError.
class CopyReader {
 public:
  using Field = std::optional<std::string>;  // nullopt: NULL
  enum class Got : std::uint8_t { row, starved, over };

  virtual ~CopyReader() = default;
  virtual void feed(std::string_view bytes) = 0;
  // end: no more will come.
  void end() { ended_ = true; }
  // next: the fields of one row, at most as many as there are columns; or that there is none yet, or none any more.
  virtual Got next(std::vector<Field>& fields) = 0;
  // line: of the row at hand, from 1; line_text: it, where it is known as a whole.
  std::int64_t line() const { return line_; }
  virtual std::optional<std::string_view> line_text() const { return std::nullopt; }
  // column: where an error about one field is thrown, its name.
  std::string_view column() const { return column_; }

 protected:
  // need_room: 54000 where PostgreSQL's buffer for a line or a field could not take that many bytes more.
  static void need_room(std::size_t has, std::size_t more) {
    constexpr std::size_t limit = 0x3fffffff;  // MaxAllocSize
    if (more < limit - std::min(has, limit)) return;
    fail(sqlstate::program_limit_exceeded, "out of memory", -1, {},
         fmt::format("Cannot enlarge string buffer containing {} bytes by {} more bytes.", has, more));
  }

  bool ended_ = false;
  std::int64_t line_ = 0;
  std::string column_;
};

// make_copy_reader: for the columns of these names.
std::unique_ptr<CopyReader> make_line_reader(const CopyOptions& options, std::vector<std::string> columns);
std::unique_ptr<CopyReader> make_binary_reader(std::vector<std::string> columns);

}  // namespace pgconform::engine
