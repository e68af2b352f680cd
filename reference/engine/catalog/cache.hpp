#pragma once

#include <map>
#include <memory>
#include <unordered_map>

#include "engine/catalog/system_tables.hpp"

namespace pgconform::engine {

// CatalogCache: what one statement has asked of the system catalogue. Its subqueries and joins read a table many times
// over; the rows are made once, and found by the values of a column without looking at all of them.
class CatalogCache {
 public:
  // Places: of rows with the same value in a column.
  using Places = std::vector<std::size_t>;

  // Cached: one system table for one snapshot.
  class Cached {
   public:
    explicit Cached(SystemRows rows) : rows_(std::move(rows)) {}
    const SystemRows& rows() const { return rows_; }
    // find: where that column has that value; the rows are in their order.
    const Places& find(std::size_t column, const Value& value);

   private:
    SystemRows rows_;
    std::map<std::size_t, std::unordered_map<std::size_t, Places>> by_value_;  // column, hash of the value
  };

  // rows: of that table for that snapshot.
  std::shared_ptr<Cached> rows(const Table& table, SessionState& session, const Snapshot& snapshot);
  // clear: the statement is over.
  void clear() { tables_.clear(); }

 private:
  std::vector<Xid> own_, running_;
  Xid next_ = 0;
  std::uint32_t command_ = 0;
  std::map<const Table*, std::shared_ptr<Cached>> tables_;
};

// hash_of: the same for values that are equal; for types whose equal values look the same.
std::size_t hash_of(const Value& value);

}  // namespace pgconform::engine
