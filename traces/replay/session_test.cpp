#include "replay/session.hpp"

#include <gtest/gtest.h>

#include "replay/profile.hpp"

namespace pgconform::replay {
namespace {

using protocol::Sender;
using protocol::Stage;

const std::string header = "format: 1\n\nconnect raw\n";

Session session(const std::string& lines) {
  auto read = read_session(header + lines, "folder/name.trace");
  EXPECT_TRUE(read) << read.error();
  return read ? *read : Session{};
}
std::string error(const std::string& lines) {
  auto read = read_session(header + lines, "name.trace");
  return read ? "" : read.error();
}

TEST(Session, IsCutIntoMessagesWithTheirStages) {
  const auto s = session(
      "@5 F StartupMessage {\"parameters\":{\"user\":\"a\"}}\n"
      "B AuthenticationCleartextPassword\n"
      "F PasswordMessage {\"password\":{\"redacted\":\"password\",\"length\":3}}\n"
      "B ReadyForQuery {\"status\":\"I\"}\n"
      "F Parse\nF Bind\nsegment\nF Sync\nshutdown\nB close\n");
  EXPECT_EQ(s.id, "folder/name");
  ASSERT_EQ(s.steps.size(), 9u);
  EXPECT_EQ(s.steps[0].at, 5u);
  EXPECT_EQ(s.steps[2].stage, Stage::password);
  EXPECT_TRUE(s.steps[2].redacted);
  EXPECT_EQ(s.steps[2].bytes.size(), 9u);
  std::string begins;
  for (const auto& step : s.steps) begins += step.begins_write ? '1' : '0';
  EXPECT_EQ(begins, "101010100");
  EXPECT_EQ(s.steps[7].kind, Step::Kind::shutdown);
  EXPECT_EQ(s.steps[8].kind, Step::Kind::close);
  EXPECT_EQ(s.parameter("user"), "a");
  EXPECT_TRUE(s.password_asked());
  EXPECT_FALSE(s.password_refused());
}

TEST(Session, JoinsTheMessageThatWasWrittenInPieces) {
  const auto s = session(
      "F StartupMessage {\"parameters\":{\"user\":\"a\"}}\n"
      "F raw {\"hex\":\"5100000007\"}\nF raw {\"hex\":\"616200\"}\n");
  ASSERT_EQ(s.steps.size(), 2u);
  EXPECT_EQ(s.steps[1].name, "Query");
  EXPECT_EQ(s.steps[1].fields["query"], "ab");
}

TEST(Session, KnowsARefusedPassword) {
  EXPECT_TRUE(session("F StartupMessage\nB AuthenticationCleartextPassword\n"
                      "F PasswordMessage {\"password\":{\"redacted\":\"password\",\"length\":3}}\n"
                      "B ErrorResponse {\"S\":\"FATAL\",\"C\":\"28P01\"}\nB close\n")
                  .password_refused());
}

TEST(Session, TellsTheLineOfWhatIsWrong) {
  EXPECT_EQ(error("F Qery {\"query\":\"\"}\n").substr(0, 15), "name.trace:4:1:");
  EXPECT_EQ(error("F Query {\"query\":1}\n").substr(0, 15), "name.trace:4:1:");
  EXPECT_EQ(error("F Query {\"query\":}\n").substr(0, 13), "name.trace:4:");
  EXPECT_EQ(error("B? ReadyForQuery\n"), "name.trace:4:1: a trace says what came, not what may come");
  EXPECT_EQ(error("[b] F Sync\n"), "name.trace:4:1: a trace is of one connection");
  EXPECT_EQ(error("tls\n"), "name.trace:4:1: a recorded trace holds messages, segment, shutdown and close only");
  EXPECT_EQ(error(""), "name.trace: nothing was recorded in it");
  EXPECT_EQ(load("/nowhere.trace").error(), "/nowhere.trace: cannot be read");
}

TEST(Profile, NamesSessionsByPattern) {
  const Profile profile{"", {{"psql/a-*", false, "one"}, {"pgjdbc/*", true, "two"}}};
  EXPECT_EQ(profile.exception("psql/a-b")->reason, "one");
  EXPECT_EQ(profile.exception("pgjdbc/x")->reason, "two");
  EXPECT_EQ(profile.exception("psql/b"), nullptr);
}

}  // namespace
}  // namespace pgconform::replay
