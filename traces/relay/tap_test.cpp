#include "relay/tap.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pgconform::relay {
namespace {

using protocol::Sender;
using protocol::Stage;
using namespace std::string_literals;

const auto startup = "\0\0\0\x10\0\3\0\0user\0a\0\0"s;  // 16 bytes: 4 + 4 + "user\0" "a\0" "\0"
const auto ssl_request = "\0\0\0\x08\x04\xd2\x16\x2f"s;
const auto ask_password = "R\0\0\0\x08\0\0\0\x03"s;
const auto ask_sasl = "R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"s;
const auto ready = "Z\0\0\0\5I"s;

struct Told {
  char sender;
  Stage stage;
  std::string bytes;
  bool whole, begins_read, logging_in;
};

struct Listening {
  std::vector<Told> told;
  Tap tap;
  explicit Listening(std::size_t longest = Tap::default_longest)
      : tap(
            [this](const Passed& p) {
              told.push_back({static_cast<char>(p.sender), p.stage, std::string(p.frame.whole), p.whole, p.begins_read,
                              p.logging_in});
            },
            longest) {}
  void f(std::string_view bytes) { tap.read(Sender::frontend, bytes); }
  void b(std::string_view bytes) { tap.read(Sender::backend, bytes); }
};

std::string query(const std::string& text) {
  const auto size = text.size() + 5;
  return "Q\0\0"s + static_cast<char>(size >> 8) + static_cast<char>(size & 255) + text + '\0';
}

TEST(Tap, CutsBothDirectionsInTheOrderOfReading) {
  Listening l;
  l.f(startup);
  l.b(ask_password);
  l.f("p\0\0\0\6x\0"s);
  l.b(ready);
  ASSERT_EQ(l.told.size(), 4u);
  EXPECT_EQ(l.told[0].stage, Stage::startup);
  EXPECT_EQ(l.told[2].stage, Stage::password);
  EXPECT_EQ(l.told[2].bytes, "p\0\0\0\6x\0"s);
  EXPECT_TRUE(l.told[3].logging_in);
  l.f(query("a"));
  EXPECT_FALSE(l.told.back().logging_in);
}

TEST(Tap, KnowsTheBareAnswerAndTheErrorInItsPlace) {
  Listening l;
  l.f(ssl_request);
  l.b("N");
  EXPECT_EQ(l.told[1].stage, Stage::ssl_answer);
  l.f(ssl_request);
  l.b("E\0\0\0\5\0"s);
  EXPECT_EQ(l.told[3].stage, Stage::normal);
  EXPECT_EQ(l.told[3].bytes, "E\0\0\0\5\0"s);
}

TEST(Tap, TellsWhatAnswersAnAuthenticationRequestEvenAgainstTheRules) {
  Listening l;
  l.f(startup + query("too early"));
  l.b(ask_sasl);
  l.f("p\0\0\0\5x"s);
  EXPECT_EQ(l.told.back().stage, Stage::sasl_initial);
}

TEST(Tap, MarksWhatBeginsInARead) {
  Listening l;
  l.f(startup);
  const auto two = query("one") + query("two");
  l.f(two.substr(0, 12));
  l.f(two.substr(12) + query("three"));
  l.f(query("four"));
  std::vector<bool> begins;
  for (const auto& one : l.told) begins.push_back(one.begins_read);
  // "two" began in the read before, though it ended in the one that brought "three".
  EXPECT_EQ(begins, (std::vector<bool>{true, true, false, true, true}));
}

TEST(Tap, GivesEveryByteAgainHoweverItArrives) {
  const auto all = startup + query("SELECT 1") + query(std::string(100, 'x')) + query("");
  for (std::size_t chunk : {1u, 2u, 7u, 40u, 1000u}) {
    Listening l(64);
    for (std::size_t at = 0; at < all.size(); at += chunk) l.f(std::string_view(all).substr(at, chunk));
    std::string again;
    for (const auto& one : l.told) again += one.bytes;
    EXPECT_EQ(again, all) << chunk;
    EXPECT_EQ(l.told.back().bytes, query("")) << chunk;
    EXPECT_TRUE(l.told.back().whole) << chunk;
  }
}

TEST(Tap, TellsALongMessageInPieces) {
  Listening l(64);
  l.f(startup + query(std::string(200, 'x')) + query("after"));
  ASSERT_EQ(l.told.size(), 6u);
  for (std::size_t i = 1; i < 5; ++i) EXPECT_FALSE(l.told[i].whole) << i;
  EXPECT_EQ(l.told[5].bytes, query("after"));
}

TEST(Tap, TellsBytesAfterAnImpossibleLengthAsBytes) {
  Listening l;
  l.f(startup + "Q\0\0\0\1rest"s);
  l.f("more");
  ASSERT_EQ(l.told.size(), 3u);
  EXPECT_FALSE(l.told[1].whole);
  EXPECT_EQ(l.told[1].bytes, "Q\0\0\0\1rest"s);
  EXPECT_EQ(l.told[2].bytes, "more");
}

TEST(Tap, TellsAnUnfinishedMessageAtTheEnd) {
  Listening l;
  l.f(startup + query("SELECT 1").substr(0, 9));
  EXPECT_EQ(l.told.size(), 1u);
  l.tap.end(Sender::frontend);
  ASSERT_EQ(l.told.size(), 2u);
  EXPECT_FALSE(l.told[1].whole);
  EXPECT_EQ(l.told[1].bytes, query("SELECT 1").substr(0, 9));
  l.tap.end(Sender::frontend);
  EXPECT_EQ(l.told.size(), 2u);
}

}  // namespace
}  // namespace pgconform::relay
