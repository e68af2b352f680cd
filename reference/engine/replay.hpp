#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "session/engine.hpp"

// A stand-in for a session in tests: runs a query string on a Backend as postgres.c does, and writes what a client
// would see, one line a message.
namespace pgconform::engine {

// simple_query: the simple query cycle. Lines: "T name:type(modifier) …", "D value | value" (NULL is \N), "C tag",
// "I" (empty query), "N SEVERITY sqlstate message", "E SEVERITY sqlstate message @position" and at last "Z status".
std::string simple_query(session::Backend& backend, std::string_view sql);

}  // namespace pgconform::engine
