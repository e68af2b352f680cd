#include "server/login_name.hpp"

#include "protocol/frontend.hpp"
#include "session/startup.hpp"
#include "wire/bytes.hpp"

namespace pgconform::server {

namespace {
constexpr std::size_t longest = 10004;  // as the session takes it
}

std::optional<std::string> LoginName::feed(std::string_view bytes) {
  if (done_) return std::nullopt;
  bytes_ += bytes;
  while (bytes_.size() >= 8) {
    const std::size_t length = wire::load_32(bytes_.data());
    if (length < 8 || length > longest) break;  // the session will refuse it, or it is a TLS handshake
    if (bytes_.size() < length) return std::nullopt;
    const auto code = wire::load_32(bytes_.data() + 4);
    if (code == protocol::SSLRequest::request_code || code == protocol::GSSENCRequest::request_code) {
      bytes_.erase(0, length);
      continue;
    }
    const auto request = session::parse_startup(std::string_view(bytes_).substr(4, length - 4));
    done_ = true;
    bytes_ = {};
    return request ? std::optional(request->user) : std::nullopt;
  }
  if (bytes_.size() >= 8) {
    done_ = true;
    bytes_ = {};
  }
  return std::nullopt;
}

void LoginName::encrypted() {
  done_ = false;
  bytes_ = {};
}

}  // namespace pgconform::server
