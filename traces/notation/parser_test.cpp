#include "notation/parser.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>

#include "notation/line.hpp"
#include "notation/printer.hpp"

namespace pgconform::notation {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string file(const std::string& name) {
  std::ifstream in(DOCS "/" + name);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

// Each test quotes the rule that it is about, as it stands in docs/notation.md.
void rule(std::string_view text) {
  EXPECT_THAT(file("notation.md"), HasSubstr(std::string("\n") + std::string(text)));
}

std::vector<Item> items(std::string_view text) {
  auto trace = parse_trace("format: 1\n\n" + std::string(text), "t");
  if (!trace) return ADD_FAILURE() << trace.error().text(), std::vector<Item>();
  return trace->items;
}
Item item(std::string_view text) {
  auto all = items(text);
  return all.size() == 1 ? all[0] : Item{};
}
// The error in `text`, its lines counted from 1.
std::string wrong(std::string_view text) {
  auto trace = parse_trace("format: 1\n" + std::string(text), "t");
  if (trace) return "fine";
  trace.error().place.line -= 1;
  return trace.error().text();
}
std::string wrong_case(std::string_view text) {
  auto cases = parse_cases(text, "c");
  return cases ? "fine" : cases.error().text();
}
Message message(std::string_view text) {
  Item one = item(text);
  return one.message() ? *one.message() : Message{};
}

TEST(Line, HoldsAnItemOrNothing) {
  rule("line         = blank | item , eol | block , eol ;");
  rule("blank        = [ comment ] , eol ;");
  EXPECT_EQ(items("\n  # only words\n\t\nbarrier # why\r\n").size(), 1U);
  EXPECT_EQ(wrong("FQuery"),
            "t:1:1: unexpected \"FQuery\", expected F, B, connect, tls, direct-tls, segment, barrier, "
            "shutdown, close, churn, any-order, repeat, either or end");
  EXPECT_EQ(wrong("barrier now"), "t:1:9: unexpected \"now\", expected the end of the line");
}

TEST(Frontend, IsAMessageWithItsFields) {
  rule(R"(frontend     = "F" , ( message , [ fields ] | "raw" , bytes ) ;)");
  EXPECT_EQ(message("F Sync"), (Message{.name = "Sync"}));
  EXPECT_EQ(message(R"(F Query {"query":"SELECT '#' } 1"} # {)"),
            (Message{.name = "Query", .fields = {{"query", "SELECT '#' } 1"}}}));
  EXPECT_EQ(message(R"(F raw {"hex":"00Ff"})").fields.dump(), R"({"hex":"00Ff"})");
  EXPECT_THAT(wrong("F"), StartsWith("t:1:2: the line ends here, expected a message name or raw"));
  EXPECT_THAT(wrong("F query"), StartsWith("t:1:3: unexpected \"query\", expected a message name"));
  EXPECT_THAT(wrong("F? Sync"), StartsWith("t:1:2: unexpected \"?\", expected a space"));
  EXPECT_THAT(wrong("F raw"), StartsWith("t:1:6: raw without its bytes, expected {\"hex\":\"…\"}"));
  EXPECT_THAT(wrong(R"(F raw {"hex":"0"})"), StartsWith("t:1:7: malformed bytes"));
  EXPECT_THAT(wrong("F Query 1"), StartsWith("t:1:9: unexpected \"1\", expected a JSON object or the end of the line"));
  EXPECT_THAT(wrong(R"(F Query {"query":1} 2)"), StartsWith("t:1:21: unexpected \"2\", expected the end of the line"));
  EXPECT_THAT(wrong(R"(F close)"), StartsWith("t:1:3: unexpected \"close\""));
}

TEST(Backend, MayComeSeveralTimesOrNotAtAll) {
  rule(
      R"(backend      = "B" , [ "?" | "*" | "+" ] , ( message , [ fields ] | "raw" , bytes | "close" | "tls-alert" , [ alert ] ) ;)");
  EXPECT_EQ(message("B ParseComplete"), (Message{.side = Side::backend, .name = "ParseComplete"}));
  EXPECT_EQ(message("B? ParseComplete").occurs, Occurs::optional);
  EXPECT_EQ(message("B* DataRow").occurs, Occurs::any);
  EXPECT_EQ(message(R"(B+ DataRow {"values":["1",null]})").occurs, Occurs::some);
  EXPECT_EQ(message("B close").name, "close");
  EXPECT_EQ(message("B tls-alert 120").fields.dump(), R"({"alert":120})");
  EXPECT_EQ(message("B tls-alert").fields.dump(), "{}");
  EXPECT_THAT(wrong("B tls-alert 256"), StartsWith("t:1:13: number 256 out of range, expected an alert from 0 to 255"));
  EXPECT_THAT(wrong("B ? DataRow"), StartsWith("t:1:3: unexpected \"?\""));
  EXPECT_THAT(wrong(R"(B E {"C":{"$rex":"4.*"}})"),
              StartsWith(R"(t:1:11: unknown key "$rex", expected one of $any, $re,)"));
}

TEST(Item, IsPrefixedWithTimeAndConnection) {
  rule(R"(item         = [ "@" , microseconds ] , [ "[" , connection , "]" ] , ( frontend | backend | verb ) ;)");
  EXPECT_EQ(item("F Sync").connection, "a");
  EXPECT_EQ(item("[b] F Sync").connection, "b");
  EXPECT_EQ(item("@12 [b-2] segment").at, 12U);
  EXPECT_EQ(item("  @0 B close").at, 0U);
  Item late = item("\n  [b] F Sync");
  EXPECT_EQ(late.place.line, 4U);
  EXPECT_EQ(late.place.column, 3U);
  EXPECT_THAT(wrong("[B] F Sync"), StartsWith("t:1:2: \"B\" names no connection"));
  EXPECT_THAT(wrong("[b F Sync"), StartsWith("t:1:3: unexpected \"\", expected ]"));
  EXPECT_THAT(wrong("@x F Sync"), StartsWith("t:1:2: unexpected \"x\", expected microseconds"));
  EXPECT_THAT(wrong("@18446744073709551616 F Sync"), HasSubstr("out of range"));
  EXPECT_THAT(wrong("[b] barrier"), StartsWith("t:1:5: barrier concerns every connection"));
  EXPECT_THAT(wrong("[b] either"), StartsWith("t:1:5: a prefix before either"));
}

TEST(Verb, ActsOnAConnection) {
  rule(
      R"(verb         = "connect" , [ "raw" | fields ] | "tls" , [ fields ] | "direct-tls" , [ fields ] | "close" , [ fields ])");
  rule(R"(             | "shutdown" | "segment" | "barrier" | "churn" , clients ;)");
  auto kind = [](std::string_view text) { return item(text).verb()->kind; };
  EXPECT_EQ(kind("[b] connect raw"), Verb::Kind::connect_raw);
  EXPECT_EQ(kind("connect"), Verb::Kind::connect);
  EXPECT_EQ(kind("tls"), Verb::Kind::tls);
  EXPECT_EQ(kind("direct-tls"), Verb::Kind::direct_tls);
  EXPECT_EQ(kind("segment"), Verb::Kind::segment);
  EXPECT_EQ(kind("barrier"), Verb::Kind::barrier);
  EXPECT_EQ(kind("shutdown"), Verb::Kind::shutdown);
  EXPECT_EQ(kind("close"), Verb::Kind::close);
  EXPECT_EQ(item("churn 8").verb()->count, 8U);
  EXPECT_EQ(item(R"([b] connect {"tls":"negotiated","as":"scram"})").verb()->argument.dump(),
            R"({"tls":"negotiated","as":"scram"})");
  EXPECT_THAT(wrong("churn"), StartsWith("t:1:6: the line ends here, expected how many clients"));
  EXPECT_THAT(wrong("churn 0"), HasSubstr("from 1 to 1000"));
  EXPECT_THAT(wrong("connect cooked"), StartsWith("t:1:9: unexpected \"cooked\""));
}

TEST(Blocks, HoldLines) {
  rule("block        = any-order | repeat | either ;");
  rule(R"(any-order    = "any-order" , eol , expectation , { expectation } , "end" ;)");
  rule(R"(repeat       = "repeat" , times , eol , line , { line } , "end" ;)");
  Item any = item("any-order\n  B A\n  [b] B? B\nend");
  EXPECT_EQ(any.block()->items.size(), 2U);
  EXPECT_TRUE(is_expectation(any));
  Item repeat = item("repeat 1000\n  F Query\n  any-order\n    B A\n  end\nend");
  EXPECT_EQ(repeat.block()->times, 1000U);
  EXPECT_EQ(repeat.block()->items.size(), 2U);
  EXPECT_FALSE(is_expectation(repeat));
  EXPECT_THAT(wrong("any-order\nF Sync\nend"),
              StartsWith("t:2:1: no backend message, expected B lines only inside any-order"));
  EXPECT_THAT(wrong("any-order\n# nothing\nend"), StartsWith("t:1:1: an empty block"));
  EXPECT_THAT(wrong("repeat 2\nB A"), StartsWith("t:1:1: a block that does not end, expected end"));
  EXPECT_THAT(wrong("repeat 0\nB A\nend"), HasSubstr("out of range"));
  EXPECT_THAT(wrong("repeat\nB A\nend"), StartsWith("t:1:7: the line ends here, expected how many times"));
  EXPECT_THAT(wrong("end"), StartsWith("t:1:1: end without a block"));
  std::string deep;
  for (int i = 0; i < 9; ++i) deep += "repeat 2\n";
  EXPECT_THAT(wrong(deep), StartsWith("t:9:1: blocks nested too deep"));
}

TEST(Either, HasLabelledAlternatives) {
  rule(R"(either       = "either" , eol , alternative , alternative , { alternative } , "end" ;)");
  rule(R"(alternative  = label , ":" , expectation , { expectation } , [ "->" , "retry" , retries ] ;)");
  Item either = item(R"(either
    cancelled: B ErrorResponse {"C":"57014"}
    late:      B+ DataRow
               B CommandComplete -> retry 3  # the query was faster
    block:
      any-order
        B A
      end
  end)");
  const auto& all = either.block()->alternatives;
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].label, "cancelled");
  EXPECT_EQ(all[0].retry, std::nullopt);
  EXPECT_EQ(all[0].items[0].place.column, 16U);
  EXPECT_EQ(all[1].items.size(), 2U);
  EXPECT_EQ(all[1].retry, 3U);
  EXPECT_TRUE(all[2].items[0].block());
  EXPECT_THAT(wrong("either\nB A\nend"), StartsWith("t:2:1: a line without a label, expected label: LINE"));
  EXPECT_THAT(wrong("either\nx: B A\nend"), StartsWith("t:1:1: nothing to choose from"));
  EXPECT_THAT(wrong("either\nx: B A\nx: B B\nend"), StartsWith("t:3:4: label \"x\" twice"));
  EXPECT_THAT(wrong("either\nx:\ny: B B\nend"), StartsWith("t:3:4: nothing in alternative \"x\""));
  EXPECT_THAT(wrong("either\nx: F Sync\ny: B B\nend"), StartsWith("t:2:4: no backend message"));
  EXPECT_THAT(wrong("either\nx: B A -> retry 3\nB B\ny: B B\nend"), StartsWith("t:3:1: a line behind retry"));
  EXPECT_THAT(wrong("either\nx: B A -> again\n"), StartsWith("t:2:11: unexpected \"again\", expected retry"));
  EXPECT_THAT(wrong("either\nX: B A\n"), StartsWith("t:2:1: \"X\" is no label"));
  EXPECT_THAT(wrong("\nx: B A"), StartsWith("t:2:4: a label outside either"));
  EXPECT_THAT(wrong("B A -> retry 2"), StartsWith("t:1:1: retry outside either"));
}

constexpr std::string_view whole_header = R"(# before
=== a.case-1
title: It: works # really
covers: XS-03 XS-04
spec: protocol-flow protocol-message-formats
sentence: 0123abcd
level: must
needs: ext !tls role:md5
since: 14.7 15.2
until: 18
begin: raw
was: older old
alone: yes
disruptive: yes
client: psql

B A
=== two
title: Second
B B
)";

TEST(Case, BeginsWithItsHeader) {
  rule(R"(case-file    = { blank } , case , { case } ;)");
  rule(R"(case         = "=== " , id , eol , { header } , line , { line } ;)");
  rule(R"(header       = key , ":" , value , eol ;)");
  auto read = parse_cases(whole_header, "c");
  ASSERT_TRUE(read) << read.error().text();
  ASSERT_EQ(read->cases.size(), 2U);
  const Case& one = read->cases[0];
  EXPECT_EQ(one.id, "a.case-1");
  EXPECT_EQ(one.place.line, 2U);
  EXPECT_EQ(one.title, "It: works # really");
  EXPECT_THAT(one.covers, ElementsAre("XS-03", "XS-04"));
  EXPECT_THAT(one.spec, ElementsAre("protocol-flow", "protocol-message-formats"));
  EXPECT_THAT(one.sentences, ElementsAre("0123abcd"));
  EXPECT_EQ(one.level, "must");
  EXPECT_THAT(one.needs, ElementsAre(Need{"ext", false}, Need{"tls", true}, Need{"role:md5", false}));
  EXPECT_THAT(one.since, ElementsAre("14.7", "15.2"));
  EXPECT_THAT(one.until, ElementsAre("18"));
  EXPECT_EQ(one.begin, "raw");
  EXPECT_THAT(one.was, ElementsAre("older", "old"));
  EXPECT_TRUE(one.alone && one.disruptive);
  EXPECT_EQ(one.recorded.client, "psql");
  EXPECT_EQ(read->cases[1].level, "postgresql");
  EXPECT_EQ(read->cases[1].items.size(), 1U);
  EXPECT_TRUE(read->warnings.empty());
}

TEST(Case, RejectsAMalformedHeader) {
  EXPECT_THAT(wrong_case(""), StartsWith("c:0:1: no case, expected === ID"));
  EXPECT_THAT(wrong_case("B A"), StartsWith("c:1:1: a line before the first case"));
  EXPECT_THAT(wrong_case("=== \n"), HasSubstr("no id of a case"));
  EXPECT_THAT(wrong_case("=== A\n"), StartsWith("c:1:5: no id of a case"));
  EXPECT_THAT(wrong_case("=== a\nB A"), StartsWith("c:1:1: case \"a\" without a title"));
  EXPECT_THAT(wrong_case("=== a\ntitle: A\n"), StartsWith("c:1:1: nothing in case \"a\""));
  EXPECT_THAT(wrong_case("=== a\ntitle:\n"), StartsWith("c:2:7: nothing behind title:"));
  EXPECT_THAT(wrong_case("=== a\ntitle: A\nlevle: must\n"),
              StartsWith("c:3:1: unknown header key \"levle\", expected title, covers,"));
  EXPECT_THAT(wrong_case("=== a\ntitle: A\ntitle: A\n"), StartsWith("c:3:1: header key \"title\" twice"));
  EXPECT_THAT(wrong_case("=== a\nlevel: high\n"),
              StartsWith("c:2:8: wrong value for level, expected must, should or postgresql"));
  EXPECT_THAT(wrong_case("=== a\nsince: 14.7.1\n"), StartsWith("c:2:8: wrong value for since"));
  EXPECT_THAT(wrong_case("=== a\nsentence: 123\n"), StartsWith("c:2:11: wrong value for sentence"));
  EXPECT_THAT(wrong_case("=== a\nneeds: ! x\n"), StartsWith("c:2:8: wrong value for needs"));
  EXPECT_THAT(wrong_case("=== a\nalone: no\n"), StartsWith("c:2:8: wrong value for alone, expected yes"));
  EXPECT_THAT(wrong_case("=== a\ntitle: A\n\nB A\n=== a\ntitle: B\n\nB B"), StartsWith("c:5:1: case \"a\" twice"));
}

TEST(Case, WarnsAboutWhatIsNeverCompared) {
  auto read = parse_cases("=== a\ntitle: A\nlevel: must\n\nB ErrorResponse {\"C\":\"42601\",\"M\":\"x\"}\nF Sync", "c");
  ASSERT_TRUE(read);
  ASSERT_EQ(read->warnings.size(), 2U);
  EXPECT_THAT(read->warnings[0].text(), StartsWith("c:1:1: level must without a sentence"));
  EXPECT_THAT(read->warnings[1].text(), StartsWith("c:5:1: field M of ErrorResponse is never compared"));
}

TEST(Trace, BeginsWithItsFormat) {
  rule("trace-file   = { blank } , header , { header } , { line } ;");
  auto trace = parse_trace("# recorded\nformat: 1\nclient: psql 15\nserver: PostgreSQL 15.8\n", "t");
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->recorded.client, "psql 15");
  auto error = [](std::string_view text) { return parse_trace(text, "t").error().text(); };
  EXPECT_THAT(error("F Sync"), StartsWith("t:1:1: no header of a trace, expected format: 1"));
  EXPECT_THAT(error("format: 2\n"), StartsWith("t:1:9: wrong value for format"));
  EXPECT_THAT(error("format: 1\ncovers: X\n"), StartsWith("t:2:1: unknown header key \"covers\""));
  EXPECT_THAT(error("format: 1\n\n=== a\n"), StartsWith("t:3:1: a case in a trace"));
}

TEST(Trace, BecomesACaseWithAHeader) {
  auto read = parse_cases("=== psql\ntitle: psql logs in\n" + file("examples/session.trace"), "c");
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->cases[0].recorded.client, "psql 15.8");
  EXPECT_EQ(read->cases[0].items, parse_trace(file("examples/session.trace"), "t")->items);
}

TEST(TraceReader, GivesOneItemAtATime) {
  std::istringstream in("format: 1\n\nF Sync\nany-order\nB A\nend\nB B");
  TraceReader reader(in, "t");
  ASSERT_TRUE(reader.header());
  EXPECT_EQ((*reader.next())->message()->name, "Sync");
  EXPECT_TRUE((*reader.next())->block());
  EXPECT_EQ((*reader.next())->message()->name, "B");
  EXPECT_EQ(*reader.next(), std::nullopt);
  EXPECT_EQ(*reader.next(), std::nullopt);
}

TEST(Limits, BoundLinesBlocksAndFiles) {
  Limits limits{.line_bytes = 20, .file_bytes = 100'000, .block_lines = 3};
  auto text = [&](const std::string& lines) {
    auto trace = parse_trace("format: 1\n" + lines, "t", limits);
    return trace ? "fine" : trace.error().text();
  };
  EXPECT_EQ(text("B A # 45678901234567"), "fine");
  EXPECT_EQ(text("B A # 456789012345678"), "t:2:21: line too long, expected at most 20 bytes");
  EXPECT_EQ(text("repeat 2\nB A\nB A\nend"), "fine");
  EXPECT_EQ(text("repeat 2\nB A\nB A\nB A\nend"), "t:2:1: a block too long, expected at most 3 lines");
  std::string much;
  for (int i = 0; i < 30'000; ++i) much += "B A\n";
  EXPECT_THAT(text(much), HasSubstr("file too long, expected at most 100000 bytes"));
  EXPECT_EQ(parse_trace("format: 1\n" + much, "t")->items.size(), 30'000U);
}

TEST(Parser, AnswersAnyTextWithATreeOrAnError) {
  const std::string whole = file("examples/pipeline.case") +
                            "any-order\n  B+ A {\"v\":[{\"$re\":\"a\",\"$as\":\"x\"},1.5e3]}\nend\n" +
                            "repeat 3\n@5 [b] F P {\"v\":{\"$len\":1,\"value\":\"\\u00e9\"},\"$length\":7}\nend\n";
  ASSERT_TRUE(parse_cases(whole, "c"));
  std::mt19937 random(1);
  for (int i = 0; i < 3'000; ++i) {
    std::string text = whole.substr(0, random() % 8 ? whole.size() : random() % whole.size());
    for (auto n = random() % 3; n > 0 && !text.empty(); --n) {
      auto at = random() % text.size();
      static constexpr std::string_view letters = "{}[]\":,$#@=\\ \n\r\t0aBF\0\xff\xc3";
      switch (random() % 3) {
        case 0:
          text[at] = letters[random() % letters.size()];
          break;
        case 1:
          text.insert(at, 1, letters[random() % letters.size()]);
          break;
        default:
          text.erase(at, 1 + random() % 20);
      }
    }
    auto exact = std::make_unique<char[]>(text.size());  // no byte beyond it
    std::ranges::copy(text, exact.get());
    auto read = parse_cases({exact.get(), text.size()}, "c");
    if (!read) {
      ASSERT_FALSE(read.error().what.empty());
      continue;
    }
    std::string printed;
    for (const Case& one : read->cases) printed += print(one);
    auto again = parse_cases(printed, "c");
    ASSERT_TRUE(again) << again.error().text() << '\n' << printed;
    ASSERT_TRUE(again->cases == read->cases) << printed;
  }
}

TEST(Examples, AreRead) {
  auto cases = parse_cases(file("examples/pipeline.case"), "pipeline.case");
  ASSERT_TRUE(cases) << cases.error().text();
  EXPECT_EQ(cases->cases.size(), 2U);
  EXPECT_TRUE(cases->warnings.empty());
  auto trace = parse_trace(file("examples/session.trace"), "session.trace");
  ASSERT_TRUE(trace) << trace.error().text();
  // The example is written canonically.
  EXPECT_EQ(print(*trace), file("examples/session.trace"));
}

}  // namespace
}  // namespace pgconform::notation
