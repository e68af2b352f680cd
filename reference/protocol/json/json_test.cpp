#include "protocol/json/json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace pgconform::protocol::json {
namespace {

using Json = nlohmann::ordered_json;
using namespace std::string_literals;

std::string bytes(Sender sender, std::string_view name, const char* fields) {
  std::string out;
  auto encoded = from_json(out, sender, name, Json::parse(fields));
  return encoded ? out : std::string(encoded.error().message) + ": " + encoded.error().reason;
}

std::string spoken(Sender sender, Stage stage, std::string frame_bytes) {
  auto frame = wire::next_frame(frame_bytes, frame_kind(sender, stage));
  auto words = speak(sender, stage, **frame);
  return words.name + " " + words.fields.dump();
}

TEST(FromJson, FillsInDefaults) {
  EXPECT_EQ(bytes(Sender::frontend, "Sync", "{}"), "S\0\0\0\4"s);
  EXPECT_EQ(bytes(Sender::frontend, "Execute", "{}"), "E\0\0\0\x09\0\0\0\0\0"s);
  EXPECT_EQ(bytes(Sender::frontend, "StartupMessage", R"({"parameters":{"user":"u"}})"),
            "\0\0\0\x10\0\3\0\0user\0u\0\0"s);
}

TEST(FromJson, NamesTheFieldThatIsWrong) {
  EXPECT_EQ(bytes(Sender::frontend, "Query", R"({"query":5})"), "Query: query: expected a string, {\"hex\":…}, got 5");
  EXPECT_EQ(bytes(Sender::frontend, "Query", R"({"sql":"x"})"), "Query: sql: no such field");
  EXPECT_EQ(bytes(Sender::frontend, "Bind", R"({"parameters":["a",7]})"),
            "Bind: parameters[1]: expected a string, {\"hex\":…} or null, got 7");
  EXPECT_EQ(bytes(Sender::frontend, "Execute", R"({"max_rows":4294967296})"),
            "Execute: max_rows: expected an integer of 32 bits, got 4294967296");
  EXPECT_EQ(bytes(Sender::frontend, "Nonsense", "{}"), "Nonsense: no such message of the frontend");
  EXPECT_EQ(bytes(Sender::frontend, "StartupMessage", R"({"version":"3"})"),
            "StartupMessage: version: expected a protocol version such as \"3.2\", got \"3\"");
}

TEST(FromJson, LiesWhenItIsTold) {
  EXPECT_EQ(bytes(Sender::backend, "DataRow", R"({"values":[{"$len":100,"value":"42"}]})"),
            "D\0\0\0\x0c\0\1\0\0\0\x64"s + "42");
  EXPECT_EQ(bytes(Sender::backend, "DataRow", R"({"values":["42"],"$count":{"values":2}})"),
            "D\0\0\0\x0c\0\2\0\0\0\2"s + "42");
  EXPECT_EQ(bytes(Sender::frontend, "Query", R"({"query":"x","$length":7})"), "Q\0\0\0\7x\0"s);
}

TEST(FromJson, TakesDoubledKeysAsPairs) {
  EXPECT_EQ(bytes(Sender::frontend, "StartupMessage", R"({"parameters":[["user","a"],["user","b"]]})"),
            "\0\0\0\x17\0\3\0\0user\0a\0user\0b\0\0"s);
}

TEST(Speak, KeysErrorFieldsByLetterInTheirOrder) {
  EXPECT_EQ(spoken(Sender::backend, Stage::normal, "E\0\0\0\x13SERROR\0C42601\0\0"s),
            R"(ErrorResponse {"S":"ERROR","C":"42601"})");
}

TEST(Speak, ShowsBytesThatAreNoTextAsHex) {
  EXPECT_EQ(spoken(Sender::backend, Stage::normal, "D\0\0\0\x0c\0\1\0\0\0\2\0\xff"s),
            R"(DataRow {"values":[{"hex":"00ff"}]})");
  EXPECT_EQ(spoken(Sender::backend, Stage::normal, "D\0\0\0\x0c\0\1\0\0\0\2\xc3\xa9"s), "DataRow {\"values\":[\"é\"]}");
  EXPECT_EQ(spoken(Sender::backend, Stage::normal, "D\0\0\0\x0c\0\1\0\0\0\2\xc0\x80"s),
            R"(DataRow {"values":[{"hex":"c080"}]})");
}

TEST(Speak, FallsBackToRawBytesRatherThanLoseOne) {
  EXPECT_EQ(spoken(Sender::backend, Stage::normal, "Z\0\0\0\6Ix"s), R"(raw {"hex":"5a000000064978"})");
  EXPECT_EQ(spoken(Sender::backend, Stage::normal, "?\0\0\0\4"s), R"(raw {"hex":"3f00000004"})");
}

TEST(Speak, LeavesDefaultsOut) {
  EXPECT_EQ(spoken(Sender::frontend, Stage::normal, "E\0\0\0\x09\0\0\0\0\0"s), "Execute {}");
  EXPECT_EQ(spoken(Sender::backend, Stage::normal, "Z\0\0\0\5I"s), R"(ReadyForQuery {"status":"I"})");
}

TEST(ToJson, WritesDefaultsForComparison) {
  std::string bytes = "E\0\0\0\x09\0\0\0\0\0"s;
  auto frame = wire::next_frame(bytes, wire::FrameKind::tagged);
  EXPECT_EQ(to_json(Sender::frontend, Stage::normal, **frame, Defaults::written)->dump(),
            R"({"portal":"","max_rows":0})");
}

}  // namespace
}  // namespace pgconform::protocol::json
