#pragma once

#include <cstdint>
#include <string_view>

#include "protocol/list.hpp"

// The elements that messages repeat. Each is laid out like a message: one function names its fields in wire order. An
// element whose only field has no name is a plain value; one that is `keyed` has a key and a value.
namespace pgconform::protocol {

// Nullable: bytes with an Int32 length in front, where -1 is SQL NULL and carries no bytes.
struct Nullable {
  bool is_null = true;
  wire::Bytes bytes;
  bool operator==(const Nullable&) const = default;
};

struct OidElement {
  static constexpr std::size_t fixed_size = 4;
  std::uint32_t value = 0;
  static void layout(auto& io, auto& m) { io.oid("", m.value); }
};
using OidList = List<OidElement, Framing::count16>;

// Format codes: 0 text, 1 binary.
struct FormatElement {
  static constexpr std::size_t fixed_size = 2;
  std::int16_t value = 0;
  static void layout(auto& io, auto& m) { io.int16("", m.value); }
};
using FormatList = List<FormatElement, Framing::count16>;

struct ValueElement {
  Nullable value;
  static void layout(auto& io, auto& m) { io.value("", m.value); }
};
using ValueList = List<ValueElement, Framing::count16>;

struct StringElement {
  std::string_view value;
  static void layout(auto& io, auto& m) { io.cstring("", m.value); }
};
using StringList = List<StringElement, Framing::terminated>;
using CountedStringList = List<StringElement, Framing::count32>;

// Parameter: a name and its value in StartupMessage.
struct Parameter {
  static constexpr bool keyed = true;
  std::string_view name, value;
  static void layout(auto& io, auto& m) {
    io.cstring("name", m.name);
    io.cstring("value", m.value);
  }
};
using ParameterList = List<Parameter, Framing::terminated>;

// ErrorField: one field of ErrorResponse or NoticeResponse, known by a letter. protocol-error-fields.
struct ErrorField {
  static constexpr bool keyed = true;
  char code = 0;
  std::string_view value;
  static void layout(auto& io, auto& m) {
    io.byte("code", m.code);
    io.cstring("value", m.value);
  }
};
using ErrorFieldList = List<ErrorField, Framing::terminated>;

// FieldDescription: one column of a RowDescription.
struct FieldDescription {
  std::string_view name;
  std::uint32_t table = 0;          // OID of the table it is a plain column of, or 0
  std::int16_t attribute = 0;       // its number there, or 0; negative for system columns
  std::uint32_t type = 0;           // OID
  std::int16_t type_length = 0;     // pg_type.typlen; negative: variable
  std::int32_t type_modifier = -1;  // pg_attribute.atttypmod
  std::int16_t format = 0;
  static void layout(auto& io, auto& m) {
    io.cstring("name", m.name);
    io.oid("table", m.table);
    io.int16("attribute", m.attribute);
    io.oid("type", m.type);
    io.int16("type_length", m.type_length);
    io.int32("type_modifier", m.type_modifier);
    io.int16("format", m.format);
  }
};
using FieldList = List<FieldDescription, Framing::count16>;

}  // namespace pgconform::protocol
