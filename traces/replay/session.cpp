#include "replay/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "notation/json_text.hpp"
#include "notation/parser.hpp"
#include "protocol/json/json.hpp"
#include "relay/tap.hpp"

namespace pgconform::replay {

namespace fs = std::filesystem;
using notation::Item;
using notation::Verb;
using protocol::Sender;

namespace {

// fill: digits in place of what was taken out, so that the message has its size again.
bool fill(Json& value) {
  if (notation::is_redacted(value)) {
    const auto length = value.find("length");
    const bool known = length != value.end() && length->is_number_unsigned();
    value = std::string(known ? std::min<std::size_t>(length->get<std::size_t>(), std::size_t{1} << 20) : 0, '0');
    return true;
  }
  bool any = false;
  if (value.is_structured())
    for (auto& one : value) any |= fill(one);
  return any;
}

class Loader {
 public:
  Loader(const std::string& file, std::istream& in)
      : reader_(in, file), tap_([this](const relay::Passed& passed) { take(passed); }) {
    session_.id = id_of(file);
    session_.file = file;
  }

  std::expected<Session, std::string> load() {
    auto header = reader_.header();
    if (!header) return std::unexpected(header.error().text());
    session_.recorded = std::move(*header);
    for (;;) {
      auto item = reader_.next();
      if (!item) return std::unexpected(item.error().text());
      if (!*item) break;
      const auto place = (*item)->place;
      if (auto wrong = add(**item); !wrong.empty())
        return std::unexpected(fmt::format("{}:{}:{}: {}", session_.file, place.line, place.column, wrong));
    }
    tap_.end(Sender::frontend);
    tap_.end(Sender::backend);
    if (session_.steps.empty()) return std::unexpected(fmt::format("{}: nothing was recorded in it", session_.file));
    return std::move(session_);
  }

 private:
  std::string add(const Item& item) {
    if (item.connection != notation::default_connection) return "a trace is of one connection";
    place_ = item.place;
    at_ = item.at;
    if (const auto* verb = item.verb()) return add(*verb);
    if (item.block()) return "a trace holds no blocks";
    const auto& message = *item.message();
    const auto sender = message.side == notation::Side::frontend ? Sender::frontend : Sender::backend;
    if (message.occurs != notation::Occurs::once) return "a trace says what came, not what may come";
    if (message.name == "close" || message.name == "tls-alert") {
      tap_.end(Sender::backend);
      session_.steps.push_back({.kind = Step::Kind::close, .place = place_, .sender = sender, .at = at_});
      return {};
    }
    auto fields = message.fields;
    redacted_ = fill(fields);
    std::string bytes;
    if (message.name == protocol::json::raw_name) {
      bytes = protocol::json::bytes_of(fields).value_or("");
    } else if (auto encoded = protocol::json::from_json(bytes, sender, message.name, fields); !encoded) {
      const auto& error = encoded.error();
      return fmt::format("{}: {}", error.message.empty() ? message.name : std::string(error.message), error.reason);
    }
    tap_.read(sender, bytes);
    return {};
  }

  std::string add(const Verb& verb) {
    switch (verb.kind) {
      case Verb::Kind::connect_raw:
        return {};
      case Verb::Kind::segment:
        border_ = true;
        return {};
      case Verb::Kind::shutdown:
      case Verb::Kind::close:
        tap_.end(Sender::frontend);
        session_.steps.push_back({.kind = Step::Kind::shutdown, .place = place_, .at = at_});
        return {};
      default:
        return "a recorded trace holds messages, segment, shutdown and close only";
    }
  }

  void take(const relay::Passed& passed) {
    Step step{.place = place_, .sender = passed.sender, .stage = passed.stage, .redacted = redacted_, .at = at_};
    step.bytes = passed.frame.whole;
    auto spoken = passed.whole ? protocol::json::speak(passed.sender, passed.stage, passed.frame)
                               : protocol::json::Spoken{std::string(protocol::json::raw_name),
                                                        protocol::json::hex(passed.frame.whole)};
    step.name = std::move(spoken.name);
    step.fields = std::move(spoken.fields);
    if (passed.sender == Sender::backend && step.name != protocol::json::raw_name) {
      auto written = to_json(passed.sender, passed.stage, passed.frame, protocol::json::Defaults::written);
      if (written) step.fields = std::move(*written);
    }
    if (passed.sender == Sender::frontend)
      step.begins_write =
          std::exchange(border_, false) || session_.steps.empty() || session_.steps.back().sender == Sender::backend;
    session_.steps.push_back(std::move(step));
  }

  Session session_{};
  notation::TraceReader reader_;
  relay::Tap tap_;
  notation::Place place_;
  std::optional<std::uint64_t> at_;
  bool redacted_ = false, border_ = false;
};

}  // namespace

std::optional<std::string> Session::parameter(const std::string& name) const {
  for (const auto& step : steps) {
    if (step.name != "StartupMessage") continue;
    const auto parameters = step.fields.find("parameters");
    if (parameters == step.fields.end() || !parameters->is_object()) return std::nullopt;
    const auto value = parameters->find(name);
    if (value == parameters->end() || !value->is_string()) return std::nullopt;
    return value->get<std::string>();
  }
  return std::nullopt;
}

bool Session::password_asked() const {
  return std::ranges::any_of(steps, [](const Step& step) {
    return step.sender == Sender::backend &&
           (step.name == "AuthenticationCleartextPassword" || step.name == "AuthenticationMD5Password" ||
            step.name == "AuthenticationSASL");
  });
}

bool Session::password_refused() const {
  for (const auto& step : steps) {
    if (step.sender != Sender::backend) continue;
    if (step.name == "AuthenticationOk") return false;
    if (step.name == "ErrorResponse")
      return step.fields.contains("C") && step.fields["C"] == "28P01" && password_asked();
  }
  return false;
}

std::string id_of(const std::string& file) {
  const fs::path path(file);
  const auto folder = path.parent_path().filename().string();
  return folder.empty() ? path.stem().string() : folder + "/" + path.stem().string();
}

std::expected<Session, std::string> load(const std::string& file) {
  std::error_code error;
  std::ifstream in(file, std::ios::binary);
  if (!in || fs::is_directory(file, error)) return std::unexpected(fmt::format("{}: cannot be read", file));
  return Loader(file, in).load();
}

std::expected<Session, std::string> read_session(std::string_view text, const std::string& file) {
  std::istringstream in{std::string(text)};
  return Loader(file, in).load();
}

}  // namespace pgconform::replay
