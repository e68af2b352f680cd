#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>

#include "client/target.hpp"

// Target descriptions, docs/target.schema.json. Not for users of this folder: see target.hpp.
namespace pgconform::client {

struct Description {
  std::string uri, ca, client_certificate, client_key, profile;
  std::map<std::string, Credentials> roles;
  Control control;
};

// parse_description: from the text of a file that lies in `directory`, to which relative paths refer.
std::expected<Description, std::string> parse_description(std::string_view text, const std::string& directory);

}  // namespace pgconform::client
