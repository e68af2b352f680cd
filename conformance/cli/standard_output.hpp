#pragma once

#include <iostream>
#include <streambuf>
#include <string>

namespace pgconform::cli {

// StandardOutput: what std::cout writes to while it lives. It knows why writing failed, which std::cout does not.
class StandardOutput : std::streambuf {
 public:
  StandardOutput();
  ~StandardOutput() override;
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;

  // finish: write what is left. The answer is why something was not written; empty: all was, or whoever read has had
  // enough and gone.
  std::string finish();

 private:
  int_type overflow(int_type character) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

  std::string buffer_;
  std::streambuf* before_;
  int error_ = 0;  // of the first write that failed; nothing is written after it
};

}  // namespace pgconform::cli
