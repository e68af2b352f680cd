#pragma once

#include <expected>
#include <filesystem>
#include <string>

#include "notation/ast.hpp"

namespace pgconform::record {

// TraceFile: a trace that is written while the conversation goes on, so that what was said is on disk whatever ends the
// recording. What the header says is learnt on the way; the file is then replaced by one with the better header, at
// once and as a whole.
class TraceFile {
 public:
  // create: the next free NUMBER.trace in `directory`, which is made if it is not there.
  static std::expected<TraceFile, std::string> create(const std::filesystem::path& directory,
                                                      notation::Recorded header);
  TraceFile(TraceFile&& other) noexcept;
  TraceFile& operator=(TraceFile&&) = delete;
  ~TraceFile();

  // add: a line, written by the next flush().
  void add(const notation::Item& item);
  // header: what is known by now. A file that has grown long keeps the header that it has.
  void header(const notation::Recorded& header);
  // flush: hand everything to the system. An error is told once; the file is then no longer written to.
  std::expected<void, std::string> flush();

  const std::filesystem::path& path() const { return path_; }

 private:
  TraceFile(std::filesystem::path path, int file, notation::Recorded header);
  std::expected<void, std::string> fail(const std::string& what);
  bool write(int file, const std::string& text);

  std::filesystem::path path_;
  int file_ = -1;
  notation::Recorded header_;
  bool rewrite_ = true;
  bool keeping_ = true;  // kept_ is all that the file holds, so that it can be written again
  std::string kept_, pending_;
};

}  // namespace pgconform::record
