#pragma once

#include <string>
#include <vector>

#include "types/value.hpp"

namespace pgconform::engine {

// OutParameter: a column of what a function returns.
struct OutParameter {
  std::string name;
  types::Oid type = 0;
};

// out_parameters: of the function with this OID, as pg_proc has them; none for most.
const std::vector<OutParameter>& out_parameters(types::Oid function);

}  // namespace pgconform::engine
