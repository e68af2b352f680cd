#include "compare/matcher.hpp"

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <deque>

#include "notation/parser.hpp"

namespace pgconform::compare {
namespace {

std::vector<notation::Item> items(std::string_view text) {
  auto trace = notation::parse_trace("format: 1\n\n" + std::string(text), "t");
  if (!trace) return ADD_FAILURE() << trace.error().text(), std::vector<notation::Item>();
  return trace->items;
}

// A conversation: lines expected, and what became of each message that came.
class Talk {
 public:
  explicit Talk(std::string_view expected) { expect(expected); }

  void expect(std::string_view expected) {
    sections_.push_back(items(expected));
    matcher.expect(sections_.back());
  }
  // Offers the B line `text`: the place of the line that took it (its number in the section), `later` or `mismatch`.
  std::string offer(std::string_view text) {
    received = receive(text);
    step = matcher.offer(received);
    if (step.outcome == Outcome::later) return "later";
    if (step.outcome == Outcome::mismatch) return "mismatch";
    return std::to_string(step.item->place.line - 2);
  }
  // Offers each line; what became of them, and whether the conversation may then go on (.), must end (!) or wait (?).
  std::string all(std::initializer_list<std::string_view> lines) {
    std::string text;
    for (auto line : lines) text += offer(line) + " ";
    return text + (matcher.finished() ? "!" : matcher.settled() ? "." : "?");
  }
  std::string labels() const {
    std::string text;
    for (const Taken& one : matcher.taken()) text += one.alternative->label + " ";
    return text;
  }
  // waiting: `a b` on each of these, `a|b` on one of them.
  std::string waiting() const {
    const auto waiting = matcher.waiting();
    return fmt::format("{}", fmt::join(waiting.connections, waiting.each ? " " : "|"));
  }

  static Received receive(std::string_view text) {
    notation::Item item = items(text).at(0);
    return {item.connection, item.message()->name, item.message()->fields};
  }

  Bindings bindings;
  Matcher matcher{bindings};
  Step step;
  Received received;

 private:
  std::deque<std::vector<notation::Item>> sections_;
};

TEST(Matcher, TakesMessagesInOrder) {
  EXPECT_EQ(Talk("B A\nB B").all({"B A", "B B"}), "1 2 !");
  EXPECT_EQ(Talk("B A\nB B").all({"B A"}), "1 ?");
  EXPECT_EQ(Talk("B A\nB B").all({"B B"}), "mismatch ?");
  EXPECT_EQ(Talk("B A\nB B").all({"B A", "B A"}), "1 mismatch ?");
  EXPECT_EQ(Talk("B A").all({"B A", "B A"}), "1 later !");
}

TEST(Matcher, SkipsOptionalLines) {
  EXPECT_EQ(Talk("B? A\nB? B\nB C").all({"B C"}), "3 !");
  EXPECT_EQ(Talk("B? A\nB? B\nB C").all({"B B", "B C"}), "2 3 !");
  EXPECT_EQ(Talk("B? A\nB? B\nB C").all({"B B", "B A"}), "2 mismatch ?");
  EXPECT_EQ(Talk("B? A\nB A").all({"B A", "B A"}), "1 2 !");
  EXPECT_EQ(Talk("B? A\nB A").all({"B A"}), "1 .");
  EXPECT_EQ(Talk("B? A").all({}), ".");
}

TEST(Matcher, RepeatsLines) {
  EXPECT_EQ(Talk("B* A\nB B").all({"B B"}), "2 !");
  EXPECT_EQ(Talk("B* A\nB B").all({"B A", "B A", "B A", "B B"}), "1 1 1 2 !");
  EXPECT_EQ(Talk("B+ A\nB B").all({"B B"}), "mismatch ?");
  EXPECT_EQ(Talk("B+ A\nB B").all({"B A", "B A", "B B"}), "1 1 2 !");
  EXPECT_EQ(Talk("B+ A").all({"B A"}), "1 .");
  EXPECT_EQ(Talk("B* A\nB A {\"v\":1}\nB B").all({"B A", "B A {\"v\":1}", "B B"}), "1 1 3 !");
  EXPECT_EQ(Talk("B* A\nB A {\"v\":1}\nB B").all({"B A {\"v\":1}", "B A", "B B"}), "1 1 mismatch ?");
}

TEST(Matcher, RepeatsBlocks) {
  EXPECT_EQ(Talk("repeat 2\nB A\nB B\nend\nB C").all({"B A", "B B", "B A", "B B", "B C"}), "2 3 2 3 5 !");
  EXPECT_EQ(Talk("repeat 2\nB A\nB B\nend\nB C").all({"B A", "B B", "B C"}), "2 3 mismatch ?");
  EXPECT_EQ(Talk("repeat 2\nB A\nend").all({"B A", "B A", "B A"}), "2 2 later !");
  EXPECT_EQ(Talk("repeat 2\nB? A\nend\nB C").all({"B A", "B C"}), "2 4 !");
  EXPECT_EQ(Talk("repeat 3\nrepeat 2\nB A\nend\nend").all({"B A", "B A", "B A", "B A", "B A"}), "3 3 3 3 3 ?");
}

TEST(Matcher, TellsOptionalLinesApartByTheirFields) {
  EXPECT_EQ(Talk(R"(B? A {"v":1})"
                 "\nB A")
                .all({R"(B A {"v":2})"}),
            "2 !");
  EXPECT_EQ(Talk(R"(B? A {"v":1})"
                 "\nB B")
                .all({R"(B A {"v":2})"}),
            "mismatch ?");
}

TEST(Matcher, LetsBeWhatBelongsToTheNextSection) {
  Talk talk("B? A\nB B\nB* C");
  EXPECT_EQ(talk.all({"B B", "B D"}), "2 later .");
  talk.expect("B D");
  EXPECT_EQ(talk.all({"B C", "B D", "B D"}), "3 1 later !");
}

TEST(Matcher, KeepsOptionalLinesOpenAcrossSections) {
  Talk talk("B? ParseComplete");
  EXPECT_TRUE(talk.matcher.settled());
  talk.expect("B? BindComplete\nB ErrorResponse");
  EXPECT_EQ(talk.all({"B ParseComplete", "B ErrorResponse"}), "1 2 !");
}

TEST(Either, IsDecidedByItsFirstMessage) {
  std::string_view text =
      "either\ncancelled: B ErrorResponse\nlate: B+ DataRow\nB CommandComplete -> retry 3\nend\nB ReadyForQuery";
  Talk first(text);
  EXPECT_EQ(first.all({"B ErrorResponse", "B ReadyForQuery"}), "2 6 !");
  EXPECT_EQ(first.labels(), "cancelled ");
  Talk second(text);
  EXPECT_EQ(second.all({"B DataRow", "B CommandComplete", "B ReadyForQuery"}), "3 4 6 !");
  EXPECT_EQ(second.labels(), "late ");
  EXPECT_EQ(second.matcher.taken()[0].alternative->retry, 3U);
  EXPECT_EQ(Talk(text).all({"B DataRow", "B ErrorResponse"}), "3 mismatch ?");
  EXPECT_EQ(Talk(text).all({"B ReadyForQuery"}), "mismatch ?");
}

TEST(Either, FollowsAlternativesThatBeginAlike) {
  std::string_view text = "either\nx: B A\nB B\ny: B A\nB C\nend";
  Talk talk(text);
  EXPECT_EQ(talk.all({"B A"}), "2 ?");
  EXPECT_EQ(talk.all({"B C"}), "5 !");
  EXPECT_EQ(talk.labels(), "y ");
}

TEST(Either, PrefersTheFirstThatFits) {
  Talk talk("either\nx: B A\ny: B A\nend");
  EXPECT_EQ(talk.all({"B A"}), "2 !");
  EXPECT_EQ(talk.labels(), "x ");
  Talk longer("either\nx: B A\ny: B A\nB B\nend");
  EXPECT_EQ(longer.all({"B A"}), "2 .");
  EXPECT_EQ(longer.labels(), "x ");
  longer.expect("B C");
  EXPECT_EQ(longer.all({"B B", "B C"}), "4 1 !");
  EXPECT_EQ(longer.labels(), "y ");
}

TEST(Either, MayBeSatisfiedByNothing) {
  Talk talk("either\nx: B? A\ny: B B\nend\nB C");
  EXPECT_EQ(talk.all({"B C"}), "5 !");
  EXPECT_EQ(talk.labels(), "x ");
  Talk open("either\nx: B B\ny: B? A\nend");
  EXPECT_TRUE(open.matcher.settled());
  EXPECT_EQ(open.labels(), "y ");
}

TEST(Either, PrefersAnExactFitToOneWithAFacet) {
  Talk talk("either\nx: B ErrorResponse {\"C\":\"57014\"}\ny: B ErrorResponse {\"C\":\"42601\"}\nend");
  EXPECT_EQ(talk.all({R"(B ErrorResponse {"C":"42601"})"}), "3 !");
  EXPECT_EQ(talk.labels(), "y ");
  EXPECT_TRUE(talk.matcher.facets().empty());
}

TEST(Either, ForgetsAFacetOnceAnotherAlternativeFitsExactly) {
  Talk talk("either\nx: B ErrorResponse {\"C\":\"57014\"}\ny: B ErrorResponse {\"C\":\"42601\"}\nB B\nend");
  EXPECT_EQ(talk.all({R"(B ErrorResponse {"C":"57014"})", "B B"}), "2 later !");
}

TEST(AnyOrder, TakesEachLineOnce) {
  std::string_view text = "any-order\nB A\nB B\nB? C\nend\nB D";
  EXPECT_EQ(Talk(text).all({"B B", "B A", "B D"}), "3 2 6 !");
  EXPECT_EQ(Talk(text).all({"B C", "B B", "B A", "B D"}), "4 3 2 6 !");
  EXPECT_EQ(Talk(text).all({"B B", "B B"}), "3 mismatch ?");
  EXPECT_EQ(Talk(text).all({"B B", "B D"}), "3 mismatch ?");
  EXPECT_EQ(Talk("any-order\nB A\nend").all({}), "?");
}

TEST(AnyOrder, PairsOverlappingLines) {
  std::string_view text = "any-order\nB A\nB A {\"v\":1}\nend";
  EXPECT_EQ(Talk(text).all({R"(B A {"v":1})", R"(B A {"v":2})"}), "2 2 !");
  EXPECT_EQ(Talk(text).all({R"(B A {"v":2})", R"(B A {"v":1})"}), "2 3 !");
  EXPECT_EQ(Talk(text).all({R"(B A {"v":2})", R"(B A {"v":2})"}), "2 mismatch ?");
}

TEST(AnyOrder, IsNotSlowedByManyEqualLines) {
  std::string text = "any-order\n";
  for (int i = 0; i < 200; ++i) text += "B DataRow\n";
  Talk talk(text + "end");
  for (int i = 0; i < 199; ++i) ASSERT_NE(talk.offer("B DataRow"), "mismatch");
  EXPECT_FALSE(talk.matcher.settled());
  EXPECT_NE(talk.offer("B DataRow"), "mismatch");
  EXPECT_TRUE(talk.matcher.finished());
}

TEST(AnyOrder, HoldsBlocks) {
  std::string_view text = "any-order\nB A\nrepeat 2\nB B\nend\neither\nx: B C\ny: B D\nend\nend\nB E";
  Talk talk(text);
  EXPECT_EQ(talk.all({"B B", "B D", "B B", "B A", "B E"}), "4 8 4 2 11 !");
  EXPECT_EQ(talk.labels(), "y ");
  EXPECT_EQ(Talk(text).all({"B B", "B A", "B D", "B E"}), "4 2 8 mismatch ?");
}

TEST(Connections, HaveNoOrderAmongEachOther) {
  Talk talk("[a] B A\n[b] B A\n[a] B B");
  EXPECT_EQ(talk.waiting(), "a b");
  EXPECT_EQ(talk.all({"[b] B A"}), "2 ?");
  EXPECT_EQ(talk.waiting(), "a");
  EXPECT_EQ(talk.all({"[a] B A", "[a] B B"}), "1 3 !");
  EXPECT_EQ(talk.waiting(), "");
  EXPECT_EQ(Talk("[a] B? A\n[b] B B").all({"[b] B B", "[a] B A"}), "2 1 !");
  EXPECT_EQ(Talk("[a] B A\n[a] B B").all({"[b] B A", "[a] B B"}), "later mismatch ?");
}

TEST(Connections, ShareAnAlternative) {
  std::string_view text = "either\nx: [a] B Ok\n[b] B Error\ny: [b] B Ok\n[a] B Error\nend\n[a] B Z\n[b] B Z";
  Talk talk(text);
  EXPECT_EQ(talk.waiting(), "a b");
  EXPECT_EQ(talk.all({"[b] B Ok", "[b] B Z", "[a] B Error", "[a] B Z"}), "4 8 5 7 !");
  EXPECT_EQ(talk.labels(), "y ");
  EXPECT_EQ(Talk(text).all({"[b] B Ok", "[a] B Ok"}), "4 mismatch ?");
  Talk other(text);
  EXPECT_EQ(other.all({"[b] B Error", "[a] B Ok", "[a] B Z", "[b] B Z"}), "3 2 7 8 !");
  EXPECT_EQ(other.labels(), "x ");
}

TEST(Connections, MayEachHaveAnAlternativeOfItsOwn) {
  EXPECT_EQ(Talk("either\nx: [a] B Ok\ny: [b] B Ok\nend").waiting(), "a|b");
  EXPECT_EQ(Talk("either\nx: [a] B Ok\n[b] B Ok\ny: [b] B Error\nend").waiting(), "b");
  EXPECT_EQ(Talk("either\nx: [a] B Ok\ny: [b] B Ok\nend\n[c] B Z").waiting(), "c");
  // The message may be the first of two ways, which go on differently.
  Talk two("either\nx: [a] B Ok\n[a] B Z\ny: [a] B Ok\n[b] B Z\nend");
  EXPECT_EQ(two.waiting(), "a");
  EXPECT_EQ(two.all({"[a] B Ok"}), "2 ?");
  EXPECT_EQ(two.waiting(), "a|b");
}

TEST(Connections, ShareAnyOrder) {
  std::string_view text = "any-order\n[a] B A\n[b] B A\n[b] B? B\nend\n[b] B Z";
  EXPECT_EQ(Talk(text).all({"[b] B A", "[b] B Z", "[a] B A"}), "3 6 2 !");
  EXPECT_EQ(Talk(text).all({"[b] B A", "[b] B Z", "[b] B B"}), "3 6 later ?");
}

TEST(Facets, LetTheConversationGoOn) {
  Talk talk("B ErrorResponse {\"C\":\"42601\",\"V\":\"ERROR\"}\nB CommandComplete {\"tag\":\"SELECT 1\"}\nB Z");
  EXPECT_EQ(talk.all({R"(B ErrorResponse {"C":"42000","S":"ERROR"})", R"(B CommandComplete {"tag":"SELECT"})", "B Z"}),
            "1 2 3 !");
  ASSERT_EQ(talk.matcher.facets().size(), 2U);
  EXPECT_EQ(talk.matcher.facets()[0].second, (Difference{"C", "\"42601\"", "\"42000\"", Facet::sqlstate}));
  EXPECT_EQ(talk.matcher.facets()[0].first->place.line, 3U);
  EXPECT_EQ(talk.matcher.facets()[1].second.facet, Facet::tag);
}

TEST(Binding, HoldsFromOneLineToTheNext) {
  Talk talk(R"(B A {"v":{"$as":"x"}})"
            "\n"
            R"(B B {"v":{"$ref":"x"}})");
  EXPECT_EQ(talk.all({R"(B A {"v":7})", R"(B B {"v":8})"}), "1 mismatch ?");
  EXPECT_EQ(*talk.bindings.find("x"), 7);
  EXPECT_EQ(talk.all({R"(B B {"v":7})"}), "2 !");
}

TEST(Binding, BelongsToItsAlternative) {
  Talk talk(
      "either\n"
      R"(x: B A {"v":{"$as":"n"}})"
      "\nB B\n"
      R"(y: B A {"w":{"$as":"n"}})"
      "\n"
      R"(B C {"v":{"$ref":"n"}})"
      "\nend");
  EXPECT_EQ(talk.all({R"(B A {"v":1,"w":2})", R"(B C {"v":2})"}), "2 5 !");
  EXPECT_EQ(*talk.bindings.find("n"), 2);
}

TEST(Matcher, TellsWhatItWaitsFor) {
  Talk talk("B? A\neither\nx: B B\ny: B C\nend\nB D\n[b] B E");
  std::string names;
  for (auto item : talk.matcher.expected("a")) names += item->message()->name + " ";
  EXPECT_EQ(names, "A B C ");
  names.clear();
  for (auto item : talk.matcher.expected("b")) names += item->message()->name + " ";
  EXPECT_EQ(names, "E ");
}

TEST(Describe, NamesTheLinesAndTheNearestDifference) {
  Talk talk(R"(B? Notice)"
            "\n"
            R"(B DataRow {"values":["1","x"]})");
  EXPECT_EQ(talk.all({R"(B DataRow {"values":["2","x"]})"}), "mismatch ?");
  EXPECT_EQ(describe(talk.step, talk.received),
            "expected B? Notice or B DataRow {\"values\":[\"1\",\"x\"]}, got B DataRow {\"values\":[\"2\",\"x\"]}\n"
            "  values[0]: expected \"1\", got \"2\"");
}

TEST(Matcher, FollowsManyRows) {
  Talk talk("B* DataRow\nrepeat 100000\nB A\nend\nB CommandComplete");
  auto row = Talk::receive(R"(B DataRow {"values":["1"]})");
  for (int i = 0; i < 200'000; ++i) ASSERT_EQ(talk.matcher.offer(row).outcome, Outcome::consumed);
  auto a = Talk::receive("B A");
  for (int i = 0; i < 100'000; ++i) ASSERT_EQ(talk.matcher.offer(a).outcome, Outcome::consumed);
  EXPECT_EQ(talk.all({"B CommandComplete"}), "5 !");
}

TEST(Matcher, FollowsALongSection) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "B DataRow\n[b] B A\n";
  Talk talk(text);
  auto row = Talk::receive("B DataRow");
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_EQ(talk.matcher.offer(row).outcome, Outcome::consumed);
    ASSERT_EQ(talk.waiting(), "a b");
  }
}

}  // namespace
}  // namespace pgconform::compare
