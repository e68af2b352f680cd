#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// Text forms of bytes, comparison and randomness, as the login code needs them.
namespace pgconform::auth {

// Random: fills a buffer with bytes that nobody can guess. Passed in, so that a test's exchange is always the same one.
using Random = std::function<void(std::span<unsigned char>)>;

// secure_random: the operating system's randomness, by way of BoringSSL's RAND_bytes.
void secure_random(std::span<unsigned char> out);

// base64_encode: RFC 4648 with padding, without line breaks.
std::string base64_encode(std::string_view bytes);

// base64_decode: takes exactly what PostgreSQL's decoder takes. White space, foreign characters and missing padding are
// refused (nothing is returned). Left-over bits are not looked at, so that "QQ==" and "QR==" are both "A", and padding
// may be followed by more.
std::optional<std::string> base64_decode(std::string_view text);

// hex_encode: two lower-case digits a byte.
std::string hex_encode(std::string_view bytes);

// hex_decode: nothing for an odd count or for anything that is no digit; both cases of letters are taken.
std::optional<std::string> hex_decode(std::string_view text);

// constant_time_equal: compares without telling by its duration where two secrets of the same length differ.
bool constant_time_equal(std::string_view a, std::string_view b);

// wipe: overwrites a secret that is no longer needed, in a way that the compiler does not leave out.
void wipe(std::string& secret);
void wipe(std::span<unsigned char> secret);

}  // namespace pgconform::auth
