#include "runner/player.hpp"

#include <algorithm>

#include "protocol/json/json.hpp"

namespace pgconform::runner {

using compare::Outcome;
using compare::Received;
using notation::Item;
using notation::Json;
using notation::Verb;

namespace {

constexpr std::size_t longest_conversation = 1u << 20;  // in bytes; of a longer one the end is reported
constexpr unsigned patience = 10;                       // timeouts, until a flight's answers must be complete

// received: an event as the matcher knows it.
Received received(const std::string& connection, const client::Event& event) {
  using Kind = client::Event::Kind;
  switch (event.kind) {
    case Kind::message:
      return {connection, event.name, event.fields()};
    case Kind::bad_frame:
      return {connection, std::string(protocol::json::raw_name), protocol::json::hex(event.bytes)};
    case Kind::tls_alert:
      return {connection, "tls-alert", Json{{"alert", event.alert}}};
    case Kind::error:
      // Not the target's closing: what we could not read, or our own closing.
      return {connection, "error", Json{{"text", event.text}}};
    case Kind::eof:
    case Kind::truncated:
      // A message that breaks off is what a crash looks like.
      if (!event.bytes.empty()) return {connection, "unfinished", protocol::json::hex(event.bytes)};
      [[fallthrough]];
    default:
      return {connection, "close", Json::object()};
  }
}

// shown: without what lets a reader try passwords.
Received shown(Received message) {
  if (message.name == "AuthenticationSASLFinal") message.fields = Json{{"data", "v=…"}};
  return message;
}

// line_of: a message as a B line of the notation.
std::string line_of(const Received& message) {
  std::string line = "B " + message.name;
  if (!message.fields.empty()) line += " " + message.fields.dump(-1, ' ', false, Json::error_handler_t::replace);
  return line;
}

client::Encryption encryption_of(const Json& how) {
  const auto found = how.find("tls");
  if (found == how.end()) return client::Encryption::as_target;
  return *found == "negotiated" ? client::Encryption::negotiated
         : *found == "direct"   ? client::Encryption::direct
                                : client::Encryption::none;
}

std::uint32_t version_of(const std::string& text) {
  const auto dot = text.find('.');
  return static_cast<std::uint32_t>(std::stoul(text.substr(0, dot))) << 16 |
         static_cast<std::uint32_t>(std::stoul(text.substr(dot + 1)));
}

// tls_arguments: what the case says of the handshake on this connection, wherever it says it.
Json tls_arguments(const std::vector<Item>& items, const std::string& connection) {
  for (const auto& item : items) {
    const auto* verb = item.verb();
    if (verb && item.connection == connection && !verb->argument.empty() &&
        (verb->kind == Verb::Kind::tls || verb->kind == Verb::Kind::direct_tls || verb->kind == Verb::Kind::connect))
      return verb->argument;
  }
  return Json::object();
}

}  // namespace

Player::Player(const Run& run, const notation::Case& test, std::vector<Item> items,
               const std::map<std::string, std::string>& unique_names)
    : run_(run), test_(test), items_(std::move(items)), asynchronous_(items_), matcher_(bindings_) {
  for (const auto& [name, value] : unique_names) bindings_.set("unique." + name, value);
  auto credentials = [&](const std::string& prefix, const client::Credentials& who) {
    bindings_.set(prefix + ".user", who.user);
    bindings_.set(prefix + ".password", who.password);
  };
  credentials("target", run_.target.credentials);
  bindings_.set("target.database", run_.target.database);
  for (const auto& [role, who] : run_.target.roles) credentials("role." + role, who);
}

Player::~Player() {
  if (!run_.live) return;
  for (auto& [name, line] : lines_) run_.live->erase(line.connection.get());
}

asio::awaitable<void> Player::play() {
  bool good = co_await play_items(items_);
  if (good) good = co_await settle();
  if (good) co_await say_goodbye();
  for (const auto& taken : matcher_.taken())
    if (taken.alternative->retry && retry_ == 0) retry_ = *taken.alternative->retry;
  for (auto& [name, line] : lines_)
    if (line.connection) line.connection->close();
}

bool Player::reckless() const {
  return std::ranges::any_of(lines_, [](const auto& each) {
    return each.second.hung_up || (each.second.connection && each.second.connection->monitor().frontend_broke());
  });
}

void Player::report(Result& result) const {
  result.conversation.assign(conversation_.begin(), conversation_.end());
  if (forgotten_ > 0)
    result.conversation.insert(result.conversation.begin(), "# " + std::to_string(forgotten_) + " lines before");
  result.actual = actual_;
  result.variants.clear();
  for (const auto& taken : matcher_.taken()) result.variants.push_back(taken.alternative->label);
  Level level = Level::postgresql;
  parse_level(test_.level, level);
  auto& failures = result.failures;
  failures = failures_;
  for (auto& failure : failures) failure.level = level;
  // Whoever cannot prove that he knows the password is not the server that was asked for.
  if (failures.empty())
    for (const auto& [name, line] : lines_)
      if (line.connection && line.connection->facts().scram && !*line.connection->facts().scram)
        failures.push_back({level, "",
                            "[" + name + "] AuthenticationSASLFinal: " + line.connection->facts().scram->error(), 0,
                            false, false, true});
  // A message that the conversation's rules forbid is a failure even where no line of the case minds it.
  const bool told = !failures.empty();
  for (const auto& [name, line] : lines_) {
    if (!line.connection) continue;
    for (const auto& violation : line.connection->violations()) {
      if (!told) failures.push_back({level, "", "against the message flow: " + violation, 0, false});
      failures.front().lost_step = true;
    }
  }
  for (const auto& [item, difference] : matcher_.facets()) {
    failures.push_back({Level::postgresql, std::string(facet_name(difference.facet)),
                        difference.path + ": expected " + difference.expected + ", got " + difference.actual,
                        item->place.line, false});
    if (const auto line = differing_.find(item); line != differing_.end()) failures.back().actual = line->second;
  }
  std::ranges::stable_sort(failures, std::greater{}, &Failure::level);
  result.verdict = !broken_.empty() ? Verdict::broken : failures.empty() ? Verdict::pass : Verdict::fail;
  result.reason = broken_;
}

asio::awaitable<bool> Player::play_items(const std::vector<Item>& items) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (notation::is_expectation(items[i])) {
      // A run of expectations is given to the matcher as a whole: it may take them in another order than the file's.
      std::size_t end = i;
      while (end < items.size() && notation::is_expectation(items[end])) ++end;
      const bool flushed = co_await flush_all();
      if (!flushed) co_return false;
      for (std::size_t k = i; k < end; ++k) {
        const bool opened = co_await open_all(items[k]);
        if (!opened) co_return false;
      }
      matcher_.expect(std::span(items).subspan(i, end - i));
      for (auto& [name, each] : lines_) {
        auto early = std::exchange(each.early, {});
        for (auto& message : early)
          if (!offer(std::move(message), each)) co_return false;
      }
      i = end - 1;
      continue;
    }
    const bool good = co_await play_item(items[i]);
    if (!good) co_return false;
  }
  co_return co_await flush_all();
}

// open_all: the connections that an expectation is about.
asio::awaitable<bool> Player::open_all(const Item& item) {
  if (const auto* block = item.block()) {
    std::vector<const Item*> inside;
    for (const auto& each : block->items) inside.push_back(&each);
    for (const auto& alternative : block->alternatives)
      for (const auto& each : alternative.items) inside.push_back(&each);
    for (const auto* each : inside) {
      const bool good = co_await open_all(*each);
      if (!good) co_return false;
    }
    co_return true;
  }
  auto* opened = co_await line(item.connection, item.place.line);
  co_return opened != nullptr;
}

asio::awaitable<bool> Player::play_item(const Item& item) {
  // Whatever is said now, is said after everything before it was read.
  const bool settled = co_await settle();
  if (!settled) co_return false;
  if (item.verb()) co_return co_await verb(item);
  if (const auto* block = item.block()) {
    for (std::uint32_t i = 0; i < block->times; ++i) {
      const bool good = co_await play_items(block->items);
      if (!good) co_return false;
    }
    co_return true;
  }
  auto* opened = co_await line(item.connection, item.place.line);
  if (!opened) co_return false;
  co_return say(*opened, item);
}

bool Player::say(Line& line, const Item& item) {
  const auto& message = *item.message();
  auto fields = bindings_.substitute(message.fields);
  if (!fields) return broken("line " + std::to_string(item.place.line) + ": " + fields.error());
  auto queued = line.connection->queue(message.name, *fields);
  if (queued) return true;
  // What the target said cannot be answered: that is its fault.
  if (queued.error().kind == client::Failure::Kind::protocol)
    return fail("cannot say " + message.name + ": " + queued.error().text, item.place.line);
  return broken("line " + std::to_string(item.place.line) + ": " + queued.error().text);
}

// --- Reading -----------------------------------------------------------------------------------------------------

// settle: everything that must come has come.
asio::awaitable<bool> Player::settle() {
  if (matcher_.settled()) co_return true;
  const bool flushed = co_await flush_all();
  if (!flushed) co_return false;
  const auto last = net::Clock::now() + patience * run_.timeout;
  while (!matcher_.settled()) {
    auto [names, each] = matcher_.waiting();
    // Where something must come on each, it is nobody's business on which it comes first.
    if (each) names.erase(std::next(names.begin()), names.end());
    // Rows or notices without end are no answer either.
    if (net::Clock::now() > last)
      co_return fail("[" + *names.begin() + "] no end of the answer within " +
                         std::to_string(patience * run_.timeout.count()) + " ms",
                     0, true);
    const bool good = co_await take_one(names);
    if (!good) co_return false;
  }
  co_return true;
}

// first_of: what comes first on one of the connections. Several take turns of a few milliseconds: this is rare, and
// each waits for the network by itself.
asio::awaitable<std::pair<std::string, client::Event>> Player::first_of(
    const std::set<std::string, std::less<>>& names) {
  constexpr auto turn = std::chrono::milliseconds(5);
  const auto last = deadline();
  for (;;)
    for (const auto& name : names) {
      auto& line = lines_.at(name);
      if (line.pending) co_return std::pair(name, *std::exchange(line.pending, std::nullopt));
      const auto until = names.size() == 1 ? last : std::min<net::TimePoint>(last, net::Clock::now() + turn);
      auto event = co_await line.connection->receive(until);
      if (event.kind != client::Event::Kind::timeout || net::Clock::now() >= last)
        co_return std::pair(name, std::move(event));
    }
}

asio::awaitable<bool> Player::take_one(const std::set<std::string, std::less<>>& names) {
  auto [name, event] = co_await first_of(names);
  auto& line = lines_.at(name);
  if (event.kind == client::Event::Kind::timeout) {
    std::string expected;
    std::size_t at = 0;
    for (const auto* item : matcher_.expected(name)) {
      if (at == 0) at = item->place.line;
      if (item->message()) expected += (expected.empty() ? "" : " or ") + item->message()->name;
    }
    fail("[" + name + "] no answer within " + std::to_string(run_.timeout.count()) + " ms; expected " + expected, at,
         true);
    failures_.back().lost_step = !event.bytes.empty();
    co_return false;
  }
  if (event.ended()) line.closed = line.hung_up = true;
  if (event.kind == client::Event::Kind::message && asynchronous_.tolerated(name, event.name)) co_return true;
  co_return offer(received(name, event), line);
}

bool Player::offer(Received message, Line& line) {
  const auto step = matcher_.offer(message);
  if (step.outcome == Outcome::consumed) {
    if (!step.facets.empty()) differing_[step.item] = line_of(message);
    return true;
  }
  if (step.outcome == Outcome::later) {
    line.early.push_back(std::move(message));
    return true;
  }
  message = shown(std::move(message));
  actual_ = line_of(message);
  fail(describe(step, message), step.attempts.empty() ? 0 : step.attempts.front().item->place.line);
  // No version of anything sends what cannot be read.
  failures_.back().lost_step =
      message.name == protocol::json::raw_name || message.name == "unfinished" || message.name == "error";
  return false;
}

// say_goodbye: every connection ends with Terminate, or where that cannot be said with FIN, and the server's closing;
// nothing else may come.
asio::awaitable<bool> Player::say_goodbye() {
  for (auto& [name, line] : lines_) {
    if (!line.early.empty()) actual_ = line_of(line.early.front());
    if (!line.early.empty())
      co_return fail("[" + name + "] a message that nothing waits for: " + line.early.front().name, 0);
    if (line.closed || !line.connection || !line.connection->is_open() || !line.connected) continue;
    if (line.pending) co_return fail("[" + name + "] " + line.pending->describe(), 0);
    const auto& monitor = line.connection->monitor();
    // Whoever is not logged in, or has not kept to the rules, cannot say Terminate. The end of what he says does as
    // well, and a target that minds may say so.
    const bool broke = monitor.frontend_broke(), half_open = broke || before_login(monitor.phase());
    const bool may_complain = broke || (half_open && monitor.phase() > protocol::Phase::gssenc_requested);
    if (half_open) co_await line.connection->shutdown_write(deadline());
    auto last = co_await line.connection->terminate(deadline());
    using Kind = client::Event::Kind;
    // No rule says that a server must close then.
    if (half_open && last.bytes.empty() && (last.kind == Kind::timeout || last.kind == Kind::tls_alert)) continue;
    if (may_complain && last.is("ErrorResponse")) continue;
    if (last.kind == Kind::timeout && last.bytes.empty())
      co_return fail("[" + name + "] the connection was not closed within " + std::to_string(run_.timeout.count()) +
                         " ms after Terminate",
                     0, true);
    const bool closed = last.kind == Kind::eof || last.kind == Kind::truncated || last.kind == Kind::reset;
    if (!closed || (!last.bytes.empty() && last.kind != Kind::reset)) {
      actual_ = line_of(received(name, last));
      co_return fail("[" + name + "] a message that nothing waits for: " + last.describe(), 0);
    }
  }
  co_return true;
}

// --- Writing and connecting --------------------------------------------------------------------------------------

asio::awaitable<bool> Player::flush_all() {
  for (auto& [name, line] : lines_) {
    if (!line.connection || !line.connected || line.closed) continue;
    const bool good = co_await flush(line);
    if (!good) co_return false;
  }
  co_return true;
}

asio::awaitable<bool> Player::flush(Line& line) {
  auto written = co_await line.connection->flush(deadline());
  // A peer that closed while we wrote has said why, or will be found closed by whoever reads.
  if (!written && written.error().event.kind == client::Event::Kind::timeout)
    co_return fail("the target does not read what it is sent: " + written.error().text, 0, true);
  co_return true;
}

Player::Line& Player::open(const std::string& name, const Json& how) {
  auto& line = lines_[name];
  if (run_.live) run_.live->erase(line.connection.get());
  line = {};
  client::Options options;
  if (const auto role = how.find("as"); role != how.end()) options.role = role->get<std::string>();
  Json tls = tls_arguments(items_, name);
  tls.update(how);
  if (const auto alpn = tls.find("alpn"); alpn != tls.end()) options.tls.alpn = alpn->get<std::vector<std::string>>();
  if (const auto own = tls.find("client_certificate"); own != tls.end())
    options.tls.client_certificate = own->get<bool>();
  const std::string prefix = lines_.size() == 1 && name == notation::default_connection ? "" : "[" + name + "] ";
  options.on_said = [this, prefix](const client::Said& said) { write_down(prefix + said.line()); };
  line.connection = std::make_unique<client::Connection>(run_.target, std::move(options));
  if (run_.live) run_.live->insert(line.connection.get());
  return line;
}

void Player::write_down(std::string said) {
  conversation_size_ += said.size();
  conversation_.push_back(std::move(said));
  for (; conversation_size_ > longest_conversation && conversation_.size() > 1; ++forgotten_) {
    conversation_size_ -= conversation_.front().size();
    conversation_.pop_front();
  }
}

asio::awaitable<Player::Line*> Player::line(const std::string& name, std::size_t at) {
  const auto found = lines_.find(name);
  if (found != lines_.end() && found->second.connection) co_return &found->second;
  const Json nothing = Json::object();
  co_return co_await log_in(name, nothing, at);
}

asio::awaitable<Player::Line*> Player::log_in(const std::string& name, const Json& how, std::size_t at) {
  auto& line = open(name, how);
  client::LoginOptions login;
  login.encryption = encryption_of(how);
  if (const auto version = how.find("version"); version != how.end())
    login.version = version_of(version->get<std::string>());
  if (const auto until = how.find("until"); until != how.end()) login.until = until->get<std::string>();
  if (const auto binding = how.find("channel_binding"); binding != how.end())
    login.channel_binding = binding->get<bool>();
  if (const auto database = how.find("database"); database != how.end())
    login.parameters["database"] = database->get<std::string>();
  if (const auto parameters = how.find("parameters"); parameters != how.end())
    for (const auto& [key, value] : parameters->items())
      login.parameters[key] = value.is_null() ? std::nullopt : std::optional(value.get<std::string>());
  const auto until = deadline();
  auto logged_in = co_await line.connection->login(login, until);
  if (!logged_in) {
    const auto& failure = logged_in.error();
    using Kind = client::Event::Kind;
    const auto& last = failure.event;
    if (last.kind != Kind::timeout && (last.kind != Kind::error || !last.text.empty()))
      actual_ = line_of(shown(received(name, last)));
    if (failure.kind == client::Failure::Kind::usage)
      broken(failure.text);
    else
      fail("[" + name + "] login failed: " + failure.text, at, failure.event.kind == client::Event::Kind::timeout);
    if (!failures_.empty()) failures_.back().lost_step = failure.kind == client::Failure::Kind::protocol;
    co_return nullptr;
  }
  line.connected = true;
  const auto& facts = line.connection->facts();
  bindings_.set(name + ".pid", facts.pid);
  bindings_.set(name + ".key", protocol::json::hex(facts.key));
  co_return &line;
}

asio::awaitable<bool> Player::verb(const Item& item) {
  const auto& verb = *item.verb();
  const auto at = item.place.line;
  auto connect = [&](Line& line) -> asio::awaitable<bool> {
    if (line.connected) co_return true;
    auto connected = co_await line.connection->connect(deadline());
    if (!connected) co_return fail("[" + item.connection + "] " + connected.error().text, at);
    co_return line.connected = true;
  };
  switch (verb.kind) {
    case Verb::Kind::barrier:
    case Verb::Kind::segment:
      co_return co_await flush_all();
    case Verb::Kind::connect: {
      auto how = bindings_.substitute(verb.argument);
      if (!how) co_return broken(how.error());
      auto* opened = co_await log_in(item.connection, *how, at);
      co_return opened != nullptr;
    }
    case Verb::Kind::connect_raw: {
      const Json nothing = Json::object();
      auto& line = open(item.connection, nothing);
      co_return co_await connect(line);
    }
    case Verb::Kind::tls:
    case Verb::Kind::direct_tls: {
      auto found = lines_.find(item.connection);
      const Json nothing = Json::object();
      auto& line = found == lines_.end() ? open(item.connection, nothing) : found->second;
      bool good = co_await connect(line);
      if (good) good = co_await flush(line);
      if (!good) co_return false;
      auto established = co_await line.connection->start_tls(deadline());
      if (!established && established.error().kind == client::Failure::Kind::usage)
        co_return broken("line " + std::to_string(at) + ": " + established.error().text);
      // A handshake that is meant to fail is followed by `B tls-alert` or `B close`. What else the target said in its
      // place, and what we did not like ourselves, is told to whoever waits next.
      if (!established) line.pending = established.error().event;
      co_return true;
    }
    case Verb::Kind::shutdown: {
      auto* opened = co_await line(item.connection, at);
      if (!opened) co_return false;
      bool good = co_await flush(*opened);
      if (good) co_await opened->connection->shutdown_write(deadline());
      co_return good;
    }
    case Verb::Kind::close: {
      auto* opened = co_await line(item.connection, at);
      if (!opened) co_return false;
      bool good = co_await flush(*opened);
      if (verb.argument.contains("reset"))
        opened->connection->reset();
      else
        opened->connection->close();
      opened->closed = true;
      co_return good;
    }
    case Verb::Kind::churn:
      co_return broken("churn is not known to this version");
  }
  co_return true;
}

// --- Verdicts ----------------------------------------------------------------------------------------------------

bool Player::fail(std::string text, std::size_t at, bool no_answer) {
  failures_.push_back({Level::must, "", std::move(text), at, no_answer});
  return false;
}

bool Player::broken(std::string text) {
  broken_ = std::move(text);
  return false;
}

net::TimePoint Player::deadline() const {
  return net::Clock::now() + run_.timeout;
}

}  // namespace pgconform::runner
