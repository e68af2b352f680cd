#include "types/json.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sqlstate/sqlstate.hpp"
#include "types/numeric.hpp"

namespace pgconform::types {
namespace {

using Json = nlohmann::json;

// As deep as values may nest here: what reads them calls itself for each level.
constexpr std::size_t deepest = 2000;

Failure invalid(std::string detail) {
  return {sqlstate::invalid_text_representation, "invalid input syntax for type json", std::move(detail), {}};
}

// Listener: takes the library's events; the checks that both types share, and for jsonb the pieces of the normal form.
class Listener : public nlohmann::json_sax<Json> {
 public:
  explicit Listener(bool build) : build_(build) {}

  bool null() override { return scalar("null"); }
  bool boolean(bool value) override { return scalar(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return scalar(build_ ? std::to_string(value) : ""); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(build_ ? std::to_string(value) : ""); }
  bool number_float(number_float_t, const string_t& text) override {
    if (!build_) return true;
    auto number = Numeric::parse(text);
    if (!number) return failure_ = number.error(), false;
    return scalar(number->text());
  }
  bool string(string_t& value) override {
    if (!build_) return true;
    return legal(value) && scalar(quote_json(value));
  }
  bool key(string_t& value) override {
    if (!build_) return true;
    if (!legal(value)) return false;
    open_.back().members.emplace_back(value, std::string());
    return true;
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return start(); }
  bool start_array(std::size_t) override { return start(); }
  bool end_array() override {
    if (!build_) return --depth_, true;
    std::string text = "[";
    for (const auto& [key, value] : open_.back().members) text += (text.size() > 1 ? ", " : "") + value;
    return end(text + "]");
  }
  bool end_object() override {
    if (!build_) return --depth_, true;
    auto& members = open_.back().members;
    std::ranges::stable_sort(members, [](const auto& a, const auto& b) {
      return a.first.size() != b.first.size() ? a.first.size() < b.first.size() : a.first < b.first;
    });
    std::string text = "{";
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i + 1 < members.size() && members[i + 1].first == members[i].first) continue;
      text += (text.size() > 1 ? ", " : "") + quote_json(members[i].first) + ": " + members[i].second;
    }
    return end(text + "}");
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& problem) override {
    constexpr int number_overflow = 406;
    if (problem.id == number_overflow)
      failure_ = Failure{sqlstate::feature_not_supported,
                         "a json number beyond double precision is not supported by this server",
                         {},
                         {}};
    return false;
  }

  std::optional<Failure> failure_;
  std::string result_;

 private:
  struct Open {
    std::vector<std::pair<std::string, std::string>> members{};  // an array's have no key
  };
  bool start() {
    if (++depth_ > deepest) {
      failure_ = Failure{sqlstate::statement_too_complex, "stack depth limit exceeded", {}, {}};
      return false;
    }
    if (build_) open_.emplace_back();
    return true;
  }
  bool end(std::string text) {
    --depth_;
    open_.pop_back();
    return scalar(std::move(text));
  }
  bool scalar(std::string text) {
    if (!build_) return true;
    if (open_.empty())
      result_ = std::move(text);
    else if (auto& members = open_.back().members; !members.empty() && members.back().second.empty())
      members.back().second = std::move(text);  // no value's text is empty: this member waits for its own
    else
      members.emplace_back(std::string(), std::move(text));
    return true;
  }
  bool legal(const std::string& value) {
    if (value.find('\0') == value.npos) return true;
    failure_ = Failure{sqlstate::untranslatable_character,
                       "unsupported Unicode escape sequence",
                       "\\u0000 cannot be converted to text.",
                       {}};
    return false;
  }

  bool build_;
  std::size_t depth_ = 0;
  std::vector<Open> open_;
};

// run: `shown` is the text as complaints have it.
Result<std::string> run(std::string_view text, std::string_view shown, bool build) {
  Listener listener(build);
  // The library would skip a byte order mark.
  bool valid = !text.starts_with("\xef\xbb\xbf") && Json::sax_parse(text.begin(), text.end(), &listener);
  if (listener.failure_) return std::unexpected(*listener.failure_);
  if (!valid) return std::unexpected(invalid(json_complaint(shown, build)));
  return std::move(listener.result_);
}

// A json string may hold half a surrogate pair until somebody wants it decoded; the library is shown a blank there.
std::string without_surrogates(std::string_view text) {
  std::string out(text);
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    if (out[i] != '\\') continue;
    ++i;
    auto digit = [&](std::size_t n) { return i + n < out.size() ? static_cast<unsigned char>(out[i + n]) : '\0'; };
    bool surrogate = out[i] == 'u' && (digit(1) | 0x20) == 'd' &&
                     (digit(2) == '8' || digit(2) == '9' || std::isalpha(digit(2))) && std::isxdigit(digit(2)) &&
                     std::isxdigit(digit(3)) && std::isxdigit(digit(4));
    if (surrogate) out.replace(i + 1, 4, "0020");
  }
  return out;
}

}  // namespace

Result<bool> check_json(std::string_view text) {
  auto done = run(text.find("\\u") == text.npos ? std::string(text) : without_surrogates(text), text, false);
  if (!done) return std::unexpected(done.error());
  return true;
}

Result<std::string> normalize_json(std::string_view text) {
  return run(text, text, true);
}

std::string quote_json(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20)
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else
          out += c;
    }
  }
  return out + '"';
}

}  // namespace pgconform::types
