#include <functional>

#include "types/array.hpp"
#include "types/client_encoding.hpp"
#include "types/made.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

// Text in another encoding within binary forms: that of text itself, of jsonb, and of both in arrays and records.
namespace pgconform::types {
namespace {

using Convert = std::function<Result<std::string>(std::string_view)>;

Result<std::string> recode(Oid type, std::string_view bytes, const Convert& convert, int depth);

// A list of Int32 length and bytes; `type_of` reads what stands before a length, or knows it.
bool recode_list(wire::Reader& in, wire::Writer& out, std::size_t count, const Convert& convert, int depth,
                 const std::function<bool(Oid&)>& type_of, Result<std::string>& failed) {
  for (std::size_t i = 0; i < count; ++i) {
    Oid type = 0;
    std::uint32_t length = 0;
    if (!type_of(type) || !in.u32(length)) return false;
    if (length == 0xffffffff) {
      out.u32(length);
      continue;
    }
    wire::Bytes value;
    if (!in.bytes(length, value)) return false;
    auto recoded = recode(type, value, convert, depth + 1);
    if (!recoded) {
      failed = std::move(recoded);
      return false;
    }
    out.u32(static_cast<std::uint32_t>(recoded->size()));
    out.bytes(*recoded);
  }
  return in.left() == 0;
}

Result<std::string> recode_array(std::string_view bytes, const Convert& convert, int depth) {
  std::string made;
  wire::Reader in(bytes);
  wire::Writer out(made);
  std::uint32_t dimensions = 0, flags = 0, element = 0;
  if (!in.u32(dimensions) || !in.u32(flags) || !in.u32(element) || dimensions > most_dimensions)
    return std::string(bytes);
  out.u32(dimensions);
  out.u32(flags);
  out.u32(element);
  std::uint64_t count = dimensions == 0 ? 0 : 1;
  for (std::uint32_t i = 0; i < dimensions; ++i) {
    std::uint32_t length = 0, lower = 0;
    if (!in.u32(length) || !in.u32(lower)) return std::string(bytes);
    out.u32(length);
    out.u32(lower);
    count *= length;
    if (count > bytes.size()) return std::string(bytes);  // each takes four bytes at least
  }
  Result<std::string> failed;
  auto type_of = [&](Oid& type) {
    type = element;
    return true;
  };
  if (recode_list(in, out, count, convert, depth, type_of, failed)) return made;
  return failed ? std::string(bytes) : failed;
}

Result<std::string> recode_record(std::string_view bytes, const Convert& convert, int depth) {
  std::string made;
  wire::Reader in(bytes);
  wire::Writer out(made);
  std::uint32_t count = 0;
  if (!in.u32(count) || count > bytes.size()) return std::string(bytes);
  out.u32(count);
  Result<std::string> failed;
  auto type_of = [&](Oid& type) {
    std::uint32_t oid = 0;
    if (!in.u32(oid)) return false;
    out.u32(oid);
    type = oid;
    return true;
  };
  if (recode_list(in, out, count, convert, depth, type_of, failed)) return made;
  return failed ? std::string(bytes) : failed;
}

Result<std::string> recode(Oid type, std::string_view bytes, const Convert& convert, int depth) {
  if (depth > 100) return std::string(bytes);
  if (is_array(type)) return recode_array(bytes, convert, depth);
  if (const auto* made = find_made(type)) {
    if (made->kind == 'e') return convert(bytes);
    return made->kind == 'd' ? recode(made->base, bytes, convert, depth + 1) : recode_record(bytes, convert, depth);
  }
  switch (type) {
    case text_oid:
    case varchar_oid:
    case bpchar_oid:
    case name_oid:
    case json_oid:
    case unknown_oid:
    case pg_node_tree_oid:
      return convert(bytes);
    case jsonb_oid: {
      if (bytes.empty()) return std::string();
      auto text = convert(bytes.substr(1));
      return text ? bytes[0] + *text : text;
    }
    case record_oid:
      return recode_record(bytes, convert, depth);
    default:
      // A type that is not built in can only be that of a table's rows.
      return find_type(type) ? std::string(bytes) : recode_record(bytes, convert, depth);
  }
}

}  // namespace

Result<std::string> binary_to_utf8(const ClientEncoding& encoding, Oid type, std::string_view bytes) {
  return recode(type, bytes, [&](std::string_view text) { return encoding.to_utf8(text); }, 0);
}

Result<std::string> binary_from_utf8(const ClientEncoding& encoding, Oid type, std::string_view bytes) {
  return recode(type, bytes, [&](std::string_view text) { return encoding.from_utf8(text); }, 0);
}

}  // namespace pgconform::types
