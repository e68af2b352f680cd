#pragma once

#include <optional>
#include <string>

#include "engine/storage.hpp"

namespace pgconform::engine {

class SessionState;

// key_of: what an index keeps of a row; none of one that a partial index leaves out. Throws what the index's
// expressions fail with. indexes-expressional, indexes-partial.
std::optional<Row> key_of(const Index& index, const Row& row, SessionState& session);

// fill_entries: the index's entries, of all rows of the table.
void fill_entries(Index& index, const Table& table, SessionState& session);

// index_key_text: "(lower(a), b)=(x, 1)", as messages about keys show one.
std::string index_key_text(const Table& table, const Index& index, const Row& key, SessionState& session);

// index_column_text: the name of the column, or its expression.
std::string index_column_text(const Table& table, const Index& index, std::size_t column, bool pretty,
                              SessionState& session);

}  // namespace pgconform::engine
