#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compare/answers.hpp"

namespace pgconform::compare {

// Departure: one way in which the answers are not those of the recording, with both of them for who looks on.
struct Departure {
  Kind kind = Kind::value;
  std::optional<std::size_t> recorded{};  // which of the recorded answers; none behind the last
  std::string path{};                     // the field, where one differs
  std::string expected{}, answered{};     // lines; empty for nothing
};

// Alignment: holds the answers of today's backend against those recorded, one at a time as they come. One cause is one
// departure: after an answer of another kind nothing is compared until both sides are ready for the next query.
class Alignment {
 public:
  // `recorded` are the backend's messages in order, `close` where it closed the connection.
  explicit Alignment(std::vector<Answered> recorded);

  // offer: the next message, or `close`.
  void offer(const Answered& answered);
  // nonsense: bytes that are no message; nothing can be told apart after that.
  void nonsense(std::string what);
  // silence: nothing came in time, though something was due.
  void silence();
  // finish: the conversation is over, and what has come last stands on its own.
  void finish();

  // reached: how many of the recorded answers have been answered, or never will be.
  std::size_t reached() const;
  // over: no further answer will come, or mean anything.
  bool over() const { return over_; }
  const std::vector<Departure>& departures() const { return departures_; }
  // translate: what the frontend says next, with today's ids.
  Json translate(std::string_view name, Json fields) const { return answers_.translate(name, std::move(fields)); }

 private:
  bool due(std::string_view name) const { return next_ < steps_.size() && recorded_[steps_[next_]].name == name; }
  std::size_t cycle_end() const;
  void match(const Answered& answered);
  void depart(Kind kind, const Answered* answered, std::string path = {});
  void settle_held(bool extra);
  void closed();
  void compare_parameters();

  std::vector<Answered> recorded_;
  std::vector<std::size_t> steps_;  // those of them that must come
  std::size_t next_ = 0;            // in steps_
  std::optional<Answered> held_;    // unexpected; what comes next tells how
  bool diverged_ = false;           // until both are ready again
  bool failed_ = false;             // it diverged by an error: the rest of the request will not be answered
  bool over_ = false, logged_in_ = false;
  std::map<std::string, std::string> parameters_;  // today's, up to the first ReadyForQuery
  Answers answers_;
  std::vector<Departure> departures_;
};

// line: `B ErrorResponse {…}` as in a trace, but not longer than fits on a screen.
std::string line(const Answered& answered);

}  // namespace pgconform::compare
