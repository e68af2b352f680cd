#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/functions.hpp"
#include "engine/storage.hpp"

// Writing rows: what INSERT, UPDATE, DELETE, COPY and referential actions have in common.
namespace pgconform::engine {

// RowWriter: puts rows into one table as its constraints and indexes demand.
class RowWriter {
 public:
  // 42809 for a sequence: CheckValidResultRel().
  RowWriter(SessionState& session, std::shared_ptr<Table> table);

  Table& table() const { return *table_; }
  // defaults: fill in what is not given.
  void defaults(Row& row, const std::vector<bool>& given, Context& context) const;
  // check: work out generated columns, then NOT NULL and CHECK: 23502, 23514.
  void check(Row& row, Context& context) const;
  // insert: put in a row that check() has passed; its place. 23505 for a key that is there already. Throws Suspend
  // while another transaction's equal key is undecided; then the row is there, is_unfinished(), and finish() goes on
  // with it.
  std::size_t insert(Row row);
  // update: let a row that settle() gave take another one's place. The same may happen.
  std::size_t update(std::size_t old, Row row);
  bool is_unfinished() const { return unfinished_.has_value(); }
  std::size_t finish();
  void remove(std::size_t old);

  // settle: the newest version of a row that the snapshot sees, as a writer has to take it; nullopt if it is gone.
  // While another transaction's change or lock of it stands in the way, throws Suspend or 55P03, or gives nothing; in
  // repeatable read throws 40001 after a change.
  struct Settled {
    std::optional<std::size_t> row;
    bool moved = false;  // it is another version than the one asked about
  };
  Settled settle(std::size_t row, RowMode mode, std::string_view doing, Blocked blocked = Blocked::wait) const;
  // blocker: what settle() would wait for; 0: nothing. For NOWAIT and SKIP LOCKED.
  Xid blocker(std::size_t row, RowMode mode) const;

  // find_equal: a living row other than `except` with that key; waits while it is undecided whether there is one.
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::optional<std::size_t> find_equal(const Index& index, const Row& key, std::size_t except) const;
  // duplicate: the error for a key that is there already.
  [[noreturn]] void duplicate(const Index& index, const Row& key) const;
  // check_keys: 23505 for a key that another row than `except` has. Throws Suspend.
  void check_keys(const Row& row, std::size_t except) const;
  // mode_of_update: an update that leaves all keys alone lets others go on referring to the row. It goes by the values,
  // or, where these are not known yet, by the columns that are assigned to.
  RowMode mode_of_update(std::size_t old, const Row& row) const;
  RowMode mode_of_update(const std::vector<std::size_t>& changed) const;
  // hold: lock a row that settle() gave, and what others are making of it.
  void hold(std::size_t row, RowMode mode) const;

 private:
  // Unfinished: a row that is in the table, and in its indexes up to `index`.
  struct Unfinished {
    std::size_t row;
    std::optional<std::size_t> old;
    std::size_t index = 0;
  };
  bool has_null_key(const Index& index, const Row& key) const;
  bool is_gone(const Stamp& stamp) const;
  // is_known: some row has that key, or may turn out to have it.
  bool is_known(const Index& index, const Row& key) const;
  bool keeps_key(const Index& index, std::size_t old, const Row& row) const;
  std::size_t place(Row row);

  SessionState& session_;
  std::shared_ptr<Table> table_;
  std::optional<Unfinished> unfinished_;
};

// key_text: "(a, b)=(1, x)", as details of constraint violations show a key.
std::string key_text(const Table& table, const std::vector<std::size_t>& columns, const Row& key,
                     const types::Style& style);
// row_text: "(1, x, null)".
std::string row_text(const Table& table, const Row& row, const types::Style& style);
// violation: an error with the fields that name a constraint.
SqlError violation(std::string_view sqlstate, std::string message, std::string detail, const Table& table,
                   std::string_view constraint);

}  // namespace pgconform::engine
