#include "engine/checks.hpp"

#include <algorithm>
#include <tuple>

#include "engine/error.hpp"
#include "engine/execution/row_writer.hpp"
#include "engine/index_keys.hpp"
#include "engine/plan.hpp"
#include "engine/session_state.hpp"

namespace pgconform::engine {
namespace {

constexpr std::size_t portion = 50'000;  // of rows that foreign keys look at, in one slice

}  // namespace

void ConstraintChecks::key_written(const std::shared_ptr<Table>& table, const Index& index, std::size_t row) {
  keys_.push_back({table, index.oid, row, {session_.transaction().depth()}});
}

void ConstraintChecks::add(const Table& table, const ForeignKey& key, Event event) {
  event.table = table.oid;
  event.key = key.oid;
  event.life.made = session_.transaction().depth();
  if (waits(event))
    deferred_.push_back(std::move(event));
  else
    due_.push_back(std::move(event));
}

void ConstraintChecks::row_inserted(const Table& table, std::size_t row) {
  for (const auto& key : table.foreign_keys) add(table, key, {0, 0, row});
}

// A row of this transaction may still wait for its check, which it will not have when it is no longer there.
void ConstraintChecks::row_updated(const Table& table, std::size_t old, std::size_t fresh) {
  const auto &before = table.rows[old], &after = table.rows[fresh];
  bool ours = session_.transaction().is_own(before.stamp.made);
  for (const auto& key : table.foreign_keys)
    if (ours || key_of(table, key.columns, before.values) != key_of(table, key.columns, after.values))
      add(table, key, {0, 0, fresh});
  key_gone(table, old, &after.values);
}

void ConstraintChecks::row_removed(const Table& table, std::size_t old) {
  key_gone(table, old, nullptr);
}

void ConstraintChecks::key_gone(const Table& table, std::size_t old, const Row* fresh) {
  if (!session_.database().has_foreign_keys) return;
  auto [it, is_new] = referrers_.try_emplace(table.oid);
  if (is_new) it->second = referrers_of(table, session_);
  for (const auto& [referring, key] : it->second) {
    Row key_before = key_of(table, key.referenced_columns, table.rows[old].values), key_after;
    if (std::ranges::any_of(key_before, [](const Value& v) { return types::is_null(v); })) continue;
    if (fresh) key_after = key_of(table, key.referenced_columns, *fresh);
    if (key_before != key_after) add(*referring, key, {0, 0, 0, std::move(key_before), std::move(key_after)});
  }
}

// Only checks can be deferred, not what is to be done.
bool ConstraintChecks::waits(const Event& event) const {
  auto key = find_foreign_key(event.table, event.key, session_);
  if (!key.table) return false;
  if (!event.is_reference() && (event.new_key.empty() ? key.key.on_delete : key.key.on_update) != 'a') return false;
  return is_deferred(key.key.oid, key.key.deferrable, key.key.initially_deferred);
}

void ConstraintChecks::fire(const Event& event) const {
  auto found = find_foreign_key(event.table, event.key, session_);
  if (!found.table) return;
  if (event.is_reference())
    check_reference(found, event.row, session_);
  else
    settle_references(found, event.old_key, event.new_key, session_);
}

void ConstraintChecks::need_none_pending(const Table& table, std::string_view command) const {
  need_unused(table, command);
  if (has_pending(table))
    fail(sqlstate::object_in_use,
         fmt::format("cannot {} \"{}\" because it has pending trigger events", command, table.name));
}

void ConstraintChecks::need_unused(const Table& table, std::string_view command) const {
  // A portal has its tables open as long as it is there, though not the views that it reads them through.
  if (table.kind == 'v') return;
  for (const auto& [name, portal] : session_.names().portals) {
    if (portal->held || portal->failed || !portal->prepared.statement || !portal->prepared.statement->is_query())
      continue;
    const auto& plan = static_cast<const Prepared&>(*portal->prepared.statement);
    if (std::ranges::find(plan.tables, table.oid, &Table::oid) != plan.tables.end())
      fail(sqlstate::object_in_use,
           fmt::format("cannot {} \"{}\" because it is being used by active queries in this session", command,
                       table.name));
  }
}

bool ConstraintChecks::has_pending(const Table& table) const {
  const auto is_of_event = [&](const Event& event) {
    if (event.life.done != 0) return false;
    if (event.is_reference()) return event.table == table.oid;
    return find_foreign_key(event.table, event.key, session_).key.referenced == table.oid;
  };
  const auto is_of_key = [&](const Key& key) { return key.life.done == 0 && key.table->oid == table.oid; };
  return std::ranges::any_of(deferred_, is_of_event) || std::ranges::any_of(keys_, is_of_key);
}

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
  const auto value = key_of(*index, table.rows[key.row].values, session_);
  if (value && writer.find_equal(*index, *value, key.row)) writer.duplicate(*index, *value);
}

bool ConstraintChecks::settle(const Key& key, bool all) const {
  auto index = std::ranges::find(key.table->indexes, key.index, &Index::oid);
  if (!all && index != key.table->indexes.end() &&
      is_deferred(index->oid, index->deferrable, index->initially_deferred))
    return false;
  check(key);
  return true;
}

// What is thrown leaves the lists whole: the statement goes on where it was.
void ConstraintChecks::end_statement() {
  referrers_.clear();
  const int depth = session_.transaction().depth();
  for (auto& key : keys_)
    if (key.life.done == 0 && settle(key, false)) key.life.done = depth;
  for (auto& event : deferred_)
    if (event.life.done == 0 && !waits(event)) {
      due_.push_back(event);
      event.life.done = depth;
    }
  const auto is_over = [&](const auto& each) { return each.life.done == depth && each.life.made == depth; };
  std::erase_if(keys_, is_over);
  std::erase_if(deferred_, is_over);
  fire_due();
}

// What one of them does may ask for more.
void ConstraintChecks::fire_due() {
  for (std::size_t cost = 0; !due_.empty(); due_.pop_front()) {
    if (cost > portion) throw Pause{};
    cost += cost_of(due_.front());
    fire(due_.front());
  }
}

// Rows that refer are looked for one by one.
std::size_t ConstraintChecks::cost_of(const Event& event) const {
  constexpr std::size_t least = 100;
  const auto table = event.is_reference() ? nullptr : session_.find_table(event.table);
  return least + (table ? table->rows.size() : 0);
}

void ConstraintChecks::end_transaction() {
  for (const auto& key : keys_)
    if (key.life.done == 0) settle(key, true);
  keys_.clear();
  do {
    for (auto& event : std::exchange(deferred_, {}))
      if (event.life.done == 0) due_.push_back(std::move(event));
    fire_due();
  } while (!deferred_.empty());
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

template <class List>
void ConstraintChecks::undo(List& list, int depth) {
  while (!list.empty() && list.back().life.made >= depth) list.pop_back();
  for (auto& each : list)
    if (each.life.done >= depth) each.life.done = 0;
}

template <class List>
void ConstraintChecks::hand_on(List& list, int depth) {
  std::erase_if(list, [&](auto& each) {
    auto& [made, done] = each.life;
    made = std::min(made, depth - 1);
    done = std::min(done, depth - 1);
    return done >= made && done != 0;
  });
}

void ConstraintChecks::start_subtransaction() {
  before_.emplace_back(all_, some_);
}

void ConstraintChecks::commit_subtransaction(int depth) {
  if (before_.empty()) return;
  before_.pop_back();
  hand_on(keys_, depth);
  hand_on(deferred_, depth);
}

void ConstraintChecks::abort_subtransaction(int depth) {
  due_.clear();
  if (before_.empty()) return;
  std::tie(all_, some_) = std::move(before_.back());
  before_.pop_back();
  undo(keys_, depth);
  undo(deferred_, depth);
}

void ConstraintChecks::forget() {
  before_.clear();
  keys_.clear();
  due_.clear();
  deferred_.clear();
  referrers_.clear();
  all_.reset();
  some_.clear();
}

}  // namespace pgconform::engine
