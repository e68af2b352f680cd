#pragma once

#include <string>
#include <string_view>

// PostgreSQL's MD5 passwords. The stored secret is "md5" and the hex MD5 of the password followed by the user's name.
namespace pgconform::auth {

// md5_secret: what is stored for a password.
std::string md5_secret(std::string_view user, std::string_view password);

// is_md5_secret: "md5" and 32 lower-case hex digits.
bool is_md5_secret(std::string_view stored);

// md5_response: what the client sends in PasswordMessage for the four bytes of salt in AuthenticationMD5Password.
std::string md5_response(std::string_view user, std::string_view password, std::string_view salt);

// verify_md5_response: whether `response` answers `salt` for the stored secret. Byte for byte: upper-case hex is wrong.
bool verify_md5_response(std::string_view stored, std::string_view salt, std::string_view response);

}  // namespace pgconform::auth
