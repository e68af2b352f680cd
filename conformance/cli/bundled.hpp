#pragma once

#include <chrono>
#include <expected>
#include <string>

#include "cli/certificates.hpp"
#include "client/target.hpp"

namespace pgconform::cli {

// Bundled: pgreference as a child process on a free loopback port, with TLS and a user for each way to log in that it
// has. It dies with this object, and with this process.
class Bundled {
 public:
  // start: `program` is its path. The error is one line, with what the server itself has said.
  static std::expected<Bundled, std::string> start(const std::string& program,
                                                   std::chrono::milliseconds timeout = std::chrono::seconds(10));
  Bundled(Bundled&& other) noexcept;
  Bundled& operator=(Bundled&& other) noexcept;
  ~Bundled();

  // target: how to reach it, with the roles that cases ask for.
  const client::Target& target() const { return target_; }
  // died: how it ended, if it has: `ended with status 1`; empty while it runs.
  std::string died();

 private:
  Bundled() = default;
  void stop();

  int pid_ = -1, stderr_ = -1;
  client::Target target_;
  Certificates certificates_;
};

}  // namespace pgconform::cli
