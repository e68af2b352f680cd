#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "server/configuration/log_level.hpp"

// The server's log, in ClickHouse's shape:
//
//   2024.07.10 18:03:09.805727 [ 8956 ] {} <Error> PostgreSQLHandler: message
//
// date and local time in microseconds, thread, {query id}, level, logger, message. One event is one line: whatever a
// client can put into a message, it cannot write a line of its own.
namespace pgconform::server {

// LogLine: what one line says. Texts are taken as they are and escaped when the line is made.
struct LogLine {
  std::chrono::system_clock::time_point time;
  long thread = 0;
  LogLevel level = LogLevel::information;
  std::string_view logger, message, query_id;
};

// format_line gives the line with its line end, time in the process's time zone.
std::string format_line(const LogLine& line);

// endpoint_text gives host:port, with brackets around an IPv6 address: [::1]:9005.
std::string endpoint_text(std::string_view host, std::uint16_t port);

// listening_text gives the message for an address that is being listened on, as ClickHouse words it. Its logger is
// "Application".
std::string listening_text(std::string_view host, std::uint16_t port);

// Log writes lines to stderr and, if there is one, to a file. It may be used from several threads; a line is written
// by one call, so lines do not mix even with those of another process.
class Log {
 public:
  using Clock = std::function<std::chrono::system_clock::time_point()>;

  struct Options {
    std::filesystem::path file;        // empty: none; otherwise appended to, created if need be
    LogLevel level = LogLevel::trace;  // lines that matter less are left out
    int descriptor = 2;                // where lines go beside the file; -1: nowhere. Not owned.
    Clock clock = std::chrono::system_clock::now;
  };

  // open gives a log, or one line that says why the file cannot be written.
  static std::expected<std::unique_ptr<Log>, std::string> open(Options options);

  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void write(LogLevel level, std::string_view logger, std::string_view message, std::string_view query_id = {});

  bool is_on(LogLevel level) const { return level != LogLevel::none && level <= level_; }
  void set_level(LogLevel level) { level_ = level; }

 private:
  Log(Options options, int file) : options_(std::move(options)), level_(options_.level), file_(file) {}

  Options options_;
  std::atomic<LogLevel> level_;
  int file_;
  int file_problem_ = 0;  // errno of the last write to it
  std::mutex mutex_;
};

}  // namespace pgconform::server
