#include "client/connection.hpp"

#include <nlohmann/json.hpp>

#include "client/test_support.hpp"

namespace pgconform::client {
namespace {

using namespace testing;
using asio::awaitable;
using Json = nlohmann::ordered_json;

awaitable<void> trust(Peer& peer) {
  co_await peer.packet();
  co_await peer.say(greeting());
}

TEST(Connection, SaysNothingUntilToldTo) {
  std::string heard = "nothing";
  with_server(
      "sslmode=disable", [&](Peer& peer) -> awaitable<void> { heard = co_await peer.read(1); },
      [](Target target) -> awaitable<void> {
        Connection connection(target);
        EXPECT_EQ(text(co_await connection.connect(soon())), "");
        EXPECT_EQ((co_await connection.receive(short_wait())).kind, Event::Kind::timeout);
        EXPECT_EQ(text(co_await connection.shutdown_write(soon())), "");
        EXPECT_EQ((co_await connection.receive(soon())).kind, Event::Kind::eof);
        EXPECT_EQ((co_await connection.receive(soon())).kind, Event::Kind::eof);
      });
  EXPECT_EQ(heard, "");
}

TEST(Connection, SendsWhatIsQueuedInOneWrite) {
  with_server(
      "sslmode=disable",
      [](Peer& peer) -> awaitable<void> {
        co_await trust(peer);
        EXPECT_EQ(co_await peer.read(19), std::string("Q\0\0\0\x0dSELECT 1\0S\0\0\0\4", 19));
        co_await peer.say(message('I') + message('Z', "I") + message('Z', "I"));
        EXPECT_EQ(co_await peer.read(5), std::string("X\0\0\0\4", 5));
      },
      [](Target target) -> awaitable<void> {
        Connection connection(target);
        EXPECT_EQ(text(co_await connection.login(soon())), "");
        EXPECT_EQ(text(connection.queue("Query", {{"query", "SELECT 1"}})), "");
        EXPECT_EQ(text(connection.queue("raw", {{"hex", "5300000004"}})), "");
        EXPECT_EQ(text(co_await connection.flush(soon())), "");
        EXPECT_TRUE((co_await connection.receive(soon())).is("EmptyQueryResponse"));
        auto ready = co_await connection.receive(soon());
        EXPECT_EQ(ready.fields(), Json({{"status", "I"}}));
        auto again = connection.take();
        EXPECT_TRUE(again && again->is("ReadyForQuery"));
        EXPECT_TRUE(connection.monitor().idle());
        auto end = co_await connection.terminate(soon());
        EXPECT_EQ(end.kind, Event::Kind::eof) << end.describe();
        EXPECT_TRUE(connection.violations().empty());
      });
}

TEST(Connection, RefusesWhatNoMessageCanHold) {
  with_server(
      "sslmode=disable", [](Peer& peer) { return peer.wait(); },
      [](Target target) -> awaitable<void> {
        Connection connection(target);
        EXPECT_EQ(text(co_await connection.flush(soon())), "");
        EXPECT_NE(text(connection.queue("Query", {{"sql", "x"}})), "");
        EXPECT_NE(text(connection.queue("Quarry", Json::object())), "");
        EXPECT_EQ(text(connection.queue("PasswordMessage", {{"password", {{"$md5", true}}}})),
                  "there was no AuthenticationMD5Password to answer with \"$md5\"");
        EXPECT_EQ(text(connection.queue("SASLResponse", {{"data", {{"$scram", "final"}}}})),
                  "there is no {\"$scram\":\"first\"} before {\"$scram\":\"final\"}");
        EXPECT_EQ(
            text(connection.queue("SASLResponse", {{"data", {{"$scram", "first"}, {"gs", "n"}}}})),
            "unknown key \"gs\" beside \"$scram\"; known are gs2, username, nonce, extensions, mandatory, password, "
            "suffix");
        EXPECT_EQ(text(co_await connection.send("Sync", Json::object(), soon())), "there is no connection to send on");
        EXPECT_EQ((co_await connection.receive(soon())).kind, Event::Kind::error);
      });
}

TEST(Connection, ReadsAheadWhileItWrites) {
  // Both sides write much before they read: with one that does not read meanwhile this would never end.
  static constexpr std::size_t much = 16u << 20;
  with_server(
      "sslmode=disable",
      [](Peer& peer) -> awaitable<void> {
        co_await trust(peer);
        co_await peer.say(
            message('N', std::string("SNOTICE\0C00000\0M", 16) + std::string(much, 'x') + std::string(2, '\0')));
        EXPECT_EQ((co_await peer.frame()).size(), much + 1);
      },
      [](Target target) -> awaitable<void> {
        Connection connection(target);
        EXPECT_EQ(text(co_await connection.login(soon())), "");
        EXPECT_EQ(text(co_await connection.send("Query", query(std::string(much, 'y')), soon())), "");
        auto notice = co_await connection.receive(soon());
        EXPECT_EQ(notice.error_field('M').size(), much);
        EXPECT_EQ((co_await connection.receive(soon())).kind, Event::Kind::eof);
      });
}

TEST(Connection, GivesUpWritingAtTheDeadline) {
  with_server(
      "sslmode=disable",
      [](Peer& peer) -> awaitable<void> {
        co_await trust(peer);
        co_await peer.say("D\x7f\xff\xff\xff");
        co_await peer.read(1);
        // Neither reads nor closes until the client has gone.
        while (peer.stream().is_open() && co_await peer.stream().write(std::string(1 << 20, '\0'))) {
        }
      },
      [](Target target) -> awaitable<void> {
        Connection connection(target, {.max_message = 1 << 20, .max_unread = 1 << 20});
        EXPECT_EQ(text(co_await connection.login(soon())), "");
        const auto fields = query(std::string(32u << 20, 'y'));
        EXPECT_EQ(text(co_await connection.send("Query", fields, short_wait())),
                  "sending failed: no answer before the deadline");
        auto broken = co_await connection.receive(soon());
        EXPECT_EQ(broken.describe(), "bad frame: a message of type \"D\" with the length word 2147483647");
        EXPECT_EQ((co_await connection.receive(soon())).kind, Event::Kind::bad_frame);
        connection.reset();
        EXPECT_FALSE(connection.is_open());
      });
}

TEST(Connection, ReportsMessagesThatDoNotExistAndGoesOn) {
  with_server(
      "sslmode=disable",
      [](Peer& peer) -> awaitable<void> {
        co_await trust(peer);
        co_await peer.say(message('?', "abc") + message('Z', "") + message('1'));
        peer.stream().reset();
      },
      [](Target target) -> awaitable<void> {
        Connection connection(target);
        EXPECT_EQ(text(co_await connection.login(soon())), "");
        auto unknown = co_await connection.receive(soon());
        EXPECT_EQ(unknown.kind, Event::Kind::bad_frame);
        EXPECT_EQ(unknown.bytes, message('?', "abc"));
        auto malformed = co_await connection.receive(soon());
        EXPECT_EQ(malformed.kind, Event::Kind::bad_frame);
        EXPECT_TRUE(malformed.text.contains("ReadyForQuery")) << malformed.text;
        auto uncalled = co_await connection.receive(soon());
        EXPECT_TRUE(uncalled.is("ParseComplete")) << uncalled.describe();
        EXPECT_EQ(connection.violations().size(), 3u);
        auto end = co_await connection.receive(soon());
        EXPECT_EQ(end.kind, Event::Kind::reset) << end.describe();
      });
}

TEST(Connection, FollowsAFrontendThatBreaksTheRules) {
  const auto startup = std::string("\0\0\0\x10\0\3\0\0user\0u\0\0", 16);
  const auto ssl_request = std::string("\0\0\0\x08\x04\xd2\x16\x2f", 8);
  with_server(
      "sslmode=disable",
      [&](Peer& peer) -> awaitable<void> {
        co_await peer.read(24);
        co_await peer.say("N" + greeting());
        co_await peer.wait();
      },
      [&](Target target) -> awaitable<void> {
        Connection connection(target);
        EXPECT_EQ(text(co_await connection.connect(soon())), "");
        connection.queue_bytes(ssl_request);
        connection.queue_bytes(startup);
        EXPECT_EQ(text(co_await connection.flush(soon())), "");
        EXPECT_TRUE((co_await connection.receive(soon())).is("SSLResponse"));
        EXPECT_TRUE((co_await connection.receive(soon())).is("AuthenticationOk"));
        EXPECT_EQ(testing::log(connection).substr(0, 87),
                  "F SSLRequest\nF StartupMessage {\"parameters\":{\"user\":\"u\"}}\nB SSLResponse "
                  "{\"answer\":\"N\"}\n");
      });
}

TEST(Connection, LogsEveryByteOfWhatIsNoMessage) {
  with_server(
      "sslmode=disable",
      [](Peer& peer) -> awaitable<void> {
        co_await trust(peer);
        co_await peer.read(3);
        co_await peer.say(message('N', std::string_view("SN\0C0\0\0", 7)));
        co_await peer.read(5);
        co_await peer.say(message('Z', "I"));
        co_await peer.wait();
      },
      [](Target target) -> awaitable<void> {
        Connection connection(target);
        EXPECT_EQ(text(co_await connection.login(soon())), "");
        const auto before = testing::log(connection).size();
        EXPECT_EQ(text(co_await connection.send_bytes(std::string_view("S\0\0", 3), soon())), "");
        EXPECT_TRUE((co_await connection.receive(soon())).is("NoticeResponse"));
        EXPECT_EQ(text(co_await connection.send_bytes(std::string_view("\0\4sec", 5), soon())), "");
        EXPECT_TRUE((co_await connection.receive(soon())).is("ReadyForQuery"));
        EXPECT_EQ(testing::log(connection).substr(before),
                  "F raw {\"hex\":\"530000\"}\nB NoticeResponse {\"S\":\"N\",\"C\":\"0\"}\nF raw {\"hex\":\"0004\"}\n"
                  "F raw {\"hex\":\"736563\"}\nB ReadyForQuery {\"status\":\"I\"}\n");
      });
}

TEST(Connection, HidesPasswordsThatAreSentAsBytes) {
  with_server(
      "sslmode=disable",
      [](Peer& peer) -> awaitable<void> {
        co_await peer.packet();
        co_await peer.say(authentication(3));
        co_await peer.frame();
        co_await peer.say(greeting());
        co_await peer.wait();
      },
      [](Target target) -> awaitable<void> {
        Connection connection(target);
        const LoginOptions login{.until = "AuthenticationCleartextPassword"};
        EXPECT_EQ(text(co_await connection.login(login, soon())), "");
        EXPECT_TRUE((co_await connection.receive(soon())).is("AuthenticationCleartextPassword"));
        const std::string guess("p\0\0\0\x0aguess\0", 11), half("Q\0\0\0\x40secret", 11);
        EXPECT_EQ(text(co_await connection.send_bytes(guess, soon())), "");
        EXPECT_TRUE((co_await connection.receive(soon())).is("AuthenticationOk"));
        EXPECT_EQ(text(co_await connection.send_bytes(half, soon())), "");
        connection.note("end");
        const auto lines = testing::log(connection);
        EXPECT_TRUE(lines.contains("F PasswordMessage {\"password\":{\"redacted\":\"password\",\"length\":5}}\n"))
            << lines;
        EXPECT_TRUE(lines.contains("F raw {\"redacted\":\"password\",\"length\":11}\n# end\n")) << lines;
      });
}

TEST(Connection, CancelsOnAConnectionOfItsOwn) {
  std::string heard;
  with_server(
      "sslmode=disable", [&](Peer& peer) -> awaitable<void> { heard = co_await peer.packet(); },
      [](Target target) -> awaitable<void> {
        auto answer = co_await send_cancel(target, 7, "\1\2\3\xff", Encryption::as_target, soon());
        EXPECT_TRUE(answer && answer->kind == Event::Kind::eof) << text(answer);
      });
  EXPECT_EQ(heard, std::string("\x04\xd2\x16\x2e\0\0\0\7\1\2\3\xff", 12));
}

TEST(Connection, SaysWhyThereIsNone) {
  Target gone;
  with_server(
      "sslmode=disable", [](Peer& peer) { return peer.wait(); },
      [&](Target target) -> awaitable<void> {
        gone = target;
        co_return;
      });
  with_server(
      "", [](Peer& peer) { return peer.wait(); },
      [&](Target) -> awaitable<void> {
        Connection connection(gone);
        auto refused = co_await connection.login(soon());
        EXPECT_EQ(refused.error().kind, Failure::Kind::network);
        EXPECT_TRUE(text(refused).contains("127.0.0.1")) << text(refused);
      });
}

}  // namespace
}  // namespace pgconform::client
