#include "cli/certificates.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "net/certificates.hpp"

namespace pgconform::cli {

namespace {

std::string write_private(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool good = file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  if (file >= 0) ::close(file);
  return good ? "" : path + ": " + std::strerror(error);
}

}  // namespace

std::expected<Certificates, std::string> Certificates::make() {
  Certificates made;
  const char* const base = std::getenv("TMPDIR");
  std::string directory = std::string(base && *base ? base : "/tmp") + "/pgconform-XXXXXX";
  if (!::mkdtemp(directory.data())) return std::unexpected(directory + ": " + std::strerror(errno));
  made.directory_ = directory;

  const auto authority = net::make_self_signed({.common_name = "pgconform", .names = {}, .authority = true});
  if (!authority) return std::unexpected(authority.error().text);
  const auto server = net::issue(*authority, {.common_name = "localhost", .names = {"localhost", "127.0.0.1"}});
  const auto client = net::issue(*authority, {.common_name = "certificate", .names = {}});
  if (!server || !client) return std::unexpected((server ? client : server).error().text);
  const std::pair<const char*, const std::string*> files[]{{"ca.crt", &authority->certificate},
                                                           {"server.crt", &server->certificate},
                                                           {"server.key", &server->private_key},
                                                           {"client.crt", &client->certificate},
                                                           {"client.key", &client->private_key}};
  for (const auto& [file, text] : files)
    if (auto trouble = write_private(made.path(file), *text); !trouble.empty()) return std::unexpected(trouble);
  return made;
}

Certificates::~Certificates() {
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

}  // namespace pgconform::cli
