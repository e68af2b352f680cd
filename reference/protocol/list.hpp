#pragma once

#include <cstddef>
#include <cstdint>

#include "wire/bytes.hpp"
#include "wire/reader.hpp"

// Lists inside messages, as views: they are checked once when the message is decoded and walked when they are used, so
// that decoding allocates nothing. How a list is told from what follows it:
namespace pgconform::protocol {

enum class Framing : std::uint8_t {
  count16,    // Int16 count first, unsigned in practice: up to 65535 (Bind)
  count32,    // Int32 count first (NegotiateProtocolVersion)
  terminated  // elements follow one another until a zero byte stands where the next one would begin
};

// Walker: the visitor that reads an element of a list that is known to be sound.
class Walker {
 public:
  explicit Walker(const char*& at) : at_(at) {}
  void int8(const char*, std::int8_t& v) { v = static_cast<std::int8_t>(*at_++); }
  void int16(const char*, std::int16_t& v) { v = static_cast<std::int16_t>(wire::load_16(take(2))); }
  void int32(const char*, std::int32_t& v) { v = static_cast<std::int32_t>(wire::load_32(take(4))); }
  void oid(const char*, std::uint32_t& v) { v = wire::load_32(take(4)); }
  void byte(const char*, char& v) { v = *at_++; }
  void cstring(const char*, wire::Bytes& v) {
    v = wire::Bytes(at_);
    at_ += v.size() + 1;
  }
  template <class Nullable>
  void value(const char*, Nullable& v) {
    const std::uint32_t length = wire::load_32(take(4));
    v.is_null = length == 0xffffffff;
    const std::size_t size = v.is_null ? 0 : length;
    v.bytes = {take(size), size};
  }

 private:
  const char* take(std::size_t n) {
    const char* p = at_;
    at_ += n;
    return p;
  }
  const char*& at_;
};

// List: a view of the encoded elements, without count or terminator.
template <class E, Framing F>
class List {
 public:
  using Element = E;
  static constexpr Framing framing = F;

  constexpr List() = default;
  constexpr List(wire::Bytes bytes, std::size_t count) : bytes_(bytes), count_(count) {}

  constexpr std::size_t size() const { return count_; }
  constexpr bool empty() const { return count_ == 0; }
  constexpr wire::Bytes bytes() const { return bytes_; }

  class iterator {
   public:
    using value_type = E;
    using difference_type = std::ptrdiff_t;
    iterator() = default;
    iterator(const char* at, std::size_t left) : at_(at), left_(left) { read(); }
    const E& operator*() const { return element_; }
    const E* operator->() const { return &element_; }
    iterator& operator++() {
      --left_;
      read();
      return *this;
    }
    iterator operator++(int) {
      auto before = *this;
      ++*this;
      return before;
    }
    bool operator==(const iterator& other) const { return left_ == other.left_; }

   private:
    void read() {
      if (left_ == 0) return;
      Walker walker(at_);
      E::layout(walker, element_);
    }
    const char* at_ = nullptr;  // after element_
    std::size_t left_ = 0;
    E element_{};
  };
  iterator begin() const { return {bytes_.data(), count_}; }
  iterator end() const { return {}; }

 private:
  wire::Bytes bytes_;
  std::size_t count_ = 0;
};

}  // namespace pgconform::protocol
