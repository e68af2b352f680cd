#include "record/recorder.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "notation/parser.hpp"
#include "protocol/json/json.hpp"

namespace pgconform::record {
namespace {

using protocol::Sender;
using namespace std::string_literals;
namespace fs = std::filesystem;

// Recording: a recorder fed by hand, in a directory of its own.
struct Recording {
  fs::path directory;
  std::vector<std::string> failures;
  std::unique_ptr<Recorder> recorder;
  std::unique_ptr<relay::Tap> tap;
  fs::path file;

  explicit Recording(bool keep_secrets = false) {
    char name[] = "/tmp/pgconform-record.XXXXXX";
    directory = ::mkdtemp(name);
    notation::Recorded header{.format = "1", .tls = "none", .when = "2026-03-01T10:20:30Z"};
    auto made = TraceFile::create(directory, header);
    file = made->path();
    recorder = std::make_unique<Recorder>(std::move(*made), header, keep_secrets,
                                          [this](const std::string& why) { failures.push_back(why); });
    tap = std::make_unique<relay::Tap>([this](const relay::Passed& passed) { recorder->passed(passed); }, 64 * 1024);
  }
  ~Recording() { fs::remove_all(directory); }

  void f(std::string_view bytes) {
    said += bytes;
    hear(Sender::frontend, bytes);
  }
  void b(std::string_view bytes) {
    answered += bytes;
    hear(Sender::backend, bytes);
  }
  void hear(Sender sender, std::string_view bytes) {
    tap->read(sender, bytes);
    recorder->settled();
  }
  std::string said, answered;

  std::string text() const {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  notation::Trace trace() const {
    auto parsed = notation::parse_trace(text(), file.string());
    EXPECT_TRUE(parsed) << parsed.error().text() << '\n' << text();
    return parsed ? *parsed : notation::Trace{};
  }
  // line: the lines of a side without their times.
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::string body = text();
    for (std::size_t at = body.find("\n\n") + 2; at < body.size();) {
      const auto end = body.find('\n', at);
      auto line = body.substr(at, end - at);
      if (line.starts_with('@')) line = line.substr(line.find(' ') + 1);
      all.push_back(line);
      at = end + 1;
    }
    return all;
  }
};

std::string encoded(Sender sender, std::string_view name, const notation::Json& fields) {
  std::string out;
  auto done = protocol::json::from_json(out, sender, name, fields);
  EXPECT_TRUE(done) << name << (done ? "" : done.error().reason);
  return out;
}
std::string F(std::string_view name, const notation::Json& fields = notation::Json::object()) {
  return encoded(Sender::frontend, name, fields);
}
std::string B(std::string_view name, const notation::Json& fields = notation::Json::object()) {
  return encoded(Sender::backend, name, fields);
}

const auto startup = notation::Json{{"parameters", {{"user", "alice"}, {"application_name", "psql"}}}};

TEST(Recorder, LearnsTheHeaderOnTheWay) {
  Recording r;
  EXPECT_EQ(r.trace().recorded.client, "");
  r.f(F("StartupMessage", startup));
  EXPECT_EQ(r.trace().recorded.client, "psql");
  r.b(B("AuthenticationOk") + B("ParameterStatus", {{"name", "server_version"}, {"value", "15.8"}}));
  const auto header = r.trace().recorded;
  EXPECT_EQ(header.server, "PostgreSQL 15.8");
  EXPECT_EQ(header.protocol, "3.0");
  EXPECT_EQ(header.tls, "none");
  EXPECT_EQ(header.when, "2026-03-01T10:20:30Z");
}

TEST(Recorder, HasEverythingOnDiskAsSoonAsItWasSaid) {
  Recording r;
  r.f(F("StartupMessage", startup));
  r.b(B("AuthenticationOk"));
  EXPECT_EQ(r.lines().back(), "B AuthenticationOk");
  r.b(B("ReadyForQuery", {{"status", "I"}}));
  r.f(F("Query", {{"query", "SELECT 1"}}));
  EXPECT_EQ(r.lines().back(), R"(F Query {"query":"SELECT 1"})");
}

TEST(Recorder, MarksTheBorderOfTwoWritesWithoutAnAnswerBetween) {
  Recording r;
  r.f(F("StartupMessage", startup));
  r.b(B("ReadyForQuery", {{"status", "I"}}));
  r.f(F("Parse", {{"query", "SELECT 1"}}) + F("Bind"));
  r.f(F("Sync"));
  r.b(B("ParseComplete"));
  r.f(F("Terminate"));
  const auto lines = r.lines();
  EXPECT_EQ(std::vector<std::string>(lines.begin() + 3, lines.end()),
            (std::vector<std::string>{R"(F Parse {"query":"SELECT 1"})", "F Bind", "segment", "F Sync",
                                      "B ParseComplete", "F Terminate"}));
}

TEST(Recorder, KeepsNoPassword) {
  Recording r;
  r.f(F("StartupMessage", startup));
  r.b(B("AuthenticationCleartextPassword"));
  r.f(F("PasswordMessage", {{"password", "open-sesame"}}));
  EXPECT_EQ(r.lines().back(), R"(F PasswordMessage {"password":{"redacted":"password","length":11}})");
  EXPECT_EQ(r.text().find("sesame"), std::string::npos);
}

TEST(Recorder, KeepsNoPasswordThatWasSentBeforeItWasAskedFor) {
  Recording r;
  r.f(F("StartupMessage", startup) + F("PasswordMessage", {{"password", "open-sesame"}}));
  EXPECT_EQ(r.lines().back(), R"(F PasswordMessage {"password":{"redacted":"password","length":11}})");
}

TEST(Recorder, KeepsNoPieceOfAnUnfinishedPassword) {
  Recording r;
  r.f(F("StartupMessage", startup));
  r.b(B("AuthenticationCleartextPassword"));
  r.f(F("PasswordMessage", {{"password", "open-sesame"}}).substr(0, 9));
  r.tap->end(Sender::frontend);
  r.recorder->settled();
  EXPECT_EQ(r.lines().back(), R"(F raw {"hex":"700000001000000000"})");
}

TEST(Recorder, KeepsTheScramExchangeWithoutItsProof) {
  Recording r;
  r.f(F("StartupMessage", startup));
  r.b(B("AuthenticationSASL", {{"mechanisms", {"SCRAM-SHA-256"}}}));
  r.f(F("SASLInitialResponse", {{"mechanism", "SCRAM-SHA-256"}, {"data", "n,,n=,r=abc"}}));
  EXPECT_EQ(r.lines().back(), R"(F SASLInitialResponse {"mechanism":"SCRAM-SHA-256","data":"n,,n=,r=abc"})");
  r.b(B("AuthenticationSASLContinue", {{"data", "r=abcdef,s=QSXCR+Q6sek8bf92,i=4096"}}));
  r.f(F("SASLResponse", {{"data", "c=biws,r=abcdef,p=secret"}}));
  EXPECT_EQ(r.lines().back(), R"(F SASLResponse {"data":{"redacted":"password","length":24}})");
  r.b(B("AuthenticationSASLFinal", {{"data", "v=proves the password as well"}}));
  EXPECT_EQ(r.lines().back(), R"(B AuthenticationSASLFinal {"data":{"redacted":"password","length":29}})");
}

TEST(Recorder, KeepsNoPasswordOfAnotherMechanism) {
  Recording r;
  r.f(F("StartupMessage", startup));
  r.b(B("AuthenticationSASL", {{"mechanisms", {"PLAIN"}}}));
  r.f(F("SASLInitialResponse", {{"mechanism", "PLAIN"}, {"data", "secret"}}));
  EXPECT_EQ(r.lines().back(),
            R"(F SASLInitialResponse {"mechanism":"PLAIN","data":{"redacted":"password","length":6}})");
}

TEST(Recorder, GivesEveryByteAgain) {
  Recording r(/*keep_secrets=*/true);
  r.f(F("SSLRequest"));
  r.b("N");
  r.f(F("StartupMessage", startup));
  r.b(B("AuthenticationCleartextPassword"));
  r.f(F("PasswordMessage", {{"password", "open-sesame"}}));
  r.b(B("AuthenticationOk") + B("BackendKeyData", {{"pid", 7}, {"key", {{"hex", "01020304"}}}}) +
      B("ReadyForQuery", {{"status", "I"}}));
  r.f(F("Query", {{"query", "SELECT '\u00e9', '\x01'"}}) + "Q\0\0\0\7a\0b"s);  // a trailing byte
  r.b(B("DataRow", {{"values", {nullptr, "", "\u00e9", {{"hex", "00ff"}}}}}) + "?\0\0\0\4"s);
  r.b("D\0\1\x11\x74\0\1\0\1\x11\x6a"s + std::string(70'006, 'x'));  // longer than is held
  r.b("Z\0\0\0\1after an impossible length");
  std::string said, answered;
  for (const auto& item : r.trace().items) {
    const auto* message = item.message();
    if (!message) continue;
    auto& out = message->side == notation::Side::frontend ? said : answered;
    const auto sender = message->side == notation::Side::frontend ? Sender::frontend : Sender::backend;
    if (message->name == "raw")
      out += *protocol::json::bytes_of(message->fields);
    else
      ASSERT_TRUE(protocol::json::from_json(out, sender, message->name, message->fields)) << message->name;
  }
  EXPECT_EQ(said, r.said);
  EXPECT_EQ(answered, r.answered);
}

TEST(Recorder, TellsWhoClosed) {
  Recording r;
  r.f(F("StartupMessage", startup));
  r.recorder->ended(Sender::frontend, {net::ErrorKind::eof, ""});
  r.recorder->ended(Sender::backend, {net::ErrorKind::eof, ""});
  r.recorder->settled();
  EXPECT_EQ(r.lines().back(), "B close");
  EXPECT_EQ(r.lines()[r.lines().size() - 2], "shutdown");
}

TEST(Recorder, WritesNoSecondTraceOverTheFirst) {
  Recording r;
  auto next = TraceFile::create(r.directory, {.format = "1"});
  ASSERT_TRUE(next);
  EXPECT_EQ(next->path().filename(), "0002.trace");
}

TEST(Recorder, SaysOnceThatItCannotWrite) {
  Recording r;
  fs::remove_all(r.directory);
  r.f(F("StartupMessage", startup));
  r.f(F("Query", {{"query", "SELECT 1"}}));
  ASSERT_EQ(r.failures.size(), 1u);
  EXPECT_NE(r.failures[0].find("No such file or directory"), std::string::npos);
}

}  // namespace
}  // namespace pgconform::record
