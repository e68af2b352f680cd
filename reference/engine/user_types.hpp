#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/storage.hpp"
#include "types/made.hpp"

// The types that CREATE TYPE and CREATE DOMAIN make. A change of one makes a new version with the same OID, as it is
// with tables.
namespace pgconform::engine {

struct Context;

// UserType: one version of a type.
struct UserType : types::MadeType {
  std::string schema;
  Stamp stamp;
  Oid relation = 0;              // of a composite type: what pg_class has of it
  std::int16_t last_number = 0;  // the highest attnum ever given
  // Of a domain.
  bool not_null = false;
  std::shared_ptr<const Expr> default_value{};
  std::vector<Check> checks{};  // their conditions are on a row of one column, which is called value
};

// SessionTypes: the types that one session sees.
class SessionTypes : public types::MadeTypes {
 public:
  explicit SessionTypes(SessionState& session) : session_(session) {}
  ~SessionTypes() override;

  const UserType* find(Oid oid) const override;
  std::string shown(const types::MadeType& type) const override;
  float order(Oid label) const override;
  types::Result<bool> may_use(const types::MadeType& type, const types::Label& label) const override;
  types::Result<Value> check(const types::MadeType& domain, Value value) const override;

  // checked: as check(), but it throws; `context` is what the value was made in.
  Value checked(Oid domain, Value value, const Context* context) const;
  // named: the type that a name means; null if that is none of these. `schema` may be empty.
  std::shared_ptr<UserType> named(std::string_view schema, std::string_view name) const;
  // version: the one that this session sees; null if there is none.
  std::shared_ptr<UserType> version(Oid oid) const;
  bool is_current(const UserType& type) const { return version(type.oid).get() == &type; }
  // all: those that the snapshot has.
  std::vector<std::shared_ptr<UserType>> all(const Snapshot& snapshot) const;

 private:
  SessionState& session_;
};

}  // namespace pgconform::engine
