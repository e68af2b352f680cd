#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace pgconform::net {

// RecordWalk: follows the records of a TLS handshake from outside, to tell what is none: a server that answers
// ClientHello in plain text, or leaves off in the midst of a record. TLS libraries say only that they did not like it.
class RecordWalk {
 public:
  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      if (foreign_) return keep(bytes);
      const auto size = std::min(bytes.size(), body_ > 0 ? body_ : header_size - header_.size());
      if (body_ > 0) {
        keep(bytes.substr(0, size));
        body_ -= size;
      } else {
        header_ += bytes.substr(0, size);
        keep(bytes.substr(0, size));
        foreign_ = !could_be_header();
        if (!foreign_ && header_.size() == header_size) body_ = byte(3) << 8 | byte(4);
      }
      if (!foreign_ && body_ == 0 && header_.size() == header_size) header_.clear(), rest_.clear();
      bytes.remove_prefix(size);
    }
  }
  // foreign: what came is no TLS; rest() are its first bytes.
  bool foreign() const { return foreign_; }
  // rest: of a record that has not come to its end, or of what is no record; at most `kept` bytes.
  const std::string& rest() const { return rest_; }

 private:
  static constexpr std::size_t header_size = 5, kept = 1024;

  std::size_t byte(std::size_t at) const { return static_cast<unsigned char>(header_[at]); }
  // A content type from change_cipher_spec to application_data, and version 3.x. RFC 8446, section 5.1.
  bool could_be_header() const { return byte(0) >= 20 && byte(0) <= 23 && (header_.size() < 2 || byte(1) == 3); }
  void keep(std::string_view bytes) { rest_ += bytes.substr(0, kept - std::min(kept, rest_.size())); }

  std::string header_, rest_;
  std::size_t body_ = 0;
  bool foreign_ = false;
};

}  // namespace pgconform::net
