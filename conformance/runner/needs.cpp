#include "runner/needs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <limits>

namespace pgconform::runner {

namespace {

using notation::Item;
using notation::Json;

constexpr auto words = std::to_array<std::string_view>({
    "auth-clear", "auth-md5", "bin",        "cancel", "control", "copy-both",  "copy-in", "copy-out",     "cursor",
    "ddl",        "ext",      "fcall",      "gss",    "guc",     "listen",     "oauth",   "protocol-3.2", "repl-log",
    "repl-phys",  "scram",    "scram-plus", "sql",    "tls",     "tls-direct", "tx",      "types",
});

constexpr std::string_view role_prefix = "role:", sql_prefix = "sql-";

void collect_references(const Json& value, std::set<std::string>& roles) {
  if (value.is_object()) {
    if (const auto ref = value.find("$ref"); ref != value.end() && ref->is_string()) {
      const auto& name = ref->get_ref<const std::string&>();
      if (name.starts_with("role.")) roles.insert(name.substr(5, name.find('.', 5) - 5));
    }
  }
  if (value.is_structured())
    for (const auto& element : value) collect_references(element, roles);
}

// each_line: calls `visit` with every line, also those inside blocks.
void each_line(const std::vector<Item>& items, const std::function<void(const Item&)>& visit) {
  for (const auto& item : items) {
    const auto* block = item.block();
    if (!block) {
      visit(item);
      continue;
    }
    each_line(block->items, visit);
    for (const auto& alternative : block->alternatives) each_line(alternative.items, visit);
  }
}

struct Version {
  int major = 0, minor = 0;
  auto operator<=>(const Version&) const = default;
};

Version parse(std::string_view text, int without_minor) {
  Version version{0, without_minor};
  const auto [rest, error] = std::from_chars(text.begin(), text.end(), version.major);
  if (rest != text.end()) std::from_chars(rest + 1, text.end(), version.minor);
  return version;
}

// The branch minors `14.7 15.2` mean 14 from 14.7, 15 from 15.2, and everything after 15.
bool reached(const std::vector<std::string>& minors, Version version) {
  Version newest{};
  for (const auto& text : minors) {
    const auto from = parse(text, 0);
    if (from.major == version.major) return version.minor >= from.minor;
    newest = std::max(newest, from);
  }
  return version > newest;
}

// Likewise to 14.6 and to 15.1, and everything before 14.
bool not_passed(const std::vector<std::string>& minors, Version version) {
  constexpr int last = std::numeric_limits<int>::max();
  Version oldest{last, last};
  for (const auto& text : minors) {
    const auto to = parse(text, last);
    if (to.major == version.major) return version.minor <= to.minor;
    oldest = std::min(oldest, to);
  }
  return version < oldest;
}

}  // namespace

std::span<const std::string_view> capabilities() {
  return words;
}
bool is_capability(std::string_view word) {
  if (word.size() > sql_prefix.size() && word.starts_with(sql_prefix)) return true;
  return std::ranges::find(words, word) != words.end();
}
bool is_role(std::string_view word) {
  return word.size() > role_prefix.size() && word.starts_with(role_prefix);
}

std::set<std::string> roles_of(const notation::Case& test) {
  std::set<std::string> roles;
  each_line(test.items, [&](const Item& item) {
    if (const auto* message = item.message()) collect_references(message->fields, roles);
    if (const auto* verb = item.verb()) {
      collect_references(verb->argument, roles);
      if (const auto as = verb->argument.find("as"); as != verb->argument.end() && as->is_string())
        roles.insert(as->get<std::string>());
    }
  });
  return roles;
}

std::string unmet(const notation::Case& test, const Capabilities& known, const client::Target& target) {
  for (const auto& need : test.needs) {
    const bool role = is_role(need.name);
    bool there = true;
    if (role) {
      there = target.role(need.name.substr(role_prefix.size()));
    } else if (need.name == "control") {
      there = !target.control.start.empty() && !target.control.stop.empty();
    } else if (const auto said = known.find(need.name); said != known.end()) {
      there = said->second == "true";
    }
    if (there == need.negated) {
      const auto name = role ? "role " + need.name.substr(role_prefix.size()) : need.name;
      return fmt::format("needs {}{}", need.negated ? "a target without " : "", name);
    }
  }
  for (const auto& role : roles_of(test))
    if (!target.role(role)) return "needs role " + role;
  return "";
}

bool refuses(std::string_view capability, std::string_view actual) {
  if (capability == "tls") return actual == R"(B SSLResponse {"answer":"N"})";
  if (capability == "gss") return actual == R"(B GSSENCResponse {"answer":"N"})";
  return actual.starts_with("B ErrorResponse ") && actual.contains(R"("C":"0A000")");
}

bool expects_refusal(const notation::Case& test) {
  bool expects = false;
  each_line(test.items, [&](const Item& item) {
    const auto* message = item.message();
    if (!message || message->name != "ErrorResponse") return;
    const auto code = message->fields.find("C");
    expects |= code != message->fields.end() && code->dump().contains("0A000");
  });
  return expects;
}

bool version_is_well_formed(std::string_view version) {
  const auto digits = [](std::string_view text) {
    return !text.empty() && text.size() <= 4 && text.find_first_not_of("0123456789") == text.npos;
  };
  const auto dot = version.find('.');
  return digits(version.substr(0, dot)) && (dot == version.npos || digits(version.substr(dot + 1)));
}

std::string outside(const notation::Case& test, std::string_view version) {
  const auto is = parse(version, std::numeric_limits<int>::max());
  if (!test.since.empty() && !reached(test.since, is)) return fmt::format("since {}", fmt::join(test.since, " "));
  if (!test.until.empty() && !not_passed(test.until, is)) return fmt::format("until {}", fmt::join(test.until, " "));
  return "";
}

}  // namespace pgconform::runner
