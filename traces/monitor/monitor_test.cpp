#include "monitor/monitor.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "protocol/json/json.hpp"

namespace pgconform::monitor {
namespace {

using protocol::Sender;

// Line: one message of a conversation written as text, "F Query" or "B ReadyForQuery {"status":"T"}".
struct Line {
  Sender sender;
  std::string name, frame;
};

std::vector<Line> conversation(const std::string& text) {
  std::vector<Line> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    std::istringstream words(line);
    std::string sender, name, fields;
    words >> sender >> name;
    std::getline(words, fields);
    const auto from = sender == "F" ? Sender::frontend : Sender::backend;
    auto json = fields.empty() ? nlohmann::ordered_json::object() : nlohmann::ordered_json::parse(fields);
    if (fields.empty() && name == "ErrorResponse") json = {{"S", "ERROR"}, {"V", "ERROR"}, {"C", "42601"}};
    std::string frame;
    auto encoded = protocol::json::from_json(frame, from, name, json);
    EXPECT_TRUE(encoded) << line << ": " << (encoded ? "" : encoded.error().reason);
    lines.push_back({from, name, frame});
  }
  return lines;
}

// judged: "" if all of it is legal, else the first violation.
std::string judged(const std::vector<Line>& lines) {
  Monitor monitor;
  for (const auto& line : lines) {
    const auto kind = frame_kind(line.sender, monitor.stage(line.sender));
    auto frame = wire::next_frame(line.frame, kind);
    if (!frame || !*frame) return "no frame: " + line.name;
    auto legal = line.sender == Sender::frontend ? monitor.frontend(**frame) : monitor.backend(**frame);
    if (!legal) return describe(legal.error());
  }
  return "";
}

const std::string login =
    "F StartupMessage\nB AuthenticationOk\nB ParameterStatus\nB BackendKeyData {\"key\":{\"hex\":\"00000000\"}}\n"
    "B ReadyForQuery\n";

std::string judged(const std::string& after_login) {
  return judged(conversation(login + after_login));
}

TEST(Monitor, TakesLoginsOfEveryKind) {
  const std::string end = "B AuthenticationOk\nB ReadyForQuery\n";
  EXPECT_EQ(
      judged(conversation("F SSLRequest\nB SSLResponse\nF GSSENCRequest\nB GSSENCResponse\nF StartupMessage\n" + end)),
      "");
  EXPECT_EQ(judged(conversation("F StartupMessage\nB AuthenticationCleartextPassword\nF PasswordMessage\n" + end)), "");
  EXPECT_EQ(
      judged(conversation("F StartupMessage\nB NegotiateProtocolVersion\nB AuthenticationSASL\nF SASLInitialResponse\n"
                          "B AuthenticationSASLContinue\nF SASLResponse\nB AuthenticationSASLFinal\n" +
                          end)),
      "");
}

TEST(Monitor, MissesTheFinalMessageOfScram) {
  EXPECT_EQ(
      judged(conversation("F StartupMessage\nB AuthenticationSASL\nF SASLInitialResponse\n"
                          "B AuthenticationSASLContinue\nF SASLResponse\nB AuthenticationOk\n")),
      "in phase sasl-answered came AuthenticationOk; expected AuthenticationSASLContinue, AuthenticationSASLFinal, "
      "ErrorResponse");
}

TEST(Monitor, TakesSimpleQueries) {
  EXPECT_EQ(
      judged("F Query\nB RowDescription\nB DataRow\nB DataRow\nB NoticeResponse {\"S\":\"NOTICE\",\"C\":\"00000\"}\n"
             "B CommandComplete\nB CommandComplete\nB ReadyForQuery\n"
             "F Query\nF Query\nB EmptyQueryResponse\nB ReadyForQuery\nB ErrorResponse\nB ReadyForQuery\n"),
      "");
}

TEST(Monitor, FindsRowsThatWereNotAnnounced) {
  EXPECT_EQ(
      judged("F Query\nB DataRow\n"),
      "in phase query came DataRow; expected RowDescription, CommandComplete, EmptyQueryResponse, CopyInResponse, "
      "CopyOutResponse, CopyBothResponse, ErrorResponse");
  EXPECT_EQ(judged("F Query\nB RowDescription\nB DataRow {\"values\":[\"1\"]}\n"),
            "in phase query-rows came DataRow of 1 columns where 0 were announced; expected a well-formed DataRow");
}

TEST(Monitor, FindsRowsUnlikeWhatWasDescribed) {
  const std::string begin = "F Parse\nF Bind\n", end = "B CommandComplete {\"tag\":\"SELECT 1\"}\nB ReadyForQuery\n";
  const std::string two = "B RowDescription {\"fields\":[{\"name\":\"a\"},{\"name\":\"b\"}]}\n";
  const std::string row_1 = "B DataRow {\"values\":[\"1\"]}\n", row_2 = "B DataRow {\"values\":[\"1\",\"2\"]}\n";
  const std::string portal =
      begin + "F Describe {\"kind\":\"P\"}\nF Execute\nF Sync\nB ParseComplete\nB BindComplete\n";
  EXPECT_EQ(judged(portal + two + row_2 + row_2 + end), "");
  EXPECT_EQ(judged(portal + two + row_1),
            "in phase execute came DataRow of 1 columns where 2 were announced; expected a well-formed DataRow");
  EXPECT_NE(judged(portal + two + row_2 + row_1), "");
  EXPECT_EQ(judged(portal + "B NoData\n" + row_1),
            "in phase execute came DataRow of 1 columns where no rows were announced; expected a well-formed DataRow");
  // Of a statement, for all of its portals, until something else is done under its name.
  const std::string statement =
      "F Parse {\"statement\":\"s\"}\nF Describe {\"kind\":\"S\",\"name\":\"s\"}\nF Sync\n"
      "B ParseComplete\nB ParameterDescription\n" +
      two + "B ReadyForQuery\n";
  const std::string execute = "F Bind {\"statement\":\"s\"}\nF Execute\nF Sync\nB BindComplete\n";
  EXPECT_EQ(judged(statement + execute + row_2 + end + execute + row_2 + end), "");
  EXPECT_NE(judged(statement + execute + row_2 + end + execute + row_1), "");
  EXPECT_EQ(judged(statement +
                   "F Query\nB CommandComplete {\"tag\":\"DEALLOCATE\"}\n"
                   "B CommandComplete {\"tag\":\"PREPARE\"}\nB ReadyForQuery\n" +
                   execute + row_1 + end),
            "");
  EXPECT_EQ(judged(statement +
                   "F Close {\"kind\":\"S\",\"name\":\"s\"}\nF Parse {\"statement\":\"s\"}\nF Sync\n"
                   "B CloseComplete\nB ParseComplete\nB ReadyForQuery\n" +
                   execute + row_1 + end),
            "");
}

TEST(Monitor, GivesAFreeHandToWhoeverIsLiedTo) {
  const std::string lie = "F Bind {\"parameters\":[],\"$count\":{\"parameters\":2}}\n";
  EXPECT_EQ(judged(lie).substr(0, 14), "in phase ready");
  Monitor monitor;
  for (const auto& line : conversation(login + lie + "B DataRow\nB ReadyForQuery\n")) {
    auto frame = wire::next_frame(line.frame, frame_kind(line.sender, monitor.stage(line.sender)));
    ASSERT_TRUE(frame && *frame);
    auto legal = line.sender == Sender::frontend ? monitor.frontend(**frame) : monitor.backend(**frame);
    EXPECT_EQ(legal.has_value(), line.name != "Bind") << line.name;
  }
  EXPECT_TRUE(monitor.frontend_broke());
}

TEST(Monitor, GoesOnBehindAMessageThatIsNotWhatItSays) {
  Monitor monitor;
  unsigned violations = 0;
  for (const auto& line :
       conversation(login + "F Query\nB RowDescription {\"fields\":[],\"$count\":{\"fields\":9}}\nB CommandComplete\n"
                            "B ReadyForQuery\nF Query\nB EmptyQueryResponse\nB ReadyForQuery\n")) {
    auto frame = wire::next_frame(line.frame, frame_kind(line.sender, monitor.stage(line.sender)));
    ASSERT_TRUE(frame && *frame);
    violations += !(line.sender == Sender::frontend ? monitor.frontend(**frame) : monitor.backend(**frame));
  }
  EXPECT_EQ(violations, 1U);
}

TEST(Monitor, TakesPipelinesAndSkipsToSyncAfterAnError) {
  EXPECT_EQ(
      judged(
          "F Parse\nF Bind\nF Describe {\"kind\":\"P\"}\nF Execute\nF Flush\nF Sync\nF Parse\nF Bind\nF Query\nF Sync\n"
          "B ParseComplete\nB BindComplete\nB NoData\nB CommandComplete\nB ReadyForQuery\n"
          "B ErrorResponse\nB ReadyForQuery\n"),
      "");
}

TEST(Monitor, TakesTheSyncThatComesOnlyAfterTheError) {
  EXPECT_EQ(
      judged("F Parse\nF Flush\nB ErrorResponse\nF Query\nF Sync\nB ReadyForQuery\nF Query\nB EmptyQueryResponse\n"
             "B ReadyForQuery\n"),
      "");
}

TEST(Monitor, FindsAnExtraReadyForQuery) {
  const std::string failed = "F Parse\nF Bind\nF Sync\nB ErrorResponse\nB ReadyForQuery\n";
  EXPECT_EQ(judged(failed), "");
  EXPECT_NE(judged(failed + "B ReadyForQuery\n"), "");
  EXPECT_NE(judged("F Parse\nF Bind\nF Sync\nB ErrorResponse\nB BindComplete\n"), "");
}

TEST(Monitor, IgnoresSyncDuringCopyIn) {
  EXPECT_EQ(judged("F Parse\nF Bind\nF Execute\nF Sync\nB ParseComplete\nB BindComplete\nB CopyInResponse\nF "
                   "CopyData\nF CopyDone\n"
                   "F Sync\nB CommandComplete\nB ReadyForQuery\n"),
            "");
}

TEST(Monitor, LeavesOpenWhetherAFailedCopySwallowedTheSync) {
  const std::string copy =
      "F Execute\nF Sync\nB CopyInResponse\nF CopyData\nF CopyDone\nF Sync\nB ErrorResponse\nB ReadyForQuery\n";
  EXPECT_EQ(judged(copy), "");
  EXPECT_EQ(judged(copy + "B ReadyForQuery\n"), "");
  EXPECT_NE(judged(copy + "B ReadyForQuery\nB ReadyForQuery\n"), "");
}

TEST(Monitor, TakesAFatalErrorAnywhereAndNothingAfterIt) {
  const std::string fatal = "B ErrorResponse {\"S\":\"FATAL\",\"V\":\"FATAL\",\"C\":\"57P01\"}\n";
  EXPECT_EQ(judged(fatal), "");
  EXPECT_EQ(judged("F Query\nB RowDescription\n" + fatal), "");
  EXPECT_NE(judged(fatal + "B ReadyForQuery\n"), "");
  EXPECT_NE(judged("B ErrorResponse\n"), "") << "an error nobody asked for";
}

TEST(Monitor, DropsCopyMessagesOutsideACopy) {
  EXPECT_EQ(judged("F CopyData\nF CopyDone\nF CopyFail\nF Query\nB EmptyQueryResponse\nB ReadyForQuery\n"), "");
}

// The guard from the inside: every conversation above, with one backend message dropped, doubled or swapped with the
// next, must be illegal, unless the message may come any number of times.
TEST(PhaseTable, NoticesDroppedDoubledAndSwappedMessages) {
  const auto lines = conversation(
      login +
      "F Query\nB RowDescription\nB CommandComplete\nB ReadyForQuery\n"
      "F Parse\nF Bind\nF Describe {\"kind\":\"S\"}\nF Execute\nF Close\nF Sync\n"
      "B ParseComplete\nB BindComplete\nB ParameterDescription\nB RowDescription\nB PortalSuspended\nB CloseComplete\n"
      "B ReadyForQuery\n"
      "F FunctionCall\nB FunctionCallResponse\nB ReadyForQuery\nF Query\nB ErrorResponse\nB ReadyForQuery\n"
      "F Sync\nB ReadyForQuery\n");
  ASSERT_EQ(judged(lines), "");
  // Rows of the table that permit a change. Everything else must be noticed.
  auto permitted = [](const std::string& change, const std::string& name) {
    return name == "ParameterStatus" ||                         // protocol-async
           (change == "drop" && name == "BackendKeyData") ||    // a server without cancellation
           (change == "drop" && name == "RowDescription 6") ||  // a statement without rows ends in C alone
           (change == "double" && name == "CommandComplete");   // one more statement
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].sender != Sender::backend) continue;
    const auto label = lines[i].name + (lines[i].name == "RowDescription" ? " " + std::to_string(i) : "");
    auto dropped = lines, doubled = lines, swapped = lines;
    dropped.erase(dropped.begin() + static_cast<long>(i));
    // What is missing at the very end only shows when something is said after it.
    auto probe = conversation("F Query\nB EmptyQueryResponse\nB ReadyForQuery\n");
    dropped.insert(dropped.end(), probe.begin(), probe.end());
    EXPECT_EQ(judged(dropped).empty(), permitted("drop", label)) << "dropped " << label;
    doubled.insert(doubled.begin() + static_cast<long>(i), lines[i]);
    EXPECT_EQ(judged(doubled).empty(), permitted("double", label)) << "doubled " << label;
    if (i + 1 == lines.size() || lines[i + 1].sender != Sender::backend || lines[i].name == lines[i + 1].name) continue;
    std::swap(swapped[i], swapped[i + 1]);
    const bool free = lines[i].name == "ParameterStatus" || lines[i + 1].name == "ParameterStatus";
    EXPECT_EQ(judged(swapped).empty(), free && lines[i].name != "AuthenticationOk") << "swapped " << label;
  }
}

}  // namespace
}  // namespace pgconform::monitor
