#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "protocol/encode.hpp"

// The streams that the codec is measured on: the same bytes on every machine, as mt19937_64 is fixed by the standard
// and the library's distributions, which are not, are left alone.
namespace pgconform::bench {

class Source {
 public:
  std::size_t below(std::size_t limit) { return engine_() % limit; }
  // digits · letters: `size` of them, valid until the next call.
  std::string_view digits(std::size_t size) { return fill(size, '0', 10); }
  std::string_view letters(std::size_t size) { return fill(size, 'a', 26); }

 private:
  std::string_view fill(std::size_t size, char first, std::size_t kinds) {
    text_.resize(size);
    for (char& c : text_) c = static_cast<char>(first + static_cast<char>(below(kinds)));
    return text_;
  }
  std::mt19937_64 engine_{15};
  std::string text_;
};

inline constexpr int rows = 100'000, cycles = 100'000;

// data_rows: DataRows of four columns as a SELECT of an account has them: an id, a name, an amount that is NULL in
// every eighth row, a time.
inline std::string data_rows() {
  Source source;
  std::string stream;
  for (int i = 0; i < rows; ++i) {
    protocol::ListBuilder<protocol::ValueList> values;
    values.add({{false, source.digits(1 + source.below(7))}});
    values.add({{false, source.letters(4 + source.below(16))}});
    const bool null = source.below(8) == 0;
    values.add({{null, null ? "" : source.digits(3 + source.below(6))}});
    values.add({{false, "2026-01-02 03:04:05.678901+00"}});
    (void)protocol::encode(stream, protocol::DataRow{values.view()});
  }
  return stream;
}

// extended_cycles: Parse, Bind, Describe, Execute, Sync, as a driver sends them that prepares each time.
inline std::string extended_cycles() {
  Source source;
  std::string stream;
  for (int i = 0; i < cycles; ++i) {
    protocol::ListBuilder<protocol::OidList> types;
    protocol::ListBuilder<protocol::FormatList> formats, results;
    protocol::ListBuilder<protocol::ValueList> values;
    types.add({23});
    types.add({25});
    formats.add({1});
    formats.add({0});
    values.add({{false, std::string_view("\0\0\x30\x39", 4)}});
    values.add({{source.below(8) == 0, source.letters(4 + source.below(16))}});
    results.add({1});
    using namespace protocol;
    (void)encode(stream, Parse{"", "SELECT id, name, amount FROM account WHERE id = $1 AND name = $2", types.view()});
    (void)encode(stream, Bind{"", "", formats.view(), values.view(), results.view()});
    (void)encode(stream, Describe{'P', ""});
    (void)encode(stream, Execute{"", 0});
    (void)encode(stream, Sync{});
  }
  return stream;
}

}  // namespace pgconform::bench
