#include "engine/execution/row_writer.hpp"

#include <algorithm>

#include "engine/domains.hpp"
#include "engine/evaluate.hpp"
#include "engine/expr.hpp"
#include "engine/index_keys.hpp"
#include "engine/session_state.hpp"
#include "types/form.hpp"

namespace pgconform::engine {

using types::is_null;

std::string row_text(const Table& table, const Row& row, const types::Style& style) {
  std::string list;
  for (std::size_t i = 0; i < row.size(); ++i) {
    std::string value = is_null(row[i]) ? "null" : types::print_text(table.columns[i].type, row[i], style);
    if (types::count_characters(value) > 64) value = value.substr(0, types::byte_of_character(value, 64)) + "...";
    list += (list.empty() ? "" : ", ") + value;
  }
  return "(" + list + ")";
}

std::string key_text(const Table& table, const std::vector<std::size_t>& columns, const Row& key,
                     const types::Style& style) {
  std::string names, values;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& column = table.columns[columns[i]];
    names += (i == 0 ? "" : ", ") + column.name;
    values += (i == 0 ? "" : ", ") + (is_null(key[i]) ? "null" : types::print_text(column.type, key[i], style));
  }
  return fmt::format("({})=({})", names, values);
}

SqlError violation(std::string_view sqlstate, std::string message, std::string detail, const Table& table,
                   std::string_view constraint) {
  SqlError error;
  error.report.sqlstate = sqlstate;
  error.report.message = std::move(message);
  error.report.detail = std::move(detail);
  error.report.schema = table.schema;
  error.report.table = table.name;
  error.report.constraint = constraint;
  return error;
}

RowWriter::RowWriter(SessionState& session, std::shared_ptr<Table> table)
    : session_(session), table_(std::move(table)) {
  if (table_->kind == 'S')
    fail(sqlstate::wrong_object_type, fmt::format("cannot change sequence \"{}\"", table_->name));
}

void RowWriter::defaults(Row& row, const std::vector<bool>& given, Context& context) const {
  for (std::size_t i = 0; i < row.size(); ++i)
    if (const auto& column = table_->columns[i]; !given[i])
      row[i] = column.default_value ? evaluate(*column.default_value, context) : default_of_type(column.type, context);
}

void RowWriter::check(Row& row, Context& context) const {
  for (std::size_t i = 0; i < row.size(); ++i)
    if (const auto& generated = table_->columns[i].generated) {
      auto around = std::exchange(context.row, row);
      Value value = evaluate(*generated, context);
      context.row = around;
      row[i] = std::move(value);
    }
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto& column = table_->columns[i];
    if (!column.not_null || !is_null(row[i])) continue;
    auto error = violation(sqlstate::not_null_violation,
                           fmt::format("null value in column \"{}\" of relation \"{}\" violates not-null constraint",
                                       column.name, table_->name),
                           fmt::format("Failing row contains {}.", row_text(*table_, row, context.style)), *table_, "");
    error.report.column = column.name;
    throw error;
  }
  if (table_->checks.empty()) return;
  auto outer = std::exchange(context.row, row);
  for (const auto& each : table_->checks) {
    Value value = evaluate(*each.condition, context);
    if (is_null(value) || std::get<bool>(value)) continue;
    throw violation(
        sqlstate::check_violation,
        fmt::format("new row for relation \"{}\" violates check constraint \"{}\"", table_->name, each.name),
        fmt::format("Failing row contains {}.", row_text(*table_, row, context.style)), *table_, each.name);
  }
  context.row = outer;
}

bool RowWriter::has_null_key(const Index& index, const Row& key) const {
  return !index.nulls_equal && std::ranges::any_of(key, [](const Value& v) { return is_null(v); });
}

void RowWriter::duplicate(const Index& index, const Row& key) const {
  throw violation(
      sqlstate::unique_violation, fmt::format("duplicate key value violates unique constraint \"{}\"", index.name),
      fmt::format("Key {} already exists.", index_key_text(*table_, index, key, session_)), *table_, index.name);
}

// is_gone: not there for this session, whatever becomes of other transactions.
bool RowWriter::is_gone(const Stamp& stamp) const {
  const auto& transactions = session_.database().transactions;
  if (transactions.is_aborted(stamp.made)) return true;
  return stamp.ended != 0 && !transactions.is_aborted(stamp.ended) &&
         (session_.transaction().is_own(stamp.ended) || !transactions.is_running(stamp.ended));
}

bool RowWriter::is_known(const Index& index, const Row& key) const {
  if (has_null_key(index, key)) return false;
  auto [first, last] = index.entries.equal_range(key);
  return std::any_of(first, last, [&](const auto& entry) { return !is_gone(table_->rows[entry.second].stamp); });
}

// What _bt_check_unique() sees: rows that others have not committed yet count as undecided.
std::optional<std::size_t> RowWriter::find_equal(const Index& index, const Row& key, std::size_t except) const {
  if (has_null_key(index, key)) return std::nullopt;
  const auto& transactions = session_.database().transactions;
  auto context = [&](std::size_t row) {
    return fmt::format("while inserting index tuple (0,{}) in relation \"{}\"", row + 1, index.name);
  };
  auto [first, last] = index.entries.equal_range(key);
  for (auto it = first; it != last; ++it) {
    auto place = it->second;
    const Stamp& stamp = table_->rows[place].stamp;
    if (place == except || is_gone(stamp)) continue;
    if (transactions.is_running(stamp.made) && !session_.transaction().is_own(stamp.made))
      session_.waits().for_transaction(stamp.made, context(place));
    if (stamp.ended != 0 && transactions.is_running(stamp.ended))
      session_.waits().for_transaction(stamp.ended, context(place));
    return place;
  }
  return std::nullopt;
}

bool RowWriter::keeps_key(const Index& index, std::size_t old, const Row& row) const {
  const auto before = key_of(index, table_->rows[old].values, session_), after = key_of(index, row, session_);
  if (!before || !after) return before.has_value() == after.has_value();
  const auto less = index.entries.key_comp();
  return !less(*before, *after) && !less(*after, *before);
}

void RowWriter::check_keys(const Row& row, std::size_t except) const {
  for (const auto& index : table_->indexes) {
    if (!index.unique || index.deferrable || (except != none && keeps_key(index, except, row))) continue;
    const auto key = key_of(index, row, session_);
    if (key && find_equal(index, *key, except)) duplicate(index, *key);
  }
}

std::size_t RowWriter::place(Row row) {
  auto& transaction = session_.transaction();
  transaction.row_made();
  table_->rows.push_back({{transaction.xid(), 0, transaction.command(), 0}, std::move(row)});
  return table_->rows.size() - 1;
}

std::size_t RowWriter::insert(Row row) {
  unfinished_ = {place(std::move(row)), std::nullopt};
  return finish();
}

std::size_t RowWriter::update(std::size_t old, Row row) {
  auto& transaction = session_.transaction();
  const bool key_kept = mode_of_update(old, row) == RowMode::no_key_update;
  auto fresh = place(std::move(row));
  Version& version = table_->rows[old];
  version.stamp.ended = transaction.xid();
  version.stamp.ended_in = transaction.command();
  version.next = fresh + 1;
  version.key_kept = key_kept;
  ++session_.database().garbage;
  session_.database().locks.hand_on(table_.get(), old, fresh);
  unfinished_ = {fresh, old};
  return finish();
}

// Index after index, as ExecInsertIndexTuples() does: others meet a key while the next one is still waited for.
std::size_t RowWriter::finish() {
  auto& [row, old, at] = *unfinished_;
  for (; at < table_->indexes.size(); ++at) {
    auto& index = table_->indexes[at];
    const Row& values = table_->rows[row].values;
    if (!index.unique && index.is_plain()) continue;
    const auto key = key_of(index, values, session_);
    if (!key || !index.unique) continue;
    // A row that keeps its key need not be looked for.
    if (!index.deferrable && !(old && keeps_key(index, *old, values)) && find_equal(index, *key, row))
      duplicate(index, *key);
    // What is alone when it comes need not be looked at again: whoever comes later looks.
    const bool in_doubt = index.deferrable && is_known(index, *key);
    index.entries.emplace(*key, row);
    if (in_doubt) session_.checks().key_written(table_, index, row);
  }
  const auto done = *std::exchange(unfinished_, std::nullopt);
  if (done.old)
    session_.checks().row_updated(*table_, *done.old, done.row);
  else
    session_.checks().row_inserted(*table_, done.row);
  return done.row;
}

void RowWriter::remove(std::size_t old) {
  auto& transaction = session_.transaction();
  Version& version = table_->rows[old];
  version.stamp.ended = transaction.xid();
  version.stamp.ended_in = transaction.command();
  version.next = 0;
  version.key_kept = false;
  ++session_.database().garbage;
  session_.checks().row_removed(*table_, old);
}

// What others are making of the row counts too: a lock holds for all of it.
Xid RowWriter::blocker(std::size_t row, RowMode mode) const {
  const auto& database = session_.database();
  for (;;) {
    const auto& [stamp, values, next, key_kept] = table_->rows[row];
    const bool is_ending = database.transactions.is_running(stamp.ended) && !session_.transaction().is_own(stamp.ended);
    if (is_ending && conflict(key_kept ? RowMode::no_key_update : RowMode::update, mode)) return stamp.ended;
    if (Xid holder = database.locks.row_blocker(&session_, table_.get(), row, mode); holder != 0) return holder;
    if (!is_ending || next == 0) return 0;
    row = next - 1;
  }
}

// heap_update(), heap_delete(), heap_lock_tuple() on a row that somebody else may be at.
RowWriter::Settled RowWriter::settle(std::size_t row, RowMode mode, std::string_view doing, Blocked blocked) const {
  const auto& transactions = session_.database().transactions;
  auto start = row;
  for (;;) {
    const Version& version = table_->rows[row];
    Xid xid = blocker(row, mode);
    if (xid != 0 && blocked == Blocked::skip) return {};
    if (xid != 0 && blocked == Blocked::fail)
      fail(sqlstate::lock_not_available, fmt::format("could not obtain lock on row in relation \"{}\"", table_->name));
    if (xid != 0)
      session_.waits().for_transaction(
          xid, fmt::format("while {} tuple (0,{}) in relation \"{}\"", doing, row + 1, table_->name));
    Xid ended = version.stamp.ended;
    const bool is_own = session_.transaction().is_own(ended);
    if (ended == 0 || transactions.is_aborted(ended) || (!is_own && transactions.is_running(ended))) {
      return {row, row != start};
    }
    if (is_own) return {};
    if (session_.settings().keeps_snapshot())
      fail(sqlstate::t_r_serialization_failure,
           fmt::format("could not serialize access due to concurrent {}",
                       version.next == 0 && doing != "locking" ? "delete" : "update"));
    if (version.next == 0) return {};
    row = version.next - 1;
  }
}

RowMode RowWriter::mode_of_update(std::size_t old, const Row& row) const {
  const Row& before = table_->rows[old].values;
  for (const auto& index : table_->indexes)
    if (index.unique && index.is_plain())
      for (auto column : index.columns)
        if (before[column] != row[column]) return RowMode::update;
  return RowMode::no_key_update;
}

RowMode RowWriter::mode_of_update(const std::vector<std::size_t>& changed) const {
  for (const auto& index : table_->indexes)
    if (index.unique && index.is_plain())
      for (auto column : index.columns)
        if (std::ranges::find(changed, column) != changed.end()) return RowMode::update;
  return RowMode::no_key_update;
}

void RowWriter::hold(std::size_t row, RowMode mode) const {
  auto& database = session_.database();
  const Xid xid = session_.transaction().xid();
  for (;;) {
    database.locks.hold_row(table_.get(), row, xid, mode);
    const Version& version = table_->rows[row];
    if (version.next == 0 || !database.transactions.is_running(version.stamp.ended)) return;
    row = version.next - 1;
  }
}

}  // namespace pgconform::engine
