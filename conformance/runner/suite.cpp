#include "runner/suite.hpp"

#include <fmt/format.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <csignal>
#include <exception>

#include "client/connection.hpp"

namespace pgconform::runner {

namespace {

using Clock = std::chrono::steady_clock;

class Suite {
 public:
  Suite(SuiteOptions& options, std::span<const Entry* const> entries)
      : options_(options), entries_(entries), signals_(io_), timer_(io_) {
    options_.run.live = &live_;
  }

  SuiteOutcome run() {
    const auto begun = Clock::now();
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    await_signal();
    if (options_.deadline) {
      timer_.expires_after(*options_.deadline);
      timer_.async_wait([this](const std::error_code& error) {
        if (!error) stop(outcome_.cut_short, "the deadline of the whole run has passed");
      });
    }
    outcome_.results.resize(entries_.size());
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      outcome_.results[i].id = entries_[i]->id;
      skip(i, "not run");
    }
    asio::co_spawn(io_, begin(), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
    io_.run();
    for (std::size_t i = 0; i < entries_.size(); ++i)
      if (outcome_.results[i].reason == "not run") skip(i, stopped_.empty() ? "not run" : "not run: " + stopped_);
    outcome_.duration = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
    return std::move(outcome_);
  }

 private:
  void await_signal() {
    signals_.async_wait([this](const std::error_code& error, int) {
      if (error) return;
      if (outcome_.interrupted) return io_.stop();
      stop(outcome_.interrupted, "interrupted");
      await_signal();
    });
  }

  void stop(bool& because, std::string reason) {
    because = true;
    if (stopped_.empty()) stopped_ = std::move(reason);
    aborted_ = true;
    // What runs is not worth waiting for. Each case finds its connections closed, drops its tables and ends.
    options_.run.timeout = std::min(options_.run.timeout, std::chrono::milliseconds(5000));
    for (auto* connection : live_) connection->close();
  }

  void skip(std::size_t i, std::string reason) {
    outcome_.results[i].verdict = Verdict::skipped;
    outcome_.results[i].reason = std::move(reason);
  }

  void done() {
    signals_.cancel();
    timer_.cancel();
  }

  // begin: find out whether anybody is there, then start the workers.
  asio::awaitable<void> begin() {
    client::Connection connection(options_.run.target);
    const auto deadline = net::Clock::now() + options_.run.timeout;
    const client::LoginOptions login;  // named: g++ 12 frees such a temporary twice in a co_await
    live_.insert(&connection);
    auto logged_in = co_await connection.login(login, deadline);
    live_.erase(&connection);
    if (!stopped_.empty()) co_return done();
    if (!logged_in) {
      const auto& failure = logged_in.error();
      if (const auto said = foreign_words(connection, failure.event))
        outcome_.unreachable = "does not speak PostgreSQL: it answered " + *said;
      else if (failure.kind != client::Failure::Kind::protocol)
        outcome_.unreachable = failure.text;
      if (!outcome_.unreachable.empty()) co_return done();
    }
    if (logged_in) co_await connection.terminate(deadline);
    co_await probe_tls();
    std::vector<std::size_t> together, alone;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const auto& test = entries_[i]->test;
      auto reason = unmet(test, options_.capabilities, options_.run.target);
      if (reason.empty() && test.disruptive && !options_.allow_disruptive) reason = "needs --allow-disruptive";
      if (reason.empty() && !options_.postgresql.empty()) reason = outside(test, options_.postgresql);
      if (reason.empty())
        (test.alone || test.disruptive ? alone : together).push_back(i);
      else
        skip(i, reason);
    }
    total_ = together.size() + alone.size();
    queue_ = std::move(together);
    alone_ = std::move(alone);
    workers_ = std::max(1U, options_.jobs);
    for (unsigned k = 0, n = workers_; k < n; ++k)
      asio::co_spawn(io_, work(), [this](const std::exception_ptr& error) { ended(error); });
  }

  // foreign_words: what the login ended with, if that was the first that was said, and in another protocol. Whoever has
  // begun the authentication is judged by the cases.
  static std::optional<std::string> foreign_words(const client::Connection& connection, const client::Event& last) {
    for (const auto& said : connection.conversation().said())
      if (said.what == client::Said::What::frame && said.sender == protocol::Sender::backend &&
          said.spoken_name().starts_with("Authentication"))
        return std::nullopt;
    return client::foreign(last);
  }

  // probe_tls: ask for TLS where the profile does not say whether there is any, as cases need it or need it missing.
  asio::awaitable<void> probe_tls() {
    if (options_.capabilities.contains("tls")) co_return;
    bool there = false;
    if (!options_.run.target.over_unix_socket()) {
      client::Connection connection(options_.run.target);
      const auto deadline = net::Clock::now() + options_.run.timeout;
      auto connected = co_await connection.connect(deadline);
      if (!connected) co_return;
      auto offered = co_await connection.request_tls(deadline);
      if (!offered) co_return;
      there = *offered;
    }
    options_.capabilities["tls"] = there ? "true" : "false";
  }

  void ended(const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
    if (--workers_ > 0) return;
    if (alone_.empty()) return done();
    queue_ = std::exchange(alone_, {});
    next_ = 0;
    workers_ = 1;
    asio::co_spawn(io_, work(), [this](const std::exception_ptr& failure) { ended(failure); });
  }

  asio::awaitable<void> work() {
    while (next_ < queue_.size() && stopped_.empty()) {
      const auto i = queue_[next_++];
      const auto& entry = *entries_[i];
      Result result;
      try {
        result = co_await execute(options_.run, entry.test, entry.id, static_cast<unsigned>(i + 1));
      } catch (const std::exception& error) {
        result.id = entry.id;
        result.verdict = Verdict::broken;
        result.reason = error.what();
      }
      // Its connections may have been closed under it: whatever came of it proves nothing.
      if (aborted_) {
        skip(i, "cut short: " + stopped_);
        continue;
      }
      finish(entry, result);
      if (options_.fail_fast && options_.stops && options_.stops(entry, result) && stopped_.empty())
        stopped_ = "--fail-fast";
      outcome_.results[i] = std::move(result);
      ++done_;
      if (options_.progress) options_.progress(entry, outcome_.results[i], done_, total_);
    }
  }

  // finish: what a failure of this case does and does not prove.
  void finish(const Entry& entry, Result& result) const {
    const auto& test = entry.test;
    // What it waits for itself is not what its preparation met.
    if (result.verdict == Verdict::broken) return take_refusal(test, result);
    if (result.verdict != Verdict::fail) return;
    const bool any_version = options_.postgresql.empty() && (!test.since.empty() || !test.until.empty());
    bool silent = false;
    for (const auto& failure : result.failures) {
      if (failure.target_down || failure.lost_step) return;
      silent |= failure.no_answer;
    }
    if (any_version) {
      // It may be another version's answer, or wrong: nobody has told which version is meant.
      result.verdict = Verdict::skipped;
      result.reason = fmt::format(
          "{}, as may be right {}: --postgresql tells which version is meant", silent ? "no answer" : "another answer",
          test.since.empty() ? "after until " + test.until.back() : "before since " + test.since.front());
      result.failures.clear();
      return;
    }
    if (!silent && !expects_refusal(test)) take_refusal(test, result);
  }

  // take_refusal: what came refuses a capability about which nothing is known.
  void take_refusal(const notation::Case& test, Result& result) const {
    for (const auto& need : test.needs) {
      if (need.negated || is_role(need.name) || !refuses(need.name, result.actual)) continue;
      const auto known = options_.capabilities.find(need.name);
      if (known != options_.capabilities.end()) continue;
      result.verdict = Verdict::unsupported;
      result.reason = "refuses " + need.name;
      return;
    }
  }

  SuiteOptions& options_;
  std::span<const Entry* const> entries_;
  std::set<client::Connection*> live_;  // before io_, which ends the cases that are left when it goes
  asio::io_context io_{1};
  asio::signal_set signals_;
  asio::steady_timer timer_;
  SuiteOutcome outcome_;
  std::string stopped_;   // why no further case is begun
  bool aborted_ = false;  // and those that run are to end
  std::vector<std::size_t> queue_, alone_;
  std::size_t next_ = 0, total_ = 0, done_ = 0;
  unsigned workers_ = 0;
};

}  // namespace

SuiteOutcome run_suite(SuiteOptions options, std::span<const Entry* const> entries) {
  return Suite(options, entries).run();
}

}  // namespace pgconform::runner
