#include "runner/player.hpp"

#include <algorithm>

#include "protocol/json/json.hpp"

namespace pgconform::runner {

using notation::Item;

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
