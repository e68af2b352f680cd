#pragma once

#include <string>
#include <string_view>

#include "types/value.hpp"

namespace pgconform::types {

// ObjectNames: what the reg* types name: relations, functions, roles, … Only a session knows them, as its search_path
// decides what a bare name means. datatype-oid.
class ObjectNames {
 public:
  virtual ~ObjectNames() = default;
  // find: the object of that name, as the input function of regclass, regproc, … reads it; numbers and "-" aside.
  virtual Result<Oid> find(Oid type, std::string_view text) const = 0;
  // print: its name, qualified where need be; the number of what is not there.
  virtual std::string print(Oid type, Oid object) const = 0;
};

}  // namespace pgconform::types
