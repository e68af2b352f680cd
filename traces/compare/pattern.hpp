#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compare/bindings.hpp"

// One received message against one B line: docs/notation.md, "Values".
namespace pgconform::compare {

// Facet: a part of an answer that is judged at a level of its own.
enum class Facet : std::uint8_t { none, sqlstate, severity, tag };

// facet_name: "sqlstate", "severity", "tag"; empty for none.
std::string_view facet_name(Facet facet);

// Difference: one place where a message is not what was expected.
struct Difference {
  std::string path;      // `values[0]`, `columns[1].type_oid`
  std::string expected;  // a pattern, or words
  std::string actual;    // JSON, or `nothing`
  Facet facet = Facet::none;
  bool operator==(const Difference&) const = default;
};

// Match: empty `differences` say that the message fits; `bound` is what `$as` then binds, in order.
struct Match {
  std::vector<Difference> differences;
  std::vector<std::pair<std::string, Json>> bound;

  bool exact() const { return differences.empty(); }
  // only_facets: the message is the expected one, but for what is judged apart.
  bool only_facets() const;
};

// match: the fields of a received message `name` (with defaults written out) against those that a line names.
// References are looked up in what this message has bound so far, then in `bindings`.
Match match(std::string_view name, const Json& pattern, const Json& actual, const Bindings& bindings);

}  // namespace pgconform::compare
