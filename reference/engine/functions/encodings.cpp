#include "engine/expr.hpp"
#include "engine/functions.hpp"
#include "types/client_encoding.hpp"
#include "types/form.hpp"

// Functions on character sets: convert_to(), pg_encoding_to_char() and the like. functions-binarystring.
namespace pgconform::engine {
namespace {

using types::ClientEncoding;

const ClientEncoding& encoding(const std::string& name, std::string_view kind) {
  if (const auto* found = ClientEncoding::find(name)) return *found;
  fail(sqlstate::invalid_parameter_value, fmt::format("invalid {}encoding name \"{}\"", kind, name));
}

bool is_utf8(const ClientEncoding& encoding) {
  return encoding.name() == "UTF8";
}

// verified: bytes that are text in that encoding. What those of one byte for each character leave open is no matter.
void verify(const ClientEncoding& encoding, const std::string& bytes) {
  if (encoding.name() == "SQL_ASCII") return;
  if (is_utf8(encoding)) {
    value_or_fail(types::check_encoding(bytes));
    return;
  }
  if (!encoding.is_supported()) refuse(fmt::format("encoding {}", encoding.name()));
  if (bytes.find('\0') != std::string::npos) value_or_fail(encoding.to_utf8(std::string_view("\0", 1)));
}

// pg_convert()
std::string converted(const std::string& bytes, const ClientEncoding& from, const ClientEncoding& to) {
  verify(from, bytes);
  if (&from == &to || to.name() == "SQL_ASCII") return bytes;
  if (from.name() == "SQL_ASCII") {
    verify(to, bytes);
    return bytes;
  }
  if (!from.is_supported() || !to.is_supported() || (!is_utf8(from) && !is_utf8(to)))
    refuse(fmt::format("the conversion of {} to {}", from.name(), to.name()));
  return is_utf8(to) ? value_or_fail(from.to_utf8(bytes)) : value_or_fail(to.from_utf8(bytes));
}

Value convert(Call& c) {
  const auto& from = encoding(c.text(1), "source ");
  return converted(c.text(0), from, encoding(c.text(2), "destination "));
}

Value convert_to(Call& c) {
  return converted(c.text(0), *ClientEncoding::find("UTF8"), encoding(c.text(1), "destination "));
}

Value convert_from(Call& c) {
  return converted(c.text(0), encoding(c.text(1), "source "), *ClientEncoding::find("UTF8"));
}

Value length(Call& c) {
  const auto& of = encoding(c.text(1), "");
  verify(of, c.text(0));
  return static_cast<std::int64_t>(is_utf8(of) ? types::count_characters(c.text(0)) : c.text(0).size());
}

}  // namespace

void add_encodings(Registry& r) {
  r.add({{"pg_convert", convert},
         {"pg_convert_to", convert_to},
         {"pg_convert_from", convert_from},
         {"length_in_encoding", length},
         {"PG_encoding_to_char",
          [](Call& c) -> Value {
            const auto* found = ClientEncoding::numbered(c.integer(0));
            return std::string(found ? found->name() : "");
          }},
         {"PG_char_to_encoding", [](Call& c) -> Value {
            const auto* found = ClientEncoding::find(c.text(0));
            return found ? found->number() : std::int64_t{-1};
          }}});
}

}  // namespace pgconform::engine
