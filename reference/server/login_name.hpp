#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgconform::server {

// LoginName: reads along with what a client sends, up to the name it wants to log in with, so that what has to be found
// out about that user from elsewhere can be found out before the session needs it.
class LoginName {
 public:
  // feed: more bytes; gives the name, once, when they complete a StartupMessage.
  std::optional<std::string> feed(std::string_view bytes);
  // encrypted: what comes from now on came through TLS.
  void encrypted();

 private:
  std::string bytes_;
  bool done_ = false;
};

}  // namespace pgconform::server
