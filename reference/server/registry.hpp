#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "auth/encoding.hpp"

namespace pgconform::server {

class Connection;

// Registry: the connections by the pid that their BackendKeyData names, for cancel requests and for shutting down.
// Every connection has one, whichever address it came in by.
class Registry {
 public:
  // enter: a pid for a new connection.
  std::int32_t enter(Connection& connection) {
    while (connections_.contains(next_)) step();
    const auto pid = next_;
    connections_.emplace(pid, &connection);
    step();
    return pid;
  }
  void leave(std::int32_t pid) { connections_.erase(pid); }
  Connection* find(std::int32_t pid) const {
    const auto found = connections_.find(pid);
    return found == connections_.end() ? nullptr : found->second;
  }
  std::size_t size() const { return connections_.size(); }
  void each(auto&& act) const {
    for (const auto& [pid, connection] : connections_) act(*connection);
  }

 private:
  void step() { next_ = next_ == 0x7fffffff ? 1 : next_ + 1; }

  std::unordered_map<std::int32_t, Connection*> connections_;
  std::int32_t next_ = 1;
};

}  // namespace pgconform::server
