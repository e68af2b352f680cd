#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compare/residual.hpp"

namespace pgconform::compare {

using residual::Attempt;
using residual::Received;
using residual::Taken;

// Outcome: what became of a message that was offered.
//   consumed   a line took it
//   later      no line wants it now, and none of its connection must come first: it belongs to what follows. Offer it
//              again after the next expect(); if nothing follows, it is a stray
//   mismatch   another message had to come first on its connection
enum class Outcome : std::uint8_t { consumed, later, mismatch };

// Step: the answer to one message.
struct Step {
  Outcome outcome = Outcome::mismatch;
  const notation::Item* item = nullptr;  // consumed: the line that took it
  std::vector<Difference> facets{};      // consumed: what differed and is judged apart
  std::vector<Attempt> attempts{};       // otherwise: the lines that it was held against
};

// describe: a mismatch in words, for people: what was expected, what came, and where the nearest line differs.
std::string describe(const Step& step, const Received& received);

// Matcher: holds received messages against the B lines of one conversation, without I/O. Each run of B lines is given
// to expect(), each received message to offer(); what was optional and has not come stays possible. Messages that the
// Asynchronous of the conversation tolerates are not offered.
//
// All alternatives are followed at once. Where a message fits several lines, those that it fits exactly are preferred
// to those that only a facet keeps apart, then those that stand first in the file.
class Matcher {
 public:
  // `bindings` is read for `$ref` and set by `$as`; it must outlive the matcher.
  explicit Matcher(Bindings& bindings) : bindings_(bindings) {}

  // expect: `items`, each is_expectation() and alive until finished(), come after what is still expected.
  void expect(std::span<const notation::Item> items);
  Step offer(const Received& received);

  // settled: nothing more must come; the conversation may go on. finished: nothing more may come either.
  bool settled() const;
  bool finished() const;
  // Waiting: connections on which something must still come: on `each` of them, or, where the alternatives of an
  // `either` are about different ones, on one of them at least.
  struct Waiting {
    residual::Connections connections{};
    bool each = true;
  };
  Waiting waiting() const;
  // expected: the lines that could take the next message of `connection`.
  std::vector<const notation::Item*> expected(std::string_view connection);

  // taken: the alternatives entered so far, and those that nothing at all satisfies once settled.
  std::vector<Taken> taken() const;
  // facets: every difference so far that is judged apart, with its line.
  const std::vector<std::pair<const notation::Item*, Difference>>& facets() const { return best().facets; }

 private:
  // One way in which everything so far can have been meant.
  struct State {
    residual::List rest = nullptr;
    std::vector<Taken> taken{};
    std::vector<std::pair<std::string, Json>> bound{};
    std::vector<std::pair<const notation::Item*, Difference>> facets{};
  };

  // best: the likeliest state that may end here; if none may, the likeliest.
  const State& best() const;

  Bindings& bindings_;
  residual::Space space_;
  std::vector<State> states_{State{}};  // never empty; the likeliest first
  std::set<std::string, std::less<>> connections_;
};

}  // namespace pgconform::compare
