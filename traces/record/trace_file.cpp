#include "record/trace_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "notation/printer.hpp"

namespace pgconform::record {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_kept = std::size_t{256} << 10;

std::string reason() {
  return std::generic_category().message(errno);
}

}  // namespace

std::expected<TraceFile, std::string> TraceFile::create(const fs::path& directory, notation::Recorded header) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return std::unexpected(fmt::format("{}: {}", directory.string(), error.message()));
  for (unsigned number = 1; number < 1'000'000; ++number) {
    const auto path = directory / fmt::format("{:04}.trace", number);
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
    if (file >= 0) return TraceFile(path, file, std::move(header));
    if (errno != EEXIST) return std::unexpected(fmt::format("{}: {}", path.string(), reason()));
  }
  return std::unexpected(fmt::format("{}: too many traces", directory.string()));
}

TraceFile::TraceFile(fs::path path, int file, notation::Recorded header)
    : path_(std::move(path)), file_(file), header_(std::move(header)) {}

TraceFile::TraceFile(TraceFile&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      header_(std::move(other.header_)),
      rewrite_(other.rewrite_),
      keeping_(other.keeping_),
      kept_(std::move(other.kept_)),
      pending_(std::move(other.pending_)) {}

TraceFile::~TraceFile() {
  static_cast<void>(flush());
  if (file_ >= 0) ::close(file_);
}

void TraceFile::add(const notation::Item& item) {
  pending_ += notation::print(item);
}

void TraceFile::header(const notation::Recorded& header) {
  if (header == header_ || !keeping_) return;
  header_ = header;
  rewrite_ = true;
}

std::expected<void, std::string> TraceFile::fail(const std::string& what) {
  const auto why = fmt::format("{}: {}", what, reason());
  if (file_ >= 0) ::close(std::exchange(file_, -1));
  return std::unexpected(why);
}

bool TraceFile::write(int file, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto written = ::write(file, text.data() + at, text.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    at += static_cast<std::size_t>(written);
  }
  return true;
}

std::expected<void, std::string> TraceFile::flush() {
  const auto text = std::exchange(pending_, {});
  if (file_ < 0) return {};
  if (keeping_) kept_ += text;
  if (rewrite_) {
    rewrite_ = false;
    const auto beside = path_.string() + ".new";
    const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0) return fail(beside);
    ::close(std::exchange(file_, file));
    if (!write(file_, notation::print(header_) + '\n' + kept_) || ::rename(beside.c_str(), path_.c_str()) != 0) {
      const int why = errno;
      ::unlink(beside.c_str());
      errno = why;
      return fail(path_.string());
    }
  } else if (!text.empty() && !write(file_, text)) {
    return fail(path_.string());
  }
  if (kept_.size() > most_kept) {
    keeping_ = false;
    kept_ = {};
  }
  return {};
}

}  // namespace pgconform::record
