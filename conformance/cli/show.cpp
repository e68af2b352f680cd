#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "cli/commands.hpp"
#include "notation/printer.hpp"
#include "replay/session.hpp"
#include "runner/judge.hpp"

namespace pgconform::cli {

namespace {

using protocol::Sender;
using replay::Session;
using replay::Step;
using runner::Exit;

std::string time_of(const Step& step) {
  return step.at ? fmt::format("{:>10.3f}", static_cast<double>(*step.at) / 1000) : std::string(10, ' ');
}

std::string heading(const Session& session) {
  const auto& recorded = session.recorded;
  const auto or_unknown = [](const std::string& text) { return text.empty() ? std::string("unknown") : text; };
  return fmt::format("{}\n  {} -> {}, protocol {}, TLS {}, {}{}\n\n", session.file, or_unknown(recorded.client),
                     or_unknown(recorded.server), or_unknown(recorded.protocol), or_unknown(recorded.tls),
                     or_unknown(recorded.when), recorded.note.empty() ? "" : "\n  " + recorded.note);
}

// lines: milliseconds, who speaks, what, and its fields; an empty line where the frontend begins to speak again.
std::string lines(const Session& session) {
  std::string text;
  const Step* before = nullptr;
  for (const auto& step : session.steps) {
    const bool frontend = step.sender == Sender::frontend;
    if (before && frontend && before->sender == Sender::backend) text += '\n';
    if (before && frontend && before->sender == Sender::frontend && step.begins_write &&
        step.kind == Step::Kind::message)
      text += fmt::format("{:>10}     ---\n", "");
    auto fields = step.fields;
    if (step.redacted) fields = {{"redacted", "password"}};
    const auto name = step.kind == Step::Kind::shutdown ? "says no more"
                      : step.kind == Step::Kind::close  ? "closes"
                                                        : step.name;
    auto line = fmt::format("{} {} {:<24} {}", time_of(step), frontend ? "F ->" : "B <-", name,
                            fields.empty() ? "" : notation::print_json(fields));
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
    before = &step;
  }
  return text;
}

// stats: how often the client had to wait, and how much was said.
std::string stats(const Session& session) {
  std::size_t round_trips = 0, messages[2] = {0, 0}, bytes[2] = {0, 0};
  Sender before = Sender::backend;
  for (const auto& step : session.steps) {
    if (step.kind != Step::Kind::message) continue;
    const auto side = step.sender == Sender::frontend ? 0u : 1u;
    ++messages[side];
    bytes[side] += step.bytes.size();
    if (step.sender == Sender::backend && before == Sender::frontend) ++round_trips;
    before = step.sender;
  }
  const auto last = session.steps.back().at.value_or(0);
  return fmt::format(
      "\n  {} round trips in {:.3f} ms; {} messages and {} bytes from the client, {} and {} from the server\n",
      round_trips, static_cast<double>(last) / 1000, messages[0], bytes[0], messages[1], bytes[1]);
}

int show(const std::vector<std::string>& traces, bool with_stats) {
  for (std::size_t i = 0; i < traces.size(); ++i) {
    const auto session = replay::load(traces[i]);
    if (!session) {
      std::cerr << fmt::format("pgconform show: {}\n", session.error());
      return static_cast<int>(Exit::usage);
    }
    std::cout << (i > 0 ? "\n" : "") << heading(*session) << lines(*session) << (with_stats ? stats(*session) : "");
  }
  return static_cast<int>(Exit::as_expected);
}

}  // namespace

void add_show(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("show", "Show recorded sessions: milliseconds, who speaks, what is said");
  struct Flags {
    std::vector<std::string> traces;
    bool stats = false;
  };
  auto flags = std::make_shared<Flags>();
  command->add_option("TRACE", flags->traces, ".trace files")->required();
  command->add_flag("--stats", flags->stats, "also round trips, messages and bytes");
  command->callback([flags, &action] { action = [flags] { return show(flags->traces, flags->stats); }; });
}

}  // namespace pgconform::cli
