#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "report/report.hpp"

namespace pgconform::report {

namespace {

using runner::Judged;
using runner::Standing;
using runner::Verdict;

constexpr std::size_t longest_conversation = 40, longest_line = 300;

std::string shortened(std::string_view line) {
  if (line.size() <= longest_line) return std::string(line);
  return fmt::format("{}… ({} bytes)", line.substr(0, longest_line), line.size());
}

// where: the headline of a case: what it is, what it rests on, where it stands.
void headline(std::string& out, std::string_view word, const Judged& judged) {
  const auto& entry = *judged.entry;
  const auto& test = entry.test;
  out += fmt::format("\n{} {}\n", word, entry.id);
  out += fmt::format("  {}\n", test.title);
  out += fmt::format("  {}", judged.result.failures.empty() ? test.level : runner::name_of(judged.result.level()));
  if (!test.covers.empty()) out += fmt::format(" · {}", fmt::join(test.covers, " "));
  if (!test.spec.empty()) out += fmt::format(" · {}", fmt::join(test.spec, " "));
  out += fmt::format(" · {}:{}\n", entry.file, test.place.line);
}

void facets(std::string& out, const Judged& judged) {
  for (const auto& failure : judged.result.failures)
    if (!failure.facet.empty())
      out += fmt::format("    {} ({}): {}{}\n", failure.facet, runner::name_of(failure.level), failure.text,
                         failure.line ? fmt::format(" (line {})", failure.line) : "");
}

// is_status: one of the many that follow a login, and say nothing of it.
bool is_status(std::string_view line) {
  return line.starts_with("B ParameterStatus ") || line.contains("] B ParameterStatus ");
}

// find_culprit: the line of what came in place of the expected; the number of lines if there is none.
std::size_t find_culprit(const runner::Result& result) {
  const auto& lines = result.conversation;
  if (result.actual.empty()) return lines.size();
  const auto name = result.actual.substr(0, result.actual.find(' ', 2));
  for (std::size_t i = lines.size(); i-- > 0;) {
    const auto& line = lines[i];
    const auto from = line.starts_with('[') ? line.find("] ") + 2 : 0;
    const bool end = name == "B close" && line.compare(from, 1, "#") == 0;
    if (end || (line.compare(from, name.size(), name) == 0 &&
                (line.size() == from + name.size() || line[from + name.size()] == ' ')))
      return i;
  }
  return lines.size();
}

void conversation(std::string& out, const Judged& judged) {
  const auto& result = judged.result;
  const auto& lines = result.conversation;
  const std::size_t culprit = find_culprit(result);
  const std::size_t from = lines.size() > longest_conversation ? lines.size() - longest_conversation : 0;
  if (from > 0) out += fmt::format("    … {} lines before\n", from);
  for (std::size_t i = from; i < lines.size(); ++i) {
    std::size_t end = i + 1;
    while (is_status(lines[i]) && end < lines.size() && end != culprit && is_status(lines[end])) ++end;
    if (end - i > 2) {
      out += fmt::format("    B ParameterStatus, {} times\n", end - i);
      i = end - 1;
    } else {
      out += fmt::format("  {} {}\n", i == culprit ? ">" : " ", shortened(lines[i]));
    }
  }
  for (const auto& failure : result.failures) {
    if (!failure.facet.empty()) continue;
    std::string_view rest = failure.text;
    for (bool first = true; !rest.empty(); first = false) {
      const auto end = std::min(rest.find('\n'), rest.size());
      out += fmt::format("  {} {}\n", first ? "!" : " ", shortened(rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (failure.line) out += fmt::format("    at {}:{}\n", judged.entry->file, failure.line);
  }
}

std::string_view word(const Judged& judged) {
  switch (judged.standing) {
    case Standing::changed:
      return "CHANGED";
    case Standing::unexpected:
      return "UNEXPECTED PASS";
    case Standing::varies:
      return "varies";
    case Standing::as_expected:
      return "fails, as expected";
    case Standing::differs:
      break;
  }
  if (judged.result.verdict == Verdict::broken) return judged.gates ? "BROKEN" : "broken (does not gate)";
  return judged.gates ? "FAIL" : "fail (does not gate)";
}

}  // namespace

Counts count(const Report& report) {
  Counts counts;
  for (const auto& each : report.cases) {
    counts.gates += each.gates;
    switch (each.result.verdict) {
      case Verdict::pass:
        ++counts.pass;
        break;
      case Verdict::unsupported:
        ++counts.unsupported;
        break;
      case Verdict::skipped:
        ++counts.skipped;
        break;
      case Verdict::broken:
        ++counts.broken;
        break;
      case Verdict::fail:
        ++counts.fail;
        ++counts.failing[static_cast<std::size_t>(each.result.level())];
        counts.expected += each.standing == Standing::as_expected;
    }
  }
  return counts;
}

std::string heading(const Report& report) {
  std::string out = fmt::format("pgconform {}: {}", report.version, report.target);
  if (!report.profile.empty()) out += fmt::format(", profile {}", report.profile);
  if (!report.postgresql.empty()) out += fmt::format(", as PostgreSQL {}", report.postgresql);
  return out + "\n";
}

namespace {

// skipped_by_kind: one line for each kind of reason, as a target may lack many roles and much SQL: what the reasons
// have in common, and after it what tells them apart, with counts.
void skipped_by_kind(std::string& out, const std::map<std::string, std::size_t>& skipped) {
  struct Kind {
    std::size_t cases = 0;
    std::vector<std::string> of;
  };
  std::map<std::string, Kind> kinds;
  for (const auto& [reason, cases] : skipped) {
    constexpr std::array<std::string_view, 3> starts{"needs role ", "needs sql-", "until "};
    const auto start = std::ranges::find_if(starts, [&](auto each) { return reason.starts_with(each); });
    auto& kind = kinds[start == starts.end() ? reason : std::string(*start)];
    kind.cases += cases;
    if (start != starts.end()) kind.of.push_back(reason.substr(start->size()));
  }
  out += "\nskipped\n";
  for (const auto& [name, kind] : kinds)
    out += fmt::format("  {:4} {}{}\n", kind.cases, name, fmt::join(kind.of, ", "));
}

}  // namespace

std::string text(const Report& report) {
  std::string out;
  std::map<std::string, std::size_t> skipped;
  for (const auto& each : report.cases) {
    const auto& result = each.result;
    if (result.verdict == Verdict::skipped) {
      ++skipped[result.reason];
    } else if (result.verdict == Verdict::unsupported || each.standing == Standing::unexpected) {
      headline(out, result.verdict == Verdict::unsupported ? "unsupported" : word(each), each);
      if (!result.reason.empty()) out += fmt::format("    {}\n", result.reason);
    } else if (result.verdict == Verdict::fail && each.standing == Standing::as_expected) {
      out += fmt::format("\n{} {}\n", word(each), each.entry->id);
    } else if (result.verdict != Verdict::pass) {
      headline(out, word(each), each);
      if (!result.reason.empty()) out += fmt::format("    {}\n", result.reason);
      conversation(out, each);
      facets(out, each);
    }
    if (!each.note.empty()) out += fmt::format("    {}\n", each.note);
  }
  if (!skipped.empty()) skipped_by_kind(out, skipped);
  if (!report.problems.empty()) {
    out += "\nproblems\n";
    for (const auto& problem : report.problems) out += fmt::format("  {}\n", problem);
  }
  const auto counts = count(report);
  out += fmt::format("\n{} case{}: {} passed", report.cases.size(), report.cases.size() == 1 ? "" : "s", counts.pass);
  if (counts.fail > 0) {
    out += fmt::format(", {} failed (", counts.fail);
    bool first = true;
    for (auto level : {runner::Level::must, runner::Level::should, runner::Level::postgresql})
      if (const auto n = counts.failing[static_cast<std::size_t>(level)]; n > 0)
        out += fmt::format("{}{} {}", std::exchange(first, false) ? "" : ", ", n, runner::name_of(level));
    out += counts.expected > 0 ? fmt::format("; {} as expected)", counts.expected) : ")";
  } else {
    out += ", 0 failed";
  }
  if (counts.unsupported > 0) out += fmt::format(", {} unsupported", counts.unsupported);
  if (counts.skipped > 0) out += fmt::format(", {} skipped", counts.skipped);
  if (counts.broken > 0) out += fmt::format(", {} broken", counts.broken);
  out += fmt::format(" in {:.1f} s", static_cast<double>(report.duration.count()) / 1000);
  if (report.interrupted) out += ", interrupted";
  const auto gating = counts.gates + report.problems.size();
  out += fmt::format(
      "\ngate {}: {}\n", runner::name_of(report.gate),
      gating == 0 ? "nothing stands against it" : fmt::format("{} stand{} against it", gating, gating == 1 ? "s" : ""));
  return out;
}

}  // namespace pgconform::report
