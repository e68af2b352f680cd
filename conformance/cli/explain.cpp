#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>
#include <memory>

#include "cli/commands.hpp"
#include "cli/paths.hpp"
#include "runner/catalogue.hpp"
#include "runner/judge.hpp"

namespace pgconform::cli {

namespace {

int explain(const std::string& id, const std::string& cases) {
  const auto catalogue =
      runner::load_catalogue(cases.empty() ? data_directory("cases") : std::filesystem::path(cases), {});
  const auto chosen = catalogue ? runner::select(*catalogue, {{id}, {}}) : std::unexpected(catalogue.error());
  if (!chosen) {
    std::cerr << fmt::format("pgconform: {}\n", chosen.error());
    return static_cast<int>(runner::Exit::usage);
  }
  bool first = true;
  for (std::size_t i = 0; i < chosen->size(); ++i) {
    if (!(*chosen)[i]) continue;
    const auto& [name, file, text, test] = catalogue->entries[i];
    std::cout << fmt::format("{}{}\n  {}\n  level   {}\n", std::exchange(first, false) ? "" : "\n", name, test.title,
                             test.level);
    if (!test.covers.empty()) std::cout << fmt::format("  covers  {}\n", fmt::join(test.covers, " "));
    for (const auto& section : test.spec) std::cout << fmt::format("  manual  {}\n", section);
    std::cout << fmt::format("  file    {}:{}\n\n{}", file, test.place.line, text);
  }
  return 0;
}

}  // namespace

void add_explain(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("explain", "Tell what a case is about");
  struct Flags {
    std::string id, cases;
  };
  auto flags = std::make_shared<Flags>();
  command->add_option("ID", flags->id, "the case's id, or a pattern of several")->required();
  command->add_option("--cases", flags->cases, "another catalogue: a directory of .case files");
  command->callback([flags, &action] { action = [flags] { return explain(flags->id, flags->cases); }; });
}

}  // namespace pgconform::cli
