#include "compare/alignment.hpp"

#include <algorithm>
#include <array>

#include "notation/printer.hpp"

namespace pgconform::compare {

namespace {

constexpr std::string_view ready = "ReadyForQuery", closing = "close";
constexpr std::size_t longest_line = 400;
constexpr std::size_t most_departures = 1000;  // whoever sees as many needs no more

// What clients rely on right after the login; the others are as the server's machine and version have it.
constexpr std::array<std::string_view, 5> relied_on{"client_encoding", "DateStyle", "integer_datetimes",
                                                    "server_version", "standard_conforming_strings"};
constexpr std::string_view varying = "server_version";

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

std::string line(const Answered& answered) {
  auto text =
      notation::print_message({.side = notation::Side::backend, .name = answered.name, .fields = answered.fields});
  if (text.size() > longest_line) text = text.substr(0, longest_line) + "…";
  return text;
}

Alignment::Alignment(std::vector<Answered> recorded) : recorded_(std::move(recorded)) {
  for (std::size_t i = 0; i < recorded_.size(); ++i)
    if (!is_asynchronous(recorded_[i].name)) steps_.push_back(i);
}

std::size_t Alignment::cycle_end() const {
  auto end = next_;
  while (end < steps_.size() && recorded_[steps_[end]].name != ready) ++end;
  return end;
}

std::size_t Alignment::reached() const {
  // Nobody waits for what a server that has failed will not say.
  const auto step = failed_ ? cycle_end() : next_;
  return step < steps_.size() ? steps_[step] : recorded_.size();
}

void Alignment::depart(Kind kind, const Answered* answered, std::string path) {
  Departure departure{.kind = kind, .path = std::move(path)};
  if (next_ < steps_.size()) {
    departure.recorded = steps_[next_];
    if (kind != Kind::extra) departure.expected = line(recorded_[steps_[next_]]);
  }
  if (answered) departure.answered = line(*answered);
  departures_.push_back(std::move(departure));
}

void Alignment::match(const Answered& answered) {
  for (auto& unlike : answers_.compare(recorded_[steps_[next_]], answered))
    depart(unlike.kind, &answered, std::move(unlike.path));
  if (answered.name == ready && !std::exchange(logged_in_, true)) compare_parameters();
  ++next_;
}

// compare_parameters: those told during the login, whatever their order.
void Alignment::compare_parameters() {
  for (std::size_t i = 0; i < steps_[next_]; ++i) {
    const auto& one = recorded_[i];
    if (one.name != "ParameterStatus" || !one.fields.contains("name")) continue;
    const auto name = text_of(one.fields["name"]), value = text_of(one.fields["value"]);
    if (std::ranges::find(relied_on, name) == relied_on.end()) continue;
    const auto now = parameters_.find(name);
    if (now != parameters_.end() && (name == varying || now->second == value)) continue;
    Departure departure{.kind = Kind::missing, .recorded = i, .path = name, .expected = line(one)};
    if (now != parameters_.end()) {
      departure.kind = Kind::value;
      departure.answered = line({one.name, {{"name", name}, {"value", now->second}}});
    }
    departures_.push_back(std::move(departure));
  }
}

// settle_held: what was unexpected has turned out to be one message too many, or another in place of the one due.
void Alignment::settle_held(bool extra) {
  const auto held = *std::exchange(held_, std::nullopt);
  depart(extra ? Kind::extra : Kind::type, &held);
}

void Alignment::offer(const Answered& answered) {
  if (departures_.size() >= most_departures) over_ = true;
  if (over_) return;
  if (answered.name == closing) return closed();
  if (is_asynchronous(answered.name)) {
    if (!logged_in_ && answered.name == "ParameterStatus" && parameters_.size() < 1000)
      parameters_[text_of(answered.fields["name"])] = text_of(answered.fields["value"]);
    return;
  }
  if (diverged_) {
    const auto end = cycle_end();
    if (answered.name != ready || end == steps_.size()) return;
    next_ = end;
    diverged_ = failed_ = false;
    return match(answered);
  }
  if (held_) {
    if (due(answered.name)) {
      settle_held(true);
      return match(answered);
    }
    const bool replaced =
        next_ + 1 < steps_.size() && recorded_[steps_[next_ + 1]].name == answered.name && !due(ready);
    settle_held(false);
    if (replaced) {
      ++next_;
      return match(answered);
    }
    diverged_ = true;
    return offer(answered);
  }
  if (due(answered.name)) return match(answered);
  if (next_ == steps_.size()) return depart(Kind::extra, &answered);
  // What was skipped is missing; a login, and an error, end what came before them.
  const auto end = cycle_end();
  for (auto ahead = next_ + 1; ahead < steps_.size() && ahead <= end; ++ahead) {
    if (recorded_[steps_[ahead]].name != answered.name) continue;
    depart(Kind::missing, nullptr);
    if (ahead - next_ > 1) departures_.back().expected += " and " + std::to_string(ahead - next_ - 1) + " more";
    next_ = ahead;
    return match(answered);
  }
  if (answered.name == "ErrorResponse") {
    depart(Kind::type, &answered);
    diverged_ = failed_ = true;
    return;
  }
  held_ = answered;
}

void Alignment::closed() {
  if (held_) settle_held(false);
  over_ = true;
  if (next_ == steps_.size()) return;
  if (due(closing)) {
    ++next_;
    return;
  }
  const Answered close{.name = std::string(closing)};
  depart(Kind::early_close, &close);
}

void Alignment::nonsense(std::string what) {
  if (over_) return;
  if (held_) settle_held(false);
  depart(Kind::type, nullptr);
  departures_.back().answered = std::move(what);
  over_ = true;
}

void Alignment::silence() {
  if (over_) return;
  if (held_) settle_held(false);
  if (next_ < steps_.size()) depart(Kind::no_answer, nullptr);
  over_ = true;
}

void Alignment::finish() {
  if (held_) settle_held(next_ == steps_.size());
  over_ = true;
}

}  // namespace pgconform::compare
