#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// What a conversation in text form says, once read: docs/notation.md. The tree knows that a message has a name and
// fields; which names and which fields there are is known to `protocol` only.
namespace pgconform::notation {

// Json: the fields of a message, in the order in which they were written.
using Json = nlohmann::ordered_json;

// Place: where something stands in its file, both counted from 1, columns in bytes. Two things that differ only in
// where they stand are equal.
struct Place {
  std::size_t line = 0;
  std::size_t column = 0;
  friend bool operator==(const Place&, const Place&) { return true; }
};

// Error: why a text could not be read, or a warning about one that could.
struct Error {
  std::string file;
  Place place;
  std::string what;      // `unknown header key "levle"`
  std::string expected;  // `one of title, covers, …`; may be empty
  // text: `FILE:LINE:COLUMN: what, expected …`.
  std::string text() const;
};

enum class Side : std::uint8_t { frontend, backend };

// Occurs: how often a backend message may come: `B`, `B?`, `B*`, `B+`.
enum class Occurs : std::uint8_t { once, optional, any, some };

// Message: one message of one side. `F raw` has the name "raw". Two names stand for what a backend does below the
// protocol: "close" (FIN or RST) and "tls-alert" with the field `alert`.
struct Message {
  Side side = Side::frontend;
  Occurs occurs = Occurs::once;
  std::string name{};
  Json fields = Json::object();
  bool operator==(const Message&) const = default;
};

// Verb: something done to a connection (or, for barrier and churn, to the whole conversation).
struct Verb {
  enum class Kind : std::uint8_t { connect_raw, connect, tls, direct_tls, segment, barrier, shutdown, close, churn };
  Kind kind = Kind::barrier;
  Json argument = Json::object();  // connect, tls, direct-tls, close
  std::uint32_t count = 0;         // churn
  bool operator==(const Verb&) const = default;
};

struct Item;

// Alternative: one of several continuations of an `either`. With `retry` the outcome proves nothing: the case is run
// again, at most that many times.
struct Alternative {
  std::string label;
  std::vector<Item> items;
  std::optional<std::uint32_t> retry;
  Place place;
  bool operator==(const Alternative&) const;
};

// Block: lines between `any-order`, `repeat N` or `either` and their `end`.
struct Block {
  enum class Kind : std::uint8_t { any_order, repeat, either };
  Kind kind = Kind::any_order;
  std::uint32_t times = 1;                // repeat
  std::vector<Item> items;                // any-order, repeat
  std::vector<Alternative> alternatives;  // either
  bool operator==(const Block&) const;
};

// default_connection: the connection of lines that name none; `F Query` is `[a] F Query`.
inline constexpr std::string_view default_connection = "a";

// Item: one line, or one block.
struct Item {
  Place place{};
  std::string connection{default_connection};
  std::optional<std::uint64_t> at{};  // microseconds since the recording began
  std::variant<Message, Verb, Block> what{};

  const Message* message() const { return std::get_if<Message>(&what); }
  const Verb* verb() const { return std::get_if<Verb>(&what); }
  const Block* block() const { return std::get_if<Block>(&what); }
  bool operator==(const Item&) const;
};

inline bool Block::operator==(const Block&) const = default;
inline bool Alternative::operator==(const Alternative&) const = default;
inline bool Item::operator==(const Item&) const = default;

// is_expectation: `item` waits for the backend only, so that it can be given to a matcher: a B line, or a block that
// holds nothing else.
bool is_expectation(const Item& item);

// Need: one word of `needs:`; `!tls` is negated.
struct Need {
  std::string name;
  bool negated = false;
  bool operator==(const Need&) const = default;
};

// Recorded: how a conversation was recorded; every key is optional except `format` in a trace.
struct Recorded {
  std::string format{}, client{}, server{}, tls{}, protocol{}, when{}, note{};
  bool operator==(const Recorded&) const = default;
};

// Case: one conformance case. `id` is the name within its file.
struct Case {
  Place place{};
  std::string id{}, title{};
  std::vector<std::string> covers{}, spec{}, sentences{};
  std::string level = "postgresql";  // must, should, postgresql
  std::vector<Need> needs{};
  std::vector<std::string> since{}, until{};  // versions: 15, 14.7
  std::string begin{};
  std::vector<std::string> was{};
  std::vector<std::string> cleanup{};  // statements
  bool alone = false, disruptive = false;
  Recorded recorded{};
  std::vector<Item> items{};
  bool operator==(const Case&) const = default;
};

// Trace: one recorded conversation.
struct Trace {
  Recorded recorded;
  std::vector<Item> items;
  bool operator==(const Trace&) const = default;
};

}  // namespace pgconform::notation
