#include "engine/channels.hpp"

#include <algorithm>

#include "engine/error.hpp"

namespace pgconform::engine {

namespace {
constexpr std::size_t longest_name = 63, longest_payload = 7999;
}

Mailbox::~Mailbox() {
  std::erase(channels_.listeners, this);
}

void Mailbox::notify(std::string_view channel, std::string_view payload) {
  if (channel.empty()) fail(sqlstate::invalid_parameter_value, "channel name cannot be empty");
  if (channel.size() > longest_name) fail(sqlstate::invalid_parameter_value, "channel name too long");
  if (payload.size() > longest_payload) fail(sqlstate::invalid_parameter_value, "payload string too long");
  send(open_.back(), {pid_, std::string(channel), std::string(payload)});
}

// The same notification twice in a transaction is one.
void Mailbox::send(Level& level, Notification notification) {
  if (std::ranges::find(level.sent, notification) == level.sent.end()) level.sent.push_back(std::move(notification));
}

void Mailbox::listen(std::string_view channel) {
  open_.back().actions.push_back({true, std::string(channel)});
}

void Mailbox::unlisten(std::string_view channel) {
  open_.back().actions.push_back({false, std::string(channel)});
}

void Mailbox::commit_subtransaction() {
  if (open_.size() < 2) return;
  Level done = std::move(open_.back());
  open_.pop_back();
  for (auto& notification : done.sent) send(open_.back(), std::move(notification));
  auto& actions = open_.back().actions;
  actions.insert(actions.end(), done.actions.begin(), done.actions.end());
}

void Mailbox::abort_subtransaction() {
  if (open_.size() > 1) open_.pop_back();
}

void Mailbox::act(const Action& action) {
  if (action.listen) {
    if (listened_.empty()) channels_.listeners.push_back(this);
    listened_.insert(action.channel);
    return;
  }
  if (action.channel.empty())
    listened_.clear();
  else
    listened_.erase(action.channel);
  if (!listened_.empty()) return;
  std::erase(channels_.listeners, this);
  arrived_.clear();
}

void Mailbox::commit() {
  const Level done = std::move(open_.front());
  open_.assign(1, {});
  for (const auto& action : done.actions) act(action);
  if (done.sent.empty()) return;
  for (auto* listener : channels_.listeners) {
    listener->arrived_.insert(listener->arrived_.end(), done.sent.begin(), done.sent.end());
    if (listener != this && listener->wake_) listener->wake_();
  }
}

std::vector<Mailbox::Notification> Mailbox::take() {
  std::vector<Notification> taken;
  for (auto& notification : arrived_)
    if (listened_.contains(notification.channel)) taken.push_back(std::move(notification));
  arrived_.clear();
  return taken;
}

}  // namespace pgconform::engine
