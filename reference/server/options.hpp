#pragma once

#include <expected>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "server/configuration/configuration.hpp"

namespace pgconform::server {

// Options: what the command line asks for.
struct Options {
  Configuration configuration;                                // of the files, with the flags laid over it
  bool quiet = false;                                         // no log on stderr
  std::vector<std::pair<std::string, std::string>> settings;  // of all sessions from their start
  // reread: the configuration anew, of the files as they are then, under the same flags. The error is one line.
  std::function<std::expected<Configuration, std::string>()> reread;
};

// Exit: the program is to end at once, having printed `text` to stdout (status 0) or stderr.
struct Exit {
  int status = 0;
  std::string text;
};

// parse_options: read flags and, where they name one, the configuration.
std::expected<Options, Exit> parse_options(int argc, const char* const* argv);

}  // namespace pgconform::server
