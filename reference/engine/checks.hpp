#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/storage.hpp"

namespace pgconform::engine {

// ConstraintChecks: what a transaction still has to check: deferrable keys and foreign keys at the end of the
// statement, those that are deferred at the end of the transaction. sql-set-constraints.
class ConstraintChecks {
 public:
  explicit ConstraintChecks(SessionState& session) : session_(session) {}

  // key_written: a row was put in under a deferrable key.
  void key_written(const std::shared_ptr<Table>& table, const Index& index, std::size_t row);
  // row_written · row_removed: for foreign keys; `fresh` is what took the row's place, or the row itself.
  void row_written(const std::shared_ptr<Table>& table, std::size_t row);
  void row_removed(const std::shared_ptr<Table>& table, std::size_t row, std::size_t fresh);

  // end_statement: check what is immediate; repeat it if it throws Suspend.
  void end_statement();
  // end_transaction: check all that is left. Cannot wait.
  void end_transaction();
  // set: SET CONSTRAINTS; no names: ALL. What becomes immediate is checked at the end of this statement.
  void set(const std::vector<std::pair<std::string, std::string>>& names, bool deferred);
  // forget: the transaction is over.
  void forget();

 private:
  struct Key {
    std::shared_ptr<Table> table;
    Oid index;
    std::size_t row;
  };
  bool is_deferred(Oid constraint, bool deferrable, bool initially) const;
  void check(const Key& key) const;
  bool settle(const Key& key, bool all) const;

  SessionState& session_;
  std::vector<Key> keys_;
  std::optional<bool> all_;
  std::map<Oid, bool> some_;
};

}  // namespace pgconform::engine
