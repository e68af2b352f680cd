#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The words of a verdict. docs/verdicts.md.
namespace pgconform::runner {

// Level: how firmly a rule stands: by a sentence of the manual or an RFC, or as what PostgreSQL does.
enum class Level : std::uint8_t { postgresql, should, must };
std::string_view name_of(Level level);
// parse_level: any text but the three names gives nothing.
bool parse_level(std::string_view text, Level& level);

enum class Verdict : std::uint8_t {
  pass,
  fail,
  unsupported,  // the target lacks a capability, and refused it cleanly
  skipped,      // not selected, or something it needs is missing
  broken        // our fault, or no baseline
};
std::string_view name_of(Verdict verdict);

// Failure: one thing that is not as the case says.
struct Failure {
  Level level = Level::postgresql;
  std::string facet;         // "sqlstate", "severity", "tag"; empty: the conversation itself
  std::string text;          // one line for people: what was expected, what came
  std::size_t line = 0;      // in the case's file; 0: no single one
  bool no_answer = false;    // silence until the deadline
  bool target_down = false;  // a new connection is no longer served
  bool lost_step = false;    // the target broke the message flow, or cannot be understood
  std::string actual = {};   // of a facet: the message in which it differs, as a line
};

// Result: what became of one case.
struct Result {
  std::string id;
  Verdict verdict = Verdict::pass;
  std::vector<Failure> failures;          // of Verdict::fail, the gravest first
  std::string reason;                     // of skipped, unsupported, broken: why
  std::vector<std::string> variants;      // the alternatives that the target took
  std::vector<std::string> conversation;  // lines, without secrets: `[a] F Query {…}`
  std::string actual;                     // the message that came in place of the expected one, as a line
  std::chrono::milliseconds duration{};

  // level: that of the gravest failure.
  Level level() const { return failures.empty() ? Level::postgresql : failures.front().level; }
};

}  // namespace pgconform::runner
