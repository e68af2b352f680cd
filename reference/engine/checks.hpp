#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/foreign_keys.hpp"
#include "engine/storage.hpp"

namespace pgconform::engine {

// ConstraintChecks: what a transaction still has to check: deferrable keys and foreign keys at the end of the
// statement, those that are deferred at the end of the transaction. sql-set-constraints.
class ConstraintChecks {
 public:
  explicit ConstraintChecks(SessionState& session) : session_(session) {}

  // key_written: a row was put in under a deferrable key.
  void key_written(const std::shared_ptr<Table>& table, const Index& index, std::size_t row);
  // row_inserted · row_updated · row_removed: for foreign keys.
  void row_inserted(const Table& table, std::size_t row);
  void row_updated(const Table& table, std::size_t old, std::size_t fresh);
  void row_removed(const Table& table, std::size_t old);

  // need_none_pending: 55006 for a table with something left to check, or in use, which `command` would make
  // meaningless.
  void need_none_pending(const Table& table, std::string_view command) const;
  // need_unused: 55006 for a table that an open cursor reads. has_pending: something of it is left to check.
  void need_unused(const Table& table, std::string_view command) const;
  bool has_pending(const Table& table) const;

  // end_statement: check what is immediate, and do what foreign keys ask for; repeat it if it throws Suspend or Pause.
  void end_statement();
  // end_transaction: check all that is left. To be repeated like end_statement().
  void end_transaction();
  // set: SET CONSTRAINTS; no names: ALL. What becomes immediate is checked at the end of this statement.
  void set(const std::vector<std::pair<std::string, std::string>>& names, bool deferred);
  // start_subtransaction · commit_subtransaction · abort_subtransaction: at a depth. What was done in one that is
  // undone is to be checked again, what it has set is as before.
  void start_subtransaction();
  void commit_subtransaction(int depth);
  void abort_subtransaction(int depth);
  // forget: the transaction is over.
  void forget();

 private:
  // Life: the depths of the subtransactions that have brought something here, and checked it; 0: none.
  struct Life {
    int made = 0, done = 0;
  };
  struct Key {
    std::shared_ptr<Table> table;
    Oid index;
    std::size_t row;
    Life life{};
  };
  // Event: a foreign key to be looked at: because of a row that refers, or of a key that is no more.
  struct Event {
    Oid table, key;
    std::size_t row = 0;       // that refers
    Row old_key{}, new_key{};  // that were or are referred to; both empty: `row` counts; no new one: it was deleted
    Life life{};
    bool is_reference() const { return old_key.empty(); }
  };
  void add(const Table& table, const ForeignKey& key, Event event);
  void key_gone(const Table& table, std::size_t old, const Row* fresh);
  bool waits(const Event& event) const;
  void fire(const Event& event) const;
  void fire_due();
  std::size_t cost_of(const Event& event) const;

  bool is_deferred(Oid constraint, bool deferrable, bool initially) const;
  void check(const Key& key) const;
  bool settle(const Key& key, bool all) const;
  template <class List>
  static void undo(List& list, int depth);
  template <class List>
  static void hand_on(List& list, int depth);

  SessionState& session_;
  std::vector<Key> keys_;
  std::deque<Event> due_;
  std::vector<Event> deferred_;
  std::map<Oid, std::vector<Referrer>> referrers_;  // of the tables that this statement has written
  std::optional<bool> all_;
  std::map<Oid, bool> some_;
  std::vector<std::pair<std::optional<bool>, std::map<Oid, bool>>> before_;  // as the open subtransactions found them
};

}  // namespace pgconform::engine
