#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/engine.hpp"

// What a session has given names to. The messages of an extended query and SQL (PREPARE, EXECUTE, DECLARE, FETCH, …)
// work on the same prepared statements and portals, so that session and engine share this.
namespace pgconform::session {

// PreparedStatement: what Parse or PREPARE leaves behind.
struct PreparedStatement {
  std::shared_ptr<const Parsed> parsed;  // null: an empty query
  std::shared_ptr<const Statement> statement;
  std::vector<types::Oid> parameter_types;
  std::string query;
  bool from_sql = false;
  std::chrono::system_clock::time_point prepared_at{};
};

// Move: go so many rows forward or backward in a portal's result, and hand them out or not.
struct Move {
  static constexpr std::int64_t all = -1;
  bool forward = true;
  std::int64_t count = all;
  bool deliver = true;
  std::int64_t done = 0;  // so far
  bool rewind = false;    // first go back to where the portal began
};

// Portal: a statement being run: a cursor, when SQL made it. The rules of its position are PostgreSQL's (pquery.c).
class Portal {
 public:
  PreparedStatement prepared;
  std::vector<types::Value> parameters;
  std::vector<std::int16_t> result_formats;
  std::unique_ptr<Execution> execution;  // null until it first runs
  bool scroll = false;                   // rows are kept, so that it can go backward
  bool hold = false;                     // survives its transaction's commit
  bool held = false;                     // has done so
  bool from_sql = false, binary = false;
  bool active = false;    // running right now: nobody else may run or close it
  bool failed = false;    // its transaction failed: it keeps its name, but never runs again
  bool complete = false;  // a statement without rows that has run
  std::uint32_t subtransaction = 1;
  std::shared_ptr<void> places;  // the engine's: where its rows are from
  std::string tag;               // of the whole run, once that is over
  std::chrono::system_clock::time_point made_at{};

  // fetch: the moves that make up a FETCH or MOVE of the given kind; `deliver` is false for MOVE.
  enum class Direction : std::uint8_t { forward, backward, absolute, relative };
  std::vector<Move> fetch(Direction direction, std::int64_t count, bool deliver) const;
  // move: go on with it. Complete when it is done, otherwise More or Wait. What a row goes to may ask for a pause.
  std::expected<Execution::Progress, Report> move(Move& move, const Execution::Sink& sink,
                                                  std::chrono::steady_clock::time_point now);
  // at_end: nothing comes after the position.
  bool at_end() const { return at_end_; }
  // current: the number of the row that it is on, from 0; none before the first and after the last.
  std::optional<std::int64_t> current() const {
    return at_start_ || at_end_ ? std::nullopt : std::optional(position_ - 1);
  }
  // keep: run to the end and keep the rows: a holdable portal's transaction commits. Complete when it is done.
  std::expected<Execution::Progress, Report> keep(std::chrono::steady_clock::time_point now);

 private:
  using Step = std::expected<Execution::Progress, Report>;
  Step forward(Move& move, const Execution::Sink& sink, std::chrono::steady_clock::time_point now);
  Step backward(Move& move, const Execution::Sink& sink);
  void end(Move& move);

  std::vector<std::vector<types::Value>> rows_;  // those that came, if it scrolls
  std::int64_t position_ = 0;                    // rows before the position, the current one included
  bool at_start_ = true, at_end_ = false, exhausted_ = false;
};

// Names: all of one session.
struct Names {
  std::map<std::string, PreparedStatement, std::less<>> statements;
  std::map<std::string, std::shared_ptr<Portal>, std::less<>> portals;
  std::uint32_t subtransaction = 1;  // in which new portals are made; the engine counts

  // key: names longer than NAMEDATALEN - 1 are cut without a word, wherever they are used.
  static std::string key(std::string_view name) { return std::string(name.substr(0, 63)); }
  PreparedStatement* find_statement(std::string_view name);
  std::shared_ptr<Portal> find_portal(std::string_view name) const;
  // drop_statements: all that have a name.
  void drop_statements() {
    std::erase_if(statements, [](const auto& named) { return !named.first.empty(); });
  }

  // before_commit: those that hold their rows beyond the transaction read them; an error lets the commit fail. To be
  // repeated until it is Complete.
  std::expected<Execution::Progress, Report> before_commit(std::chrono::steady_clock::time_point now);
  // abort: the transaction failed: its portals never run again.
  void abort();
  // end_transaction: it is over, and its portals are gone, except those that hold.
  void end_transaction();
  // abort_subtransaction · drop_subtransaction · release_subtransaction: likewise for those made since a savepoint.
  void abort_subtransaction(std::uint32_t id);
  void drop_subtransaction(std::uint32_t id);
  void release_subtransaction(std::uint32_t id, std::uint32_t parent);
};

}  // namespace pgconform::session
