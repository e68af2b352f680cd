#pragma once

#include <string>

#include "client/connection.hpp"
#include "compare/matcher.hpp"

// What a target said, as the matcher and reports know it.
namespace pgconform::runner {

// received: an event as the matcher knows it.
compare::Received received(const std::string& connection, const client::Event& event);

// shown: without what lets a reader try passwords.
compare::Received shown(compare::Received message);

// line_of: a message as a B line of the notation.
std::string line_of(const compare::Received& message);

}  // namespace pgconform::runner
