#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runner/catalogue.hpp"
#include "runner/profile.hpp"
#include "runner/result.hpp"

// From results to an exit status: what was expected of this target, and what of the rest matters.
namespace pgconform::runner {

// Standing: how a result stands to what is expected.
enum class Standing : std::uint8_t {
  as_expected,  // passes, or fails as the profile says
  differs,      // fails
  changed,      // fails otherwise than the profile says
  unexpected,   // passes against its entry
  varies        // the profile says that it may come out either way
};
std::string_view name_of(Standing standing);

// Judged: one case of the run, in the catalogue's order.
struct Judged {
  const Entry* entry = nullptr;
  Result result;
  Standing standing = Standing::as_expected;
  bool gates = false;  // this alone makes the run fail
  std::string note;    // what the profile has to say of it
};

// Rules: what judging goes by.
struct Rules {
  Level gate = Level::must;
  const Profile* profile = nullptr;
  std::string month;  // today's: 2026-11
  std::string delivery = "whole";
};

// judge: `results` belong to `entries`. `problems` takes what is wrong with the profile itself: entries that match
// nothing in the catalogue, are past their month, or were not met by any case that ran.
std::vector<Judged> judge(const Catalogue& catalogue, std::span<const Entry* const> entries,
                          std::vector<Result> results, const Rules& rules, std::vector<std::string>& problems);

// actual_matches: whether what came is what an entry's `actual` says: a line of the notation whose fields are matched
// as those of a B line, or the same text.
bool actual_matches(std::string_view expected, std::string_view actual);

// Exit: the statuses of the program.
enum class Exit : std::uint8_t { as_expected = 0, not_as_expected = 1, usage = 2, unreachable = 3, interrupted = 130 };

// exit_of: of a whole run. `cut_short`: cases were left out for the deadline's sake.
Exit exit_of(std::span<const Judged> cases, std::span<const std::string> problems, bool interrupted, bool cut_short);

}  // namespace pgconform::runner
