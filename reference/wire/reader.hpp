#pragma once

#include <cstring>

#include "wire/bytes.hpp"

namespace pgconform::wire {

// Reader: a cursor over bytes that have arrived. Every read is bounded: it either takes what it was asked for and
// answers true, or leaves the cursor where it was and answers false. Views it hands out point into those bytes.
class Reader {
 public:
  explicit Reader(Bytes bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  const char* position() const { return at_; }

  // u8 · u16 · u32 · u64: an unsigned integer, most significant byte first.
  bool u8(std::uint8_t& value) {
    if (left() < 1) return false;
    value = static_cast<std::uint8_t>(*at_++);
    return true;
  }
  bool u16(std::uint16_t& value) {
    if (left() < 2) return false;
    value = load_16(at_);
    at_ += 2;
    return true;
  }
  bool u32(std::uint32_t& value) {
    if (left() < 4) return false;
    value = load_32(at_);
    at_ += 4;
    return true;
  }
  bool u64(std::uint64_t& value) {
    if (left() < 8) return false;
    value = load_64(at_);
    at_ += 8;
    return true;
  }

  // bytes: exactly `count` bytes.
  bool bytes(std::size_t count, Bytes& value) {
    if (left() < count) return false;
    value = {at_, count};
    at_ += count;
    return true;
  }

  // cstring: bytes up to a terminating NUL, which is consumed and not part of the value.
  [[gnu::always_inline]] bool cstring(Bytes& value) {
    if (at_ == end_) return false;  // memchr must not see the null pointer of an empty view
    if (*at_ == '\0') {  // empty names are the most frequent strings, and a call would cost more than the look
      value = {at_++, 0};
      return true;
    }
    auto nul = static_cast<const char*>(std::memchr(at_, 0, left()));
    if (!nul) return false;
    value = {at_, static_cast<std::size_t>(nul - at_)};
    at_ = nul + 1;
    return true;
  }

  // rest: all that is left.
  Bytes rest() {
    Bytes all{at_, left()};
    at_ = end_;
    return all;
  }

 private:
  const char* at_;
  const char* end_;
};

}  // namespace pgconform::wire
