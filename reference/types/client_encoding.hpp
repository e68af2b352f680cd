#pragma once

#include <string>
#include <string_view>

#include "types/type.hpp"
#include "types/value.hpp"

// The character sets that a client may speak; within the server all text is UTF-8. multibyte.
namespace pgconform::types {

class ClientEncoding {
 public:
  // find: by any spelling or alias that PostgreSQL knows; null if there is none.
  static const ClientEncoding* find(std::string_view name);
  // number · name: as pg_encoding_to_char() counts and spells them.
  static const ClientEncoding* numbered(std::int64_t number);
  std::int64_t number() const;
  std::string_view name() const { return name_; }

  // needs_conversion: of all but UTF8 and SQL_ASCII.
  bool needs_conversion() const;
  // is_supported: the encodings of one byte for each character are. The others cannot be converted.
  bool is_supported() const;
  // to_utf8: what a client has sent: 22021 for NUL, 22P05 for a byte that stands for nothing.
  Result<std::string> to_utf8(std::string_view bytes) const;
  // from_utf8: what a client is to see, of valid UTF-8: 22P05 for a character that the encoding lacks.
  Result<std::string> from_utf8(std::string_view text) const;

  constexpr ClientEncoding(std::string_view name, const char* charset) : name_(name), charset_(charset) {}

 private:
  struct Table;
  const Table* table() const;
  std::string_view name_;
  const char* charset_;  // as iconv calls it, of those that are supported
};

// binary_to_utf8 · binary_from_utf8: the same for a value's binary form: of what in it is text, also within arrays and
// records. A form that is broken is left as it is.
Result<std::string> binary_to_utf8(const ClientEncoding& encoding, Oid type, std::string_view bytes);
Result<std::string> binary_from_utf8(const ClientEncoding& encoding, Oid type, std::string_view bytes);

}  // namespace pgconform::types
