#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "session/engine.hpp"

// The reference server's engine: SQL in memory, as PostgreSQL answers it, as far as it goes; the rest is refused with
// 0A000. reference/engine/differences.md says where it differs.
namespace pgconform::engine {

// Options: what is fixed for a whole engine.
struct Options {
  std::string server_version = "18.1";
  std::vector<std::string> databases = {"default"};  // a login to any other is refused with 3D000; empty: any will do
  std::vector<std::pair<std::string, std::string>> settings = {};  // of all sessions from their start, as postgres -c
  std::function<std::chrono::system_clock::time_point()> clock = std::chrono::system_clock::now;  // clock_timestamp()
  int rows_per_slice = 4096;  // a statement that has touched so many makes way for other sessions
};

// wrong_setting: what is wrong with one of the settings.
std::optional<std::string> wrong_setting(const Options& options);

// make_engine: an empty one. Its settings have to be right.
std::unique_ptr<session::Engine> make_engine(Options options = {});

}  // namespace pgconform::engine
