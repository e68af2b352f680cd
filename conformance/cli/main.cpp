#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/standard_output.hpp"
#include "runner/judge.hpp"

using namespace pgconform;

namespace {

// One line, whatever the library has to say.
int usage(std::string_view what, std::string_view command = "") {
  const auto end = what.find_last_not_of(" \n");
  std::string line(what.substr(0, end == what.npos ? 0 : end + 1));
  for (auto& c : line)
    if (c == '\n') c = ' ';
  std::cerr << fmt::format("pgconform: {} (see pgconform {}{}--help)\n", line, command, command.empty() ? "" : " ");
  return static_cast<int>(runner::Exit::usage);
}

int run(int argc, char** argv) {
  CLI::App app("Tells where a server departs from the PostgreSQL wire protocol.", "pgconform");
  app.set_version_flag("--version", "pgconform " PGCONFORM_VERSION);
  app.require_subcommand(1);
  app.fallthrough(false);
  cli::Action action;
  cli::add_check(app, action);
  cli::add_explain(app, action);
  cli::add_record(app, action);
  cli::add_replay(app, action);
  cli::add_show(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    if (argc > 1 && argv[1][0] != '-' && app.get_subcommands().empty())
      return usage(fmt::format("there is no command {}", argv[1]));
    const auto commands = app.get_subcommands();
    return usage(error.what(), commands.empty() ? "" : commands.front()->get_name());
  }
  try {
    return action();
  } catch (const std::exception& error) {
    std::cerr << fmt::format("pgconform: {}\n", error.what());
    return static_cast<int>(runner::Exit::unreachable);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  cli::StandardOutput output;
  const int status = run(argc, argv);
  const auto trouble = output.finish();
  if (trouble.empty()) return status;
  std::cerr << fmt::format("pgconform: cannot write to standard output: {}\n", trouble);
  // What is wrong already stays what it is; a verdict that nobody could read is none.
  return status > static_cast<int>(runner::Exit::not_as_expected) ? status
                                                                  : static_cast<int>(runner::Exit::unreachable);
}
