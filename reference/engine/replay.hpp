#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "session/engine.hpp"

// A stand-in for a session in tests: runs a query string on a Backend as postgres.c does, and writes what a client
// would see, one line a message.
namespace pgconform::engine {

// Client: one session. Lines: "T name:type(modifier) …", "D value | value" (NULL is \N), "C tag", "I" (empty query),
// "N SEVERITY sqlstate message", "E SEVERITY sqlstate message @position" and at last "Z status".
class Client {
 public:
  // with_fields: an error or notice is followed by "F D=detail H=hint s=schema …", as far as it has these.
  explicit Client(session::Backend& backend, bool with_fields = false) : backend_(backend), with_fields_(with_fields) {}

  // query: begin with a query string: all that is said until it is done, or has to be woken.
  std::string query(std::string_view sql);
  // resume: go on after a wake, or because `later` has passed.
  std::string resume(std::chrono::milliseconds later = {});
  // cancel: end the query as a cancel request does.
  std::string cancel();
  bool is_waiting() const { return waiting_; }
  // last_error: the whole report of the last error.
  const session::Report& last_error() const { return last_error_; }

 private:
  enum class Slice : std::uint8_t { done, failed, waiting };
  Slice go_on();
  Slice begin_statement();
  Slice run_statement();
  std::string said();
  bool fail(const session::Report& report);
  void notices();
  void describe();

  std::string line(char letter, const session::Report& report) const;

  session::Backend& backend_;
  bool with_fields_;
  std::string out_;
  bool waiting_ = false;
  std::chrono::system_clock::time_point now_{std::chrono::seconds(1'700'000'000)};
  std::chrono::steady_clock::time_point clock_{};
  std::vector<std::shared_ptr<const session::Parsed>> parsed_;
  std::size_t at_ = 0;
  std::shared_ptr<const session::Statement> statement_;
  std::unique_ptr<session::Execution> execution_;
  bool described_ = false;
  session::Report last_error_;
};

// simple_query: the simple query cycle, which must not have to be woken.
std::string simple_query(session::Backend& backend, std::string_view sql);

}  // namespace pgconform::engine
