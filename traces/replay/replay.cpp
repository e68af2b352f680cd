#include "replay/replay.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "client/connection.hpp"
#include "protocol/json/json.hpp"

namespace pgconform::replay {

using asio::awaitable;
using client::Event;
using compare::Alignment;
using compare::Answered;
using protocol::Sender;

namespace {

bool is_encryption(const Step& step) {
  return step.name == "SSLRequest" || step.name == "GSSENCRequest" || step.name == "SSLResponse" ||
         step.name == "GSSENCResponse";
}

bool is_answer(const Step& step) {
  return step.sender == Sender::backend && !is_encryption(step);
}

// answers: what the backend said, for the comparison.
std::vector<Answered> answers(const Session& session) {
  std::vector<Answered> all;
  for (const auto& step : session.steps)
    if (is_answer(step)) all.push_back({step.kind == Step::Kind::close ? "close" : step.name, step.fields});
  return all;
}

client::Credentials credentials(const Session& session, const Options& options) {
  const auto& target = options.target;
  client::Credentials who{options.user.value_or(session.parameter("user").value_or(target.credentials.user)), {}};
  who.password = options.password.value_or(target.credentials.password);
  if (!options.password)
    for (const auto& [name, role] : target.roles)
      if (role.user == who.user) who.password = role.password;
  return who;
}

client::Target as(client::Target target, client::Credentials who, bool refused) {
  // What was refused then must be refused now.
  if (refused) who.password += "-but-wrong";
  target.credentials = std::move(who);
  return target;
}

class Player {
 public:
  Player(const Session& session, const Options& options)
      : session_(session),
        options_(options),
        who_(credentials(session, options)),
        alignment_(answers(session)),
        connection_(as(options.target, who_, session.password_refused())) {}

  awaitable<Outcome> play() {
    if (session_.password_asked() && who_.password.empty()) {
      outcome_.unusable = fmt::format("the recording logs in with a password, and there is none for {}", who_.user);
      co_return std::move(outcome_);
    }
    // TLS is as the target has it, whatever the recording says of it.
    auto opened = co_await connection_.open(client::Encryption::as_target, deadline());
    if (!opened) {
      outcome_.unreachable = opened.error().text;
      co_return std::move(outcome_);
    }
    std::size_t answered = 0;
    for (const auto& step : session_.steps) {
      if (alignment_.over()) break;
      if (is_encryption(step)) continue;
      if (step.sender == Sender::backend || step.begins_write) co_await flush();
      if (step.sender == Sender::backend) {
        ++answered;
        continue;
      }
      co_await wait(answered);
      if (!alignment_.over()) co_await say(step);
    }
    if (!alignment_.over()) co_await flush();
    co_await wait(answered);
    // What has come by now and was not recorded.
    while (!alignment_.over()) {
      auto event = connection_.take();
      if (event)
        offer(*event);
      else
        alignment_.finish();
    }
    connection_.close();
    outcome_.departures = alignment_.departures();
    co_return std::move(outcome_);
  }

 private:
  net::TimePoint deadline() const { return net::Clock::now() + options_.timeout; }

  awaitable<void> say(const Step& step) {
    if (step.kind == Step::Kind::shutdown) {
      co_await flush();
      // Behind Terminate the server has perhaps closed by now.
      if (!alignment_.over()) static_cast<void>(co_await connection_.shutdown_write(deadline()));
      co_return;
    }
    ++outcome_.sent;
    if (auto queued = connection_.queue(step.name, fields_of(step)); !queued)
      alignment_.nonsense(fmt::format("nothing from which to make {}: {}", step.name, queued.error().text));
  }

  // fields_of: what the frontend says, made anew where it is different every time.
  Json fields_of(const Step& step) {
    auto fields = step.fields;
    if (step.name == "StartupMessage" && fields.contains("parameters") && fields["parameters"].is_object()) {
      fields["parameters"]["user"] = who_.user;
      if (options_.database) fields["parameters"]["database"] = *options_.database;
    } else if (step.name == "PasswordMessage") {
      fields = {{"password", {{md5_ ? "$md5" : "$password", true}}}};
    } else if (step.name == "SASLInitialResponse") {
      fields["data"] = {{"$scram", "first"}};
    } else if (step.name == "SASLResponse") {
      fields = {{"data", {{"$scram", "final"}}}};
    } else {
      fields = alignment_.translate(step.name, std::move(fields));
    }
    return fields;
  }

  awaitable<void> flush() {
    auto sent = co_await connection_.flush(deadline());
    // A server that has closed may have said why, which is read next. One that does not read hangs.
    if (!sent && sent.error().event.kind == Event::Kind::timeout) alignment_.silence();
  }

  // wait: until so many of the recorded answers have come.
  awaitable<void> wait(std::size_t answered) {
    auto until = deadline();
    auto reached = alignment_.reached();
    while (!alignment_.over() && alignment_.reached() < answered) {
      // Whoever talks without end and never says what is due has not answered either.
      if (net::Clock::now() > until) {
        alignment_.silence();
        break;
      }
      offer(co_await connection_.receive(until));
      if (alignment_.reached() == reached) continue;
      reached = alignment_.reached();
      until = deadline();
    }
  }

  void offer(const Event& event) {
    switch (event.kind) {
      case Event::Kind::message:
        ++outcome_.received;
        if (event.is("AuthenticationMD5Password")) md5_ = true;
        return alignment_.offer({event.name, event.fields()});
      case Event::Kind::timeout:
        return alignment_.silence();
      case Event::Kind::bad_frame:
        return alignment_.nonsense(event.describe());
      default:
        // Half a message before the end is told as what it is.
        if (!event.bytes.empty()) return alignment_.nonsense(event.describe());
        return alignment_.offer({"close"});
    }
  }

  const Session& session_;
  const Options& options_;
  client::Credentials who_;
  Alignment alignment_;
  client::Connection connection_;
  Outcome outcome_;
  bool md5_ = false;
};

// side_by_side: each broken into lines.
std::string side_by_side(const std::string& left, const std::string& right) {
  static constexpr std::size_t width = 56;
  std::string text;
  std::string_view rest[2] = {left, right};
  // A character of several bytes is not cut.
  const auto cut = [](std::string_view& of) {
    std::size_t columns = 0, end = 0;
    for (; end < of.size(); ++end)
      if ((of[end] & 0xc0) != 0x80 && ++columns > width) break;
    const auto row = std::string(of.substr(0, end)) + std::string(width - std::min(columns, width), ' ');
    of.remove_prefix(end);
    return row;
  };
  do {
    auto line = "    " + cut(rest[0]);
    line += " | " + cut(rest[1]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  } while (!rest[0].empty() || !rest[1].empty());
  return text;
}

}  // namespace

awaitable<Outcome> replay(const Session& session, const Options& options) {
  Player player(session, options);
  co_return co_await player.play();
}

std::string place_of(const Session& session, const compare::Departure& departure) {
  std::size_t n = 0;
  if (departure.recorded)
    for (const auto& step : session.steps)
      if (is_answer(step) && n++ == *departure.recorded) return fmt::format("{}:{}", session.file, step.place.line);
  return fmt::format("{}:{}", session.file, session.steps.empty() ? 1 : session.steps.back().place.line);
}

std::string describe(const Session& session, const compare::Departure& departure) {
  auto text = fmt::format("{}: {}{}{}\n", place_of(session, departure), compare::kind_name(departure.kind),
                          departure.path.empty() ? "" : ": ", departure.path);
  const auto or_nothing = [](const std::string& of) { return of.empty() ? std::string("-") : of; };
  text += side_by_side("recorded", "answered");
  text += side_by_side(or_nothing(departure.expected), or_nothing(departure.answered));
  return text;
}

}  // namespace pgconform::replay
