#include "types/client_encoding.hpp"

#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "sqlstate/sqlstate.hpp"

namespace pgconform::types {
namespace {

// In the order of their numbers (pg_wchar.h).
constexpr std::array<ClientEncoding, 42> encodings{{
    {"SQL_ASCII", nullptr},
    {"EUC_JP", nullptr},
    {"EUC_CN", nullptr},
    {"EUC_KR", nullptr},
    {"EUC_TW", nullptr},
    {"EUC_JIS_2004", nullptr},
    {"UTF8", nullptr},
    {"MULE_INTERNAL", nullptr},
    {"LATIN1", "ISO-8859-1"},
    {"LATIN2", "ISO-8859-2"},
    {"LATIN3", "ISO-8859-3"},
    {"LATIN4", "ISO-8859-4"},
    {"LATIN5", "ISO-8859-9"},
    {"LATIN6", "ISO-8859-10"},
    {"LATIN7", "ISO-8859-13"},
    {"LATIN8", "ISO-8859-14"},
    {"LATIN9", "ISO-8859-15"},
    {"LATIN10", "ISO-8859-16"},
    {"WIN1256", "CP1256"},
    {"WIN1258", "CP1258"},
    {"WIN866", "CP866"},
    {"WIN874", "CP874"},
    {"KOI8R", "KOI8-R"},
    {"WIN1251", "CP1251"},
    {"WIN1252", "CP1252"},
    {"ISO_8859_5", "ISO-8859-5"},
    {"ISO_8859_6", "ISO-8859-6"},
    {"ISO_8859_7", "ISO-8859-7"},
    {"ISO_8859_8", "ISO-8859-8"},
    {"WIN1250", "CP1250"},
    {"WIN1253", "CP1253"},
    {"WIN1254", "CP1254"},
    {"WIN1255", "CP1255"},
    {"WIN1257", "CP1257"},
    {"KOI8U", "KOI8-U"},
    {"SJIS", nullptr},
    {"BIG5", nullptr},
    {"GBK", nullptr},
    {"UHC", nullptr},
    {"GB18030", nullptr},
    {"JOHAB", nullptr},
    {"SHIFT_JIS_2004", nullptr},
}};
constexpr std::size_t utf8 = 6;

constexpr std::pair<std::string_view, std::string_view> aliases[] = {
    {"abc", "WIN1258"},         {"alt", "WIN866"},          {"iso88591", "LATIN1"},     {"iso885910", "LATIN6"},
    {"iso885913", "LATIN7"},    {"iso885914", "LATIN8"},    {"iso885915", "LATIN9"},    {"iso885916", "LATIN10"},
    {"iso88592", "LATIN2"},     {"iso88593", "LATIN3"},     {"iso88594", "LATIN4"},     {"iso88599", "LATIN5"},
    {"koi8", "KOI8R"},          {"mskanji", "SJIS"},        {"shiftjis", "SJIS"},       {"tcvn", "WIN1258"},
    {"tcvn5712", "WIN1258"},    {"unicode", "UTF8"},        {"vscii", "WIN1258"},       {"win", "WIN1251"},
    {"win932", "SJIS"},         {"win936", "GBK"},          {"win949", "UHC"},          {"win950", "BIG5"},
    {"windows1250", "WIN1250"}, {"windows1251", "WIN1251"}, {"windows1252", "WIN1252"}, {"windows1253", "WIN1253"},
    {"windows1254", "WIN1254"}, {"windows1255", "WIN1255"}, {"windows1256", "WIN1256"}, {"windows1257", "WIN1257"},
    {"windows1258", "WIN1258"}, {"windows866", "WIN866"},   {"windows874", "WIN874"},   {"windows932", "SJIS"},
    {"windows936", "GBK"},      {"windows949", "UHC"},      {"windows950", "BIG5"},
};

std::string clean(std::string_view name) {
  std::string key;
  for (unsigned char c : name)
    if (c < 0x80 && std::isalnum(c)) key += static_cast<char>(std::tolower(c));
  return key;
}

std::string shown(std::string_view bytes) {
  std::string list;
  for (unsigned char c : bytes) list += fmt::format("{}0x{:02x}", list.empty() ? "" : " ", c);
  return list;
}

std::unexpected<Failure> untranslatable(std::string_view bytes, std::string_view from, std::string_view to) {
  return std::unexpected(
      Failure{sqlstate::untranslatable_character,
              fmt::format("character with byte sequence {} in encoding \"{}\" has no equivalent in encoding \"{}\"",
                          shown(bytes), from, to),
              {},
              {}});
}

}  // namespace

// Table: what the upper 128 bytes stand for, and the way back, sorted by the characters.
struct ClientEncoding::Table {
  std::array<std::string, 128> characters;
  std::vector<std::pair<std::string, char>> bytes;

  explicit Table(iconv_t converter) {
    for (unsigned i = 0; i < characters.size(); ++i) {
      char byte = static_cast<char>(i + 128), text[8], *in = &byte, *out = text;
      std::size_t in_left = 1, out_left = sizeof text;
      if (::iconv(converter, &in, &in_left, &out, &out_left) == 0 &&
          ::iconv(converter, nullptr, nullptr, &out, &out_left) == 0) {
        characters[i].assign(text, out);
        bytes.emplace_back(characters[i], byte);
      }
      ::iconv(converter, nullptr, nullptr, nullptr, nullptr);
    }
    std::ranges::sort(bytes);
  }
};

const ClientEncoding* ClientEncoding::find(std::string_view name) {
  std::string key = clean(name);
  for (const auto& [alias, of] : aliases)
    if (alias == key) key = clean(of);
  const auto* found = std::ranges::find_if(encodings, [&](const auto& one) { return clean(one.name_) == key; });
  return found == encodings.end() ? nullptr : found;
}

const ClientEncoding* ClientEncoding::numbered(std::int64_t number) {
  return number < 0 || number >= std::ssize(encodings) ? nullptr : &encodings[static_cast<std::size_t>(number)];
}

std::int64_t ClientEncoding::number() const {
  return this - encodings.data();
}

bool ClientEncoding::needs_conversion() const {
  return this != &encodings[utf8] && this != &encodings[0];
}

bool ClientEncoding::is_supported() const {
  return !needs_conversion() || table() != nullptr;
}

// Made when first asked for; null where the system cannot convert.
const ClientEncoding::Table* ClientEncoding::table() const {
  static std::array<std::once_flag, encodings.size()> made;
  static std::array<std::unique_ptr<Table>, encodings.size()> tables;
  const auto at = static_cast<std::size_t>(number());
  std::call_once(made[at], [&] {
    if (!charset_) return;
    iconv_t converter = ::iconv_open("UTF-8", charset_);
    if (converter == reinterpret_cast<iconv_t>(-1)) return;
    tables[at] = std::make_unique<Table>(converter);
    ::iconv_close(converter);
  });
  return tables[at].get();
}

Result<std::string> ClientEncoding::to_utf8(std::string_view bytes) const {
  if (!needs_conversion()) return std::string(bytes);
  const Table* known = table();
  std::string text;
  text.reserve(bytes.size());
  for (const char& byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    if (value == 0)
      return std::unexpected(Failure{sqlstate::character_not_in_repertoire,
                                     fmt::format("invalid byte sequence for encoding \"{}\": 0x00", name_),
                                     {},
                                     {}});
    if (value < 128) {
      text += byte;
      continue;
    }
    if (!known || known->characters[value - 128].empty())
      return untranslatable({&byte, 1}, name_, encodings[utf8].name_);
    text += known->characters[value - 128];
  }
  return text;
}

Result<std::string> ClientEncoding::from_utf8(std::string_view text) const {
  if (!needs_conversion()) return std::string(text);
  const Table* known = table();
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if ((text[i] & 0x80) == 0) {
      bytes += text[i++];
      continue;
    }
    std::size_t end = i + 1;
    while (end < text.size() && (text[end] & 0xc0) == 0x80) ++end;
    const auto character = text.substr(i, end - i);
    if (!known) return untranslatable(character, encodings[utf8].name_, name_);
    const auto found = std::ranges::lower_bound(known->bytes, character, {},
                                                [](const auto& entry) { return std::string_view(entry.first); });
    if (found == known->bytes.end() || found->first != character)
      return untranslatable(character, encodings[utf8].name_, name_);
    bytes += found->second;
    i = end;
  }
  return bytes;
}

}  // namespace pgconform::types
