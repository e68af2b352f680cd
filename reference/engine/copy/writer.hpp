#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/copy/options.hpp"
#include "session/engine.hpp"
#include "types/value.hpp"

namespace pgconform::engine {

// CopyWriter: rows in, CopyData bodies out, one for each row (copyto.c).
class CopyWriter {
 public:
  CopyWriter(const CopyOptions& options, std::vector<session::Column> columns);
  // header · trailer: what goes before the first row and after the last; empty if nothing does. In binary format the
  // header travels in front of the first row, or of the trailer.
  std::string header() const;
  std::string trailer() const;
  std::string row(std::span<const types::Value> values, const types::Style& style) const;

 private:
  std::string text(std::string_view value) const;
  std::string csv(std::string_view value, bool quote) const;
  std::string encoded(std::string line) const;

  CopyOptions options_;
  std::vector<session::Column> columns_;
  std::vector<bool> quoted_;
};

}  // namespace pgconform::engine
