#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "notation/ast.hpp"

namespace pgconform::compare {

// Asynchronous: the messages that a server may send on its own account (protocol-async) and that a conversation need
// not mention: NoticeResponse, ParameterStatus, NotificationResponse. What a case names anywhere on a connection is
// part of the case there and no longer tolerated. Whether the server was allowed to say it then, the monitor knows.
class Asynchronous {
 public:
  explicit Asynchronous(const std::vector<notation::Item>& items) { collect(items); }

  // tolerated: to be left out of what is matched.
  bool tolerated(std::string_view connection, std::string_view message) const;

 private:
  void collect(const std::vector<notation::Item>& items);

  std::set<std::pair<std::string, std::string>> named_;
};

}  // namespace pgconform::compare
