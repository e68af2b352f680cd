#include "server/log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "server/configuration/element.hpp"

namespace pgconform::server {
namespace {

constexpr std::string_view level_names[] = {"None",   "Fatal",       "Critical", "Error", "Warning",
                                            "Notice", "Information", "Debug",    "Trace"};

// write_whole: the errno of what went wrong, or 0.
int write_whole(int descriptor, std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(descriptor, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written == 0 ? EIO : errno;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

std::string format_line(const LogLine& line) {
  using namespace std::chrono;
  const auto seconds = floor<std::chrono::seconds>(line.time);
  const std::time_t time = system_clock::to_time_t(seconds);
  std::tm local{};
  localtime_r(&time, &local);
  return fmt::format("{:04}.{:02}.{:02} {:02}:{:02}:{:02}.{:06} [ {} ] {{{}}} <{}> {}: {}\n", local.tm_year + 1900,
                     local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec,
                     duration_cast<microseconds>(line.time - seconds).count(), line.thread, one_line(line.query_id),
                     level_names[static_cast<std::size_t>(line.level)], one_line(line.logger), one_line(line.message));
}

std::string endpoint_text(std::string_view host, std::uint16_t port) {
  return host.find(':') == std::string_view::npos ? fmt::format("{}:{}", host, port)
                                                  : fmt::format("[{}]:{}", host, port);
}

std::string listening_text(std::string_view host, std::uint16_t port) {
  return "Listening for PostgreSQL compatibility protocol: " + endpoint_text(host, port);
}

std::expected<std::unique_ptr<Log>, std::string> Log::open(Options options) {
  int file = -1;
  if (!options.file.empty()) {
    // A pipe without a reader must not hold up the start, hence O_NONBLOCK; what a log may hold is for its owner only
    // as far as the umask says so.
    file = ::open(options.file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
    if (file < 0) {
      return std::unexpected(
          one_line(fmt::format("{}: the log file cannot be written: {}", options.file.string(), std::strerror(errno))));
    }
  }
  return std::unique_ptr<Log>(new Log(std::move(options), file));
}

Log::~Log() {
  if (file_ >= 0) ::close(file_);
}

void Log::write(LogLevel level, std::string_view logger, std::string_view message, std::string_view query_id) {
  if (!is_on(level)) return;
  const std::lock_guard lock(mutex_);  // so that lines stand in the order of their times
  const std::string line = format_line({options_.clock(), ::gettid(), level, logger, message, query_id});
  if (options_.descriptor >= 0) write_whole(options_.descriptor, line);
  if (file_ < 0) return;
  // A log that cannot be written is no reason to stop serving; stderr is told once.
  const int problem = write_whole(file_, line);
  if (problem != 0 && file_problem_ == 0 && options_.descriptor >= 0) {
    const auto text =
        fmt::format("{}: the log file cannot be written: {}", options_.file.string(), std::strerror(problem));
    write_whole(options_.descriptor,
                format_line({options_.clock(), ::gettid(), LogLevel::error, "Application", text, {}}));
  }
  file_problem_ = problem;
}

}  // namespace pgconform::server
