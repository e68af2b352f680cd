#include "replay/replay.hpp"

#include <gtest/gtest.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include "net/listener.hpp"
#include "protocol/json/json.hpp"

// A session replayed against servers that are played by the test: one that is right, and one for each way to be wrong.
namespace pgconform::replay {
namespace {

using asio::awaitable;
using compare::Kind;
using protocol::Sender;

const std::string recording =
    "format: 1\n\nconnect raw\n"
    "F SSLRequest\n"
    "B SSLResponse {\"answer\":\"N\"}\n"
    "F StartupMessage {\"parameters\":{\"user\":\"alice\",\"database\":\"home\"}}\n"
    "B AuthenticationOk\n"
    "B BackendKeyData {\"pid\":7,\"key\":{\"hex\":\"01020304\"}}\n"
    "B ReadyForQuery {\"status\":\"I\"}\n"
    "F Query {\"query\":\"SELECT 1\"}\n"
    "B DataRow {\"values\":[\"1\"]}\n"
    "B CommandComplete {\"tag\":\"SELECT 1\"}\n"
    "B ReadyForQuery {\"status\":\"I\"}\n"
    "F Parse {\"query\":\"SELEC\"}\n"
    "F Sync\n"
    "B ErrorResponse {\"S\":\"ERROR\",\"V\":\"ERROR\",\"C\":\"42601\",\"M\":\"syntax error\"}\n"
    "B ReadyForQuery {\"status\":\"I\"}\n"
    "F Terminate\n"
    "shutdown\n"
    "B close\n";

std::string message(const std::string& name, const Json& fields = Json::object()) {
  std::string out;
  EXPECT_TRUE(protocol::json::from_json(out, Sender::backend, name, fields)) << name;
  return out;
}
const auto ready = message("ReadyForQuery", {{"status", "I"}});
const auto login =
    message("AuthenticationOk") + message("BackendKeyData", {{"pid", 99}, {"key", {{"hex", "0a0b0c0d"}}}}) + ready;
const auto row = message("DataRow", {{"values", {"1"}}});
const auto tag = message("CommandComplete", {{"tag", "SELECT 1"}});
const auto error = message("ErrorResponse", {{"S", "ERROR"}, {"V", "ERROR"}, {"C", "42601"}, {"M", "other words"}});

// Server: answers the n-th read with the n-th text; then it closes, or does nothing more.
struct Server {
  std::vector<std::string> answers{login, row + tag + ready, error + ready, ""};
  bool hangs = false;  // in place of closing
  std::vector<std::string> heard{};
};

struct Played {
  Outcome outcome;
  std::vector<std::string> kinds;
  std::vector<std::string> heard;
};

Played play(Server server, const std::string& text = recording,
            std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
  asio::io_context context;
  auto listener = std::move(net::Listener::bind(context.get_executor(), "127.0.0.1", 0)->front());
  std::optional<net::Stream> stream;
  asio::co_spawn(
      context,
      [&]() -> awaitable<void> {
        stream = *co_await listener.accept();
        std::vector<char> buffer(1 << 16);
        for (const auto& answer : server.answers) {
          auto got = co_await stream->read_some(buffer);
          if (!got) break;
          server.heard.emplace_back(buffer.data(), *got);
          if (!co_await stream->write(answer)) break;
        }
        if (!server.hangs) stream->close();
      },
      asio::detached);
  const auto session = read_session(text, "replay/test.trace");
  EXPECT_TRUE(session) << session.error();
  Options options{.target = *client::Target::parse("postgresql://bob:secret@127.0.0.1:" +
                                                       std::to_string(listener.local().port) + "/?sslmode=disable",
                                                   [](const std::string&) { return std::nullopt; }),
                  .user = {},
                  .database = {},
                  .password = {},
                  .timeout = timeout};
  std::optional<Outcome> outcome;
  asio::co_spawn(
      context, [&]() -> awaitable<void> { outcome = co_await replay(*session, options); },
      [&](const std::exception_ptr&) { context.stop(); });
  context.run_for(std::chrono::seconds(60));
  EXPECT_TRUE(outcome) << "the replay hangs";
  Played played{.outcome = outcome.value_or(Outcome{}), .kinds = {}, .heard = server.heard};
  for (const auto& one : played.outcome.departures) {
    played.kinds.emplace_back(compare::kind_name(one.kind));
    EXPECT_NE(describe(*session, one), "");
  }
  return played;
}
using List = std::vector<std::string>;
constexpr std::chrono::milliseconds soon{200};

TEST(Replay, FindsNothingWhereTheServerIsRight) {
  const auto played = play({});
  EXPECT_EQ(played.kinds, List{});
  EXPECT_TRUE(played.outcome.as_recorded());
  ASSERT_EQ(played.heard.size(), 4u);
  EXPECT_NE(played.heard[0].find("alice"), std::string::npos);  // no SSLRequest before it, and the recorded user
  EXPECT_EQ(played.heard[2].back(), '\4');                      // Parse and Sync in one write
}

TEST(Replay, TakesTheSchemaOfTemporaryTablesOfAnySession) {
  const std::string_view said = R"("M":"syntax error")";
  auto text = recording;
  text.replace(text.find(said), said.size(), R"("M":"syntax error","s":"pg_temp_3")");
  const auto in = [](const char* schema) {
    return message("ErrorResponse", {{"S", "ERROR"}, {"V", "ERROR"}, {"C", "42601"}, {"M", "x"}, {"s", schema}});
  };
  const auto kinds = [&](const char* schema) {
    return play({.answers = {login, row + tag + ready, in(schema) + ready, ""}}, text).kinds;
  };
  EXPECT_EQ(kinds("pg_temp_12"), List{});
  for (const char* other : {"public", "pg_temp", "pg_temp_", "pg_temp_x"}) EXPECT_EQ(kinds(other), List{"value"});
}
TEST(Replay, SeesAMissingRow) {
  EXPECT_EQ(play({.answers = {login, tag + ready, error + ready, ""}}).kinds, List{"missing"});
}
TEST(Replay, SeesAnExtraRow) {
  EXPECT_EQ(play({.answers = {login, row + row + tag + ready, error + ready, ""}}).kinds, List{"extra"});
}
TEST(Replay, SeesAnotherMessage) {
  EXPECT_EQ(play({.answers = {login, error + ready, error + ready, ""}}).kinds, List{"type"});
}
TEST(Replay, SeesAnotherSqlstate) {
  const auto other = message("ErrorResponse", {{"S", "ERROR"}, {"V", "ERROR"}, {"C", "42P01"}, {"M", ""}});
  EXPECT_EQ(play({.answers = {login, row + tag + ready, other + ready, ""}}).kinds, List{"SQLSTATE"});
}
TEST(Replay, SeesAnotherValue) {
  const auto other = message("DataRow", {{"values", {"2"}}});
  const auto played = play({.answers = {login, other + tag + ready, error + ready, ""}});
  EXPECT_EQ(played.kinds, List{"value"});
  EXPECT_EQ(played.outcome.departures[0].path, "values[0]");
}
TEST(Replay, SeesAnotherStatus) {
  const auto other = message("ReadyForQuery", {{"status", "T"}});
  EXPECT_EQ(play({.answers = {login, row + tag + other, error + ready, ""}}).kinds, List{"status"});
}
TEST(Replay, SeesAnEarlyClose) {
  EXPECT_EQ(play({.answers = {login, row}}).kinds, List{"early close"});
}
TEST(Replay, SeesThatNoAnswerComes) {
  EXPECT_EQ(play({.answers = {login, row}, .hangs = true}, recording, soon).kinds, List{"no answer"});
}
TEST(Replay, SeesThatTheServerDoesNotClose) {
  EXPECT_EQ(play({.hangs = true}, recording, soon).kinds, List{"no answer"});
}
TEST(Replay, EndsWithHalfAMessage) {
  EXPECT_EQ(play({.answers = {login, row.substr(0, 7)}, .hangs = true}, recording, soon).kinds, List{"no answer"});
  EXPECT_EQ(play({.answers = {login, row.substr(0, 7)}}).kinds, List{"type"});
}
TEST(Replay, EndsWithNonsense) {
  EXPECT_EQ(play({.answers = {login, "HTTP/1.1 400 Bad Request\r\n\r\n"}}).kinds, List{"type"});
  EXPECT_EQ(play({.answers = {std::string("\xff\0\0\0\1", 5)}}).kinds, List{"type"});
}
TEST(Replay, EndsWithAServerThatTalksWithoutEnd) {
  std::string notices;
  for (int i = 0; i < 1000; ++i) notices += message("NoticeResponse", {{"S", "NOTICE"}, {"C", "00000"}, {"M", ""}});
  EXPECT_EQ(play({.answers = {login, notices}, .hangs = true}, recording, soon).kinds, List{"no answer"});
}

TEST(Replay, LogsInWithThePasswordOfToday) {
  const auto played = play({.answers = {message("AuthenticationCleartextPassword"), login, ""}},
                           "format: 1\n\nF StartupMessage {\"parameters\":{\"user\":\"alice\"}}\n"
                           "B AuthenticationCleartextPassword\n"
                           "F PasswordMessage {\"password\":{\"redacted\":\"password\",\"length\":30}}\n"
                           "B AuthenticationOk\nB BackendKeyData\nB ReadyForQuery {\"status\":\"I\"}\n"
                           "F Terminate\nB close\n");
  EXPECT_EQ(played.kinds, List{});
  EXPECT_EQ(played.heard[1].substr(5), std::string("secret\0", 7));
}

TEST(Replay, LogsInWithAWrongPasswordWhereItWasRefused) {
  const auto refused = message("ErrorResponse", {{"S", "FATAL"}, {"C", "28P01"}});
  const auto played = play({.answers = {message("AuthenticationCleartextPassword"), refused}},
                           "format: 1\n\nF StartupMessage {\"parameters\":{\"user\":\"alice\"}}\n"
                           "B AuthenticationCleartextPassword\n"
                           "F PasswordMessage {\"password\":{\"redacted\":\"password\",\"length\":6}}\n"
                           "B ErrorResponse {\"S\":\"FATAL\",\"C\":\"28P01\"}\nB close\n");
  EXPECT_EQ(played.kinds, List{});
  EXPECT_NE(played.heard[1].substr(5), std::string("secret\0", 7));
}

}  // namespace
}  // namespace pgconform::replay
