#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "report/report.hpp"

namespace pgconform::report {

namespace {

std::unexpected<std::string> trouble(const std::string& file) {
  return std::unexpected(fmt::format("cannot write {}: {}", file, std::strerror(errno)));
}

bool write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const auto written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::expected<void, std::string> write_file(const std::string& file, const std::string& content) {
  struct stat what{};
  // A pipe or a device cannot be replaced.
  const bool in_place = ::stat(file.c_str(), &what) == 0 && !S_ISREG(what.st_mode);
  const auto part = in_place ? file : fmt::format("{}.part{}", file, ::getpid());
  const int descriptor = ::open(part.c_str(), O_WRONLY | O_CLOEXEC | (in_place ? 0 : O_CREAT | O_TRUNC), 0666);
  if (descriptor < 0) return trouble(file);
  bool good = write_all(descriptor, content);
  int error = errno;
  if (::close(descriptor) != 0 && good) good = false, error = errno;
  if (good && !in_place && std::rename(part.c_str(), file.c_str()) != 0) good = false, error = errno;
  if (good) return {};
  if (!in_place) ::unlink(part.c_str());
  errno = error;
  return trouble(file);
}

}  // namespace pgconform::report
