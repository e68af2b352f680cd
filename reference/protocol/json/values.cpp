#include "protocol/json/json.hpp"

namespace pgconform::protocol::json {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view digits = "0123456789abcdef";

// printable: UTF-8 without control characters other than white space, so that it reads as what it is.
bool printable(wire::Bytes bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    if (lead < 0x80) {
      if (lead == 0x7f || (lead < 0x20 && lead != '\t' && lead != '\n' && lead != '\r')) return false;
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || bytes.size() - i < length) return false;
    std::uint32_t code = lead & (0xffu >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(bytes[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      code = code << 6 | (next & 0x3f);
    }
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) || code < 0xa0) return false;
    i += length;
  }
  return true;
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Json hex(wire::Bytes bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out.push_back(digits[static_cast<unsigned char>(c) >> 4]);
    out.push_back(digits[static_cast<unsigned char>(c) & 15]);
  }
  return Json{{"hex", std::move(out)}};
}

Json text(wire::Bytes bytes) {
  return printable(bytes) ? Json(std::string(bytes)) : hex(bytes);
}

std::optional<std::string> bytes_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_object() || value.size() != 1 || value.begin().key() != "hex" || !value.begin()->is_string())
    return std::nullopt;
  const auto& written = value.begin()->get_ref<const std::string&>();
  if (written.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(written.size() / 2);
  for (std::size_t i = 0; i < written.size(); i += 2) {
    const int high = nibble(written[i]), low = nibble(written[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high << 4 | low));
  }
  return out;
}

}  // namespace pgconform::protocol::json
