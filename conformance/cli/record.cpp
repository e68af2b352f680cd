#include <fmt/format.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <charconv>
#include <csignal>
#include <iostream>
#include <memory>

#include "cli/commands.hpp"
#include "client/target.hpp"
#include "record/proxy.hpp"
#include "runner/judge.hpp"

namespace pgconform::cli {

namespace {

using runner::Exit;

struct Flags {
  std::string listen = "127.0.0.1:0", upstream, out;
  bool keep_secrets = false;
};

int fail(Exit exit, const std::string& text) {
  std::cerr << fmt::format("pgconform record: {}\n", text);
  return static_cast<int>(exit);
}

// Place: HOST:PORT, [ADDRESS]:PORT or PORT.
struct Place {
  std::string host;
  std::uint16_t port = 0;
};
std::expected<Place, std::string> parse_place(const std::string& text) {
  const auto colon = text.rfind(':');
  Place place{colon == text.npos ? "127.0.0.1" : text.substr(0, colon)};
  if (place.host.starts_with('[') && place.host.ends_with(']'))
    place.host = place.host.substr(1, place.host.size() - 2);
  const auto digits = colon == text.npos ? text : text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), place.port);
  if (error != std::errc{} || end != digits.data() + digits.size() || place.host.empty())
    return std::unexpected(fmt::format("--listen {}: expected HOST:PORT or PORT", text));
  return place;
}

int record(const Flags& flags) {
  const auto place = parse_place(flags.listen);
  if (!place) return fail(Exit::usage, place.error());
  const auto target = client::Target::parse(flags.upstream);
  if (!target) return fail(Exit::usage, "--upstream: " + target.error());

  asio::io_context context(1);
  auto proxy = record::Proxy::listen(
      context.get_executor(), place->host, place->port,
      {.upstream = target->address(),
       .out = flags.out,
       .keep_secrets = flags.keep_secrets,
       .complain = [](const auto& why) { std::cerr << fmt::format("pgconform record: {}\n", why); }});
  if (!proxy) return fail(Exit::usage, proxy.error());
  for (const auto& one : proxy->listening()) std::cout << fmt::format("listening on {}\n", one.text()) << std::flush;

  asio::signal_set signals(context, SIGINT, SIGTERM);
  std::function<void(const std::error_code&, int)> interrupted = [&](const std::error_code& error, int) {
    if (error) return;
    // The second signal finds the default again.
    signals.clear();
    proxy->stop();
  };
  signals.async_wait(interrupted);
  asio::co_spawn(
      context,
      [&]() -> asio::awaitable<void> {
        co_await proxy->run();
        signals.cancel();
      },
      asio::detached);
  context.run();
  std::cout << fmt::format("recorded {} of {} connections in {}\n", proxy->connections() - proxy->failures(),
                           proxy->connections(), flags.out);
  return static_cast<int>(proxy->failures() > 0 ? Exit::not_as_expected : Exit::as_expected);
}

}  // namespace

void add_record(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "record",
      "Stand between clients and a server and write down each connection as a trace. Encryption is refused (with N), "
      "so that what is said can be read; a client that insists on TLS cannot be recorded.");
  auto flags = std::make_shared<Flags>();
  command->add_option("--listen", flags->listen, "HOST:PORT or PORT to take connections on; port 0: any that is free")
      ->capture_default_str();
  command->add_option("--upstream", flags->upstream, "the server: a postgresql:// URI, a conninfo string, or @FILE")
      ->required();
  command->add_option("--out", flags->out, "the directory that the traces go to")->required();
  command->add_flag("--keep-secrets", flags->keep_secrets, "write passwords and proofs down too");
  command->callback([flags, &action] { action = [flags] { return record(*flags); }; });
}

}  // namespace pgconform::cli
