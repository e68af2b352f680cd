#pragma once

#include <string>
#include <string_view>

namespace pgconform::auth {

// AuthError: why a server refuses a login, as its ErrorResponse says it. The severity is always FATAL.
struct AuthError {
  std::string sqlstate;  // five characters
  std::string message;
  std::string detail;  // may be empty

  bool operator==(const AuthError&) const = default;
};

// password_failed: the one answer to a wrong password, an unknown user and a user who may not log in this way, so that
// the three cannot be told apart.
inline AuthError password_failed(std::string_view user) {
  return {"28P01", "password authentication failed for user \"" + std::string(user) + "\"", ""};
}

}  // namespace pgconform::auth
