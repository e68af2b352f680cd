#include "cli/bundled.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

namespace pgconform::cli {

namespace {

// The roles of the bundled server: what a target description would list.
struct Role {
  const char *flag, *name, *password;
};
constexpr std::array<Role, 5> roles{{{"--no-password-user", "trust", ""},
                                     {"--user", "cleartext", "open-sesame"},
                                     {"--md5-user", "md5", "salted-once"},
                                     {"--scram-user", "scram", "pencil"},
                                     // SASLprep makes "IXpass word" of it.
                                     {"--scram-user", "saslprep", "\u2168pa\u00adss\u00a0word"}}};

std::string failure(std::string_view what) {
  return fmt::format("{}: {}", what, std::strerror(errno));
}

// tail: what is left to be read of a log, as one line.
std::string tail(int descriptor) {
  std::string text;
  std::array<char, 4096> buffer;
  for (ssize_t n; (n = ::pread(descriptor, buffer.data(), buffer.size(), static_cast<off_t>(text.size()))) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(n));
  while (text.ends_with('\n')) text.pop_back();
  for (auto& c : text)
    if (c == '\n') c = ' ';
  return text;
}

std::string how_it_ended(int status) {
  if (WIFEXITED(status)) return fmt::format("ended with status {}", WEXITSTATUS(status));
  return fmt::format("was ended by signal {}", WTERMSIG(status));
}

// read_port: from lines `listening on 127.0.0.1:PORT`; 0 if that did not come.
int read_port(int descriptor, std::chrono::steady_clock::time_point deadline) {
  std::string text;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waiting{descriptor, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return 0;
    std::array<char, 512> buffer;
    const auto n = ::read(descriptor, buffer.data(), buffer.size());
    if (n <= 0) return 0;
    text.append(buffer.data(), static_cast<std::size_t>(n));
    const auto found = text.find("listening on ");
    const auto end = text.find('\n', found);
    if (found == text.npos || end == text.npos) continue;
    const auto colon = text.rfind(':', end);
    return colon == text.npos || colon < found ? 0 : std::atoi(text.c_str() + colon + 1);
  }
}

}  // namespace

std::expected<Bundled, std::string> Bundled::start(const std::string& program, std::chrono::milliseconds timeout) {
  auto certificates = Certificates::make();
  if (!certificates) return std::unexpected("cannot make certificates: " + certificates.error());
  std::vector<std::string> arguments{program, "--listen", "127.0.0.1", "--port", "0"};
  for (const auto& [flag, file] :
       {std::pair{"--certificate", "server.crt"}, {"--private-key", "server.key"}, {"--client-ca", "ca.crt"}}) {
    arguments.emplace_back(flag);
    arguments.push_back(certificates->path(file));
  }
  for (const auto& role : roles) {
    arguments.emplace_back(role.flag);
    arguments.push_back(*role.password ? fmt::format("{}:{}", role.name, role.password) : role.name);
  }
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  Bundled server;
  server.certificates_ = std::move(*certificates);
  std::array<int, 2> out{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0) return std::unexpected(failure("pipe"));
  // A file takes any amount of log without anybody reading it.
  server.stderr_ = ::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  const auto parent = ::getpid();
  server.pid_ = ::fork();
  if (server.pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(127);  // it has gone before that took effect
    ::setpgid(0, 0);                          // Ctrl-C is for us: it has to serve until the cases have ended
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, 0);
    ::dup2(out[1], 1);
    ::dup2(server.stderr_ >= 0 ? server.stderr_ : null, 2);
    ::execv(program.c_str(), argv.data());
    const auto text = fmt::format("cannot run it: {}\n", std::strerror(errno));
    [[maybe_unused]] const auto n = ::write(2, text.data(), text.size());
    ::_exit(127);
  }
  ::close(out[1]);
  if (server.pid_ < 0) {
    ::close(out[0]);
    return std::unexpected(failure("fork"));
  }
  const int port = read_port(out[0], std::chrono::steady_clock::now() + timeout);
  ::close(out[0]);
  if (port == 0) {
    auto how = server.died();
    const auto said = tail(server.stderr_);
    return std::unexpected(fmt::format("{} {}{}{}", program, how.empty() ? "does not say where it listens" : how,
                                       said.empty() ? "" : ": ", said));
  }
  const client::Environment none = [](const std::string&) { return std::nullopt; };
  auto target =
      client::Target::parse(fmt::format("postgresql://trust@127.0.0.1:{}/default?sslmode=disable", port), none);
  if (!target) return std::unexpected(target.error());
  server.target_ = std::move(*target);
  for (const auto& role : roles) server.target_.roles[role.name] = {role.name, role.password};
  server.target_.ca = server.certificates_.path("ca.crt");
  server.target_.client_certificate = server.certificates_.path("client.crt");
  server.target_.client_key = server.certificates_.path("client.key");
  server.target_.profile = "pgreference";
  return server;
}

Bundled::Bundled(Bundled&& other) noexcept {
  *this = std::move(other);
}

Bundled& Bundled::operator=(Bundled&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(stderr_, other.stderr_);
  std::swap(target_, other.target_);
  std::swap(certificates_, other.certificates_);
  return *this;
}

Bundled::~Bundled() {
  stop();
}

std::string Bundled::died() {
  if (pid_ < 0) return "is not there";
  int status = 0;
  // It closes its pipe a moment before it is gone.
  for (int attempt = 0; attempt < 50; ++attempt) {
    const auto gone = ::waitpid(pid_, &status, WNOHANG);
    if (gone == pid_) {
      pid_ = -1;
      return how_it_ended(status);
    }
    ::poll(nullptr, 0, 2);
  }
  return "";
}

void Bundled::stop() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    int status = 0;
    bool gone = false;
    for (int attempt = 0; attempt < 400 && !gone; ++attempt) {
      gone = ::waitpid(pid_, &status, WNOHANG) == pid_;
      if (!gone) ::poll(nullptr, 0, 5);
    }
    if (!gone) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, &status, 0);
    }
    pid_ = -1;
  }
  if (stderr_ >= 0) ::close(std::exchange(stderr_, -1));
}

}  // namespace pgconform::cli
