#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <vector>

#include "runner/judge.hpp"

// What a run has shown, in three forms made from the same data.
namespace pgconform::report {

// Report: one run. The judged cases point into the catalogue, which must outlive it.
struct Report {
  std::string version;  // of the program
  std::string target;   // as told to people: no secrets
  std::string profile;  // its name; empty: none
  std::string postgresql;
  runner::Level gate = runner::Level::must;
  std::string begun;  // 2026-11-22T21:30:00Z
  std::chrono::milliseconds duration{};
  std::vector<runner::Judged> cases;
  std::vector<std::string> problems;  // of the profile, or of the run as a whole
  bool interrupted = false;
  runner::Exit exit = runner::Exit::as_expected;
};

// Counts: the cases by verdict; failing ones by the level of their gravest failure.
struct Counts {
  std::size_t pass = 0, fail = 0, unsupported = 0, skipped = 0, broken = 0;
  std::size_t failing[3] = {};  // by runner::Level
  std::size_t expected = 0;     // fail, as the profile says
  std::size_t gates = 0;
};
Counts count(const Report& report);

// heading: the first line, told before anything is run.
std::string heading(const Report& report);
// text: for people, after the heading: every case that did not pass, the conversation of those that fail, a summary.
std::string text(const Report& report);
// json: docs/report.schema.json. junit: one test suite a folder of the catalogue.
std::string json(const Report& report);
std::string junit(const Report& report);

// write_file: as a whole or not at all. The error is one line.
std::expected<void, std::string> write_file(const std::string& file, const std::string& content);

}  // namespace pgconform::report
