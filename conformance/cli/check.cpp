#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>

#include "cli/bundled.hpp"
#include "cli/commands.hpp"
#include "cli/paths.hpp"
#include "report/report.hpp"
#include "runner/catalogue.hpp"
#include "runner/judge.hpp"
#include "runner/profile.hpp"
#include "runner/suite.hpp"

namespace pgconform::cli {

namespace {

using runner::Exit;
using std::chrono::milliseconds;

// Flags: what the command line says.
struct Flags {
  std::string target, cases, profile, gate, postgresql, pgreference;
  std::vector<std::string> run, skip, reports;
  double timeout = 5, deadline = 0;
  unsigned jobs = 4;
  bool list = false, fail_fast = false, allow_disruptive = false, warnings = false;
  CLI::Option *has_target = nullptr, *has_profile = nullptr, *has_deadline = nullptr;
};

// Stop: the command ends here, with this line on stderr.
struct Stop {
  Exit exit = Exit::usage;
  std::string text;
};

template <class T>
T must(std::expected<T, std::string> value) {
  if (!value) throw Stop{Exit::usage, value.error()};
  return std::move(*value);
}

// all_patterns: what an option names, however often it is given. Naming nothing must not mean everything.
std::vector<std::string> all_patterns(const char* option, const std::vector<std::string>& values) {
  std::vector<std::string> all;
  for (const auto& each : values) {
    auto some = runner::patterns(each);
    if (some.empty()) throw Stop{Exit::usage, fmt::format("{} \"{}\" names no case", option, each)};
    std::ranges::move(some, std::back_inserter(all));
  }
  return all;
}

std::string now(const char* format) {
  const auto seconds = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 32> buffer{};
  return {buffer.data(), std::strftime(buffer.data(), buffer.size(), format, &utc)};
}

std::string random_token() {
  std::random_device random;
  return fmt::format("{:08x}x", random());
}

milliseconds seconds(double value) {
  return milliseconds(static_cast<long>(value * 1000));
}

// Output: `json=FILE` or `junit=FILE`.
struct Output {
  std::string form, file;
};

std::vector<Output> outputs(const std::vector<std::string>& options) {
  std::vector<Output> list;
  for (const auto& option : options)
    for (const auto& each : runner::patterns(option)) {
      const auto equals = each.find('=');
      const auto form = each.substr(0, equals);
      if (equals == std::string::npos || equals + 1 == each.size() || (form != "json" && form != "junit"))
        throw Stop{Exit::usage, fmt::format("--report {}: expected json=FILE or junit=FILE", each)};
      list.push_back({form, each.substr(equals + 1)});
      // Known now rather than after the run.
      const auto directory = std::filesystem::path(list.back().file).parent_path();
      if (::access(directory.empty() ? "." : directory.c_str(), W_OK) != 0)
        throw Stop{Exit::usage, fmt::format("--report {}: {} cannot be written to", each,
                                            directory.empty() ? "." : directory.string())};
    }
  return list;
}

// check_version: an impossible one would leave out cases, or ask for all, without a word.
void check_version(const std::string& version, const runner::Catalogue& catalogue) {
  if (version.empty()) return;
  if (!runner::version_is_well_formed(version))
    throw Stop{Exit::usage, fmt::format("--postgresql {}: expected a version such as 18 or 15.3", version)};
  const auto major = [](const std::string& text) { return std::stoi(text); };
  int oldest = 9, newest = 18;
  for (const auto& entry : catalogue.entries)
    for (const auto* versions : {&entry.test.since, &entry.test.until})
      for (const auto& each : *versions) {
        oldest = std::min(oldest, major(each));
        newest = std::max(newest, major(each));
      }
  if (major(version) < oldest || major(version) > newest)
    throw Stop{Exit::usage, fmt::format("--postgresql {}: known are {} to {}", version, oldest, newest)};
}

void list(const runner::Catalogue& catalogue, const std::vector<bool>& chosen) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (!chosen[i]) continue;
    const auto& [id, file, text, test] = catalogue.entries[i];
    std::cout << fmt::format("{}  [{}{}{}]  {}\n", id, test.level, test.covers.empty() ? "" : " ",
                             fmt::join(test.covers, " "), test.title);
    ++n;
  }
  std::cout << fmt::format("{} case{}\n", n, n == 1 ? "" : "s");
}

// Progress: one line that is written over and over, where people look on.
class Progress {
 public:
  Progress() : shown_(::isatty(STDOUT_FILENO) == 1) {}
  ~Progress() { clear(); }
  void show(std::size_t done, std::size_t of, const std::string& id) {
    if (!shown_) return;
    std::cout << fmt::format("\r\x1b[K[{}/{}] {}", done, of, id.substr(0, 60)) << std::flush;
    dirty_ = true;
  }
  void clear() {
    if (std::exchange(dirty_, false)) std::cout << "\r\x1b[K" << std::flush;
  }

 private:
  bool shown_, dirty_ = false;
};

// choose_target: the error is why the bundled server does not run.
std::expected<client::Target, std::string> choose_target(const Flags& flags, std::optional<Bundled>& bundled) {
  if (flags.has_target->count() > 0) return must(client::Target::parse(flags.target));
  if (auto named = must(client::Target::from_environment())) return std::move(*named);
  if (flags.has_profile->count() > 0) throw Stop{Exit::usage, "--profile is for a TARGET, and none is given"};
  const auto program =
      flags.pgreference.empty() ? find_program("pgreference", "reference/server").string() : flags.pgreference;
  if (program.empty())
    throw Stop{Exit::usage,
               "no TARGET is given, and the bundled pgreference is not there; --pgreference tells where it is"};
  auto started = Bundled::start(program);
  if (!started) return std::unexpected(started.error());
  bundled = std::move(*started);
  return bundled->target();
}

void write(const report::Report& report, const std::vector<Output>& files) {
  for (const auto& [form, file] : files)
    if (auto written = report::write_file(file, form == "json" ? report::json(report) : report::junit(report));
        !written)
      throw Stop{Exit::unreachable, written.error()};
}

// unreachable: nothing was run. Whoever reads the reports is told as well, of every case.
[[noreturn]] void unreachable(report::Report& report, const std::vector<const runner::Entry*>& entries,
                              const std::vector<Output>& files, const std::string& reason) {
  report.exit = Exit::unreachable;
  report.problems = {reason};
  for (const auto* entry : entries) {
    auto& judged = report.cases.emplace_back();
    judged.entry = entry;
    judged.result.id = entry->id;
    judged.result.verdict = runner::Verdict::skipped;
    judged.result.reason = "not run: the target cannot be used";
  }
  write(report, files);
  throw Stop{Exit::unreachable, reason};
}

int check(const Flags& flags) {
  runner::Requirements requirements;
  if (flags.cases.empty()) requirements = must(runner::load_requirements(data_directory("requirements") / "ids.txt"));
  const auto catalogue = must(runner::load_catalogue(
      flags.cases.empty() ? data_directory("cases") : std::filesystem::path(flags.cases), requirements));
  if (flags.warnings)
    for (const auto& warning : catalogue.warnings) std::cerr << warning << '\n';
  const auto chosen =
      must(runner::select(catalogue, {all_patterns("--run", flags.run), all_patterns("--skip", flags.skip)}));
  if (flags.list) {
    list(catalogue, chosen);
    return 0;
  }
  std::vector<const runner::Entry*> entries;
  for (std::size_t i = 0; i < chosen.size(); ++i)
    if (chosen[i]) entries.push_back(&catalogue.entries[i]);
  if (entries.empty()) throw Stop{Exit::usage, "no case is selected"};
  const auto files = outputs(flags.reports);
  check_version(flags.postgresql, catalogue);

  report::Report report;
  report.version = PGCONFORM_VERSION;
  report.target = "the bundled pgreference";
  report.postgresql = flags.postgresql;
  if (!flags.gate.empty()) runner::parse_level(flags.gate, report.gate);
  report.begun = now("%Y-%m-%dT%H:%M:%SZ");

  std::optional<Bundled> bundled;
  const auto chosen_target = choose_target(flags, bundled);
  if (!chosen_target) unreachable(report, entries, files, chosen_target.error());
  const auto& target = *chosen_target;
  const runner::Profiles profiles(data_directory("profiles"));
  const auto& name = flags.has_profile->count() > 0 ? flags.profile : target.profile;
  runner::Profile profile;
  const bool has_profile = flags.has_profile->count() > 0 || !target.profile.empty();
  if (has_profile) profile = must(profiles.load(name));

  runner::Rules rules;
  if (has_profile) rules.profile = &profile;
  rules.gate = profile.gate.value_or(runner::Level::must);
  if (!flags.gate.empty()) runner::parse_level(flags.gate, rules.gate);
  rules.month = now("%Y-%m");

  report.target = (bundled ? "the bundled pgreference, " : "") + target.describe();
  report.profile = profile.name;
  if (report.postgresql.empty()) report.postgresql = profile.postgresql;
  report.gate = rules.gate;
  std::cout << report::heading(report) << std::flush;

  Progress progress;
  runner::SuiteOptions options;
  options.run.target = target;
  options.run.timeout = seconds(flags.timeout);
  options.run.dialect = profile.sql;
  options.run.token = random_token();
  options.capabilities = profile.capabilities;
  options.postgresql = report.postgresql;
  options.jobs = flags.jobs;
  if (flags.has_deadline->count() > 0) options.deadline = seconds(flags.deadline);
  options.fail_fast = flags.fail_fast;
  options.allow_disruptive = flags.allow_disruptive;
  options.progress = [&](const runner::Entry& entry, const runner::Result&, std::size_t done, std::size_t of) {
    progress.show(done, of, entry.id);
  };
  options.stops = [&](const runner::Entry& entry, const runner::Result& result) {
    std::vector<std::string> ignored;
    const runner::Entry* one = &entry;
    return runner::judge(catalogue, {&one, 1}, {result}, rules, ignored).front().gates;
  };
  auto outcome = runner::run_suite(std::move(options), entries);
  progress.clear();
  if (!outcome.unreachable.empty())
    unreachable(report, entries, files, fmt::format("cannot use {}: {}", report.target, outcome.unreachable));

  report.duration = outcome.duration;
  report.interrupted = outcome.interrupted;
  report.cases = runner::judge(catalogue, entries, std::move(outcome.results), rules, report.problems);
  if (outcome.cut_short)
    report.problems.push_back(fmt::format("the deadline of {} s has passed before all cases had run", flags.deadline));
  if (bundled)
    if (const auto how = bundled->died(); !how.empty())
      report.problems.push_back(fmt::format("the bundled pgreference {}", how));
  report.exit = runner::exit_of(report.cases, report.problems, report.interrupted, outcome.cut_short);
  std::cout << report::text(report) << std::flush;
  write(report, files);
  if (report.exit == Exit::usage) throw Stop{Exit::usage, "nothing was run: every selected case was skipped"};
  if (report.exit == Exit::unreachable)
    throw Stop{Exit::unreachable, "every case is broken: nothing is known of the target"};
  return static_cast<int>(report.exit);
}

}  // namespace

void add_check(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("check", "Run the conformance catalogue against a server");
  auto flags = std::make_shared<Flags>();
  flags->has_target = command->add_option("TARGET", flags->target,
                                          "a postgresql:// URI, a conninfo string, or @FILE, a target description; "
                                          "without one: PGHOST, PGPORT, PGSERVICE, else the bundled pgreference");
  command->add_option("--run", flags->run, "only these cases: GLOB[,GLOB]; * within a segment, ** over several");
  command->add_option("--skip", flags->skip, "not these: GLOB[,GLOB]");
  command->add_flag("--list", flags->list, "list the cases and run none");
  flags->has_profile =
      command->add_option("--profile", flags->profile, "what is expected of this target: NAME or FILE.json");
  command->add_option("--gate", flags->gate, "the lowest level whose failures decide the exit status (must)")
      ->check(CLI::IsMember({"must", "should", "postgresql"}));
  command->add_option("--postgresql", flags->postgresql, "the PostgreSQL version whose answers are expected: 18, 15.3");
  command->add_option("--report", flags->reports, "json=FILE[,junit=FILE]");
  command->add_option("--jobs", flags->jobs, "so many cases at a time")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--timeout", flags->timeout, "seconds to wait for an answer")
      ->check(CLI::Range(0.001, 86400.0))
      ->capture_default_str();
  flags->has_deadline = command->add_option("--deadline", flags->deadline, "seconds for the whole run")
                            ->check(CLI::Range(0.001, 864000.0));
  command->add_flag("--fail-fast", flags->fail_fast, "begin no further case after the first failure that gates");
  command->add_flag("--allow-disruptive", flags->allow_disruptive, "also cases that disturb others on the server");
  command->add_option("--cases", flags->cases, "another catalogue: a directory of .case files");
  command->add_option("--pgreference", flags->pgreference, "the bundled server's program");
  command->add_flag("--warnings", flags->warnings, "tell what is odd in the catalogue");
  command->callback([flags, &action] {
    action = [flags] {
      try {
        return check(*flags);
      } catch (const Stop& stop) {
        std::cerr << fmt::format("pgconform: {}\n", stop.text);
        return static_cast<int>(stop.exit);
      }
    };
  });
}

}  // namespace pgconform::cli
