#include "runner/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "compare/bindings.hpp"
#include "compare/pattern.hpp"
#include "notation/parser.hpp"
#include "runner/glob.hpp"

namespace pgconform::runner {

namespace {

constexpr std::array<std::string_view, 5> standings{"as-expected", "differs", "changed", "unexpected", "varies"};

// Use: one entry of the profile, and whether a case has borne it out.
struct Use {
  const Expectation* entry = nullptr;
  bool matched = false;    // names a case of the catalogue
  bool ran = false;        // one of them ran
  bool borne_out = false;  // one of them did what it says
};

std::optional<notation::Message> parse_line(std::string_view line) {
  auto trace = notation::parse_trace(fmt::format("format: 1\n\n{}\n", line), "actual");
  if (!trace || trace->items.size() != 1 || !trace->items[0].message()) return std::nullopt;
  return *trace->items[0].message();
}

std::string came(const Result& result, const Failure& failure) {
  if (!failure.facet.empty()) return failure.actual;
  if (!result.actual.empty()) return result.actual;
  return !result.failures.empty() && result.failures.front().no_answer ? "no answer" : "";
}

using Came = runner::Verdict;

// Judge: one case against the entries that name it.
struct Judge {
  const Rules& rules;
  std::vector<Use>& uses;
  Judged& judged;

  Use* find(std::string_view facet) {
    for (auto& use : uses)
      if (use.entry->facet == facet && judged.entry->named_by(use.entry->cases)) return &use;
    return nullptr;
  }

  // worse: the gravest standing of all failures stays.
  void worse(Standing standing, bool gates, const std::string& note) {
    if (gates >= judged.gates && standing != Standing::as_expected && (gates > judged.gates || judged.note.empty())) {
      judged.standing = standing;
      judged.note = note;
    }
    if (judged.note.empty()) judged.note = note;
    judged.gates |= gates;
  }

  void failed(const Failure& failure) {
    using Verdict = Expectation::Verdict;
    auto* use = find(failure.facet);
    if (!use && !failure.facet.empty()) use = find("");
    if (!use || use->entry->verdict == Verdict::pass || use->entry->verdict == Verdict::unsupported)
      return worse(Standing::differs, failure.level >= rules.gate || failure.target_down, "");
    const auto& entry = *use->entry;
    use->borne_out = true;
    if (failure.target_down) return worse(Standing::changed, true, entry.reason);
    if (entry.verdict == Verdict::varies)
      return worse(Standing::varies, failure.no_answer || failure.lost_step, entry.reason);
    if (!entry.actual.empty() && !actual_matches(entry.actual, came(judged.result, failure)))
      return worse(Standing::changed, true, fmt::format("{}; expected was {}", entry.reason, entry.actual));
    worse(Standing::as_expected, false, entry.reason);
  }

  void operator()() {
    using Verdict = Expectation::Verdict;
    const auto& result = judged.result;
    if (result.verdict == Came::skipped) return;
    for (auto& use : uses)
      if (judged.entry->named_by(use.entry->cases)) use.ran = true;
    if (result.verdict == Came::broken) {
      Level level = Level::postgresql;
      parse_level(judged.entry->test.level, level);
      return worse(Standing::differs, level >= rules.gate, "");
    }
    // What an unsupported case shows of its refusal is no failure.
    if (result.verdict == Came::fail)
      for (const auto& failure : result.failures) failed(failure);
    if (auto* use = find(""); use && result.verdict == Came::unsupported) {
      if (use->entry->verdict == Verdict::unsupported || use->entry->verdict == Verdict::varies) {
        use->borne_out = true;
        worse(Standing::as_expected, false, use->entry->reason);
      } else {
        worse(Standing::changed, true, use->entry->reason);
      }
    } else if (use && result.verdict == Came::pass) {
      use->borne_out |= use->entry->verdict == Verdict::pass || use->entry->verdict == Verdict::varies;
      if (use->entry->verdict == Verdict::fail || use->entry->verdict == Verdict::unsupported)
        worse(Standing::unexpected, true, fmt::format("passes, against {}", use->entry->origin));
    }
  }
};

std::string_view file_of(const Expectation& entry) {
  return std::string_view(entry.origin).substr(0, entry.origin.rfind(": "));
}

// report_shadowed: entries that can never count, because others of the same file have a say on all of their cases
// first. What a profile says against the one that it extends is meant to.
void report_shadowed(const Catalogue& catalogue, const std::vector<Use>& uses, std::vector<std::string>& problems) {
  for (std::size_t i = 0; i < uses.size(); ++i) {
    if (!uses[i].matched) continue;
    const auto& entry = *uses[i].entry;
    const Expectation* first = nullptr;
    const bool shadowed = std::ranges::all_of(catalogue.entries, [&](const Entry& each) {
      if (!each.named_by(entry.cases)) return true;
      for (std::size_t k = 0; k < i; ++k) {
        const auto& other = *uses[k].entry;
        if (other.facet != entry.facet || file_of(other) != file_of(entry) || !each.named_by(other.cases)) continue;
        if (!other.when.empty() && other.when != entry.when) continue;
        if (!first) first = &other;
        return true;
      }
      return false;
    });
    if (shadowed)
      problems.push_back(fmt::format("{}: {} never counts: {} has a say on it first", entry.origin, entry.cases,
                                     first->origin.substr(first->origin.rfind(": ") + 2)));
  }
}

}  // namespace

std::string_view name_of(Standing standing) {
  return standings[static_cast<std::size_t>(standing)];
}

bool actual_matches(std::string_view expected, std::string_view actual) {
  if (expected == actual) return true;
  const auto pattern = parse_line(expected), message = parse_line(actual);
  if (!pattern || !message || pattern->name != message->name) return false;
  return compare::match(pattern->name, pattern->fields, message->fields, compare::Bindings{}).exact();
}

std::vector<Judged> judge(const Catalogue& catalogue, std::span<const Entry* const> entries,
                          std::vector<Result> results, const Rules& rules, std::vector<std::string>& problems) {
  std::vector<Use> uses;
  if (rules.profile)
    for (const auto& entry : rules.profile->expect) {
      const auto delivery = entry.when.find("delivery");
      if (delivery != entry.when.end() && delivery->second != rules.delivery) continue;
      uses.push_back({&entry});
      uses.back().matched =
          std::ranges::any_of(catalogue.entries, [&](const Entry& each) { return each.named_by(entry.cases); });
    }
  report_shadowed(catalogue, uses, problems);
  std::vector<Judged> cases;
  for (std::size_t i = 0; i < results.size(); ++i) {
    auto& judged = cases.emplace_back(Judged{entries[i], std::move(results[i]), Standing::as_expected, false, {}});
    Judge{rules, uses, judged}();
  }
  for (const auto& use : uses) {
    const auto& entry = *use.entry;
    if (!use.matched)
      problems.push_back(fmt::format("{}: no case is named {}", entry.origin, entry.cases));
    else if (!entry.expires.empty() && rules.month > entry.expires)
      problems.push_back(fmt::format("{}: expired with {}: {}", entry.origin, entry.expires, entry.reason));
    else if (use.ran && !use.borne_out && !entry.facet.empty() && entry.verdict == Expectation::Verdict::fail)
      // Of a facet a pattern may name cases that have none; that nothing at all shows it makes the entry stale.
      problems.push_back(
          fmt::format("{}: {} is as it should be wherever {} ran", entry.origin, entry.facet, entry.cases));
  }
  return cases;
}

Exit exit_of(std::span<const Judged> cases, std::span<const std::string> problems, bool interrupted, bool cut_short) {
  if (interrupted) return Exit::interrupted;
  std::size_t ran = 0, broken = 0;
  bool gates = !problems.empty() || cut_short;
  for (const auto& each : cases) {
    ran += each.result.verdict != Verdict::skipped;
    broken += each.result.verdict == Verdict::broken;
    gates |= each.gates;
  }
  if (ran == 0) return cut_short ? Exit::not_as_expected : Exit::usage;
  if (broken == ran) return Exit::unreachable;
  return gates ? Exit::not_as_expected : Exit::as_expected;
}

}  // namespace pgconform::runner
