#include "protocol/golden/golden.hpp"

#include <gtest/gtest.h>

#include <set>

#include "protocol/json/json.hpp"

// Every message against bytes that PostgreSQL said or took, read by somebody else (golden/meaning.py).
namespace pgconform::protocol::json {
namespace {

using Json = nlohmann::ordered_json;

class Goldens : public testing::TestWithParam<Golden> {
 protected:
  // as_message: call f.template operator()<M>(body) with the golden's message and its body, code word taken off.
  void as_message(auto&& f) {
    const Golden& golden = GetParam();
    Exact bytes(golden.bytes);
    const wire::Frame frame = frame_of(golden, bytes);
    ASSERT_FALSE(frame.whole.empty()) << "is not one frame";
    with_messages(golden.sender, [&]<class... M>(MessageList<M...>) {
      auto attempt = [&]<class Message>() {
        wire::Bytes body = frame.body;
        if (Message::name != golden.name) return;
        ASSERT_TRUE(detail::matches<Message>(golden.stage, frame, body));
        f.template operator()<Message>(std::string(body));
      };
      (attempt.template operator()<M>(), ...);
    });
  }
};

// Open: does a message's layout end in a field that takes whatever is left?
struct Open {
  bool open = false;
  void rest(const char*, auto&) { open = true; }
  void binary(const char*, auto&) { open = true; }
  void int8(const char*, auto&) {}
  void int16(const char*, auto&) {}
  void int32(const char*, auto&) {}
  void oid(const char*, auto&) {}
  void version(const char*, auto&) {}
  void byte(const char*, auto&) {}
  void cstring(const char*, auto&) {}
  void fixed(const char*, auto&, std::size_t) {}
  void value(const char*, auto&) {}
  void list(const char*, auto&) {}
};
template <class M>
bool ends_open() {
  Open open;
  M message;
  M::layout(open, message);
  return open.open;
}

TEST_P(Goldens, MeanWhatTheirJsonSays) {
  const Golden& golden = GetParam();
  const Json pair = Json::parse(contents(golden.file + ".json"), nullptr, false);
  ASSERT_TRUE(pair.is_object());
  EXPECT_TRUE(pair["source"].is_string()) << "must say where the bytes come from";
  Exact bytes(golden.bytes);
  auto fields = to_json(golden.sender, golden.stage, frame_of(golden, bytes), Defaults::written);
  ASSERT_TRUE(fields) << describe(fields.error());
  EXPECT_EQ(fields->dump(1), pair["fields"].dump(1));
}

TEST_P(Goldens, AreEncodedFromTheirJson) {
  const Golden& golden = GetParam();
  const Json pair = Json::parse(contents(golden.file + ".json"), nullptr, false);
  std::string bytes;
  auto encoded = from_json(bytes, golden.sender, golden.name, pair["fields"]);
  ASSERT_TRUE(encoded) << encoded.error().reason;
  EXPECT_EQ(hex(bytes), hex(golden.bytes));
}

TEST_P(Goldens, AreSpokenWithoutLoss) {
  const Golden& golden = GetParam();
  Exact bytes(golden.bytes);
  const Spoken spoken = speak(golden.sender, golden.stage, frame_of(golden, bytes));
  EXPECT_EQ(spoken.name, golden.name);
  std::string again;
  EXPECT_TRUE(from_json(again, golden.sender, spoken.name, spoken.fields));
  EXPECT_EQ(hex(again), hex(golden.bytes));
}

TEST_P(Goldens, AreEncodedFromTheirStruct) {
  const Golden& golden = GetParam();
  Exact bytes(golden.bytes);
  bool visited = false;
  auto decoded =
      decode(golden.sender, golden.stage, frame_of(golden, bytes), [&]<class M>(MessageType type, const M& message) {
        visited = true;
        EXPECT_EQ(name_of(type), golden.name);
        std::string again;
        ASSERT_TRUE(encode(again, message));
        EXPECT_EQ(hex(again), hex(golden.bytes));
      });
  EXPECT_TRUE(decoded && visited);
}

TEST_P(Goldens, AreRefusedWhereverTheyAreCut) {
  as_message([]<class M>(const std::string& body) {
    for (std::size_t size = 0; size < body.size(); ++size) {
      Exact cut(wire::Bytes(body).substr(0, size));
      auto decoded = decode_as<M>(cut);
      if (decoded) {
        EXPECT_TRUE(ends_open<M>()) << "decoded although cut to " << size;
        continue;
      }
      EXPECT_EQ(decoded.error().message, M::name);
      EXPECT_NE(describe(decoded.error()), "");
      EXPECT_TRUE(!decoded.error().field.empty() || requires(M m) { m.fields; }) << "names no field, cut to " << size;
      EXPECT_LE(decoded.error().offset, size);
    }
  });
}

TEST_P(Goldens, AreRefusedWithAByteMore) {
  as_message([]<class M>(const std::string& body) {
    if (ends_open<M>()) return;
    Exact longer(body + "x");
    auto decoded = decode_as<M>(longer);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().code, DecodeCode::trailing_bytes);
    EXPECT_EQ(decoded.error().message, M::name);
    EXPECT_EQ(decoded.error().offset, body.size());
  });
}

// No byte of a frame can be changed into a crash, and what still decodes says the same bytes again.
TEST_P(Goldens, SurviveAnyChangedByte) {
  const Golden& golden = GetParam();
  for (std::size_t at = 0; at < golden.bytes.size(); ++at) {
    for (const char with : {'\0', '\1', '\x7f', '\x80', '\xff'}) {
      std::string changed = golden.bytes;
      changed[at] = with;
      Exact bytes(changed);
      const wire::Frame frame = frame_of(golden, bytes);
      if (frame.whole.empty()) continue;
      (void)decode(golden.sender, golden.stage, frame, [&]<class M>(MessageType, const M& message) {
        std::string again;
        EXPECT_TRUE(encode(again, message) && again == changed);
      });
      std::string again;
      const Spoken spoken = speak(golden.sender, golden.stage, frame);
      EXPECT_TRUE(from_json(again, golden.sender, spoken.name, spoken.fields) && again == changed) << spoken.fields;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Goldens, testing::ValuesIn(goldens()), [](const auto& info) {
  std::string name = std::filesystem::path(info.param.file).filename();
  std::ranges::replace_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

TEST(GoldenPairs, ExistForEveryMessage) {
  std::set<std::string> there;
  for (const auto& golden : goldens())
    there.insert(std::string(1, static_cast<char>(golden.sender)) + "-" + golden.name);
  for (const Sender sender : {Sender::frontend, Sender::backend})
    with_messages(sender, [&]<class... M>(MessageList<M...>) {
      for (const std::string_view name : {M::name...}) {
        const auto pair = std::string(1, static_cast<char>(sender)) + "-" + std::string(name);
        EXPECT_EQ(there.erase(pair), 1u) << pair << " has no golden pair: see golden/record.py";
      }
    });
  for (const auto& left : there) ADD_FAILURE() << left << " is a golden pair of no message";
}

}  // namespace
}  // namespace pgconform::protocol::json
