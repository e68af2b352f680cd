#include <fmt/format.h>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>

#include "cli/commands.hpp"
#include "cli/paths.hpp"
#include "replay/profile.hpp"
#include "replay/replay.hpp"
#include "runner/judge.hpp"

namespace pgconform::cli {

namespace {

using runner::Exit;
namespace fs = std::filesystem;

struct Flags {
  std::vector<std::string> traces;
  std::string target, user, database, password, password_file, profile;
  double timeout = 5;
  bool verbose = false;
  CLI::Option *has_user = nullptr, *has_database = nullptr, *has_password = nullptr, *has_password_file = nullptr,
              *has_profile = nullptr;
};

int fail(Exit exit, const std::string& text) {
  std::cerr << fmt::format("pgconform replay: {}\n", text);
  return static_cast<int>(exit);
}

std::expected<std::string, std::string> first_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  if (!in || !std::getline(in, line)) return std::unexpected(fmt::format("--password-file {}: cannot be read", file));
  return line;
}

// files_of: a folder stands for the traces below it.
std::expected<std::vector<std::string>, std::string> files_of(const std::vector<std::string>& traces) {
  std::vector<std::string> files;
  for (const auto& one : traces) {
    std::error_code error;
    if (!fs::is_directory(one, error)) {
      files.push_back(one);
      continue;
    }
    std::set<std::string> sorted;
    for (const auto& entry : fs::recursive_directory_iterator(one, error))
      if (entry.path().extension() == ".trace") sorted.insert(entry.path().string());
    if (sorted.empty()) return std::unexpected(fmt::format("{}: no .trace file is in it", one));
    files.insert(files.end(), sorted.begin(), sorted.end());
  }
  return files;
}

// Count: of sessions, by how they ended.
struct Count {
  std::size_t played = 0, as_recorded = 0, excepted = 0, different = 0, stale = 0;
};

// judge: tell how one session went, in the light of what is known of the target.
void judge(const replay::Session& session, const replay::Outcome& outcome, const replay::Exception* exception,
           bool verbose, Count& count) {
  ++count.played;
  const auto say = [&](std::string_view verdict, std::string_view why = "") {
    std::cout << fmt::format("{:<12} {}{}{}\n", verdict, session.id, why.empty() ? "" : ": ", why);
  };
  const auto details = [&] {
    for (const auto& one : outcome.departures) std::cout << replay::describe(session, one);
  };
  if (outcome.departures.empty()) {
    if (exception && !exception->varies) {
      ++count.stale;
      say("stale",
          fmt::format("it is answered as recorded, though \"{}\" was expected to prevent that", exception->reason));
    } else {
      ++count.as_recorded;
      say("as recorded");
    }
  } else if (exception) {
    ++count.excepted;
    say("as expected", exception->reason);
    if (verbose) details();
  } else {
    ++count.different;
    say("different");
    details();
  }
  std::cout << std::flush;
}

int replay_all(const Flags& flags) {
  auto target = client::Target::parse(flags.target);
  if (!target) return fail(Exit::usage, "--target: " + target.error());
  replay::Options options{.target = *target, .user = {}, .database = {}, .password = {}};
  options.timeout = std::chrono::milliseconds(static_cast<long>(flags.timeout * 1000));
  if (flags.has_user->count() > 0) options.user = flags.user;
  if (flags.has_database->count() > 0) options.database = flags.database;
  if (flags.has_password->count() > 0) options.password = flags.password;
  if (flags.has_password_file->count() > 0) {
    auto password = first_line(flags.password_file);
    if (!password) return fail(Exit::usage, password.error());
    options.password = std::move(*password);
  }
  replay::Profile profile;
  if (flags.has_profile->count() > 0) {
    auto loaded = replay::load_profile(flags.profile, data_directory("traces/profiles", "").string());
    if (!loaded) return fail(Exit::usage, "--profile: " + loaded.error());
    profile = std::move(*loaded);
  }
  const auto files = files_of(flags.traces);
  if (!files) return fail(Exit::usage, files.error());
  // A trace that cannot be read is known before anything is sent.
  std::vector<replay::Session> sessions;
  for (const auto& file : *files) {
    auto session = replay::load(file);
    if (!session) return fail(Exit::usage, session.error());
    sessions.push_back(std::move(*session));
  }

  asio::io_context context(1);
  asio::signal_set signals(context, SIGINT, SIGTERM);
  bool interrupted = false, finished = false;
  signals.async_wait([&](const std::error_code& error, int) {
    if (error) return;
    interrupted = true;
    context.stop();
  });
  std::cout << fmt::format("replaying on {}\n", options.target.describe());
  Count count;
  std::string unreachable, unusable;
  asio::co_spawn(
      context,
      [&]() -> asio::awaitable<void> {
        for (const auto& session : sessions) {
          auto outcome = co_await replay::replay(session, options);
          unusable = outcome.unusable;
          unreachable = outcome.unreachable;
          if (!unusable.empty() || (!unreachable.empty() && count.played == 0)) break;
          if (!unreachable.empty())
            outcome.departures.push_back({.kind = compare::Kind::early_close, .answered = unreachable});
          judge(session, outcome, profile.exception(session.id), flags.verbose, count);
        }
        finished = true;
        signals.cancel();
      },
      [](const std::exception_ptr& error) {
        if (error) std::rethrow_exception(error);
      });
  context.run();
  if (count.played == 0 && finished) {
    if (!unusable.empty()) return fail(Exit::usage, unusable + "; --password tells it");
    return fail(Exit::unreachable, fmt::format("cannot use {}: {}", options.target.describe(), unreachable));
  }
  std::cout << fmt::format("{} sessions: {} as recorded, {} as the profile expects, {} different, {} stale\n",
                           count.played, count.as_recorded, count.excepted, count.different, count.stale);
  if (interrupted) return static_cast<int>(Exit::interrupted);
  if (!unusable.empty()) return fail(Exit::usage, unusable + "; --password tells it");
  return static_cast<int>(count.different + count.stale > 0 ? Exit::not_as_expected : Exit::as_expected);
}

}  // namespace

void add_replay(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "replay", "Say to a server what a recorded client said, and hold its answers against those recorded");
  auto flags = std::make_shared<Flags>();
  command->add_option("TRACE", flags->traces, ".trace files, or folders of them")->required();
  command->add_option("--target", flags->target, "a postgresql:// URI, a conninfo string, or @FILE")->required();
  flags->has_user = command->add_option("--user", flags->user, "log in as this user in place of the recorded one");
  flags->has_database = command->add_option("--database", flags->database, "and to this database");
  flags->has_password = command->add_option("--password", flags->password, "the password; else the target's");
  flags->has_password_file =
      command->add_option("--password-file", flags->password_file, "a file whose first line is the password")
          ->excludes(flags->has_password);
  flags->has_profile = command->add_option("--profile", flags->profile,
                                           "which sessions this target cannot answer as recorded: NAME or FILE.json");
  command->add_option("--timeout", flags->timeout, "seconds to wait for an answer")
      ->check(CLI::Range(0.001, 86400.0))
      ->capture_default_str();
  command->add_flag("--verbose", flags->verbose, "show the differences that the profile expects, too");
  command->callback([flags, &action] { action = [flags] { return replay_all(*flags); }; });
}

}  // namespace pgconform::cli
