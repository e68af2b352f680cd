#include "compare/pattern.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "notation/header.hpp"
#include "notation/json_text.hpp"
#include "notation/printer.hpp"

namespace pgconform::compare {
namespace {

using notation::is_special;
using notation::print_json;

bool is_error(std::string_view name) {
  return name == "ErrorResponse" || name == "NoticeResponse";
}

Facet facet_of(std::string_view message, std::string_view field) {
  if (is_error(message)) {
    if (field == "C") return Facet::sqlstate;
    if (field == "S" || field == "V") return Facet::severity;
  }
  return message == "CommandComplete" && field == "tag" ? Facet::tag : Facet::none;
}

// The bytes of a string or of `{"hex":…}`; nothing for another value.
std::optional<std::string> bytes_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (notation::is_bytes(value)) return notation::unhex(value.begin()->get_ref<const std::string&>());
  return std::nullopt;
}

// Whether a < b. nlohmann casts between signed and unsigned, so that -1 would equal 18446744073709551615.
bool less(const Json& a, const Json& b) {
  if (a.is_number_float() || b.is_number_float()) return a.get<double>() < b.get<double>();
  if (a.is_number_unsigned()) {
    return b.is_number_unsigned() ? a.get<std::uint64_t>() < b.get<std::uint64_t>()
                                  : std::cmp_less(a.get<std::uint64_t>(), b.get<std::int64_t>());
  }
  return b.is_number_unsigned() ? std::cmp_less(a.get<std::int64_t>(), b.get<std::uint64_t>())
                                : a.get<std::int64_t>() < b.get<std::int64_t>();
}

bool equal(const Json& a, const Json& b) {
  return a.is_number() && b.is_number() ? !less(a, b) && !less(b, a) : a == b;
}

// The same expression is asked for row after row.
const re2::RE2& compiled(const std::string& text) {
  thread_local std::unordered_map<std::string, std::unique_ptr<re2::RE2>> known;
  if (known.size() > 256) known.clear();
  auto& entry = known[text];
  if (!entry) {
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_dot_nl(true);
    entry = std::make_unique<re2::RE2>(text, options);
  }
  return *entry;
}

class Matcher {
 public:
  Matcher(std::string_view message, const Bindings& bindings) : message_(message), bindings_(bindings) {}

  Match take() { return std::move(result_); }

  void fields(const Json& pattern, const Json& actual) {
    for (const auto& [name, wanted] : pattern.items()) {
      if (is_error(message_) && notation::is_text_field(name) && !notation::is_presence(wanted)) continue;
      auto found = actual.find(name);
      if (name == "V" && is_error(message_) && found == actual.end() && !is_absent(wanted)) found = actual.find("S");
      facet_ = facet_of(message_, name);
      value(wanted, found == actual.end() ? nullptr : &*found, name);
    }
  }

 private:
  static bool is_absent(const Json& pattern) { return is_special(pattern) && pattern.contains("$absent"); }

  void differ(const std::string& path, std::string expected, const Json* actual) {
    result_.differences.push_back({path, std::move(expected), actual ? print_json(*actual) : "nothing", facet_});
  }

  // `actual` is null where there is no such field.
  void value(const Json& pattern, const Json* actual, const std::string& path) {
    if (is_special(pattern)) return special(pattern, actual, path);
    if (!actual) return differ(path, print_json(pattern), actual);
    if (notation::is_redacted(pattern)) return;
    if (auto bytes = bytes_of(pattern)) {
      if (bytes_of(*actual) != bytes) differ(path, print_json(pattern), actual);
    } else if (pattern.is_object() && actual->is_object()) {
      for (const auto& [name, wanted] : pattern.items()) {
        auto found = actual->find(name);
        value(wanted, found == actual->end() ? nullptr : &*found, path + '.' + name);
      }
    } else if (pattern.is_array() && actual->is_array()) {
      if (pattern.size() != actual->size())
        return differ(path, fmt::format("{} elements: {}", pattern.size(), print_json(pattern)), actual);
      for (std::size_t i = 0; i < pattern.size(); ++i) value(pattern[i], &(*actual)[i], fmt::format("{}[{}]", path, i));
    } else if (!equal(pattern, *actual)) {
      differ(path, print_json(pattern), actual);
    }
  }

  // Whether `actual` fits, leaving no trace in the result if it does not. Bindings of what fits stay.
  bool fits(const Json& pattern, const Json* actual, const std::string& path) {
    auto before = std::move(result_);
    result_ = Match{{}, before.bound};
    value(pattern, actual, path);
    bool fine = result_.exact();
    if (fine) before.bound = std::move(result_.bound);
    result_ = std::move(before);
    return fine;
  }

  void special(const Json& pattern, const Json* actual, const std::string& path) {
    auto count = result_.differences.size();
    for (const auto& [key, argument] : pattern.items()) {
      if (key == "$absent") {
        if (actual) differ(path, "nothing", actual);
      } else if (key == "$in") {
        bool any = std::ranges::any_of(argument, [&](const Json& one) { return fits(one, actual, path); });
        if (!any) differ(path, "one of " + print_json(argument), actual);
      } else if (key == "$not") {
        auto bound = result_.bound;
        if (fits(argument, actual, path)) differ(path, "not " + print_json(argument), actual);
        result_.bound = std::move(bound);
      } else if (!actual) {
        if (key != "$as" || pattern.size() == 1) differ(path, print_json(pattern), actual);
      } else if (key == "$re") {
        const auto& text = argument.get_ref<const std::string&>();
        auto bytes = bytes_of(*actual);
        if (!bytes || !re2::RE2::FullMatch(*bytes, compiled(text)))
          differ(path, fmt::format("a match of {}", text), actual);
      } else if (key == "$min") {
        if (!actual->is_number() || less(*actual, argument)) differ(path, "at least " + print_json(argument), actual);
      } else if (key == "$max") {
        if (!actual->is_number() || less(argument, *actual)) differ(path, "at most " + print_json(argument), actual);
      } else if (key == "$ref") {
        reference(argument.get_ref<const std::string&>(), *actual, path);
      } else if (key == "$env") {
        const auto& name = argument.get_ref<const std::string&>();
        auto text = bindings_.environment(name);
        if (!text) {
          differ(path, fmt::format("the value of {}, which is not set", name), actual);
        } else if (bytes_of(*actual) != text) {
          differ(path, print_json(Json(*text)), actual);
        }
      }
    }
    if (pattern.contains("$as") && actual && result_.differences.size() == count) {
      result_.bound.emplace_back(pattern["$as"].get<std::string>(), *actual);
    }
  }

  void reference(const std::string& name, const Json& actual, const std::string& path) {
    // Compared by content: the value came from a message and is no pattern, whatever its keys look like.
    auto here =
        std::ranges::find(result_.bound.rbegin(), result_.bound.rend(), name, &std::pair<std::string, Json>::first);
    const Json* bound = here != result_.bound.rend() ? &here->second : bindings_.find(name);
    if (!bound) return differ(path, fmt::format("the value of \"{}\", which is not bound", name), &actual);
    auto bytes = bytes_of(*bound);
    bool same = bytes ? bytes == bytes_of(actual) : equal(*bound, actual);
    if (!same) differ(path, fmt::format("{} ({})", print_json(*bound), name), &actual);
  }

  std::string_view message_;
  const Bindings& bindings_;
  Facet facet_ = Facet::none;
  Match result_;
};

}  // namespace

std::string_view facet_name(Facet facet) {
  switch (facet) {
    case Facet::sqlstate:
      return "sqlstate";
    case Facet::severity:
      return "severity";
    case Facet::tag:
      return "tag";
    case Facet::none:
      break;
  }
  return "";
}

bool Match::only_facets() const {
  return std::ranges::none_of(differences, [](const Difference& d) { return d.facet == Facet::none; });
}

Match match(std::string_view name, const Json& pattern, const Json& actual, const Bindings& bindings) {
  Matcher matcher(name, bindings);
  // The one message whose only field is bytes without being wrapped as such.
  bool raw = name == "raw" && notation::is_bytes(pattern) && notation::is_bytes(actual);
  matcher.fields(raw ? Json{{"hex", pattern}} : pattern, raw ? Json{{"hex", actual}} : actual);
  return matcher.take();
}

}  // namespace pgconform::compare
