#pragma once

#include <algorithm>
#include <cstdint>
#ifdef __GLIBC__
#include <malloc.h>
#endif
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
    most_ = std::max(most_, connections_.size());
    step();
    return pid;
  }
  void leave(std::int32_t pid) {
    connections_.erase(pid);
    if (connections_.size() < most_ / 2) give_back();
  }
  Connection* find(std::int32_t pid) const {
    const auto found = connections_.find(pid);
    return found == connections_.end() ? nullptr : found->second;
  }
  std::size_t size() const { return connections_.size(); }
  void each(auto&& act) const {
    for (const auto& [pid, connection] : connections_) act(*connection);
  }

 private:
  // give_back: what a crowd has left behind goes to the system. glibc keeps what lies below anything still in use.
  void give_back() {
    most_ = connections_.size();
#ifdef __GLIBC__
    malloc_trim(0);
#endif
  }
  void step() { next_ = next_ == 0x7fffffff ? 1 : next_ + 1; }

  std::unordered_map<std::int32_t, Connection*> connections_;
  std::int32_t next_ = 1;
  std::size_t most_ = 0;  // connections at a time, since memory was given back
};

}  // namespace pgconform::server
