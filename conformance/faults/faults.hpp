#pragma once

#include <span>
#include <string>
#include <string_view>

#include "relay/relay.hpp"

// Lies that a server may tell, each in one kind of message. A server behind them is right; what a client sees is not.
// Whatever of this the catalogue and the monitor do not notice, they would not notice in a real server either.
namespace pgconform::faults {

// Fault: one lie. `alter` gives what is told in place of a message of the server; it sees none of a login.
struct Fault {
  std::string_view name;
  std::string_view what;
  std::string (*alter)(const relay::Passed&);
};

// faults: all of them.
std::span<const Fault> faults();
// find: by name; null if there is none.
const Fault* find(std::string_view name);

}  // namespace pgconform::faults
