#include "notation/json_text.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace pgconform::notation {
namespace {

constexpr std::size_t max_depth = 64;

// Where the lexer has got to. nlohmann's events carry no position, but each is sent right after the last character of
// its token was taken, so an iterator that notes where it is knows the position of every key.
struct Cursor {
  using difference_type = std::ptrdiff_t;
  using value_type = char;
  using pointer = const char*;
  using reference = const char&;
  using iterator_category = std::input_iterator_tag;
  const char* p;
  const char** seen;
  reference operator*() const { return *p; }
  Cursor& operator++() { return *seen = ++p, *this; }
  Cursor operator++(int) { return std::exchange(*this, Cursor{p + 1, seen}); }
  bool operator==(const Cursor& other) const { return p == other.p; }
};

// What each `$` key may hold and where it may stand.
enum class Where : std::uint8_t { pattern, frontend, both, frame };
enum class Holds : std::uint8_t { truth, number, text, regex, list, object, anything };
struct Key {
  std::string_view name;
  Where where;
  Holds holds;
};
constexpr Key keys[] = {
    {"$any", Where::pattern, Holds::truth},     {"$re", Where::pattern, Holds::regex},
    {"$in", Where::pattern, Holds::list},       {"$not", Where::pattern, Holds::anything},
    {"$min", Where::pattern, Holds::number},    {"$max", Where::pattern, Holds::number},
    {"$as", Where::pattern, Holds::text},       {"$absent", Where::pattern, Holds::truth},
    {"$ref", Where::both, Holds::text},         {"$env", Where::both, Holds::text},
    {"$len", Where::frontend, Holds::number},   {"$scram", Where::frontend, Holds::text},
    {"$md5", Where::frontend, Holds::anything}, {"$password", Where::frontend, Holds::anything},
    {"$count", Where::frame, Holds::object},    {"$length", Where::frame, Holds::number},
};

bool starts_special(std::string_view key) {
  return key.starts_with('$') && !key.starts_with("$$");
}

std::string known_keys(Role role, bool top) {
  std::string list;
  for (const Key& key : keys) {
    bool fits = key.where == Where::both || (key.where == Where::pattern && role == Role::backend) ||
                (key.where == Where::frontend && role == Role::frontend) ||
                (key.where == Where::frame && role == Role::frontend && top);
    if (fits) list += (list.empty() ? "" : ", ") + std::string(key.name);
  }
  return "one of " + list;
}

std::string wrong_value(const Key& key, const Json& value) {
  switch (key.holds) {
    case Holds::truth:
      return value == Json(true) ? "" : "true";
    case Holds::number:
      return value.is_number() ? "" : "a number";
    case Holds::text:
      return value.is_string() && !value.get_ref<const std::string&>().empty() ? "" : "a name";
    case Holds::list:
      return value.is_array() && !value.empty() ? "" : "a list of at least one value";
    case Holds::object:
      return value.is_object() ? "" : "an object";
    case Holds::anything:
      return "";
    case Holds::regex:
      break;
  }
  if (!value.is_string()) return "a regular expression (RE2)";
  re2::RE2 pattern(value.get_ref<const std::string&>(), re2::RE2::Quiet);
  return pattern.ok() ? "" : "a regular expression (RE2): " + pattern.error();
}

// Builds the tree, and checks each object when it is complete.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(const char* begin, const char* const* seen, Role role) : begin_(begin), seen_(seen), role_(role) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }
  bool end_object() override {
    const Open& top = stack_.back();
    bool fine = top.pattern ? check_special() : check_plain();
    return fine && close();
  }
  bool key(string_t& name) override {
    Open& top = stack_.back();
    auto at = offset() - std::min(offset(), name.size() + 2);
    if (top.value.contains(name)) return fail(at, fmt::format("duplicate key \"{}\"", name), "each key once");
    bool frame = stack_.size() == 1;
    if (starts_special(name)) {
      auto known = std::ranges::find(keys, name, &Key::name);
      bool fits = known != std::end(keys) && (known->where == Where::both       ? !frame
                                              : known->where == Where::pattern  ? role_ == Role::backend && !frame
                                              : known->where == Where::frontend ? role_ == Role::frontend && !frame
                                                                                : role_ == Role::frontend && frame);
      if (!fits) {
        return fail(at, fmt::format("{} key \"{}\"", known == std::end(keys) ? "unknown" : "misplaced", name),
                    known_keys(role_, frame));
      }
      if (top.value.empty() && !frame) top.pattern = true;
      if (!top.pattern && !frame) {
        return fail(at, fmt::format("key \"{}\" after a plain key", name), "keys with $ first");
      }
    }
    top.name = std::move(name);
    top.key_at = at;
    return true;
  }
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception& e) override {
    // nlohmann's text is `[json.exception…] parse error at line 1, column 7: syntax error while …`.
    std::string_view text = e.what();
    if (auto cut = text.find(": "); cut != text.npos) text.remove_prefix(cut + 2);
    error_ = {position ? position - 1 : 0, "malformed JSON", fmt::format("a JSON object ({})", text)};
    static_cast<void>(token);
    return false;
  }

  Json take() { return std::move(root_); }
  const JsonError& error() const { return error_; }

 private:
  struct Open {
    Json value;
    std::string name;        // the key whose value comes next
    std::size_t at, key_at;  // where the object, and that key, begin
    bool pattern = false;    // its first key begins with $
  };

  std::size_t offset() const { return static_cast<std::size_t>(*seen_ - begin_); }
  bool fail(std::size_t at, std::string what, std::string expected) {
    error_ = {at, std::move(what), std::move(expected)};
    return false;
  }
  bool open(Json value) {
    if (stack_.size() == max_depth) return fail(offset() - 1, "JSON nested too deep", "at most 64 levels");
    if (stack_.empty() && !value.is_object()) return fail(0, "not an object", "a JSON object");
    stack_.push_back({std::move(value), {}, offset() - 1, 0});
    return true;
  }
  bool close() {
    Json value = std::move(stack_.back().value);
    stack_.pop_back();
    if (!stack_.empty()) return put(std::move(value));
    root_ = std::move(value);
    return true;
  }
  bool put(Json value) {
    if (stack_.empty()) return fail(0, "not an object", "a JSON object");
    Open& top = stack_.back();
    if (top.value.is_array()) {
      top.value.push_back(std::move(value));
      return true;
    }
    if (starts_special(top.name)) {
      auto known = std::ranges::find(keys, top.name, &Key::name);
      if (auto wanted = wrong_value(*known, value); !wanted.empty()) {
        return fail(top.key_at, fmt::format("wrong value for \"{}\"", top.name), wanted);
      }
    }
    top.value.emplace(std::move(top.name), std::move(value));
    return true;
  }
  // Patterns stand for one value, so nothing may stand beside them; lies and computed values take plain arguments.
  bool check_special() {
    const Open& top = stack_.back();
    const std::string& first = top.value.begin().key();
    auto known = std::ranges::find(keys, first, &Key::name);
    if (known->where == Where::frontend) {
      if (first == "$len" && !(top.value.size() == 2 && top.value.contains("value"))) {
        return fail(top.at, "incomplete \"$len\"", R"({"$len":N,"value":…})");
      }
      return true;
    }
    bool alone = first == "$ref" || first == "$env" || first == "$absent";
    if (alone && top.value.size() > 1 && role_ != Role::backend) {
      return fail(top.at, fmt::format("keys beside \"{}\"", first), "nothing beside it");
    }
    for (const auto& [name, value] : top.value.items()) {
      if (!starts_special(name)) {
        return fail(top.at, fmt::format("key \"{}\" beside \"{}\"", name, first), "keys with $ only");
      }
      if (name == "$absent" && top.value.size() > 1) {
        return fail(top.at, "keys beside \"$absent\"", "nothing beside it");
      }
    }
    return true;
  }
  bool check_plain() {
    const Open& top = stack_.back();
    if (top.value.size() == 1 && top.value.contains("hex")) {
      const Json& digits = top.value["hex"];
      bool computed = is_special(digits);
      if (!computed && !(digits.is_string() && unhex(digits.get_ref<const std::string&>()))) {
        return fail(top.at, "malformed bytes", "an even number of hexadecimal digits");
      }
    }
    return true;
  }

  const char* begin_;
  const char* const* seen_;
  Role role_;
  std::vector<Open> stack_;
  Json root_;
  JsonError error_;
};

}  // namespace

std::expected<JsonText, JsonError> read_object(std::string_view text, Role role) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  const char* seen = begin;
  Builder builder(begin, &seen, role);
  bool fine = Json::sax_parse(Cursor{begin, &seen}, Cursor{end, &seen}, &builder,
                              nlohmann::detail::input_format_t::json, /*strict=*/false);
  if (!fine) return std::unexpected(builder.error());
  return JsonText{builder.take(), static_cast<std::size_t>(seen - begin)};
}

bool is_special(const Json& value) {
  return value.is_object() && !value.empty() && starts_special(value.begin().key());
}

bool is_presence(const Json& value) {
  if (!is_special(value) || value.size() != 1) return false;
  const auto& key = value.begin().key();
  return key == "$any" || key == "$absent";
}

bool is_bytes(const Json& value) {
  return value.is_object() && value.size() == 1 && value.begin().key() == "hex" && value.begin()->is_string();
}

bool is_redacted(const Json& value) {
  return value.is_object() && value.size() == 2 && value.contains("redacted") && value.contains("length") &&
         value["redacted"].is_string() && value["length"].is_number_unsigned();
}

std::optional<std::string> unhex(std::string_view digits) {
  auto nibble = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  if (digits.size() % 2) return std::nullopt;
  std::string bytes(digits.size() / 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    int high = nibble(digits[2 * i]), low = nibble(digits[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[i] = static_cast<char>(high << 4 | low);
  }
  return bytes;
}

}  // namespace pgconform::notation
