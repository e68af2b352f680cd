#pragma once

#include <string>

#include "wire/bytes.hpp"

namespace pgconform::wire {

// Writer: appends wire bytes to a string. What cannot be written (a NUL inside a string, a count that does not fit)
// sets an error that sticks, so that a caller checks once, at the end.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  bool ok() const { return error_ == nullptr; }
  // error: what went wrong first, or null.
  const char* error() const { return error_; }
  void fail(const char* what) {
    if (!error_) error_ = what;
  }

  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void u16(std::uint16_t value) {
    char raw[2];
    store_16(raw, value);
    out_.append(raw, sizeof raw);
  }
  void u32(std::uint32_t value) {
    char raw[4];
    store_32(raw, value);
    out_.append(raw, sizeof raw);
  }
  void u64(std::uint64_t value) {
    char raw[8];
    store_64(raw, value);
    out_.append(raw, sizeof raw);
  }
  void bytes(Bytes value) { out_.append(value); }
  // cstring: the bytes and a NUL; a NUL inside would cut the string short for the reader, so it is an error.
  void cstring(Bytes value) {
    if (value.find('\0') != Bytes::npos) fail("a string must not contain a NUL byte");
    out_.append(value);
    out_.push_back('\0');
  }

  // position · patch_16 · patch_32: come back to a place that was written before its value was known.
  std::size_t position() const { return out_.size(); }
  void patch_16(std::size_t at, std::uint16_t value) { store_16(out_.data() + at, value); }
  void patch_32(std::size_t at, std::uint32_t value) { store_32(out_.data() + at, value); }

 private:
  std::string& out_;
  const char* error_ = nullptr;
};

}  // namespace pgconform::wire
