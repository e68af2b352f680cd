#include "engine/storage.hpp"

#include "engine/user_types.hpp"

namespace pgconform::engine {
namespace {

void tidy_rows(Table& table, const Transactions& transactions) {
  auto dead = [&](const Version& row) {
    return transactions.is_aborted(row.stamp.made) ||
           (row.stamp.ended != 0 && !transactions.is_aborted(row.stamp.ended));
  };
  constexpr std::size_t gone = Index::no_place;
  std::vector<std::size_t> places;  // where each row will be
  std::size_t kept = 0;
  for (const auto& row : table.rows) places.push_back(dead(row) ? gone : kept++);
  auto removed = std::erase_if(table.rows, dead);
  for (auto& row : table.rows) row.stamp.ended = 0, row.next = 0;
  if (removed == 0) return;
  for (auto& index : table.indexes) {
    std::erase_if(index.entries, [&](const auto& entry) { return places[entry.second] == gone; });
    for (auto& entry : index.entries) entry.second = places[entry.second];
  }
}

}  // namespace

// A label's place is needed as long as a row may hold it, be it a dead one.
void Database::tidy_types(bool labels) {
  std::set<Oid> used;
  for (auto& [oid, versions] : types) {
    std::erase_if(versions, [&](const auto& type) {
      const Stamp& s = type->stamp;
      return transactions.is_aborted(s.made) || (s.ended != 0 && !transactions.is_aborted(s.ended));
    });
    for (auto& type : versions) {
      type->stamp.ended = 0;
      for (const auto& label : type->labels) used.insert(label.oid);
    }
  }
  std::erase_if(types, [](const auto& entry) { return entry.second.empty(); });
  if (labels) std::erase_if(label_order, [&](const auto& entry) { return !used.contains(entry.first); });
}

// A comment goes with what it is of.
void Database::tidy_comments() {
  if (comments.empty()) return;
  std::set<std::pair<Oid, std::int16_t>> there;
  for (const auto& table : tables) {
    there.emplace(table->oid, 0);
    for (const auto& column : table->columns) there.emplace(table->oid, column.number);
    for (const auto& index : table->indexes) there.emplace(index.oid, 0);
    for (const auto& check : table->checks) there.emplace(check.oid, 0);
    for (const auto& key : table->foreign_keys) there.emplace(key.oid, 0);
  }
  for (const auto& schema : schemas) there.emplace(schema.oid, 0);
  for (const auto& [oid, versions] : types) there.emplace(oid, 0);
  std::erase_if(comments, [&](const Comment& comment) {
    return comment.object >= first_oid && !there.contains({comment.object, comment.part});
  });
}

void Database::tidy() {
  if (open_transactions != 0) return;
  locks.forget_rows();
  if (!has_dropped && garbage <= tolerated_) return;
  // Dropped tables go at once; rows that nobody will see again, when there are many.
  auto dead = [&](const Stamp& s) {
    return transactions.is_aborted(s.made) || (s.ended != 0 && !transactions.is_aborted(s.ended));
  };
  const auto gone = std::erase_if(tables, [&](const auto& table) { return dead(table->stamp); }) +
                    std::erase_if(schemas, [&](const auto& schema) { return dead(schema.stamp); });
  std::erase_if(comments, [&](const auto& comment) { return dead(comment.stamp); });
  for (auto& comment : comments) comment.stamp.ended = 0;
  for (auto& table : tables) table->stamp.ended = 0;
  for (auto& schema : schemas) schema.stamp.ended = 0;
  has_dropped = false;
  tidy_types(garbage > tolerated_);
  if (gone != 0) tidy_comments();
  if (garbage <= tolerated_) return;
  std::size_t rows = 0;
  for (auto& table : tables) {
    tidy_rows(*table, transactions);
    rows += table->rows.size();
  }
  transactions.forget_aborted();
  garbage = 0;
  tolerated_ = std::max<std::size_t>(1000, rows / 4);
}

}  // namespace pgconform::engine
