#include "runner/judge.hpp"

#include <gmock/gmock.h>

namespace pgconform::runner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Court: a catalogue of the cases a/x, a/y and b/z, and what became of a/x.
struct Court {
  Catalogue catalogue;
  Profile profile;
  Rules rules;
  std::vector<std::string> problems;

  Court() {
    for (const auto* id : {"a/x", "a/y", "b/z"}) catalogue.entries.push_back({id, "f.case", "", {}});
    rules.profile = &profile;
    rules.month = "2026-11";
  }
  Court& expect(std::string cases, Expectation::Verdict verdict, std::string facet = "", std::string actual = "") {
    profile.expect.push_back({std::move(cases),
                              std::move(facet),
                              verdict,
                              std::move(actual),
                              "known",
                              "",
                              {},
                              "p.json: /expect/" + std::to_string(profile.expect.size())});
    return *this;
  }
  Judged judge(Result result) {
    problems.clear();
    const Entry* entry = &catalogue.entries[0];
    result.id = entry->id;
    return runner::judge(catalogue, {&entry, 1}, {std::move(result)}, rules, problems).front();
  }
};

Result result(Verdict verdict) {
  Result result;
  result.verdict = verdict;
  return result;
}
Result failing(Level level, std::string facet = "", std::string actual = "") {
  auto failed = result(Verdict::fail);
  failed.failures.push_back({level, std::move(facet), "different", 0});
  failed.actual = std::move(actual);
  return failed;
}
Result silent() {
  auto failed = failing(Level::postgresql);
  failed.failures[0].no_answer = true;
  return failed;
}

using Expect = Expectation::Verdict;

TEST(Judge, FailureGatesFromItsLevelOn) {
  Court run;
  EXPECT_TRUE(run.judge(failing(Level::must)).gates);
  EXPECT_FALSE(run.judge(failing(Level::should)).gates);
  run.rules.gate = Level::should;
  EXPECT_TRUE(run.judge(failing(Level::should)).gates);
  EXPECT_FALSE(run.judge(failing(Level::postgresql)).gates);
  run.rules.gate = Level::postgresql;
  EXPECT_TRUE(run.judge(failing(Level::postgresql)).gates);
  EXPECT_FALSE(run.judge(result(Verdict::pass)).gates);
}

TEST(Judge, ExpectedFailureDoesNotGate) {
  Court run;
  const auto judged = run.expect("a/x", Expect::fail).judge(failing(Level::must));
  EXPECT_FALSE(judged.gates);
  EXPECT_EQ(judged.standing, Standing::as_expected);
  EXPECT_EQ(judged.note, "known");
  EXPECT_THAT(run.problems, IsEmpty());
}

TEST(Judge, PassAgainstItsEntryGates) {
  Court run;
  const auto judged = run.expect("a/*", Expect::fail).judge(result(Verdict::pass));
  EXPECT_TRUE(judged.gates);
  EXPECT_EQ(judged.standing, Standing::unexpected);
  EXPECT_THAT(judged.note, HasSubstr("/expect/0"));
}

TEST(Judge, AnotherActualIsChangedAndGates) {
  Court run;
  run.expect("a/x", Expect::fail, "", R"(B ErrorResponse {"C":"08P01"})");
  EXPECT_EQ(run.judge(failing(Level::must, "", R"(B ErrorResponse {"S":"FATAL","C":"08P01","M":"no"})")).standing,
            Standing::as_expected);
  const auto judged = run.judge(failing(Level::postgresql, "", R"(B ErrorResponse {"C":"42601"})"));
  EXPECT_EQ(judged.standing, Standing::changed);
  EXPECT_TRUE(judged.gates);
  EXPECT_EQ(run.judge(silent()).standing, Standing::changed);
}

TEST(Judge, SilenceCanBeExpected) {
  Court run;
  run.expect("a/x", Expect::fail, "", "no answer");
  EXPECT_EQ(run.judge(silent()).standing, Standing::as_expected);
  EXPECT_EQ(run.judge(failing(Level::must, "", "B close")).standing, Standing::changed);
}

TEST(Judge, FacetsAreHeldAgainstTheMessageInWhichTheyDiffer) {
  Court run;
  run.rules.gate = Level::postgresql;
  run.expect("a/x", Expect::fail, "", R"(B ErrorResponse {"C":"08P01"})");
  auto other = failing(Level::postgresql, "sqlstate");
  other.failures[0].actual = R"(B ErrorResponse {"S":"ERROR","C":"08P01"})";
  EXPECT_EQ(run.judge(other).standing, Standing::as_expected);
  other.failures[0].actual = R"(B ErrorResponse {"S":"ERROR","C":"42601"})";
  EXPECT_EQ(run.judge(other).standing, Standing::changed);
}

TEST(Judge, VariesGatesOnlyOnSilenceLostStepAndDeadTarget) {
  Court run;
  run.rules.gate = Level::postgresql;
  run.expect("a/x", Expect::varies);
  EXPECT_FALSE(run.judge(failing(Level::must)).gates);
  EXPECT_FALSE(run.judge(result(Verdict::pass)).gates);
  EXPECT_TRUE(run.judge(silent()).gates);
  auto lost = failing(Level::must);
  lost.failures[0].lost_step = true;
  EXPECT_TRUE(run.judge(lost).gates);
  auto down = failing(Level::must);
  down.failures[0].target_down = true;
  EXPECT_TRUE(run.judge(down).gates);
}

TEST(Judge, DeadTargetIsNeverExpected) {
  Court run;
  auto down = failing(Level::must);
  down.failures[0].target_down = true;
  EXPECT_TRUE(run.expect("a/x", Expect::fail).judge(down).gates);
}

TEST(Judge, FacetEntryCoversItsFacetOnly) {
  Court run;
  run.rules.gate = Level::postgresql;
  run.expect("a/**", Expect::fail, "sqlstate");
  EXPECT_FALSE(run.judge(failing(Level::postgresql, "sqlstate")).gates);
  EXPECT_TRUE(run.judge(failing(Level::postgresql, "severity")).gates);
  EXPECT_TRUE(run.judge(failing(Level::must)).gates);
}

TEST(Judge, FacetEntryThatNothingShowsIsStale) {
  Court run;
  run.expect("a/**", Expect::fail, "sqlstate").judge(result(Verdict::pass));
  EXPECT_THAT(run.problems, ElementsAre(HasSubstr("sqlstate is as it should be")));
}

TEST(Judge, OwnEntryComesBeforeTheExtendedOne) {
  Court run;
  run.expect("a/x", Expect::pass).expect("a/**", Expect::fail);
  EXPECT_FALSE(run.judge(result(Verdict::pass)).gates);
  EXPECT_TRUE(run.judge(failing(Level::must)).gates);
}

TEST(Judge, EntryBehindOthersThatLeaveItNothingIsAProblem) {
  Court run;
  run.expect("a/x", Expect::varies).expect("a/y", Expect::varies).expect("a/*", Expect::fail);
  run.judge(result(Verdict::pass));
  EXPECT_THAT(run.problems, ElementsAre("p.json: /expect/2: a/* never counts: /expect/0 has a say on it first"));
  // What a profile says against the one that it extends does leave nothing.
  run.profile.expect[2].origin = "base.json: /expect/0";
  run.judge(result(Verdict::pass));
  EXPECT_THAT(run.problems, IsEmpty());
  // An entry of a facet, or one that holds at times only, leaves the rest.
  Court facets;
  facets.expect("a/x", Expect::fail, "sqlstate").expect("a/x", Expect::varies);
  facets.judge(failing(Level::must, "sqlstate"));
  EXPECT_THAT(facets.problems, IsEmpty());
  Court deliveries;
  deliveries.expect("a/x", Expect::varies).expect("a/x", Expect::fail);
  deliveries.profile.expect[0].when["delivery"] = "whole";
  deliveries.judge(failing(Level::must));
  EXPECT_THAT(deliveries.problems, IsEmpty());
}

TEST(Judge, EntryThatMatchesNothingIsAProblem) {
  Court run;
  run.expect("a/w", Expect::fail).judge(result(Verdict::pass));
  EXPECT_THAT(run.problems, ElementsAre("p.json: /expect/0: no case is named a/w"));
}

TEST(Judge, EntryOfACaseThatDidNotRunIsNone) {
  Court run;
  run.expect("b/z", Expect::fail, "sqlstate").judge(result(Verdict::pass));
  EXPECT_THAT(run.problems, IsEmpty());
}

TEST(Judge, EntryExpiresAfterItsMonth) {
  Court run;
  run.expect("a/x", Expect::fail);
  run.profile.expect[0].expires = "2026-11";
  run.judge(failing(Level::must));
  EXPECT_THAT(run.problems, IsEmpty());
  run.rules.month = "2026-12";
  run.judge(failing(Level::must));
  EXPECT_THAT(run.problems, ElementsAre(HasSubstr("expired with 2026-11")));
}

TEST(Judge, EntryHoldsOnlyWhenItSays) {
  Court run;
  run.expect("a/x", Expect::fail);
  run.profile.expect[0].when["delivery"] = "bytewise";
  EXPECT_TRUE(run.judge(failing(Level::must)).gates);
}

TEST(Judge, UnsupportedIsFineUnlessAnEntrySaysOtherwise) {
  Court run;
  EXPECT_FALSE(run.judge(result(Verdict::unsupported)).gates);
  auto refused = failing(Level::must);
  refused.verdict = Verdict::unsupported;
  EXPECT_FALSE(run.judge(refused).gates);
  EXPECT_TRUE(run.expect("a/x", Expect::fail).judge(result(Verdict::unsupported)).gates);
}

TEST(Judge, BrokenGatesFromItsCasesLevelOn) {
  Court run;
  EXPECT_FALSE(run.judge(result(Verdict::broken)).gates);
  run.rules.gate = Level::postgresql;
  EXPECT_TRUE(run.judge(result(Verdict::broken)).gates);
}

// --- Exit statuses -------------------------------------------------------------------------------------------------

Exit exit_with(std::vector<std::pair<Verdict, bool>> cases, std::vector<std::string> problems = {},
               bool interrupted = false, bool cut_short = false) {
  std::vector<Judged> judged;
  for (const auto& [verdict, gates] : cases) judged.push_back({nullptr, result(verdict), {}, gates, {}});
  return exit_of(judged, problems, interrupted, cut_short);
}

TEST(Exit, FollowsTheCases) {
  EXPECT_EQ(exit_with({{Verdict::pass, false}, {Verdict::fail, false}, {Verdict::skipped, false}}), Exit::as_expected);
  EXPECT_EQ(exit_with({{Verdict::pass, false}, {Verdict::fail, true}}), Exit::not_as_expected);
  EXPECT_EQ(exit_with({{Verdict::pass, false}, {Verdict::broken, true}}), Exit::not_as_expected);
  EXPECT_EQ(exit_with({{Verdict::pass, false}}, {"stale"}), Exit::not_as_expected);
  EXPECT_EQ(exit_with({{Verdict::pass, false}}, {}, false, true), Exit::not_as_expected);
}

TEST(Exit, NothingRunIsNoSuccess) {
  EXPECT_EQ(exit_with({}), Exit::usage);
  EXPECT_EQ(exit_with({{Verdict::skipped, false}}), Exit::usage);
}

TEST(Exit, OnlyBrokenCasesSayNothingOfTheTarget) {
  EXPECT_EQ(exit_with({{Verdict::broken, true}, {Verdict::skipped, false}}), Exit::unreachable);
}

TEST(Exit, InterruptedIsSaidFirst) {
  EXPECT_EQ(exit_with({{Verdict::fail, true}}, {}, true), Exit::interrupted);
}

TEST(Actual, IsMatchedAsAnExpectationIs) {
  EXPECT_TRUE(actual_matches("B close", "B close"));
  EXPECT_TRUE(actual_matches("no answer", "no answer"));
  EXPECT_TRUE(
      actual_matches(R"(B ErrorResponse {"C":{"$re":"08.*"}})", R"(B ErrorResponse {"S":"FATAL","C":"08P01"})"));
  EXPECT_FALSE(actual_matches(R"(B ErrorResponse {"C":"08P01"})", R"(B ErrorResponse {"C":"42601"})"));
  EXPECT_FALSE(actual_matches("B ErrorResponse", "B ReadyForQuery"));
  EXPECT_FALSE(actual_matches("B close", ""));
}

}  // namespace
}  // namespace pgconform::runner
