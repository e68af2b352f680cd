#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "client/test_support.hpp"

// Against a real server, where PGCONFORM_TEST_TARGET names one that has the roles of ci/targets/postgresql:
//
//   ci/targets/postgresql start >target.json && PGCONFORM_TEST_TARGET=@target.json build/traces/client/client_test
namespace pgconform::client {
namespace {

using namespace testing;
using asio::awaitable;

class Live : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* name = std::getenv("PGCONFORM_TEST_TARGET");
    if (!name || !*name) GTEST_SKIP() << "PGCONFORM_TEST_TARGET is not set";
    auto parsed = Target::parse(name);
    ASSERT_TRUE(parsed) << parsed.error();
    target = *parsed;
  }
  void run(const std::function<awaitable<void>()>& body) {
    asio::io_context context;
    bool done = false;
    asio::co_spawn(context, body(), [&](std::exception_ptr exception) {
      done = true;
      EXPECT_FALSE(exception);
    });
    context.run_for(std::chrono::minutes(1));
    EXPECT_TRUE(done);
  }
  // enter: the SQLSTATE or text that logging in ends with; empty when it succeeds, runs a query and leaves in order.
  std::string enter(const std::string& role, Encryption encryption) {
    std::string outcome;
    run([&]() -> awaitable<void> {
      Connection connection(target, {.role = role});
      const LoginOptions login{.encryption = encryption};
      auto result = co_await connection.login(login, soon());
      EXPECT_EQ(connection.violations(), std::vector<std::string>{});
      EXPECT_TRUE(connection.credentials().password.empty() || role == "" || role == "cleartext" ||
                  !testing::log(connection).contains(connection.credentials().password));
      if (!result) {
        outcome = result.error().event.error_field('C');
        if (outcome.empty()) outcome = result.error().text;
        co_return;
      }
      EXPECT_NE(connection.facts().pid, 0);
      EXPECT_EQ(connection.tls() != nullptr, encryption == Encryption::negotiated);
      EXPECT_EQ(text(co_await connection.send("Query", query("SELECT 1"), soon())), "");
      static constexpr std::string_view answers[] = {"RowDescription", "DataRow", "CommandComplete", "ReadyForQuery"};
      for (const auto name : answers) {
        auto event = co_await connection.receive(soon());
        EXPECT_TRUE(event.is(name)) << event.describe();
      }
      auto end = co_await connection.terminate(soon());
      EXPECT_EQ(end.kind, Event::Kind::eof) << end.describe();
    });
    return outcome;
  }

  Target target;
};

TEST_F(Live, EveryRoleComesInOrIsRefused) {
  const std::map<std::string, std::pair<std::string, std::string>> expected{
      // role, and how it ends plain and over TLS
      {"", {"", ""}},
      {"trust", {"", ""}},
      {"cleartext", {"", ""}},
      {"md5", {"", ""}},
      {"scram", {"", ""}},
      {"md5_scram", {"", ""}},
      {"saslprep", {"", ""}},
      {"superuser", {"", ""}},
      {"replicator", {"", ""}},
      {"limited", {"", ""}},
      {"scram_md5", {"28P01", "28P01"}},
      {"expired", {"28P01", "28P01"}},
      {"nologin", {"28000", "28000"}},
      {"nologin_scram", {"28000", "28000"}},
      {"noconnect", {"42501", "42501"}},
      {"reject", {"28000", "28000"}},
      {"hostssl", {"28000", ""}},
      {"certificate", {"28000", ""}},
      {"nopassword",
       {"the server asks for a password, and there is none", "the server asks for a password, and there is none"}},
  };
  for (const auto& [role, ends] : expected) {
    if (!target.role(role)) continue;
    EXPECT_EQ(enter(role, Encryption::none), ends.first) << role;
    // PostgreSQL speaks no TLS there.
    if (target.over_unix_socket()) continue;
    EXPECT_EQ(enter(role, Encryption::negotiated), ends.second) << role << " over TLS";
  }
}

TEST_F(Live, ComesInByEverySslMode) {
  for (const auto mode : {SslMode::disable, SslMode::allow, SslMode::prefer, SslMode::require, SslMode::verify_ca,
                          SslMode::verify_full}) {
    run([&]() -> awaitable<void> {
      auto to = target;
      to.sslmode = mode;
      Connection connection(to);
      auto result = co_await connection.login(soon());
      EXPECT_TRUE(result) << to_string(mode) << ": " << text(result);
      EXPECT_EQ(connection.tls() != nullptr, mode >= SslMode::prefer) << to_string(mode);
    });
  }
}

TEST_F(Live, CancelsAQuery) {
  run([&]() -> awaitable<void> {
    Connection connection(target);
    EXPECT_EQ(text(co_await connection.login(soon())), "");
    EXPECT_EQ(text(co_await connection.send("Query", query("SELECT pg_sleep(60)"), soon())), "");
    for (;;) {
      auto cancelled =
          co_await send_cancel(target, connection.facts().pid, connection.facts().key, Encryption::as_target, soon());
      EXPECT_TRUE(cancelled) << text(cancelled);
      // The request may arrive before the query has begun.
      auto event = co_await connection.receive(net::Clock::now() + std::chrono::milliseconds(500));
      if (event.kind == Event::Kind::timeout || event.is("RowDescription")) continue;
      EXPECT_EQ(event.error_field('C'), "57014") << event.describe();
      break;
    }
  });
}

}  // namespace
}  // namespace pgconform::client
