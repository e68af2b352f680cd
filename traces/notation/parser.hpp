#pragma once

#include <expected>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "notation/source.hpp"

// Reading `.case` and `.trace` files. The grammar is in docs/notation.md. Every error tells file, line and column.
namespace pgconform::notation {

// CaseFile: the cases of one file, and what is legal but surely not meant.
struct CaseFile {
  std::vector<Case> cases;
  std::vector<Error> warnings;
};

// parse_cases: the whole of a `.case` file. `file` is the name used in errors. At least one case; ids are unique.
std::expected<CaseFile, Error> parse_cases(std::string_view text, std::string file, Limits limits = {});

// parse_trace: the whole of a `.trace` file.
std::expected<Trace, Error> parse_trace(std::string_view text, std::string file, Limits limits = {});

// TraceReader: a `.trace` file one item at a time, in memory that does not grow with the file.
class TraceReader {
 public:
  TraceReader(std::istream& in, std::string file, Limits limits = {});

  // header: how the trace was recorded; to be called first, once.
  std::expected<Recorded, Error> header();
  // next: the next line or block; nothing at the end.
  std::expected<std::optional<Item>, Error> next();

 private:
  Source source_;
};

}  // namespace pgconform::notation
