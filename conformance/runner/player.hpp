#pragma once

#include <asio/awaitable.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/connection.hpp"
#include "compare/asynchronous.hpp"
#include "compare/bindings.hpp"
#include "compare/matcher.hpp"
#include "runner/execute.hpp"

namespace pgconform::runner {

// Player: plays the items of one case once. It says the F lines, holds what comes against the B lines, and stops at the
// first thing that differs.
class Player {
 public:
  Player(const Run& run, const notation::Case& test, std::vector<notation::Item> items,
         const std::map<std::string, std::string>& unique_names);
  ~Player();
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  asio::awaitable<void> play();

  // retry: the outcome proves nothing; at most that many more times. 0: it does prove something.
  unsigned retry() const { return retry_; }
  // reckless: somebody said what is illegal, or the target ended a connection; it has to show that it is still there.
  bool reckless() const;
  void report(Result& result) const;

 private:
  struct Line {  // one connection
    std::unique_ptr<client::Connection> connection;
    std::optional<client::Event> pending;  // came before anybody waited for it: the failure of a handshake
    std::deque<compare::Received> early;   // came, and belongs to what follows
    bool connected = false, closed = false;
    bool hung_up = false;  // closed, and not by us
  };

  asio::awaitable<bool> play_items(const std::vector<notation::Item>& items);
  asio::awaitable<bool> play_item(const notation::Item& item);
  asio::awaitable<bool> verb(const notation::Item& item);
  asio::awaitable<bool> open_all(const notation::Item& item);
  asio::awaitable<bool> settle();
  asio::awaitable<bool> take_one(const std::set<std::string, std::less<>>& names);
  asio::awaitable<std::pair<std::string, client::Event>> first_of(const std::set<std::string, std::less<>>& names);
  asio::awaitable<bool> flush_all();
  asio::awaitable<bool> flush(Line& line);
  asio::awaitable<bool> say_goodbye();
  asio::awaitable<Line*> line(const std::string& name, std::size_t at);
  asio::awaitable<Line*> log_in(const std::string& name, const notation::Json& how, std::size_t at);
  Line& open(const std::string& name, const notation::Json& how);

  bool say(Line& line, const notation::Item& item);
  bool offer(compare::Received received, Line& line);
  void write_down(std::string said);
  bool fail(std::string text, std::size_t at, bool no_answer = false);
  bool broken(std::string text);
  net::TimePoint deadline() const;

  const Run& run_;
  const notation::Case& test_;
  std::vector<notation::Item> items_;
  compare::Asynchronous asynchronous_;
  compare::Bindings bindings_;
  compare::Matcher matcher_;
  std::map<std::string, Line> lines_;
  std::deque<std::string> conversation_;
  std::size_t conversation_size_ = 0, forgotten_ = 0;
  std::map<const notation::Item*, std::string> differing_;  // messages taken although a facet differs
  std::vector<Failure> failures_;
  std::string broken_, actual_;
  unsigned retry_ = 0;
};

}  // namespace pgconform::runner
