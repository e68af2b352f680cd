#pragma once

#include <string>

// 'one' -- comment
// 'two' is one literal: PostgreSQL skips comments where a literal goes on in another line. libpg_query's scanner, which
// makes tokens of comments, does not.
namespace pgconform::engine {

// blank_comments: make blanks of the comments between the literal that begins at byte `at` and one that ends in a line
// before it; false if there are none.
bool blank_comments(std::string& sql, std::size_t at);

}  // namespace pgconform::engine
