#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/storage.hpp"

// Foreign keys at work: what ri_triggers.c does. ddl-constraints, "Foreign Keys".
namespace pgconform::engine {

class SessionState;

// Referrer: a foreign key and the table that has it; null if it is no more.
struct Referrer {
  std::shared_ptr<Table> table;
  ForeignKey key;
};

// referrers_of: the keys that refer to this table, its own among them.
std::vector<Referrer> referrers_of(const Table& table, SessionState& session);
Referrer find_foreign_key(Oid table, Oid key, SessionState& session);

// places_of: where the columns with these numbers stand in a row; key_of: their values.
std::vector<std::size_t> places_of(const Table& table, const std::vector<std::int16_t>& numbers);
Row key_of(const Table& table, const std::vector<std::int16_t>& numbers, const Row& row);

// check_reference: 23503 unless what this row refers to is there, which is then kept there. Throws Suspend while that
// is undecided.
void check_reference(const Referrer& referrer, std::size_t row, SessionState& session);
// settle_references: what is to happen to rows that refer to a key that is now another, or none: 23503, or the action
// that the foreign key names. After Suspend it goes on with the rows that are left.
void settle_references(const Referrer& referrer, const Row& old_key, const Row& new_key, SessionState& session);

}  // namespace pgconform::engine
