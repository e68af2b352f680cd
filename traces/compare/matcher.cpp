#include "compare/matcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "notation/printer.hpp"

namespace pgconform::compare {
namespace {

// Patterns inside any-order that overlap without being equal can be paired in many ways. Beyond this many, the
// unlikeliest are given up.
constexpr std::size_t max_states = 1024;

void collect_connections(std::span<const notation::Item> items, std::set<std::string, std::less<>>& connections) {
  for (const notation::Item& item : items) {
    if (item.message()) connections.insert(item.connection);
    if (auto block = item.block()) {
      collect_connections(block->items, connections);
      for (const notation::Alternative& one : block->alternatives) collect_connections(one.items, connections);
    }
  }
}

std::string line(const notation::Item& item) {
  std::string text = notation::print(item);
  if (!text.empty()) text.pop_back();
  return text;
}

}  // namespace

void Matcher::expect(std::span<const notation::Item> items) {
  if (finished()) {
    // Nothing points into the space any more.
    space_.clear();
    states_.resize(1);
    states_.front().bound.clear();
    connections_.clear();
  }
  collect_connections(items, connections_);
  residual::List list = space_.list(items);
  for (State& state : states_) state.rest = space_.concat(state.rest, list);
}

Step Matcher::offer(const Received& received) {
  struct Next {
    State state;
    Step step;
  };
  std::vector<Next> next;
  std::vector<Attempt> attempts;
  bool exact = false, later = false;
  for (const State& state : states_) {
    std::optional<Bindings> own;  // what this state has bound hides what others have
    if (states_.size() > 1 && !state.bound.empty()) {
      own = bindings_;
      for (const auto& [name, value] : state.bound) own->set(name, value);
    }
    std::vector<residual::Derived> ways;
    later |= space_.derive(state.rest, received, own ? *own : bindings_, ways, attempts);
    for (residual::Derived& way : ways) {
      if (way.match.exact() && !exact) {
        exact = true;
        next.clear();
      }
      if (!way.match.exact() && exact) continue;
      State after{way.rest, state.taken, state.bound, state.facets};
      after.taken.insert(after.taken.end(), way.taken.begin(), way.taken.end());
      for (auto& one : way.match.bound) after.bound.push_back(std::move(one));
      for (const Difference& one : way.match.differences) after.facets.emplace_back(way.item, one);
      bool known = std::ranges::any_of(next, [&](const Next& other) {
        return other.state.bound == after.bound && residual::same(other.state.rest, after.rest);
      });
      if (known || next.size() == max_states) continue;
      next.push_back({std::move(after), {Outcome::consumed, way.item, std::move(way.match.differences), {}}});
    }
  }
  if (next.empty()) return {later ? Outcome::later : Outcome::mismatch, nullptr, {}, std::move(attempts)};

  states_.clear();
  for (Next& one : next) states_.push_back(std::move(one.state));
  for (const auto& [name, value] : states_.front().bound) bindings_.set(name, value);
  if (states_.size() == 1) states_.front().bound.clear();
  return std::move(next.front().step);
}

bool Matcher::settled() const {
  return std::ranges::any_of(states_, [](const State& state) { return residual::nullable(state.rest); });
}

bool Matcher::finished() const {
  return std::ranges::all_of(states_, [](const State& state) { return !state.rest; });
}

Matcher::Waiting Matcher::waiting() const {
  Waiting waiting;
  auto& connections = waiting.connections;
  if (settled()) return waiting;
  residual::needed(states_.front().rest, connections_.size(), connections);
  for (std::size_t i = 1; i < states_.size() && !connections.empty(); ++i) {
    residual::Connections own;
    residual::needed(states_[i].rest, connections_.size(), own);
    std::erase_if(connections, [&](const std::string& name) { return !own.contains(name); });
  }
  if (!connections.empty()) return waiting;
  for (const State& state : states_) residual::possible(state.rest, connections_.size(), connections);
  waiting.each = connections.size() == 1;
  return waiting;
}

std::vector<const notation::Item*> Matcher::expected(std::string_view connection) {
  std::vector<Attempt> attempts;
  std::vector<residual::Derived> none;
  // No message has an empty name, so that this one is held against every line that is next and taken by none.
  for (const State& state : states_)
    space_.derive(state.rest, {std::string(connection), ""}, bindings_, none, attempts);
  std::vector<const notation::Item*> items;
  for (const Attempt& one : attempts) {
    if (std::ranges::find(items, one.item) == items.end()) items.push_back(one.item);
  }
  return items;
}

const Matcher::State& Matcher::best() const {
  auto may_end = std::ranges::find_if(states_, [](const State& state) { return residual::nullable(state.rest); });
  return may_end == states_.end() ? states_.front() : *may_end;
}

std::vector<Taken> Matcher::taken() const {
  const State& state = best();
  std::vector<Taken> all = state.taken, empty;
  if (residual::nullable(state.rest, &empty)) all.insert(all.end(), empty.begin(), empty.end());
  return all;
}

std::string describe(const Step& step, const Received& received) {
  std::vector<const notation::Item*> seen;
  std::string expected, differences;
  for (const Attempt& one : step.attempts) {
    if (std::ranges::find(seen, one.item) != seen.end()) continue;
    seen.push_back(one.item);
    expected += (expected.empty() ? "" : " or ") + line(*one.item);
    for (const Difference& d : one.differences) {
      differences += fmt::format("\n  {}: expected {}, got {}", d.path, d.expected, d.actual);
    }
  }
  notation::Item got{
      .connection = received.connection,
      .what = notation::Message{.side = notation::Side::backend, .name = received.name, .fields = received.fields}};
  return fmt::format("expected {}, got {}{}", expected.empty() ? "nothing" : expected, line(got), differences);
}

}  // namespace pgconform::compare
