#pragma once

#include <cstddef>
#include <expected>
#include <istream>
#include <string>
#include <string_view>

#include "notation/ast.hpp"

namespace pgconform::notation {

// Limits: how much a text may ask of its reader. A line is the only thing that is held as a whole (a block, too, in
// at most `block_lines` lines), so a trace of any size is read in little memory.
struct Limits {
  std::size_t line_bytes = std::size_t{16} << 20;
  std::size_t file_bytes = std::size_t{1} << 40;
  std::size_t block_lines = 100'000;
};

// Source: the lines of a stream, one at a time.
class Source {
 public:
  Source(std::istream& in, std::string file, Limits limits);

  // next: move to the next line; false at the end. A line or file above its limit is an error, and so is a stream
  // that fails.
  std::expected<bool, Error> next();
  // line: the current line without its end (LF or CR LF); valid until next().
  std::string_view line() const { return line_; }
  // number: of the current line, from 1.
  std::size_t number() const { return number_; }
  // again: let next() return the current line once more.
  void again() { again_ = true; }

  const std::string& file() const { return file_; }
  const Limits& limits() const { return limits_; }
  // error: at a byte of the current line, counted from 0.
  Error error(std::size_t offset, std::string what, std::string expected = {}) const;

 private:
  bool fill();

  std::istream& in_;
  std::string file_;
  Limits limits_;
  std::string buffer_, line_;
  std::size_t from_ = 0;   // in buffer_: the bytes before are used up
  std::size_t taken_ = 0;  // of the whole file
  std::size_t number_ = 0;
  bool again_ = false;
};

}  // namespace pgconform::notation
