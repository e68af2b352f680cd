#include "engine/foreign_keys.hpp"

#include <algorithm>

#include "engine/error.hpp"
#include "engine/evaluate.hpp"
#include "engine/execution/row_writer.hpp"
#include "engine/session_state.hpp"

namespace pgconform::engine {
namespace {

using types::is_null;

// find_key: the row that has this key, if the snapshot sees one.
std::optional<std::size_t> find_key(const Table& table, const std::vector<std::int16_t>& numbers, const Row& key,
                                    const Snapshot& snapshot) {
  auto places = places_of(table, numbers);
  for (const auto& index : table.indexes) {
    if (!index.unique || !index.is_plain() || !std::ranges::is_permutation(index.columns, places)) continue;
    Row ordered;
    for (auto place : index.columns)
      ordered.push_back(key[static_cast<std::size_t>(std::ranges::find(places, place) - places.begin())]);
    auto [first, last] = index.entries.equal_range(ordered);
    for (auto it = first; it != last; ++it)
      if (table.rows[it->second].stamp.visible(snapshot)) return it->second;
  }
  return std::nullopt;
}

[[noreturn]] void not_there(const Referrer& referrer, const std::string& detail) {
  throw violation(sqlstate::foreign_key_violation,
                  fmt::format("insert or update on table \"{}\" violates foreign key constraint \"{}\"",
                              referrer.table->name, referrer.key.name),
                  detail, *referrer.table, referrer.key.name);
}

// Action: what is done to one row that refers.
class Action {
 public:
  Action(const Referrer& referrer, char kind, const Row& new_key, SessionState& session)
      : session_(session),
        referrer_(referrer),
        kind_(kind),
        new_key_(new_key),
        places_(places_of(*referrer.table, referrer.key.columns)),
        writer_(session, referrer.table),
        context_{session} {
    context_.style = session.style();
    mode_ = kind == 'a' || kind == 'r'       ? RowMode::key_share
            : kind == 'c' && new_key.empty() ? RowMode::update
                                             : writer_.mode_of_update(places_);
  }

  // take: false if the row turns out to refer no longer.
  bool take(std::size_t row, const Row& old_key) {
    auto settled = writer_.settle(row, mode_, mode_ == RowMode::update ? "deleting" : "updating");
    const Table& table = *referrer_.table;
    if (!settled.row) return false;
    const Row& values = table.rows[*settled.row].values;
    if (settled.moved && key_of(table, referrer_.key.columns, values) != old_key) return false;
    if (mode_ == RowMode::key_share) return true;
    if (session_.transaction().keeps_from(table.rows[*settled.row].stamp))
      fail(sqlstate::t_r_serialization_failure, "could not serialize access due to concurrent update");
    if (mode_ == RowMode::update && kind_ == 'c' && new_key_.empty()) {
      writer_.remove(*settled.row);
      return true;
    }
    Row made = values;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const auto& value = table.columns[places_[i]].default_value;
      made[places_[i]] = kind_ == 'c' ? new_key_[i] : kind_ == 'd' && value ? evaluate(*value, context_) : Value();
    }
    writer_.check(made, context_);
    // This row is come back to after waiting: nothing is to be done before.
    writer_.check_keys(made, *settled.row);
    writer_.update(*settled.row, std::move(made));
    return true;
  }

 private:
  SessionState& session_;
  const Referrer& referrer_;
  char kind_;
  const Row& new_key_;
  std::vector<std::size_t> places_;
  RowWriter writer_;
  Context context_;
  RowMode mode_;
};

}  // namespace

std::vector<Referrer> referrers_of(const Table& table, SessionState& session) {
  std::vector<Referrer> found;
  if (!session.database().has_foreign_keys) return found;
  for (const auto& other : session.database().tables)
    for (const auto& key : other->foreign_keys)
      if (key.referenced == table.oid && session.is_current(*other)) found.push_back({other, key});
  return found;
}

Referrer find_foreign_key(Oid table, Oid key, SessionState& session) {
  auto found = session.find_table(table);
  if (!found) return {};
  auto it = std::ranges::find(found->foreign_keys, key, &ForeignKey::oid);
  if (it == found->foreign_keys.end()) return {};
  return {found, *it};
}

std::vector<std::size_t> places_of(const Table& table, const std::vector<std::int16_t>& numbers) {
  std::vector<std::size_t> places;
  for (auto number : numbers)
    places.push_back(static_cast<std::size_t>(std::ranges::find(table.columns, number, &TableColumn::number) -
                                              table.columns.begin()));
  return places;
}

Row key_of(const Table& table, const std::vector<std::int16_t>& numbers, const Row& row) {
  Row key;
  for (auto place : places_of(table, numbers)) key.push_back(row[place]);
  return key;
}

void check_reference(const Referrer& referrer, std::size_t row, SessionState& session) {
  const auto& [table, key] = referrer;
  auto parent = session.find_table(key.referenced);
  if (!parent || row >= table->rows.size() || !session.is_visible(table->rows[row].stamp)) return;
  Row values = key_of(*table, key.columns, table->rows[row].values);
  auto nulls = static_cast<std::size_t>(std::ranges::count_if(values, [](const Value& v) { return is_null(v); }));
  if (nulls == values.size() || (nulls > 0 && !key.full)) return;
  if (nulls > 0) not_there(referrer, "MATCH FULL does not allow mixing of null and nonnull key values.");
  session.waits().lock(*parent, LockMode::row_share);
  if (auto found = find_key(*parent, key.referenced_columns, values, session.transaction().referred())) {
    RowWriter writer(session, parent);
    auto settled = writer.settle(*found, RowMode::key_share, "locking");
    if (settled.row &&
        (!settled.moved || key_of(*parent, key.referenced_columns, parent->rows[*settled.row].values) == values)) {
      if (!session.transaction().is_own(parent->rows[*settled.row].stamp.made))
        writer.hold(*settled.row, RowMode::key_share);
      return;
    }
  }
  not_there(referrer,
            fmt::format("Key {} is not present in table \"{}\".",
                        key_text(*table, places_of(*table, key.columns), values, session.style()), parent->name));
}

namespace {

void act(const Referrer& referrer, char kind, const Row& old_key, const Row& new_key, SessionState& session) {
  const auto& [table, key] = referrer;
  auto parent = session.find_table(key.referenced);
  if (!parent) return;
  // Another row may have taken the key's place.
  if (kind == 'a' && find_key(*parent, key.referenced_columns, old_key, session.transaction().newest())) return;
  const bool only_looks = kind == 'a' || kind == 'r';
  session.waits().lock(*table, only_looks ? LockMode::row_share : LockMode::row_exclusive);
  Action action(referrer, kind, new_key, session);
  auto snapshot = session.transaction().newest();
  auto places = places_of(*table, key.columns);
  const bool waited = session.settings().keeps_snapshot() && session.waits().is_waiting();
  for (std::size_t i = 0, end = table->rows.size(); i < end; ++i) {
    const Version& version = table->rows[i];
    bool refers = true;
    for (std::size_t k = 0; k < places.size() && refers; ++k) refers = version.values[places[k]] == old_key[k];
    if (!refers) continue;
    // What it has waited for, a transaction that keeps its snapshot cannot pass over.
    if (waited && !version.stamp.visible(snapshot) && version.stamp.visible(session.transaction().referred()))
      fail(sqlstate::t_r_serialization_failure, fmt::format("could not serialize access due to concurrent {}",
                                                            only_looks || version.next != 0 ? "update" : "delete"));
    if (!version.stamp.visible(snapshot) || !action.take(i, old_key) || !only_looks) continue;
    throw violation(
        sqlstate::foreign_key_violation,
        fmt::format("update or delete on table \"{}\" violates foreign key constraint \"{}\" on table \"{}\"",
                    parent->name, key.name, table->name),
        fmt::format("Key {} is still referenced from table \"{}\".",
                    key_text(*parent, places_of(*parent, key.referenced_columns), old_key, session.style()),
                    table->name),
        *table, key.name);
  }
}

}  // namespace

void settle_references(const Referrer& referrer, const Row& old_key, const Row& new_key, SessionState& session) {
  const char kind = new_key.empty() ? referrer.key.on_delete : referrer.key.on_update;
  act(referrer, kind, old_key, new_key, session);
  // The default may be the key that is gone.
  if (kind == 'd') act(referrer, 'a', old_key, new_key, session);
}

}  // namespace pgconform::engine
