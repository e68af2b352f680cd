#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <type_traits>
#include <utility>

#include "protocol/message_list.hpp"
#include "wire/frame.hpp"
#include "wire/reader.hpp"

// From a frame to a message. Nothing is copied and nothing allocated: the message's views point into the frame. Every
// length and count is checked against what is there; what a layout leaves over is an error, found in one place.
namespace pgconform::protocol {

enum class DecodeCode : std::uint8_t {
  unknown_type,    // no message of this sender has this tag (or authentication code) at this stage
  truncated,       // the body ends before the field does
  unterminated,    // a string without its NUL, a list without its zero byte
  invalid_length,  // a value's length below -1 or beyond the body
  invalid_count,   // a negative Int32 count
  trailing_bytes   // the body goes on after the last field
};

// DecodeError: what is wrong, with which field of which message, at which byte of the body.
struct DecodeError {
  DecodeCode code;
  std::string_view message;  // the message's name, empty if the type is unknown
  std::string_view field;    // empty if it is about the whole
  std::size_t offset;        // in the body; for trailing bytes, where they begin
};

// describe: one line for people, such as `Bind: parameters: truncated at byte 12 of the body`.
std::string describe(const DecodeError& error);

// Decoder: the visitor that reads a layout from bytes that may hold anything. The first error sticks, and `Faults` is
// told of it: NoFault keeps nothing, so that the way of a sound message is short. What is too large for the compiler to
// inline by itself is told to be, so that the decoder's address goes nowhere and it lives in registers.
template <class Faults>
class Decoder {
 public:
  explicit Decoder(wire::Bytes body) : in_(body), begin_(body.data()) {}

  void int8(const char* field, std::int8_t& v) {
    std::uint8_t raw{};
    if (!in_.u8(raw)) return fail(DecodeCode::truncated, field);
    v = static_cast<std::int8_t>(raw);
  }
  void int16(const char* field, std::int16_t& v) {
    std::uint16_t raw{};
    if (!in_.u16(raw)) return fail(DecodeCode::truncated, field);
    v = static_cast<std::int16_t>(raw);
  }
  void int32(const char* field, std::int32_t& v) {
    std::uint32_t raw{};
    if (!in_.u32(raw)) return fail(DecodeCode::truncated, field);
    v = static_cast<std::int32_t>(raw);
  }
  void oid(const char* field, std::uint32_t& v) {
    if (!in_.u32(v)) fail(DecodeCode::truncated, field);
  }
  void version(const char* field, std::uint32_t& v) { oid(field, v); }
  void byte(const char* field, char& v) {
    std::uint8_t raw{};
    if (!in_.u8(raw)) return fail(DecodeCode::truncated, field);
    v = static_cast<char>(raw);
  }
  [[gnu::always_inline]] void cstring(const char* field, wire::Bytes& v) {
    if (!in_.cstring(v)) fail(DecodeCode::unterminated, field);
  }
  void fixed(const char* field, wire::Bytes& v, std::size_t count) {
    if (!in_.bytes(count, v)) fail(DecodeCode::truncated, field);
  }
  void rest(const char*, wire::Bytes& v) { v = in_.rest(); }
  void binary(const char*, wire::Bytes& v) { v = in_.rest(); }
  [[gnu::always_inline]] void value(const char* field, Nullable& v) {
    std::uint32_t raw{};
    if (!in_.u32(raw)) return fail(DecodeCode::truncated, field);
    // A negative length is longer than any body when it is unsigned.
    v.is_null = raw == 0xffffffff;
    if (!in_.bytes(v.is_null ? 0 : raw, v.bytes)) fail(DecodeCode::invalid_length, field);
  }

  template <class E, Framing F>
  [[gnu::always_inline]] void list(const char* field, List<E, F>& v) {
    std::size_t count = 0;
    if constexpr (F == Framing::count16) {
      std::uint16_t raw{};
      if (!in_.u16(raw)) return fail(DecodeCode::truncated, field);
      count = raw;
    } else if constexpr (F == Framing::count32) {
      std::uint32_t raw{};
      if (!in_.u32(raw)) return fail(DecodeCode::truncated, field);
      if (raw > 0x7fffffff) return fail(DecodeCode::invalid_count, field);
      count = raw;
    }
    const char* const first = in_.position();
    if constexpr (F == Framing::terminated) {
      for (;; ++count) {
        wire::Reader ahead = in_;
        std::uint8_t next{};
        if (!ahead.u8(next)) return fail(DecodeCode::unterminated, field);
        if (next == 0) {
          v = {{first, static_cast<std::size_t>(in_.position() - first)}, count};
          in_ = ahead;
          return;
        }
        if (!element<E>(field)) return;
      }
    } else if constexpr (requires { E::fixed_size; }) {
      wire::Bytes all;
      if (!in_.bytes(count * E::fixed_size, all)) return fail(DecodeCode::truncated, field);
      v = {all, count};
    } else {
      for (std::size_t i = 0; i < count; ++i)
        if (!element<E>(field)) return;
      v = {{first, static_cast<std::size_t>(in_.position() - first)}, count};
    }
  }

  // sound: was the body exactly what the layout says? Bytes left over are an error, found here.
  [[gnu::always_inline]] bool sound() {
    if (!failed_ && in_.left() != 0) fail(DecodeCode::trailing_bytes, "");
    return !failed_;
  }
  const Faults& faults() const { return faults_; }

 private:
  template <class E>
  [[gnu::always_inline]] bool element(const char* field) {
    E checked;
    E::layout(*this, checked);
    if (!failed_) [[likely]]
      return true;
    faults_.rename(field);  // the list's name says more to a reader than the element's
    return false;
  }
  [[gnu::always_inline]] void fail(DecodeCode code, const char* field) {
    if (failed_) return;
    failed_ = true;
    faults_.note(code, field, static_cast<std::size_t>(in_.position() - begin_));
    in_ = wire::Reader(wire::Bytes(begin_, 0));  // whatever is read next fails too, and is not recorded
  }

  wire::Reader in_;
  const char* begin_;
  bool failed_ = false;
  [[no_unique_address]] Faults faults_;
};

namespace detail {

// NoFault · FirstFault: what a decoder keeps of an error: that there was one, or what it was.
struct NoFault {
  void note(DecodeCode, const char*, std::size_t) {}
  void rename(const char*) {}
};
struct FirstFault {
  DecodeError error{};
  void note(DecodeCode code, const char* field, std::size_t offset) { error = {code, {}, field, offset}; }
  void rename(const char* field) { error.field = field; }
};

// fault_of: what is wrong with a body that is not sound. It is read again for that: only a broken message pays for it.
template <class M>
[[gnu::noinline, gnu::cold]] DecodeError fault_of(wire::Bytes body) {
  M message;
  Decoder<FirstFault> decoder(body);
  M::layout(decoder, message);
  decoder.sound();
  DecodeError error = decoder.faults().error;
  error.message = M::name;
  return error;
}

// fill: read `message` from `body`; tells whether it is sound.
template <class M>
[[gnu::always_inline]] inline bool fill(M& message, wire::Bytes body) {
  Decoder<NoFault> decoder(body);
  M::layout(decoder, message);
  return decoder.sound();
}

}  // namespace detail

// decode_as: the body of a message whose type is already known.
template <class M>
std::expected<M, DecodeError> decode_as(wire::Bytes body) {
  M message;
  if (!detail::fill(message, body)) return std::unexpected(detail::fault_of<M>(body));
  return message;
}

namespace detail {

// matches: is `frame` an M? Strips what told so (a code word) from `body`.
template <class M>
bool matches(Stage stage, const wire::Frame& frame, wire::Bytes& body) {
  if constexpr (stage_of<M>() != Stage::normal)
    if (stage != stage_of<M>()) return false;
  if constexpr (requires { M::request_code; }) {
    if (body.size() < 4 || wire::load_32(body.data()) != M::request_code) return false;
    body.remove_prefix(4);
    return true;
  } else if constexpr (requires { M::code; }) {
    if (frame.tag != M::tag || body.size() < 4 || wire::load_32(body.data()) != M::code) return false;
    body.remove_prefix(4);
    return true;
  } else if constexpr (requires { M::tag; }) {
    return frame.tag == M::tag && frame.whole.size() > 1;  // one byte is a bare answer
  } else {
    // StartupMessage, or a bare answer, whose one byte is all there is.
    if (body.empty()) body = frame.whole;
    return true;
  }
}

}  // namespace detail

namespace detail {

// by_tag: for each type byte the message of `List` that it means at `stage`, or the list's size where it takes a closer
// look: at a code word in the body, or at a frame of one byte, which is what answers an encryption request.
template <class List>
constexpr std::array<std::uint8_t, 256> by_tag(Stage stage) {
  std::array<std::uint8_t, 256> table;
  table.fill(List::size);
  if (stage == Stage::ssl_answer || stage == Stage::gssenc_answer) return table;
  std::uint8_t index = 0;
  List::each([&]<class M>() {
    if constexpr (tag_of<M>() != '\0' && !requires { M::code; }) {
      auto& entry = table[static_cast<unsigned char>(M::tag)];
      if (entry == List::size && (stage_of<M>() == Stage::normal || stage_of<M>() == stage)) entry = index;
    }
    ++index;
  });
  return table;
}
template <class List>
inline constexpr auto tag_table = [] {
  std::array<std::array<std::uint8_t, 256>, stages> tables;
  for (std::size_t stage = 0; stage < stages; ++stage) tables[stage] = by_tag<List>(static_cast<Stage>(stage));
  return tables;
}();

// search: the place in the list of the message that `frame` is, or the list's size.
template <class... M>
[[gnu::noinline]] std::uint8_t search(MessageList<M...>, Stage stage, wire::Frame frame) {
  std::uint8_t index = 0;
  wire::Bytes body;
  (void)((body = frame.body, matches<M>(stage, frame, body) || (++index, false)) || ...);
  return index;
}

// index_of: the same by way of the table where the type byte tells. The frame is never passed on by its address: kept
// in memory, its views would be written in halves and read as wholes, and waiting for that takes as long as decoding.
template <class List>
[[gnu::always_inline]] inline std::uint8_t index_of(List list, Stage stage, const wire::Frame& frame) {
  const auto at = tag_table<List>[static_cast<std::size_t>(stage)][static_cast<unsigned char>(frame.tag)];
  if (at == List::size) [[unlikely]]
    return search(list, stage, frame);
  return at;
}

// read: decode the body of an M, from its code word on if it has one, and hand the message on.
template <class M, Sender S, class Visitor>
std::expected<void, DecodeError> read(wire::Bytes body, Visitor& visitor) {
  if constexpr (requires { M::code; } || requires { M::request_code; }) body.remove_prefix(4);
  M message;
  if (!fill(message, body)) [[unlikely]]
    return std::unexpected(fault_of<M>(body));
  visitor(type_of<S, M>(), std::as_const(message));
  return {};
}

}  // namespace detail

// decode: tell what `frame` is and hand the message to `visitor(MessageType, const M&)`.
template <class Visitor>
std::expected<void, DecodeError> decode(Sender sender, Stage stage, const wire::Frame& frame, Visitor&& visitor) {
  auto dispatch = [&]<Sender S, class... M>(MessageList<M...> list) -> std::expected<void, DecodeError> {
    using Read = std::expected<void, DecodeError> (*)(wire::Bytes, std::remove_reference_t<Visitor>&);
    static constexpr std::array<Read, sizeof...(M)> readers{detail::read<M, S, std::remove_reference_t<Visitor>>...};
    const std::uint8_t index = detail::index_of(list, stage, frame);
    if (index == list.size) return std::unexpected(DecodeError{DecodeCode::unknown_type, {}, {}, 0});
    // A bare answer's one byte is all there is.
    const wire::Bytes body = frame.whole.size() == 1 ? frame.whole : frame.body;
    return readers[index](body, visitor);
  };
  return sender == Sender::frontend ? dispatch.template operator()<Sender::frontend>(FrontendMessages{})
                                    : dispatch.template operator()<Sender::backend>(BackendMessages{});
}

// classify: which message a frame is, by its header alone; the body is not looked into.
inline std::expected<MessageType, DecodeError> classify(Sender sender, Stage stage, const wire::Frame& frame) {
  return with_messages(sender, [&](auto list) -> std::expected<MessageType, DecodeError> {
    const std::uint8_t index = detail::index_of(list, stage, frame);
    if (index == list.size) return std::unexpected(DecodeError{DecodeCode::unknown_type, {}, {}, 0});
    return MessageType{sender, index};
  });
}

}  // namespace pgconform::protocol
