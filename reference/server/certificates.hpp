#pragma once

#include <sys/stat.h>

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "net/tls_context.hpp"
#include "server/configuration/tls.hpp"

namespace pgconform::server {

// Certificates: certificate, key and authorities as they are on disk. They are replaced while the server runs, often
// one file after the other; what cannot be used (yet) leaves the last good ones in force.
class Certificates {
 public:
  explicit Certificates(TlsConfiguration wanted) : wanted_(std::move(wanted)) {}

  // refresh: read the files, if they have changed since they were last read. The error is one line, given once for each
  // state that the files are in.
  std::expected<void, std::string> refresh();
  // context: for new connections; nothing where there has been no usable certificate yet.
  const std::optional<net::TlsServerContext>& context() const { return context_; }

 private:
  // Stamp: what changes with a file's content, without reading it.
  struct Stamp {
    dev_t device{};
    ino_t file{};
    off_t size{};
    timespec modified{}, changed{};
    bool operator==(const Stamp& other) const;
  };

  std::vector<Stamp> stamps() const;

  TlsConfiguration wanted_;
  std::vector<Stamp> seen_;
  std::optional<net::TlsServerContext> context_;
};

}  // namespace pgconform::server
