#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "protocol/message_list.hpp"
#include "wire/writer.hpp"

// From a message to its frame: lengths and counts are computed from the bytes really written.
namespace pgconform::protocol {

// EncodeError: what cannot be said on the wire, such as a NUL inside a string.
struct EncodeError {
  std::string_view message;  // the message's name
  std::string reason;
};

// Encoder: the visitor that writes a layout.
class Encoder {
 public:
  explicit Encoder(wire::Writer& out) : out_(out) {}

  void int8(const char*, const std::int8_t& v) { out_.u8(static_cast<std::uint8_t>(v)); }
  void int16(const char*, const std::int16_t& v) { out_.u16(static_cast<std::uint16_t>(v)); }
  void int32(const char*, const std::int32_t& v) { out_.u32(static_cast<std::uint32_t>(v)); }
  void oid(const char*, const std::uint32_t& v) { out_.u32(v); }
  void version(const char*, const std::uint32_t& v) { out_.u32(v); }
  void byte(const char*, const char& v) { out_.u8(static_cast<std::uint8_t>(v)); }
  void cstring(const char*, const wire::Bytes& v) { out_.cstring(v); }
  void fixed(const char*, const wire::Bytes& v, std::size_t count) {
    if (v.size() != count) out_.fail("a field of fixed size has another size");
    out_.bytes(v);
  }
  void rest(const char*, const wire::Bytes& v) { out_.bytes(v); }
  void binary(const char*, const wire::Bytes& v) { out_.bytes(v); }
  void value(const char*, const Nullable& v) {
    out_.u32(v.is_null ? 0xffffffff : static_cast<std::uint32_t>(v.bytes.size()));
    if (!v.is_null) out_.bytes(v.bytes);
  }
  template <class E, Framing F>
  void list(const char*, const List<E, F>& v) {
    if constexpr (F == Framing::count16) {
      if (v.size() > 0xffff) out_.fail("a list of more than 65535 elements");
      out_.u16(static_cast<std::uint16_t>(v.size()));
    }
    if constexpr (F == Framing::count32) out_.u32(static_cast<std::uint32_t>(v.size()));
    out_.bytes(v.bytes());
    if constexpr (F == Framing::terminated) out_.u8(0);
  }

 private:
  wire::Writer& out_;
};

// ListBuilder: the owner of a list's bytes while a message is put together.
template <class L>
class ListBuilder {
 public:
  using Element = typename L::Element;
  void add(const Element& element) {
    wire::Writer out(bytes_);
    Encoder encoder(out);
    Element::layout(encoder, element);
    ++count_;
  }
  // view: what was added; valid while the builder lives unchanged.
  L view() const { return L(bytes_, count_); }

 private:
  std::string bytes_;
  std::size_t count_ = 0;
};

// begin_frame · end_frame: write a message's header with room for the length, and fill that in. Between the two calls
// the body is appended to `out`.
template <class M>
std::size_t begin_frame(std::string& out) {
  wire::Writer writer(out);
  const std::size_t start = writer.position();
  if constexpr (stage_of<M>() == Stage::ssl_answer || stage_of<M>() == Stage::gssenc_answer) return start;
  if constexpr (tag_of<M>() != '\0') writer.u8(static_cast<std::uint8_t>(tag_of<M>()));
  writer.u32(0);
  if constexpr (requires { M::request_code; }) writer.u32(M::request_code);
  if constexpr (requires { M::code; }) writer.u32(M::code);
  return start;
}
template <class M>
void end_frame(std::string& out, std::size_t start) {
  if constexpr (stage_of<M>() == Stage::ssl_answer || stage_of<M>() == Stage::gssenc_answer) return;
  const std::size_t length_at = start + (tag_of<M>() != '\0' ? 1 : 0);
  wire::Writer(out).patch_32(length_at, static_cast<std::uint32_t>(out.size() - length_at));
}

// encode: append the frame of `message` to `out`; on an error `out` is as it was.
template <class M>
std::expected<void, EncodeError> encode(std::string& out, const M& message) {
  const std::size_t start = begin_frame<M>(out);
  wire::Writer writer(out);
  Encoder encoder(writer);
  M::layout(encoder, message);
  if (out.size() - start > 0x7fffffff) writer.fail("longer than a length word can say");
  if (!writer.ok()) {
    out.resize(start);
    return std::unexpected(EncodeError{M::name, writer.error()});
  }
  end_frame<M>(out, start);
  return {};
}

}  // namespace pgconform::protocol
