#include <algorithm>

#include "protocol/json/json.hpp"
#include "runner/player.hpp"
#include "runner/received.hpp"

// A player's connections: opening, logging in, writing, and the verbs of a case that are about them.
namespace pgconform::runner {

using notation::Item;
using notation::Json;
using notation::Verb;

namespace {

constexpr std::size_t longest_conversation = 1u << 20;  // in bytes; of a longer one the end is reported

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

}  // namespace pgconform::runner
