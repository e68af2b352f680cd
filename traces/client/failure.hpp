#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "client/event.hpp"

namespace pgconform::client {

// Failure: why something did not succeed.
struct Failure {
  enum class Kind : std::uint8_t {
    usage,    // our side asked for what cannot be done: an unknown role, a field that does not exist
    network,  // no connection, or it ended, or nothing came before the deadline
    server,   // the server refused; `event` is its ErrorResponse, or its N to SSLRequest
    protocol  // the server said what it may not, or what we cannot answer
  };
  Kind kind = Kind::usage;
  std::string text;  // one line, without secrets
  Event event = {};  // what was received in place of success, where something was
};

template <class T>
using Expected = std::expected<T, Failure>;

}  // namespace pgconform::client
