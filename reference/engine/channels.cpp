#include "engine/channels.hpp"

#include <algorithm>

#include "engine/error.hpp"

namespace pgconform::engine {

namespace {
constexpr std::size_t longest_name = 63, longest_payload = 7999;

std::size_t size_of(const session::Notification& notification) {
  return sizeof notification + notification.channel.size() + notification.payload.size();
}

[[noreturn]] void queue_is_full() {
  fail(sqlstate::program_limit_exceeded, "too many notifications in the NOTIFY queue");
}

}  // namespace

void Channels::forget_taken() {
  std::uint64_t taken = end();
  for (const auto* listener : listeners) taken = std::min(taken, listener->place());
  for (; first < taken; ++first) {
    size -= size_of(queue.front());
    queue.pop_front();
  }
}

Mailbox::~Mailbox() {
  stop_listening();
}

void Mailbox::stop_listening() {
  if (std::erase(channels_.listeners, this) != 0) channels_.forget_taken();
}

void Mailbox::notify(std::string_view channel, std::string_view payload) {
  if (channel.empty()) fail(sqlstate::invalid_parameter_value, "channel name cannot be empty");
  if (channel.size() > longest_name) fail(sqlstate::invalid_parameter_value, "channel name too long");
  if (payload.size() > longest_payload) fail(sqlstate::invalid_parameter_value, "payload string too long");
  std::size_t size = 0;
  for (const auto& level : open_) size += level.size;
  if (size > Channels::room) queue_is_full();
  send(open_.back(), {pid_, std::string(channel), std::string(payload)});
}

// The same notification twice in a transaction is one.
void Mailbox::send(Level& level, Notification notification) {
  if (level.known.contains({notification.channel, notification.payload})) return;
  level.size += size_of(notification);
  const auto& kept = level.sent.emplace_back(std::move(notification));
  level.known.emplace(kept.channel, kept.payload);
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
    if (listened_.empty()) {
      place_ = channels_.end();
      channels_.listeners.push_back(this);
    }
    listened_.insert(action.channel);
    return;
  }
  if (action.channel.empty())
    listened_.clear();
  else
    listened_.erase(action.channel);
  if (listened_.empty()) stop_listening();
}

void Mailbox::before_commit() const {
  if (open_.front().sent.empty() || channels_.listeners.empty()) return;
  if (channels_.size + open_.front().size > Channels::room) queue_is_full();
}

void Mailbox::commit() {
  Level done = std::move(open_.front());
  open_.clear();
  open_.emplace_back();
  for (const auto& action : done.actions) act(action);
  if (done.sent.empty() || channels_.listeners.empty()) return;
  channels_.size += done.size;
  for (auto& notification : done.sent) channels_.queue.push_back(std::move(notification));
  for (auto* listener : channels_.listeners)
    if (listener != this && listener->wake_) listener->wake_();
}

std::vector<Mailbox::Notification> Mailbox::take() {
  std::vector<Notification> taken;
  if (listened_.empty()) return taken;
  for (; place_ < channels_.end(); ++place_) {
    const auto& notification = channels_.queue[static_cast<std::size_t>(place_ - channels_.first)];
    if (listened_.contains(notification.channel)) taken.push_back(notification);
  }
  channels_.forget_taken();
  return taken;
}

}  // namespace pgconform::engine
