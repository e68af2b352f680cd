#include "protocol/json/json.hpp"
#include "runner/player.hpp"
#include "runner/received.hpp"

// A player's reading: from the target's messages to what the matcher says of them.
namespace pgconform::runner {

using compare::Outcome;
using compare::Received;

constexpr unsigned patience = 10;  // timeouts, until a flight's answers must be complete

// settle: everything that must come has come.
asio::awaitable<bool> Player::settle() {
  if (matcher_.settled()) co_return true;
  const bool flushed = co_await flush_all();
  if (!flushed) co_return false;
  const auto last = net::Clock::now() + patience * run_.timeout;
  while (!matcher_.settled()) {
    auto [names, each] = matcher_.waiting();
    // Where something must come on each, it is nobody's business on which it comes first.
    if (each) names.erase(std::next(names.begin()), names.end());
    // Rows or notices without end are no answer either.
    if (net::Clock::now() > last)
      co_return fail("[" + *names.begin() + "] no end of the answer within " +
                         std::to_string(patience * run_.timeout.count()) + " ms",
                     0, true);
    const bool good = co_await take_one(names);
    if (!good) co_return false;
  }
  co_return true;
}

// first_of: what comes first on one of the connections. Several take turns of a few milliseconds: this is rare, and
// each waits for the network by itself.
asio::awaitable<std::pair<std::string, client::Event>> Player::first_of(
    const std::set<std::string, std::less<>>& names) {
  constexpr auto turn = std::chrono::milliseconds(5);
  const auto last = deadline();
  for (;;)
    for (const auto& name : names) {
      auto& line = lines_.at(name);
      if (line.pending) co_return std::pair(name, *std::exchange(line.pending, std::nullopt));
      const auto until = names.size() == 1 ? last : std::min<net::TimePoint>(last, net::Clock::now() + turn);
      auto event = co_await line.connection->receive(until);
      if (event.kind != client::Event::Kind::timeout || net::Clock::now() >= last)
        co_return std::pair(name, std::move(event));
    }
}

asio::awaitable<bool> Player::take_one(const std::set<std::string, std::less<>>& names) {
  auto [name, event] = co_await first_of(names);
  auto& line = lines_.at(name);
  if (event.kind == client::Event::Kind::timeout) {
    std::string expected;
    std::size_t at = 0;
    for (const auto* item : matcher_.expected(name)) {
      if (at == 0) at = item->place.line;
      if (item->message()) expected += (expected.empty() ? "" : " or ") + item->message()->name;
    }
    fail("[" + name + "] no answer within " + std::to_string(run_.timeout.count()) + " ms; expected " + expected, at,
         true);
    failures_.back().lost_step = !event.bytes.empty();
    co_return false;
  }
  if (event.ended()) line.closed = line.hung_up = true;
  if (event.kind == client::Event::Kind::message && asynchronous_.tolerated(name, event.name)) co_return true;
  co_return offer(received(name, event), line);
}

bool Player::offer(Received message, Line& line) {
  const auto step = matcher_.offer(message);
  if (step.outcome == Outcome::consumed) {
    if (!step.facets.empty()) differing_[step.item] = line_of(message);
    return true;
  }
  if (step.outcome == Outcome::later) {
    line.early.push_back(std::move(message));
    return true;
  }
  message = shown(std::move(message));
  actual_ = line_of(message);
  fail(describe(step, message), step.attempts.empty() ? 0 : step.attempts.front().item->place.line);
  // No version of anything sends what cannot be read.
  failures_.back().lost_step =
      message.name == protocol::json::raw_name || message.name == "unfinished" || message.name == "error";
  return false;
}

// say_goodbye: every connection ends with Terminate, or where that cannot be said with FIN, and the server's closing;
// nothing else may come.
asio::awaitable<bool> Player::say_goodbye() {
  for (auto& [name, line] : lines_) {
    if (!line.early.empty()) actual_ = line_of(line.early.front());
    if (!line.early.empty())
      co_return fail("[" + name + "] a message that nothing waits for: " + line.early.front().name, 0);
    if (line.closed || !line.connection || !line.connection->is_open() || !line.connected) continue;
    if (line.pending) co_return fail("[" + name + "] " + line.pending->describe(), 0);
    const auto& monitor = line.connection->monitor();
    // Whoever is not logged in, or has not kept to the rules, cannot say Terminate. The end of what he says does as
    // well, and a target that minds may say so.
    const bool broke = monitor.frontend_broke(), half_open = broke || before_login(monitor.phase());
    const bool may_complain = broke || (half_open && monitor.phase() > protocol::Phase::gssenc_requested);
    if (half_open) co_await line.connection->shutdown_write(deadline());
    auto last = co_await line.connection->terminate(deadline());
    using Kind = client::Event::Kind;
    // No rule says that a server must close then.
    if (half_open && last.bytes.empty() && (last.kind == Kind::timeout || last.kind == Kind::tls_alert)) continue;
    if (may_complain && last.is("ErrorResponse")) continue;
    if (last.kind == Kind::timeout && last.bytes.empty())
      co_return fail("[" + name + "] the connection was not closed within " + std::to_string(run_.timeout.count()) +
                         " ms after Terminate",
                     0, true);
    const bool closed = last.kind == Kind::eof || last.kind == Kind::truncated || last.kind == Kind::reset;
    if (!closed || (!last.bytes.empty() && last.kind != Kind::reset)) {
      actual_ = line_of(received(name, last));
      co_return fail("[" + name + "] a message that nothing waits for: " + last.describe(), 0);
    }
  }
  co_return true;
}

}  // namespace pgconform::runner
