#include "types/record.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "sqlstate/sqlstate.hpp"
#include "types/form.hpp"
#include "wire/bytes.hpp"

namespace pgconform::types {
namespace {

void put(std::string& out, std::int64_t number) {
  char buffer[4];
  wire::store_32(buffer, static_cast<std::uint32_t>(number));
  out.append(buffer, 4);
}

// Reader: over bytes that pack_record() has made.
class Reader {
 public:
  explicit Reader(const Record& record) : rest_(record.packed) { count_ = take(); }
  std::size_t count() const { return count_; }
  Oid next(std::string_view& bytes, bool& null) {
    const Oid type = take();
    const auto length = static_cast<std::int32_t>(take());
    null = length < 0;
    bytes = null ? std::string_view() : rest_.substr(0, static_cast<std::size_t>(length));
    rest_.remove_prefix(bytes.size());
    return type;
  }

 private:
  std::uint32_t take() {
    const auto number = wire::load_32(rest_.data());
    rest_.remove_prefix(4);
    return number;
  }
  std::string_view rest_;
  std::size_t count_ = 0;
};

}  // namespace

Record pack_record(const Fields& fields) {
  Record record;
  put(record.packed, std::ssize(fields.values));
  for (std::size_t i = 0; i < fields.values.size(); ++i) {
    put(record.packed, fields.types[i]);
    if (is_null(fields.values[i])) {
      put(record.packed, -1);
      continue;
    }
    const auto bytes = print_binary(fields.types[i], fields.values[i]);
    put(record.packed, std::ssize(bytes));
    record.packed += bytes;
  }
  return record;
}

Fields unpack_record(const Record& record) {
  Fields fields;
  Reader reader(record);
  for (std::size_t i = 0; i < reader.count(); ++i) {
    std::string_view bytes;
    bool null = false;
    fields.types.push_back(reader.next(bytes, null));
    fields.values.push_back(null ? Value() : value_from_packed(fields.types.back(), bytes));
  }
  return fields;
}

std::optional<Value> field_of(const Record& record, std::size_t number, Oid wanted) {
  Reader reader(record);
  for (std::size_t i = 0; i < reader.count(); ++i) {
    std::string_view bytes;
    bool null = false;
    const Oid type = reader.next(bytes, null);
    if (i != number) continue;
    if (type != wanted) return std::nullopt;
    return null ? Value() : value_from_packed(type, bytes);
  }
  return std::nullopt;
}

Result<std::vector<std::optional<std::string>>> split_record(std::string_view text, std::size_t columns) {
  std::size_t at = 0;
  auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  auto skip = [&] {
    while (at < text.size() && blank(text[at])) ++at;
  };
  auto malformed = [&](std::string detail) {
    return std::unexpected(Failure{sqlstate::invalid_text_representation,
                                   fmt::format("malformed record literal: \"{}\"", text),
                                   std::move(detail),
                                   {}});
  };
  skip();
  if (at == text.size() || text[at] != '(') return malformed("Missing left parenthesis.");
  ++at;
  std::vector<std::optional<std::string>> fields;
  for (std::size_t i = 0; i < columns; ++i) {
    if (i > 0) {
      if (at == text.size() || text[at] != ',') return malformed("Too few columns.");
      ++at;
    }
    if (at < text.size() && (text[at] == ',' || text[at] == ')')) {
      fields.emplace_back();
      continue;
    }
    std::string field;
    bool quoted = false;
    for (; quoted || at == text.size() || (text[at] != ',' && text[at] != ')'); ++at) {
      if (at == text.size()) return malformed("Unexpected end of input.");
      if (text[at] == '\\') {
        if (++at == text.size()) return malformed("Unexpected end of input.");
        field += text[at];
      } else if (text[at] == '"') {
        if (quoted && at + 1 < text.size() && text[at + 1] == '"')
          field += text[at++];
        else
          quoted = !quoted;
      } else {
        field += text[at];
      }
    }
    fields.push_back(std::move(field));
  }
  if (at == text.size() || text[at] != ')') return malformed("Too many columns.");
  ++at;
  skip();
  if (at != text.size()) return malformed("Junk after right parenthesis.");
  return fields;
}

std::string record_text(const Record& record, const Style& style) {
  const Fields fields = unpack_record(record);
  auto special = [](char c) {
    return c == '"' || c == '\\' || c == '(' || c == ')' || c == ',' || c == ' ' || (c >= '\t' && c <= '\r');
  };
  std::string out = "(";
  for (std::size_t i = 0; i < fields.values.size(); ++i) {
    if (i > 0) out += ',';
    if (is_null(fields.values[i])) continue;
    const auto text = print_text(fields.types[i], fields.values[i], style);
    const bool quoted = text.empty() || std::ranges::any_of(text, special);
    if (quoted) out += '"';
    for (char c : text) {
      if (c == '"' || c == '\\') out += c;
      out += c;
    }
    if (quoted) out += '"';
  }
  return out + ')';
}

}  // namespace pgconform::types
