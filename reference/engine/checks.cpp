#include "engine/checks.hpp"

#include <algorithm>

#include "engine/error.hpp"
#include "engine/execution/row_writer.hpp"
#include "engine/session_state.hpp"

namespace pgconform::engine {

void ConstraintChecks::key_written(const std::shared_ptr<Table>& table, const Index& index, std::size_t row) {
  keys_.push_back({table, index.oid, row});
}

void ConstraintChecks::row_written(const std::shared_ptr<Table>&, std::size_t) {}
void ConstraintChecks::row_removed(const std::shared_ptr<Table>&, std::size_t, std::size_t) {}

bool ConstraintChecks::is_deferred(Oid constraint, bool deferrable, bool initially) const {
  if (!deferrable) return false;
  if (auto it = some_.find(constraint); it != some_.end()) return it->second;
  return all_.value_or(initially);
}

// unique_key_recheck(): the row may be gone by now, or the other one.
void ConstraintChecks::check(const Key& key) const {
  const auto& table = *key.table;
  auto index = std::ranges::find(table.indexes, key.index, &Index::oid);
  if (index == table.indexes.end()) return;
  const auto& stamp = table.rows[key.row].stamp;
  const auto& transactions = session_.database().transactions;
  if (transactions.is_aborted(stamp.made) || (stamp.ended != 0 && !transactions.is_aborted(stamp.ended))) return;
  RowWriter writer(session_, key.table);
  Row value = index->key(table.rows[key.row].values);
  if (writer.find_equal(*index, value, key.row)) writer.duplicate(*index, value);
}

bool ConstraintChecks::settle(const Key& key, bool all) const {
  auto index = std::ranges::find(key.table->indexes, key.index, &Index::oid);
  if (!all && index != key.table->indexes.end() &&
      is_deferred(index->oid, index->deferrable, index->initially_deferred))
    return false;
  check(key);
  return true;
}

void ConstraintChecks::end_statement() {
  std::erase_if(keys_, [&](const Key& key) { return settle(key, false); });
}

void ConstraintChecks::end_transaction() {
  try {
    for (const auto& key : keys_) settle(key, true);
  } catch (const Suspend&) {
    refuse("waiting for another transaction's equal key at the end of this one");
  }
  keys_.clear();
}

void ConstraintChecks::set(const std::vector<std::pair<std::string, std::string>>& names, bool deferred) {
  if (names.empty()) {
    all_ = deferred;
    some_.clear();
    return;
  }
  for (const auto& [schema, name] : names) {
    bool found = false;
    for (const auto& table : session_.database().tables) {
      if (!session_.is_current(*table) || (!schema.empty() && table->schema != schema)) continue;
      auto take = [&](Oid oid, const std::string& its_name, bool deferrable) {
        if (its_name != name) return;
        if (!deferrable) fail(sqlstate::wrong_object_type, fmt::format("constraint \"{}\" is not deferrable", name));
        some_[oid] = deferred;
        found = true;
      };
      for (const auto& index : table->indexes)
        if (index.is_constraint) take(index.oid, index.name, index.deferrable);
      for (const auto& key : table->foreign_keys) take(key.oid, key.name, key.deferrable);
      for (const auto& check : table->checks) take(check.oid, check.name, false);
    }
    if (!found) fail(sqlstate::undefined_object, fmt::format("constraint \"{}\" does not exist", name));
  }
}

void ConstraintChecks::forget() {
  keys_.clear();
  all_.reset();
  some_.clear();
}

}  // namespace pgconform::engine
