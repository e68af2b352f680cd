#include <gtest/gtest.h>

#include "client/connection.hpp"
#include "client/test_support.hpp"

// What a server says in place of its part of the TLS handshake is told as what it is.
namespace pgconform::client {
namespace {

using namespace testing;
using asio::awaitable;
using Kind = Event::Kind;

const std::string handshake_failure("\x15\x03\x01\0\2\2\x28", 7);

// shaken: how a handshake fails with a server that says `early` together with its S, and `late` when ClientHello has
// come.
Event shaken(std::string early, std::string late) {
  Event event;
  with_server(
      "sslmode=require",
      [=](Peer& peer) -> awaitable<void> {
        co_await peer.packet();
        co_await peer.say("S" + early);
        if (!early.empty()) co_return co_await peer.wait();
        // All of it: closing with something unread would be a reset.
        const auto header = co_await peer.read(5);
        const auto low = static_cast<unsigned char>(header.at(4)), high = static_cast<unsigned char>(header.at(3));
        co_await peer.read(std::size_t{high} << 8 | low);
        co_await peer.say(late);
      },
      [&](Target target) -> awaitable<void> {
        Connection connection(target);
        EXPECT_EQ(text(co_await connection.connect(soon())), "");
        auto offered = co_await connection.request_tls(soon());
        EXPECT_TRUE(offered && *offered);
        auto shaking = co_await connection.start_tls(soon());
        EXPECT_FALSE(shaking);
        if (!shaking) event = shaking.error().event;
        // Told once more to whoever reads on.
        auto again = co_await connection.receive(soon());
        EXPECT_EQ(again.kind, event.kind);
      });
  return event;
}

TEST(Handshake, KnowsAnAlertThatCameBeforeIt) {
  const auto event = shaken(handshake_failure, "");
  EXPECT_EQ(event.kind, Kind::tls_alert) << event.describe();
  EXPECT_EQ(event.alert, 40);
}

TEST(Handshake, KnowsAnAlertInItsMidst) {
  const auto event = shaken("", handshake_failure);
  EXPECT_EQ(event.kind, Kind::tls_alert) << event.describe();
  EXPECT_EQ(event.alert, 40);
}

TEST(Handshake, TellsWhatWasStuffedBeforeIt) {
  const auto event = shaken(greeting(), "");
  EXPECT_EQ(event.kind, Kind::bad_frame) << event.describe();
  EXPECT_EQ(event.bytes, greeting());
  // An alert with something behind it is no alert.
  EXPECT_EQ(shaken(handshake_failure + "x", "").kind, Kind::bad_frame);
}

TEST(Handshake, TellsWhatCameInItsPlace) {
  const auto answer = error("08P01", "no");
  const auto event = shaken("", answer);
  EXPECT_EQ(event.kind, Kind::bad_frame) << event.describe();
  EXPECT_EQ(event.bytes, answer);
}

TEST(Handshake, IsNotClosedByPartOfARecord) {
  for (const std::string part : {"E", "\x16\x03\x03"}) {
    const auto event = shaken("", part);
    EXPECT_EQ(event.kind, Kind::truncated) << event.describe();
    EXPECT_EQ(event.bytes, part);
  }
  EXPECT_EQ(shaken("", "").bytes, "");
}

TEST(Handshake, AlertWithoutTlsIsTold) {
  with_server(
      "sslmode=disable",
      [](Peer& peer) -> awaitable<void> {
        co_await peer.packet();
        co_await peer.say(handshake_failure);
      },
      [](Target target) -> awaitable<void> {
        Connection connection(target);
        auto result = co_await connection.login(soon());
        EXPECT_EQ(text(result), "during the login came tls alert 40");
        EXPECT_EQ((co_await connection.receive(soon())).kind, Kind::tls_alert);
      });
}

}  // namespace
}  // namespace pgconform::client
