#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/parse_tree.hpp"
#include "types/client_encoding.hpp"

namespace pgconform::engine {

// CopyOptions: what stands in parentheses behind WITH. sql-copy.
struct CopyOptions {
  enum class Format : std::uint8_t { text, csv, binary } format = Format::text;
  enum class Header : std::uint8_t { none, skip, match } header = Header::none;
  char delimiter = '\t', quote = '"', escape = '"';
  std::string null = "\\N";
  // Columns by name; `*` is every column.
  std::vector<std::string> force_quote, force_not_null, force_null;
  // encoding: of the data; null where nothing is to be converted.
  const types::ClientEncoding* encoding = nullptr;

  bool is_csv() const { return format == Format::csv; }
};

// read_copy_options: from a CopyStmt's list of DefElems; throws what PostgreSQL 18 says of bad ones. `encoding` is the
// client's.
CopyOptions read_copy_options(const Node& statement, bool is_from, const types::ClientEncoding* encoding);

}  // namespace pgconform::engine
