#include "engine/index_keys.hpp"

#include "engine/catalog/deparse.hpp"
#include "engine/error.hpp"
#include "engine/evaluate.hpp"
#include "engine/quoting.hpp"
#include "engine/session_state.hpp"
#include "types/form.hpp"

namespace pgconform::engine {

std::optional<Row> key_of(const Index& index, const Row& row, SessionState& session) {
  Row key;
  if (index.is_plain()) {
    for (auto place : index.columns) key.push_back(row[place]);
    return key;
  }
  Context context{session};
  context.style = session.style();
  context.begin_row(row);
  if (index.predicate)
    if (Value wanted = evaluate(*index.predicate, context); types::is_null(wanted) || !std::get<bool>(wanted))
      return std::nullopt;
  for (std::size_t i = 0; i < index.columns.size(); ++i)
    key.push_back(index.columns[i] == Index::no_place ? evaluate(*index.expressions[i], context)
                                                      : row[index.columns[i]]);
  return key;
}

// What nobody sees any more may be what the expressions fail for.
void fill_entries(Index& index, const Table& table, SessionState& session) {
  index.entries.clear();
  if (index.is_plain() && !index.unique) return;
  const auto snapshot = session.transaction().newest();
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    if (!index.is_plain() && !table.rows[i].stamp.visible(snapshot)) continue;
    auto key = key_of(index, table.rows[i].values, session);
    if (key && index.unique) index.entries.emplace(std::move(*key), i);
  }
}

std::string index_column_text(const Table& table, const Index& index, std::size_t column, bool pretty,
                              SessionState& session) {
  if (index.columns[column] != Index::no_place) return quoted_name(table.columns[index.columns[column]].name);
  const Expr& expression = *index.expressions[column];
  std::string text = deparse(expression, {session, table, pretty});
  return is_written_as_call(expression) ? text : "(" + text + ")";
}

std::string index_key_text(const Table& table, const Index& index, const Row& key, SessionState& session) {
  std::string names, values;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const Oid type = index.entries.key_comp().types[i];
    names += (i == 0 ? "" : ", ") + index_column_text(table, index, i, true, session);
    values +=
        (i == 0 ? "" : ", ") + (types::is_null(key[i]) ? "null" : types::print_text(type, key[i], session.style()));
  }
  return fmt::format("({})=({})", names, values);
}

}  // namespace pgconform::engine
