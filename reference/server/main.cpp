#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>

#include "engine/engine.hpp"
#include "server/by_name.hpp"
#include "server/log.hpp"
#include "server/options.hpp"
#include "server/server.hpp"

using namespace pgconform;

namespace {

// The system's lookup of a name cannot be interrupted, and an orderly end waits for it.
void end_in_spite_of_lookups() {
  static constexpr std::chrono::milliseconds time_for_goodbyes{900};
  std::thread([] {
    std::this_thread::sleep_for(time_for_goodbyes);
    std::_Exit(0);
  }).detach();
}

}  // namespace

int main(int argc, char** argv) {
  auto options = server::parse_options(argc, argv);
  if (!options) {
    auto* const output = options.error().status == 0 ? stdout : stderr;
    // What was asked for is not to be lost without a word.
    if (std::fputs(options.error().text.c_str(), output) < 0 || std::fflush(output) != 0) {
      std::fprintf(stderr, "pgreference: standard output cannot be written: %s\n", std::strerror(errno));
      return 1;
    }
    return options.error().status;
  }
  auto& configuration = options->configuration;

  server::Log::Options log_options;
  log_options.file = configuration.log_file;
  log_options.level = configuration.log_level;
  if (options->quiet) log_options.descriptor = -1;
  auto log = server::Log::open(std::move(log_options));
  if (!log) {
    std::fprintf(stderr, "%s\n", log.error().c_str());
    return 1;
  }
  for (const auto& warning : configuration.warnings) (*log)->write(server::LogLevel::warning, "Application", warning);

  engine::Options engine_options;
  if (configuration.server_version) engine_options.server_version = *configuration.server_version;
  engine_options.settings = options->settings;
  if (auto wrong = engine::wrong_setting(engine_options)) {
    std::fprintf(stderr, "pgreference: --set: %s\n", wrong->c_str());
    return 2;
  }
  const auto engine = engine::make_engine(std::move(engine_options));

  asio::io_context io(1);
  // From here on SIGHUP must not end the process, however early it comes.
  asio::signal_set hangups(io, SIGHUP);
  server::Server server(io, configuration, *engine, **log);
  if (auto started = server.start(); !started) {
    (*log)->write(server::LogLevel::fatal, "Application", started.error());
    if (options->quiet) std::fprintf(stderr, "%s\n", started.error().c_str());
    return 1;
  }
  // For whoever started this with port 0: the addresses, one a line, once they can be connected to.
  for (const auto& address : server.addresses()) std::printf("listening on %s\n", address.text().c_str());
  std::fflush(stdout);

  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const std::error_code& error, int) {
    if (error) return;
    hangups.cancel();
    server.stop();
    if (server::is_looking_up()) end_in_spite_of_lookups();
  });
  // Signals that come together are one: what is read is what the files say by then.
  const std::function<void()> wait_for_hangup = [&] {
    hangups.async_wait([&](const std::error_code& error, int) {
      if (error) return;
      server.reload(options->reread());
      wait_for_hangup();
    });
  };
  wait_for_hangup();
  io.run();
  return 0;
}
