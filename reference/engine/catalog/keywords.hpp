#pragma once

#include "engine/functions.hpp"

namespace pgconform::engine {

// keywords: pg_get_keywords(), the words of the grammar, which browsers ask for in order to colour what is typed.
// functions-info.
Value keywords(Call& call);

}  // namespace pgconform::engine
