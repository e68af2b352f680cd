#pragma once

#include <expected>
#include <string_view>

#include "notation/source.hpp"

// The `key: value` lines at the top of a case or trace. A value goes to the end of its line: `#` is part of it.
namespace pgconform::notation {

// read_case_header: from the current line, `=== id`, to the first line that is no header. Unknown keys, keys given
// twice and malformed values are errors; `title` is required.
std::expected<Case, Error> read_case_header(Source& source);

// read_trace_header: from the beginning of the file; the first line that says something is `format: 1`.
std::expected<Recorded, Error> read_trace_header(Source& source);

// is_blank: nothing, or a comment.
bool is_blank(std::string_view line);

// is_text_field: a field of ErrorResponse and NoticeResponse whose value is for people (M, D, H) or for PostgreSQL's
// developers (W, F, L, R): never compared.
bool is_text_field(std::string_view name);

}  // namespace pgconform::notation
