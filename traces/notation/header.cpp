#include "notation/header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

namespace pgconform::notation {
namespace {

constexpr std::string_view spaces = " \t";
constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view digits = "0123456789";

std::string_view trim(std::string_view text) {
  auto from = text.find_first_not_of(spaces);
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(spaces) - from + 1);
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> list;
  while (!(text = trim(text)).empty()) {
    auto end = std::min(text.find_first_of(spaces), text.size());
    list.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return list;
}

bool only(std::string_view word, std::string_view characters) {
  return word.find_first_not_of(characters) == word.npos;
}
bool is_id(std::string_view word) {
  return !word.empty() && word[0] != '-' && word[0] != '.' && std::ranges::all_of(word, [](char c) {
    return lower.contains(c) || digits.contains(c) || c == '-' || c == '.';
  });
}
bool is_need(std::string_view word) {
  return !word.empty() && lower.contains(word[0]) && std::ranges::all_of(word, [](char c) {
    return lower.contains(c) || digits.contains(c) || std::string_view("-_.:").contains(c);
  });
}
bool is_version(std::string_view word) {
  auto dot = word.find('.');
  auto major = word.substr(0, dot);
  auto minor = dot == word.npos ? std::string_view("0") : word.substr(dot + 1);
  return !major.empty() && !minor.empty() && major.size() <= 4 && minor.size() <= 4 && only(major, digits) &&
         only(minor, digits);
}
bool is_sentence(std::string_view word) {
  return word.size() == 8 && only(word, "0123456789abcdef");
}

// One header line: key, and value with where it begins.
struct Entry {
  std::string_view key, value;
  std::size_t key_at = 0, value_at = 0;
};
std::optional<Entry> entry(std::string_view line) {
  auto from = line.find_first_not_of(spaces);
  if (from == line.npos) return std::nullopt;
  auto colon = line.find(':', from);
  if (colon == line.npos || colon == from || !only(line.substr(from, colon - from), "abcdefghijklmnopqrstuvwxyz_-"))
    return std::nullopt;
  auto value = trim(line.substr(colon + 1));
  auto at = value.empty() ? colon + 1 : static_cast<std::size_t>(value.data() - line.data());
  return Entry{line.substr(from, colon - from), value, from, at};
}

using Field = std::string Recorded::*;
constexpr std::array<std::pair<std::string_view, Field>, 7> recorded_keys{{
    {"format", &Recorded::format},
    {"client", &Recorded::client},
    {"server", &Recorded::server},
    {"tls", &Recorded::tls},
    {"protocol", &Recorded::protocol},
    {"when", &Recorded::when},
    {"note", &Recorded::note},
}};
constexpr std::string_view recorded_list = "format, client, server, tls, protocol, when or note";
constexpr std::string_view case_list =
    "title, covers, spec, sentence, level, needs, since, until, begin, was, cleanup, alone or disruptive";

// What is wrong with a value: nothing, or what was expected.
using Wanted = std::string_view;

Wanted set_recorded(Recorded& recorded, Field field, const Entry& e) {
  recorded.*field = e.value;
  return field == &Recorded::format && e.value != "1" ? "1, the only format there is" : "";
}

Wanted set_list(std::vector<std::string>& list, const Entry& e, bool (*fits)(std::string_view), Wanted wanted) {
  list = words(e.value);
  return std::ranges::all_of(list, [&](const std::string& word) { return fits(word); }) ? "" : wanted;
}

Wanted set_flag(bool& flag, const Entry& e) {
  flag = e.value == "yes";
  return flag ? "" : "yes";
}

bool any_word(std::string_view) {
  return true;
}

std::optional<Wanted> set_case(Case& c, const Entry& e) {
  if (e.key == "title") return c.title = e.value, "";
  if (e.key == "begin") return c.begin = e.value, "";
  if (e.key == "covers") return set_list(c.covers, e, any_word, "");
  if (e.key == "spec") return set_list(c.spec, e, any_word, "");
  if (e.key == "was") return set_list(c.was, e, any_word, "");
  if (e.key == "cleanup") {
    for (auto rest = e.value; !rest.empty(); rest.remove_prefix(std::min(rest.find(';'), rest.size() - 1) + 1))
      if (const auto one = trim(rest.substr(0, rest.find(';'))); !one.empty()) c.cleanup.emplace_back(one);
    return c.cleanup.empty() ? "statements, separated by ;" : "";
  }
  if (e.key == "sentence") return set_list(c.sentences, e, is_sentence, "eight hexadecimal digits a sentence");
  if (e.key == "since") return set_list(c.since, e, is_version, "versions such as 15 or 14.7");
  if (e.key == "until") return set_list(c.until, e, is_version, "versions such as 15 or 14.7");
  if (e.key == "alone") return set_flag(c.alone, e);
  if (e.key == "disruptive") return set_flag(c.disruptive, e);
  if (e.key == "level") {
    c.level = e.value;
    return e.value == "must" || e.value == "should" || e.value == "postgresql" ? "" : "must, should or postgresql";
  }
  if (e.key == "needs") {
    for (const std::string& word : words(e.value)) {
      bool negated = word.starts_with('!');
      c.needs.push_back({word.substr(negated), negated});
      if (!is_need(c.needs.back().name)) return "words such as ext, role:md5 or !tls";
    }
    return "";
  }
  auto known = std::ranges::find(recorded_keys, e.key, &decltype(recorded_keys)::value_type::first);
  if (known == recorded_keys.end()) return std::nullopt;
  return set_recorded(c.recorded, known->second, e);
}

// Feeds header lines to `set` until a line is none; that line is left in the source. A blank line ends the header of
// a case too: behind it `word:` is a label.
template <class Set>
std::expected<void, Error> read_entries(Source& source, std::string_view known, Set set) {
  std::set<std::string, std::less<>> seen;
  for (;;) {
    auto more = source.next();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) return {};
    if (source.line().starts_with('#')) continue;
    auto e = entry(source.line());
    if (!e) {
      source.again();
      return {};
    }
    if (e->value.empty())
      return std::unexpected(source.error(e->value_at, fmt::format("nothing behind {}:", e->key), "a value"));
    if (!seen.emplace(e->key).second) {
      return std::unexpected(source.error(e->key_at, fmt::format("header key \"{}\" twice", e->key), "each key once"));
    }
    std::optional<Wanted> wanted = set(*e);
    if (!wanted) {
      return std::unexpected(
          source.error(e->key_at, fmt::format("unknown header key \"{}\"", e->key), std::string(known)));
    }
    if (!wanted->empty()) {
      return std::unexpected(
          source.error(e->value_at, fmt::format("wrong value for {}", e->key), std::string(*wanted)));
    }
  }
}

}  // namespace

bool is_blank(std::string_view line) {
  line = trim(line);
  return line.empty() || line.starts_with('#');
}

std::expected<Case, Error> read_case_header(Source& source) {
  Case c;
  std::string_view line = source.line();
  std::string_view id = trim(line.substr(3));
  std::size_t at = id.empty() ? line.size() : static_cast<std::size_t>(id.data() - line.data());
  c.place = {source.number(), 1};
  if (!line.starts_with("=== ") || !is_id(id)) {
    return std::unexpected(source.error(at, "no id of a case", "=== ID, of a-z, 0-9, - and ."));
  }
  c.id = id;
  auto read = read_entries(source, case_list, [&](const Entry& e) { return set_case(c, e); });
  if (!read) return std::unexpected(std::move(read.error()));
  if (c.title.empty()) {
    return std::unexpected(Error{source.file(), c.place, fmt::format("case \"{}\" without a title", c.id), "title: …"});
  }
  return c;
}

std::expected<Recorded, Error> read_trace_header(Source& source) {
  Recorded recorded;
  for (;;) {
    auto more = source.next();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more || !is_blank(source.line())) {
      if (*more) source.again();
      break;
    }
  }
  auto read = read_entries(source, recorded_list, [&](const Entry& e) -> std::optional<Wanted> {
    auto known = std::ranges::find(recorded_keys, e.key, &decltype(recorded_keys)::value_type::first);
    if (known == recorded_keys.end()) return std::nullopt;
    return set_recorded(recorded, known->second, e);
  });
  if (!read) return std::unexpected(std::move(read.error()));
  if (recorded.format.empty()) {
    return std::unexpected(source.error(0, "no header of a trace", "format: 1"));
  }
  return recorded;
}

}  // namespace pgconform::notation
