#pragma once

#include <CLI/CLI.hpp>
#include <functional>

// The subcommands of pgconform, one file each. A command's function adds it, with its options, to the program; what it
// does goes into `action`, which gives the exit status.
namespace pgconform::cli {

using Action = std::function<int()>;

void add_check(CLI::App& app, Action& action);
void add_explain(CLI::App& app, Action& action);
void add_record(CLI::App& app, Action& action);
void add_replay(CLI::App& app, Action& action);
void add_show(CLI::App& app, Action& action);

}  // namespace pgconform::cli
