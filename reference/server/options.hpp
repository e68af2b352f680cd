#pragma once

#include <expected>
#include <functional>
#include <string>

#include "server/configuration/configuration.hpp"

namespace pgconform::server {

// Options: what the command line asks for.
struct Options {
  Configuration configuration;  // of the files, with the flags laid over it
  bool quiet = false;           // no log on stderr
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
