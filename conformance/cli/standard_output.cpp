#include "cli/standard_output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace pgconform::cli {

namespace {

constexpr std::size_t enough = 64 * 1024;

// occupy: no connection may get the number of a standard stream that is closed, and what was meant for the stream.
void occupy() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    // Writing to what is open for reading fails, as it should. The lowest free number is taken.
    if (::fcntl(descriptor, F_GETFD) < 0) static_cast<void>(::open("/dev/null", O_RDONLY));
}

}  // namespace

StandardOutput::StandardOutput() : before_(std::cout.rdbuf(this)) {
  occupy();
}

StandardOutput::~StandardOutput() {
  sync();
  std::cout.rdbuf(before_);
}

std::string StandardOutput::finish() {
  sync();
  return error_ == 0 || error_ == EPIPE ? "" : std::strerror(error_);
}

StandardOutput::int_type StandardOutput::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
  const char one = traits_type::to_char_type(character);
  return xsputn(&one, 1) == 1 ? character : traits_type::eof();
}

std::streamsize StandardOutput::xsputn(const char* text, std::streamsize size) {
  buffer_.append(text, static_cast<std::size_t>(size));
  return buffer_.size() < enough || sync() == 0 ? size : 0;
}

int StandardOutput::sync() {
  std::string_view rest = buffer_;
  while (!rest.empty() && error_ == 0) {
    const auto written = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (written >= 0)
      rest.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      error_ = errno;
  }
  buffer_.clear();
  return error_ == 0 ? 0 : -1;
}

}  // namespace pgconform::cli
