#include "notation/line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "notation/json_text.hpp"

namespace pgconform::notation {
namespace {

constexpr std::uint32_t max_times = 1'000'000, max_clients = 1'000, max_retries = 100;

constexpr std::array<std::pair<std::string_view, Verb::Kind>, 8> verbs{{
    {"connect", Verb::Kind::connect},
    {"tls", Verb::Kind::tls},
    {"direct-tls", Verb::Kind::direct_tls},
    {"segment", Verb::Kind::segment},
    {"barrier", Verb::Kind::barrier},
    {"shutdown", Verb::Kind::shutdown},
    {"close", Verb::Kind::close},
    {"churn", Verb::Kind::churn},
}};
constexpr std::string_view line_words =
    "F, B, connect, tls, direct-tls, segment, barrier, shutdown, close, churn, any-order, repeat, either or end";

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_space(char c) {
  return c == ' ' || c == '\t';
}

bool is_message_name(std::string_view word) {
  return !word.empty() && is_upper(word[0]) &&
         std::ranges::all_of(word, [](char c) { return is_upper(c) || is_lower(c) || is_digit(c); });
}

// Reads a line from left to right; the first error stays.
class Reader {
 public:
  explicit Reader(const Source& source) : source_(source), text_(source.line()) {}

  std::expected<Line, Error> read() {
    skip_space();
    line_.item.place = place();
    if (at_end()) return std::move(line_);
    prefixes();
    skip_space();
    if (!failed() && at_end() && !line_.label.empty() && !prefixed_) return std::move(line_);
    if (!failed()) body();
    if (!failed()) ending();
    if (failed()) return std::unexpected(std::move(*error_));
    return std::move(line_);
  }

 private:
  bool failed() const { return error_.has_value(); }
  bool at_end() const { return at_ == text_.size() || text_[at_] == '#'; }
  Place place() const { return {source_.number(), at_ + 1}; }
  void fail(std::size_t at, std::string what, std::string expected) {
    if (!error_) error_ = source_.error(at, std::move(what), std::move(expected));
  }
  void fail_here(std::string_view expected) {
    auto end = at_;
    while (end < text_.size() && !is_space(text_[end])) ++end;
    auto found = text_.substr(at_, std::min<std::size_t>(end - at_, 40));
    fail(at_, at_end() ? "the line ends here" : fmt::format("unexpected \"{}\"", found), std::string(expected));
  }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string_view word() {
    auto from = at_;
    while (at_ < text_.size() && (is_lower(text_[at_]) || is_upper(text_[at_]) || is_digit(text_[at_]) ||
                                  text_[at_] == '-' || text_[at_] == '_')) {
      ++at_;
    }
    return text_.substr(from, at_ - from);
  }
  template <class N>
  N number(std::string_view expected, N least, N most) {
    auto from = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    N value{};
    auto [end, code] = std::from_chars(text_.data() + from, text_.data() + at_, value);
    if (from == at_) {
      fail_here(expected);
    } else if (code != std::errc{} || value < least || value > most) {
      fail(from, fmt::format("number {} out of range", text_.substr(from, std::min<std::size_t>(at_ - from, 40))),
           fmt::format("{} from {} to {}", expected, least, most));
    }
    return value;
  }

  // [label:] [@MICROSECONDS] [[connection]]
  void prefixes() {
    auto from = at_;
    auto label = word();
    if (!label.empty() && take(':')) {
      if (!is_label(label)) fail(from, fmt::format("\"{}\" is no label", label), "a-z, 0-9, - and _, a letter first");
      line_.label = label;
      skip_space();
      line_.item.place = place();
    } else {
      at_ = from;
    }
    if (take('@')) {
      prefixed_ = true;
      line_.item.at = number<std::uint64_t>("microseconds", 0, UINT64_MAX);
      skip_space();
    }
    if (take('[')) {
      prefixed_ = true;
      from = at_;
      auto name = word();
      if (!is_connection_name(name)) {
        fail(from, fmt::format("\"{}\" names no connection", name), "a-z, 0-9, - and _, a letter first");
      } else if (!take(']')) {
        fail_here("]");
      }
      line_.item.connection = name;
    }
  }

  void body() {
    auto from = at_;
    auto first = word();
    line_.kind = Line::Kind::item;
    if (first == "F" || first == "B") return message(first == "F" ? Side::frontend : Side::backend);
    if (auto verb = std::ranges::find(verbs, first, &decltype(verbs)::value_type::first); verb != verbs.end()) {
      if (prefixed_ && (verb->second == Verb::Kind::churn || verb->second == Verb::Kind::barrier)) {
        return fail(from, fmt::format("{} concerns every connection", first), "it without a prefix");
      }
      return this->verb(verb->second);
    }
    line_.kind = first == "any-order" ? Line::Kind::any_order
                 : first == "repeat"  ? Line::Kind::repeat
                 : first == "either"  ? Line::Kind::either
                 : first == "end"     ? Line::Kind::end
                                      : Line::Kind::blank;
    if (line_.kind == Line::Kind::blank) {
      at_ = from;
      return fail_here(line_words);
    }
    if (prefixed_) return fail(from, fmt::format("a prefix before {}", first), "it on its own");
    if (line_.kind == Line::Kind::end && !line_.label.empty()) return fail(from, "a label before end", "a line");
    if (line_.kind == Line::Kind::repeat) {
      skip_space();
      line_.times = number<std::uint32_t>("how many times", 1, max_times);
    }
  }

  void message(Side side) {
    Message message{.side = side};
    if (side == Side::backend) {
      message.occurs = take('?') ? Occurs::optional : take('*') ? Occurs::any : take('+') ? Occurs::some : Occurs::once;
    }
    if (at_ < text_.size() && !is_space(text_[at_])) return fail_here("a space");
    skip_space();
    auto from = at_;
    auto name = word();
    bool below = side == Side::backend && (name == "close" || name == "tls-alert");
    if (!below && name != "raw" && !is_message_name(name)) {
      at_ = from;
      return fail_here(side == Side::backend ? "a message name, raw, close or tls-alert" : "a message name or raw");
    }
    message.name = name;
    skip_space();
    if (name == "tls-alert" && at_ < text_.size() && is_digit(text_[at_])) {
      message.fields["alert"] = number<std::uint32_t>("an alert", 0, 255);
    } else if (!below) {
      auto at = at_;
      message.fields = object(side == Side::backend ? Role::backend : Role::frontend);
      bool bytes = message.fields.size() == 1 && message.fields.contains("hex");
      if (name == "raw" && !bytes) fail(at, "raw without its bytes", R"({"hex":"…"})");
    }
    line_.item.what = std::move(message);
  }

  void verb(Verb::Kind kind) {
    Verb verb{.kind = kind};
    skip_space();
    auto from = at_;
    if (kind == Verb::Kind::connect && word() == "raw") {
      verb.kind = Verb::Kind::connect_raw;
    } else {
      at_ = from;
    }
    switch (verb.kind) {
      case Verb::Kind::connect:
      case Verb::Kind::tls:
      case Verb::Kind::direct_tls:
      case Verb::Kind::close:
        verb.argument = object(Role::verb);
        break;
      case Verb::Kind::churn:
        verb.count = number<std::uint32_t>("how many clients", 1, max_clients);
        break;
      default:
        break;
    }
    line_.item.what = std::move(verb);
  }

  Json object(Role role) {
    if (at_ == text_.size() || text_[at_] != '{') return Json::object();
    auto read = read_object(text_.substr(at_), role);
    if (!read) {
      fail(at_ + read.error().offset, std::move(read.error().what), std::move(read.error().expected));
      return Json::object();
    }
    at_ += read->length;
    return std::move(read->value);
  }

  // [-> retry N] [# comment]
  void ending() {
    skip_space();
    bool last = line_.kind == Line::Kind::item || line_.kind == Line::Kind::end;
    if (last && text_.substr(at_).starts_with("->")) {
      at_ += 2;
      skip_space();
      auto from = at_;
      if (word() != "retry") {
        at_ = from;
        return fail_here("retry");
      }
      skip_space();
      line_.retry = number<std::uint32_t>("how many retries", 1, max_retries);
      skip_space();
    }
    if (!failed() && !at_end()) {
      bool fields = line_.item.message() && line_.kind == Line::Kind::item && line_.item.message()->fields.empty();
      fail_here(fields ? "a JSON object or the end of the line" : "the end of the line");
    }
  }

  const Source& source_;
  std::string_view text_;
  std::size_t at_ = 0;
  bool prefixed_ = false;
  Line line_;
  std::optional<Error> error_;
};

bool is_name(std::string_view word) {
  return !word.empty() && word.size() <= 63 && is_lower(word[0]) &&
         std::ranges::all_of(word, [](char c) { return is_lower(c) || is_digit(c) || c == '-' || c == '_'; });
}

}  // namespace

std::expected<Line, Error> read_line(const Source& source) {
  return Reader(source).read();
}

std::string_view verb_name(Verb::Kind kind) {
  if (kind == Verb::Kind::connect_raw) return "connect raw";
  return std::ranges::find(verbs, kind, &decltype(verbs)::value_type::second)->first;
}

bool is_connection_name(std::string_view word) {
  return is_name(word);
}
bool is_label(std::string_view word) {
  return is_name(word);
}

}  // namespace pgconform::notation
