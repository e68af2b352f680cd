#include "auth/saslprep.hpp"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/usprep.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <climits>
#include <vector>

// The steps of RFC 3454 in the order of PostgreSQL's saslprep.c: map, prohibit, check directions, normalise.
// ICU's usprep knows the profile's tables but normalises before it prohibits, so it is asked about one character at a
// time.
namespace pgconform::auth {
namespace {

struct Range {
  UChar32 first, last;
};

// RFC 3454 C.1.2. U+200B stands in B.1 too; PostgreSQL and ICU both make it a space.
constexpr Range spaces[] = {{0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200B},
                            {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}};
// RFC 3454 B.1.
constexpr Range nothings[] = {{0xAD, 0xAD},     {0x34F, 0x34F},   {0x1806, 0x1806}, {0x180B, 0x180D},
                              {0x200C, 0x200D}, {0x2060, 0x2060}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}};

template <std::size_t N>
bool within(const Range (&ranges)[N], UChar32 c) {
  return std::ranges::any_of(ranges, [c](Range r) { return r.first <= c && c <= r.last; });
}

// The two prohibited characters that normalisation would turn into allowed ones before usprep sees them.
bool tone_mark(UChar32 c) {
  return c == 0x340 || c == 0x341;
}

bool prohibited_or_unassigned(const UStringPrepProfile* profile, UChar32 c) {
  UChar in[2], out[64];
  int32_t length = 0;
  U16_APPEND_UNSAFE(in, length, c);
  UErrorCode status = U_ZERO_ERROR;
  usprep_prepare(profile, in, length, out, std::size(out), USPREP_DEFAULT, nullptr, &status);
  // Directions are a matter of the whole string, and of its letters before they decompose.
  return (U_FAILURE(status) && status != U_STRINGPREP_CHECK_BIDI_ERROR) || tone_mark(c);
}

// The characters of Unicode 3.2 that ICU's newer tables have moved into or out of RFC 3454's D.2. D.1 has not changed.
constexpr Range once_left_to_right[] = {{0x17B4, 0x17B5},   {0x1885, 0x1886},   {0x1D6DB, 0x1D6DB}, {0x1D715, 0x1D715},
                                        {0x1D74F, 0x1D74F}, {0x1D789, 0x1D789}, {0x1D7C3, 0x1D7C3}};
constexpr Range left_to_right_since[] = {{0xCBF, 0xCBF},   {0xCC6, 0xCC6},   {0x1734, 0x1734},
                                         {0x2132, 0x2132}, {0x2800, 0x28FF}, {0x302E, 0x302F}};

bool left_to_right(UChar32 c) {
  if (u_charDirection(c) == U_LEFT_TO_RIGHT) return !within(left_to_right_since, c);
  return within(once_left_to_right, c);
}

bool right_to_left(UChar32 c) {
  auto direction = u_charDirection(c);
  return direction == U_RIGHT_TO_LEFT || direction == U_RIGHT_TO_LEFT_ARABIC;
}

bool direction_is_clear(const std::vector<UChar32>& text) {
  if (std::ranges::none_of(text, right_to_left)) return true;
  return right_to_left(text.front()) && right_to_left(text.back()) && std::ranges::none_of(text, left_to_right);
}

std::expected<std::vector<UChar32>, SaslprepFailure> mapped_characters(std::string_view utf8) {
  std::vector<UChar32> text;
  auto length = static_cast<int32_t>(utf8.size());
  for (int32_t i = 0; i < length;) {
    UChar32 c;
    U8_NEXT(utf8.data(), i, length, c);
    if (c < 0) return std::unexpected(SaslprepFailure::not_utf8);
    if (within(spaces, c)) c = ' ';
    if (!within(nothings, c)) text.push_back(c);
  }
  return text;
}

std::expected<std::string, SaslprepFailure> normalized(const std::vector<UChar32>& text) {
  std::vector<UChar> in(text.size() * 2);
  int32_t length = 0;
  for (UChar32 c : text) U16_APPEND_UNSAFE(in, length, c);
  UErrorCode status = U_ZERO_ERROR;
  const auto* nfkc = unorm2_getNFKCInstance(&status);
  // One UTF-16 unit grows to at most 18 under NFKC.
  std::vector<UChar> out(static_cast<std::size_t>(length) * 18);
  auto size = unorm2_normalize(nfkc, in.data(), length, out.data(), static_cast<int32_t>(out.size()), &status);
  std::string utf8(static_cast<std::size_t>(U_SUCCESS(status) ? size : 0) * 3, '\0');
  int32_t bytes = 0;
  u_strToUTF8(utf8.data(), static_cast<int32_t>(utf8.size()), &bytes, out.data(), size, &status);
  if (U_FAILURE(status)) return std::unexpected(SaslprepFailure::prohibited);
  utf8.resize(static_cast<std::size_t>(bytes));
  return utf8;
}

}  // namespace

std::expected<std::string, SaslprepFailure> saslprep(std::string_view utf8) {
  if (std::ranges::all_of(utf8, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return std::string(utf8);
  if (utf8.size() > INT_MAX / 64) return std::unexpected(SaslprepFailure::prohibited);
  auto text = mapped_characters(utf8);
  if (!text) return std::unexpected(text.error());

  UErrorCode status = U_ZERO_ERROR;
  auto* profile = usprep_openByType(USPREP_RFC4013_SASLPREP, &status);
  bool refused = U_FAILURE(status) || text->empty() || !direction_is_clear(*text) ||
                 std::ranges::any_of(*text, [&](UChar32 c) { return prohibited_or_unassigned(profile, c); });
  if (profile) usprep_close(profile);
  if (refused) return std::unexpected(SaslprepFailure::prohibited);
  return normalized(*text);
}

std::string prepared_password(std::string_view password) {
  auto prepared = saslprep(password);
  return prepared ? *std::move(prepared) : std::string(password);
}

}  // namespace pgconform::auth
