#pragma once

#include <string_view>

namespace pgconform::runner {

// glob_matches: whether `pattern` names `id`. Both are segments between slashes; `*` stands for anything within a
// segment, `**` for any number of whole segments. A pattern that ends early names everything below it: `startup` is
// `startup/**`.
bool glob_matches(std::string_view pattern, std::string_view id);

// has_wildcard: it may name several ids of the same depth.
bool has_wildcard(std::string_view pattern);

}  // namespace pgconform::runner
