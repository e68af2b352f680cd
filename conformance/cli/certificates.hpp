#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <utility>

namespace pgconform::cli {

// Certificates: an authority, a server's and a client's certificate, made for one run in a directory of their own that
// goes with this object: ca.crt, server.crt, server.key, client.crt, client.key.
class Certificates {
 public:
  static std::expected<Certificates, std::string> make();

  Certificates() = default;
  Certificates(Certificates&& other) noexcept : directory_(std::exchange(other.directory_, {})) {}
  Certificates& operator=(Certificates&& other) noexcept {
    std::swap(directory_, other.directory_);
    return *this;
  }
  ~Certificates();

  std::string path(const char* file) const { return directory_ / file; }

 private:
  std::filesystem::path directory_;
};

}  // namespace pgconform::cli
