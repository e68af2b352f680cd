#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compare/pattern.hpp"
#include "notation/ast.hpp"

// What may still come. A run of B lines is a regular expression over received messages; what is left of it after a
// message is its derivative by that message (Brzozowski, Antimirov). Lines of different connections commute, because
// nobody can tell which of two connections the server wrote to first: a message is offered to every line that is not
// kept from it by an earlier line of its own connection.
//
//   [a] B? X  [b] B Y  [a] B Z      by [a] Z      ->   [b] B Y
//   any-order { P Q R }             by Q          ->   any-order { P R }
//   either { x: P Q   y: P R }      by P          ->   Q, or R
//   repeat 3 { P Q }                by P          ->   Q  repeat 2 { P Q }
namespace pgconform::compare::residual {

using notation::Item;

struct Node;
// List: a sequence of nodes that never change; lists share their tails. Null is the empty sequence.
using List = const Node*;

// Node: one line or block of which something may still come.
struct Node {
  enum class Kind : std::uint8_t { leaf, shuffle, choice, repeat };
  Kind kind = Kind::leaf;
  const Item* item = nullptr;                        // the line, or the block's
  notation::Occurs occurs = notation::Occurs::once;  // leaf: becomes `any` once a `B+` has come
  std::uint32_t left = 0;                            // repeat
  std::vector<List> parts{};                         // shuffle; choice: one an alternative; repeat: its body
  List next = nullptr;
};

// Taken: the alternative of an `either` that was entered.
struct Taken {
  const Item* either = nullptr;
  const notation::Alternative* alternative = nullptr;
  bool operator==(const Taken&) const = default;
};

// Received: one message that arrived, or "close" or "tls-alert".
struct Received {
  std::string connection, name;
  Json fields = Json::object();
};

// Derived: one way in which a message was taken.
struct Derived {
  List rest = nullptr;
  const Item* item = nullptr;  // the line that took it
  Match match{};
  std::vector<Taken> taken{};
};

// Attempt: a line that a message was held against in vain; `same_name`: only fields differ.
struct Attempt {
  const Item* item = nullptr;
  bool same_name = false;
  std::vector<Difference> differences{};
};

// Space: makes lists and owns their nodes until it is cleared.
class Space {
 public:
  // list: `items`, which must outlive the space's contents, before `tail`.
  List list(std::span<const Item> items, List tail = nullptr);
  // concat: `first` before `tail`.
  List concat(List first, List tail);
  void clear() { nodes_.clear(); }

  // derive: what is left of `list` after `received`, for every way to take it, in file order. Lines that might have
  // taken it and did not go to `attempts`. True if `list` may also do without: every line of that connection is
  // optional, so the message may belong to what follows.
  bool derive(List list, const Received& received, const Bindings& bindings, std::vector<Derived>& out,
              std::vector<Attempt>& attempts);

 private:
  struct Way {
    List rest = nullptr;
    std::vector<Taken> taken{};
  };

  List add(Node node) { return &nodes_.emplace_back(std::move(node)); }
  void take(List node, const Received& received, const Bindings& bindings, std::vector<Derived>& out,
            std::vector<Attempt>& attempts);
  std::vector<Way> pass(List node, std::string_view connection);
  std::vector<Way> pass_all(List list, std::string_view connection);

  std::deque<Node> nodes_;
};

// nullable: nothing more needs to come. The alternatives that nothing at all satisfies are added to `taken`.
bool nullable(List list, std::vector<Taken>* taken = nullptr);

// same: the two lists leave the same to come.
bool same(List a, List b);

using Connections = std::set<std::string, std::less<>>;
// needed: adds the connections on which something must still come, whichever alternatives are taken. possible: adds
// those on which something may have to come. Both stop when they have found `most` of them.
void needed(List list, std::size_t most, Connections& connections);
void possible(List list, std::size_t most, Connections& connections);

}  // namespace pgconform::compare::residual
