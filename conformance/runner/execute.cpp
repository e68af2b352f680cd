#include "runner/execute.hpp"

#include "runner/player.hpp"

namespace pgconform::runner {

namespace {

using notation::Json;

// Refusal: what the refusal of one statement means for those behind it.
enum class Refusal : bool { is_the_end, is_all_the_same };

// Trouble: why statements of our own were not done: one line, and the message that came in place of success.
struct Trouble {
  std::string text, actual = {};
  bool empty() const { return text.empty(); }
};

// do_sql: statements of our own, before and after a case.
asio::awaitable<Trouble> do_sql(const Run& run, std::vector<std::string> statements,
                                Refusal refusal = Refusal::is_the_end) {
  client::Connection connection(run.target);
  const auto deadline = net::Clock::now() + run.timeout;
  client::LoginOptions login;
  auto logged_in = co_await connection.login(login, deadline);
  if (!logged_in) co_return Trouble{"login failed: " + logged_in.error().text};
  for (const auto& statement : statements) {
    const Json fields{{"query", statement}};
    auto sent = co_await connection.send("Query", fields, deadline);
    if (!sent) co_return Trouble{sent.error().text};
    for (;;) {
      auto event = co_await connection.receive(deadline);
      if (event.is("ErrorResponse") && refusal == Refusal::is_the_end)
        co_return Trouble{statement + ": " + event.describe(), connection.conversation().said().back().line()};
      if (event.is("ReadyForQuery")) break;
      if (event.kind != client::Event::Kind::message) co_return Trouble{statement + ": " + event.describe()};
      if (net::Clock::now() > deadline) co_return Trouble{statement + ": no end of the answer before the deadline"};
    }
  }
  co_await connection.terminate(deadline);
  co_return Trouble{};
}

// alive: the canary. A new connection is served.
asio::awaitable<Trouble> alive(const Run& run) {
  const std::vector<std::string> nothing;
  co_return co_await do_sql(run, nothing);
}

}  // namespace

asio::awaitable<Result> execute(const Run& run, const notation::Case& test, std::string id, unsigned number) {
  const auto begun = std::chrono::steady_clock::now();
  Result result;
  result.id = std::move(id);
  unsigned retries = 0;
  for (unsigned attempt = 0;; ++attempt) {
    const std::string token = run.token + std::to_string(number) + (attempt ? "r" + std::to_string(attempt) : "");
    notation::SqlTemplates templates(token, "pgconform_", run.dialect);
    auto items = test.items;
    if (auto expanded = templates.expand_all(items, result.id); !expanded) {
      result.verdict = Verdict::broken;
      result.reason = expanded.error().text();
      break;
    }
    std::vector<std::string> create, drop, cleanup;
    for (const auto& statement : test.cleanup) {
      auto sql = templates.expand(statement);
      if (!sql) result.reason = "cleanup: " + sql.error();
      cleanup.push_back(sql.value_or(""));
    }
    if (!result.reason.empty()) {
      result.verdict = Verdict::broken;
      break;
    }
    for (const auto& table : templates.tables()) {
      create.push_back(table.create);
      drop.push_back(table.drop);
    }
    Trouble trouble;
    if (!create.empty()) trouble = co_await do_sql(run, create);
    if (!trouble.empty()) {
      result.verdict = Verdict::broken;
      result.reason = "cannot make its table: " + trouble.text;
      result.actual = std::move(trouble.actual);
      // It may be there all the same: only the answer was not what we know.
      co_await do_sql(run, drop);
      break;
    }
    Player player(run, test, std::move(items), templates.names());
    co_await player.play();
    player.report(result);
    if (!drop.empty()) {
      trouble = co_await do_sql(run, drop);
      if (!trouble.empty() && result.verdict == Verdict::pass) {
        result.verdict = Verdict::broken;
        result.reason = "cannot drop its table: " + trouble.text;
      }
    }
    // What the case would have put away itself. Some of it was never made: that is no trouble.
    if (!cleanup.empty() && result.verdict != Verdict::pass)
      co_await do_sql(run, std::move(cleanup), Refusal::is_all_the_same);
    if (player.reckless()) {
      trouble = co_await alive(run);
      if (!trouble.empty()) {
        result.verdict = Verdict::fail;
        result.failures.insert(
            result.failures.begin(),
            Failure{Level::must, "", "target down: a new connection is no longer served: " + trouble.text, 0, false,
                    true});
      }
    }
    if (player.retry() == 0 || result.verdict != Verdict::pass) break;
    if (retries == 0) retries = player.retry();
    if (attempt >= retries) {
      result.verdict = Verdict::broken;
      result.reason = "no outcome proves anything after " + std::to_string(attempt + 1) + " attempts";
      break;
    }
  }
  result.duration = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
  co_return result;
}

}  // namespace pgconform::runner
