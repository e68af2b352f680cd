#include "server/scram_line.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <optional>

#include "auth/encoding.hpp"

namespace pgconform::server {

namespace {

// NoEcho: while it lives, the terminal does not show what is typed; signals wait, or Ctrl-C would leave it that way.
class NoEcho {
 public:
  explicit NoEcho(int terminal) : terminal_(terminal), known_(::tcgetattr(terminal, &before_) == 0) {
    if (!known_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    ::tcsetattr(terminal_, TCSAFLUSH, &silent);
  }
  ~NoEcho() {
    if (known_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  int terminal_;
  termios before_{};
  bool known_;
};

std::optional<std::string> read_line(int from) {
  std::string line;
  char byte = 0;
  while (::read(from, &byte, 1) == 1) {
    if (byte == '\n') return line;
    if (byte == '\x03') return std::nullopt;  // Ctrl-C
    line += byte;
  }
  if (line.empty()) return std::nullopt;
  return line;
}

std::optional<std::string> prompted(const char* prompt) {
  std::fputs(prompt, stderr);
  auto line = read_line(STDIN_FILENO);
  std::fputs("\n", stderr);
  return line;
}

}  // namespace

auth::ScramVerifier fresh_verifier(std::string_view password) {
  std::array<unsigned char, 16> salt;
  auth::secure_random(salt);
  return auth::make_verifier(password, {reinterpret_cast<const char*>(salt.data()), salt.size()});
}

std::string scram_line(std::string_view password) {
  return "<password_scram_sha256>" + auth::print_verifier(fresh_verifier(password)) + "</password_scram_sha256>";
}

std::expected<std::string, std::string> ask_password() {
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  std::optional<std::string> password, again;
  if (terminal) {
    const NoEcho quiet(STDIN_FILENO);
    password = prompted("Password: ");
    if (password && !password->empty()) again = prompted("Again: ");
  } else {
    again = password = read_line(STDIN_FILENO);
  }
  if (!password || password->empty()) return std::unexpected("no password was given, and an empty one cannot be used");
  if (!again || *password != *again) return std::unexpected("the two passwords differ");
  return *password;
}

}  // namespace pgconform::server
