#pragma once

#include <string>
#include <string_view>

namespace pgconform::engine {

// quoted_name: an identifier as SQL needs it: quote_ident().
std::string quoted_name(std::string_view name);
// quoted_literal: a string as SQL needs it: quote_literal().
std::string quoted_literal(std::string_view s);

}  // namespace pgconform::engine
