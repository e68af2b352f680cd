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
  RowWriter(SessionState& session, std::shared_ptr<Table> table) : session_(session), table_(std::move(table)) {}

  Table& table() const { return *table_; }
  // defaults: fill in what is not given.
  void defaults(Row& row, const std::vector<bool>& given, Context& context) const;
  // check: work out generated columns, then NOT NULL and CHECK: 23502, 23514.
  void check(Row& row, Context& context) const;
  // insert: put in a row that check() has passed; its place. 23505 for a key that is there already; throws Suspend,
  // with nothing done, while another transaction's equal key is undecided.
  std::size_t insert(Row row);
  // update: let a row that settle() gave take another one's place.
  std::size_t update(std::size_t old, Row row);
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
  // mode_of_update: an update that leaves all keys alone lets others go on referring to the row.
  RowMode mode_of_update(const std::vector<std::size_t>& changed) const;

 private:
  bool has_null_key(const Index& index, const Row& key) const;
  void check_keys(const Row& row, std::size_t except) const;
  std::size_t place(Row row);

  SessionState& session_;
  std::shared_ptr<Table> table_;
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
